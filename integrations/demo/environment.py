"""The settings that the demo runs with, and the file they are kept in."""

import os
import secrets
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent.parent
FOLDER = BASE_DIR / "var" / "demo"
ENV_FILE = FOLDER / "env"
MARK = "# Written by the demo. Replace this file to connect your own accounts: see .env.example."

_PREFIXES = ("NOVA_", "HUBSPOT_", "EVENTBRITE_", "CELERY_")
_NAMES = {
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "DEBUG",
    "EMAIL_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "TIME_ZONE",
}


def settings_of_demo(*, port: int, sandbox_port: int) -> dict[str, str]:
    """Every setting that differs from its default. The secret key is kept over runs."""
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    return {
        "DEBUG": "false",
        "NOVA_INSECURE_HTTP": "true",
        "SECRET_KEY": _kept("SECRET_KEY") or secrets.token_urlsafe(48),
        "NOVA_VAR_DIR": "var/demo",
        "NOVA_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "EMAIL_URL": f"filemail:///{FOLDER / 'mail'}",
        "LOG_LEVEL": "WARNING",
        "EVENTBRITE_BASE_URL": sandbox,
        "EVENTBRITE_TOKEN": "sandbox-eventbrite-token",
        "HUBSPOT_BASE_URL": sandbox,
        "HUBSPOT_ACCESS_TOKEN": "sandbox-hubspot-token",
        "HUBSPOT_TIER": "professional",
        "HUBSPOT_WRITE_MODE": "auto",
        "HUBSPOT_DEALS": "all",
        "HUBSPOT_MAX_NEW_CONTACTS": "10000",
    }


def write_env_files(settings: dict[str, str]) -> bool:
    """Keeps `settings` for later commands; returns whether `.env` now is the demo's.

    An `.env` that staff wrote is left alone.
    """
    text = "\n".join([MARK, *(f"{name}={value}" for name, value in settings.items()), ""])
    FOLDER.mkdir(parents=True, exist_ok=True)
    ENV_FILE.write_text(text)
    own = BASE_DIR / ".env"
    if own.exists() and MARK not in own.read_text():
        return False
    own.write_text(text)
    return True


def enter(settings: dict[str, str], argv: list[str]) -> None:
    """Starts this command again with `settings` alone; never returns."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NAMES and not name.startswith(_PREFIXES)
    }
    environment = kept | settings | {"NOVA_ENV_FILE": "", "NOVA_DEMO": "1"}
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *argv], environment)


def is_entered() -> bool:
    """Is this process the one that `enter` started?"""
    return os.environ.get("NOVA_DEMO") == "1"


def _kept(name: str) -> str:
    if not ENV_FILE.exists():
        return ""
    lines = (line.partition("=") for line in ENV_FILE.read_text().splitlines())
    return next((value for key, _, value in lines if key == name), "")
