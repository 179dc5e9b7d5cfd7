import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

SETTING = re.compile(r'env\.[a-z]+\(\s*"([A-Z_]+)"')
NOT_FOR_USERS = {"NOVA_ENV_FILE"}
OF_THE_SHELL = ("PATH", "HOME", "LANG", "NOVA_VAR_DIR")
"""What a server gets besides its settings; other tests of this process may have set more."""


def settings_read():
    return set(SETTING.findall((settings.BASE_DIR / "nova_project/settings.py").read_text()))


@pytest.mark.parametrize("document", [".env.example", "README.md"])
def test_every_setting_is_documented(document):
    text = (settings.BASE_DIR / document).read_text()

    assert sorted(n for n in settings_read() - NOT_FOR_USERS if n not in text) == []


def check_deploy(**environment):
    shell = {name: os.environ[name] for name in OF_THE_SHELL if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env=shell | {"DEBUG": "false", "NOVA_ENV_FILE": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_server_without_secret_key_fails_the_deployment_check():
    result = check_deploy()

    assert result.returncode == 1
    assert "SECRET_KEY" in result.stderr


def test_a_server_with_its_secrets_passes_the_deployment_check():
    result = check_deploy(
        SECRET_KEY="a-long-and-random-text-with-more-than-fifty-different-characters",
        ALLOWED_HOSTS="nova.example.org",
        EVENTBRITE_TOKEN="one",
        HUBSPOT_ACCESS_TOKEN="two",
    )

    assert (result.returncode, result.stderr) == (0, result.stderr)
    assert "no issues" in result.stdout + result.stderr
