"""A pytest plugin that makes every run of the suite the same: its environment and its network.

pytest loads it before Django's settings (`-p` in pyproject.toml), also in each worker.
"""

import atexit
import os
import re
import shutil
import socket
import sys
import tempfile
from ipaddress import ip_address
from pathlib import Path

SHELL_MAY_SET = {"DATABASE_URL", "REDIS_URL"}
SETTINGS = Path(__file__).parent.parent / "nova_project" / "settings.py"


class NetworkRefused(RuntimeError):
    """A test reached for an address beyond this machine."""


def settle_environment() -> None:
    """Takes all that settings.py reads out of the environment, but what names the test servers."""
    settings = re.findall(r'env\.[a-z]+\(\s*"([A-Z_]+)"', SETTINGS.read_text())
    for name in set(settings) - SHELL_MAY_SET:
        os.environ.pop(name, None)
    folder = tempfile.mkdtemp(prefix="nova-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ |= {"NOVA_ENV_FILE": "", "NOVA_VAR_DIR": folder, "DEBUG": "true"}
    os.environ["NOVA_TRUST_SECONDS"] = "0"  # what one test saw is not what the next one sees
    if redis_url := os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = own_redis_database(redis_url)
    else:
        # Messages that a test queues must not reach the worker of a running demo.
        os.environ["CELERY_BROKER_URL"] = "memory://"


def own_redis_database(url: str) -> str:
    """The URL with its database number raised by the number of this pytest-xdist worker."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return re.sub(r"/(\d+)$", lambda number: f"/{int(number[1]) + worker}", url)


def is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        return ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def refuse_network(event: str, arguments: tuple) -> None:
    """Raises NetworkRefused before Python connects, sends or looks up beyond this machine.

    A child process is on its own, and so is libpq.
    """
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto"):
        if arguments[0].family not in (socket.AF_INET, socket.AF_INET6):
            return
        host = arguments[1][0]
    else:
        return
    if not is_local(host) and host not in ("0.0.0.0", "::"):
        raise NetworkRefused(f"Tests reach nothing beyond this machine; refused: {host}")


settle_environment()
sys.addaudithook(refuse_network)
