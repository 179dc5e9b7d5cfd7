"""What `manage.py check --deploy` says of a server that lacks a secret or is set up wrongly."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from nova_project.money import EXPONENTS

WRITE_MODES = ("off", "review", "auto")
DEALS = ("off", "expenses", "sales", "all")
API_VERSIONS = ("v3", "2026-03")
TIERS = ("free", "starter", "professional", "enterprise")


@register(Tags.security, deploy=True)
def check_secrets(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without DEBUG nothing secret may be left at its default."""
    found: list[CheckMessage] = []
    if settings.SECRET_KEY_IS_DEFAULT:
        found.append(
            Error(
                "SECRET_KEY is not set.",
                hint='python -c "import secrets; print(secrets.token_urlsafe(48))" makes one.',
                id="nova.E001",
            )
        )
    for number, name in ((1, "EVENTBRITE_TOKEN"), (2, "HUBSPOT_ACCESS_TOKEN")):
        if not getattr(settings, name):
            found.append(
                Warning(
                    f"{name} is not set.",
                    hint="README says where to get it, step by step.",
                    id=f"nova.W00{number}",
                )
            )
    return found


@register
def check_values(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Settings that take one of a few values have one of them."""
    allowed: dict[str, Any] = {
        "HUBSPOT_WRITE_MODE": WRITE_MODES,
        "HUBSPOT_TIER": TIERS,
        "HUBSPOT_API_VERSION": API_VERSIONS,
        "HUBSPOT_DEALS": DEALS,
        "NOVA_CURRENCY": EXPONENTS,
    }
    return [
        Error(
            f"{name} is “{getattr(settings, name)}”, which Nova does not know.",
            hint="Use a currency code such as EUR."
            if values is EXPONENTS
            else f"Use one of: {', '.join(values)}.",
            id="nova.E002",
        )
        for name, values in allowed.items()
        if getattr(settings, name) not in values
    ]
