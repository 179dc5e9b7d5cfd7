"""The processes that the demo starts, watches and stops."""

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def sandbox_health(port: int) -> dict[str, Any] | None:
    """What the sandbox on `port` says of itself; None where no sandbox answers."""
    try:
        with urllib.request.urlopen(
            f"http://{HOST}:{port}/__sandbox__/health", timeout=5
        ) as answer:
            health = json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return health if isinstance(health, dict) else None


class Processes:
    """Started processes by name, each with its log file. Stopped by id, the last one first."""

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        log_folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, argv: list[str]) -> subprocess.Popen[bytes]:
        """Starts Python with `argv`; in a session of its own, so Ctrl-C reaches us alone."""
        with (self._log_folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *argv], stdout=log, stderr=log, start_new_session=True
            )
        self._running[name] = process
        return process

    def release(self, name: str) -> None:
        """Lets go of a process, if it was started; from now on it lives by itself."""
        self._running.pop(name, None)

    def wait_for(self, port: int, name: str, *, seconds: float = 60) -> None:
        """Returns once `port` is served. Raises DemoError: the process ended, or took too long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.check()
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    return
            time.sleep(0.05)
        raise DemoError(
            f"The {name} did not answer within {seconds:.0f} seconds. {self._tail(name)}"
        )

    def check(self) -> None:
        """Raises DemoError: one of the processes has ended, with the end of its log."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise DemoError(
                    f"The {name} stopped by itself (status {process.returncode}).\n"
                    f"{self._tail(name)}"
                )

    def stop(self) -> None:
        for _name, process in reversed(self._running.items()):
            if process.poll() is None:
                process.terminate()
        for _name, process in reversed(self._running.items()):
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

    def _tail(self, name: str) -> str:
        path = self._log_folder / f"{name}.log"
        last = path.read_text(errors="replace").splitlines()[-8:]
        return "\n".join([f"The end of its log, {path.name}:", *last])
