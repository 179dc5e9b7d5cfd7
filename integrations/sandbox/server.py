"""The HTTP server around the sandbox, on loopback only, and the ways to start it."""

import argparse
import gc
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integrations.sandbox.app import CONTROL, Sandbox
from integrations.sandbox.faults import Reset
from integrations.sandbox.http import Request, Response
from integrations.sandbox.limits import BURST
from integrations.sandbox.world import World

HOST = "127.0.0.1"
ABORT = struct.pack("ii", 1, 0)


class Server(ThreadingHTTPServer):
    """One thread a connection."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int) -> None:
        super().__init__((HOST, port), Handler)
        self.sandbox = sandbox
        self.last_request = time.monotonic()
        sandbox.url = f"http://{HOST}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads a request and sends its answer in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _answer(self) -> None:
        self.server.last_request = time.monotonic()
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        request = Request(self.command, self.path, self.headers, body)
        try:
            response = self.server.sandbox.answer(request)
        except Reset:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            return
        self._send(response)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _send(self, response: Response) -> None:
        payload = response.payload()
        reason = self.responses.get(response.status, ("",))[0]
        lines = [f"HTTP/1.1 {int(response.status)} {reason}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if payload:
            lines.append(f"Content-Type: {response.content_type}")
        if response.status != 204:
            lines.append(f"Content-Length: {len(payload)}")
        head = "\r\n".join([*lines, f"Date: {self.date_time_string()}", "", ""])
        self.wfile.write(head.encode() + payload)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the statistics do."""


@contextmanager
def running(
    world: World, *, limits: bool = True, tier: str = "professional", port: int = 0
) -> Iterator[Sandbox]:
    """A sandbox served from a thread of this process, by default on a free port."""
    sandbox = Sandbox(world, limits=limits, tier=tier)
    server = Server(sandbox, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield sandbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        with world.lock:
            world.store.commit()


def serve(
    world: World,
    *,
    port: int = 8900,
    limits: bool = True,
    tier: str = "professional",
    idle_exit: float | None = None,
) -> None:
    """Serves until interrupted, or until no request came for `idle_exit` seconds."""
    gc.freeze()  # the world stays: without this, each full collection walks all of it
    sandbox = Sandbox(world, limits=limits, tier=tier)
    server = Server(sandbox, port)
    counts = world.counts()
    print(
        f"Sandbox on {sandbox.url} - {counts['events']} events, {counts['orders']} orders, "
        f"{counts['contacts']} contacts; control under {CONTROL}",
        flush=True,
    )
    if idle_exit is not None:
        threading.Thread(target=_stop_when_idle, args=(server, idle_exit), daemon=True).start()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        world.close()


def _stop_when_idle(server: Server, seconds: float) -> None:
    while time.monotonic() - server.last_request < seconds:
        time.sleep(min(1.0, seconds / 4))
    server.shutdown()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser("sandbox", description="Plays HubSpot and Eventbrite.")
    options.add_argument("--port", type=int, default=8900)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--events", type=int, default=60)
    options.add_argument("--orders", type=int, help="default: 100 an event")
    options.add_argument("--contacts", type=int, default=9_000)
    options.add_argument("--state", help="file that keeps the world; without it, memory only")
    options.add_argument("--tier", choices=sorted(BURST), default="professional")
    options.add_argument("--no-limits", action="store_true", help="no rate limits")
    options.add_argument("--idle-exit", type=float, metavar="SECONDS")
    return options


def main(argv: list[str] | None = None) -> int:
    """Makes or opens the world and serves it."""
    given = parser().parse_args(argv)
    world = World.generate(
        seed=given.seed,
        events=given.events,
        orders=given.orders,
        contacts=given.contacts,
        path=given.state,
    )
    serve(
        world,
        port=given.port,
        limits=not given.no_limits,
        tier=given.tier,
        idle_exit=given.idle_exit,
    )
    return 0
