"""What people do on any page, and how its look is checked."""

import os
from pathlib import Path

from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from tests.staff import user_of

PASSWORD = "a-long-password-for-tests"
SHOTS = os.environ.get("NOVA_SHOTS", "")


def log_in(page: Page, role: str = "") -> None:
    """Logs in as a superuser, or as the one who has `role`."""
    if role:
        user = user_of(role)
    else:
        user = User.objects.create_user("ada", is_staff=True, is_superuser=True)
    user.set_password(PASSWORD)
    user.save()
    page.goto("/admin/login/")
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_attached()


def follow(link: Locator) -> None:
    """Clicks what leads to another page, and waits for that page."""
    with link.page.expect_navigation():
        link.click()


def shoot(page: Page, name: str) -> None:
    """Sees to it that nothing overflows, on a desk and on a phone; keeps pictures of both where
    NOVA_SHOTS names a folder."""
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width}"
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
