"""A mail server on this machine: it takes what it is given, or refuses as it is told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class Sink(socketserver.ThreadingTCPServer):
    """`mails` are the messages taken, as (recipient, message). `refuse` maps a recipient to the
    answer to it, or a sender; `hang_up_at` ends the connection while so many-th message is being
    taken, `most` after so many messages."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refuse: dict[str, str] = {}
        self.hang_up_at = self.most = 0
        self.calls = 0

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Session(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        self.server.calls += 1
        self.say("220 test")
        recipient, taken = "", 0
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].split(":")[0].upper()
            if verb in ("MAIL", "RCPT"):
                recipient = line.partition("<")[2].partition(">")[0]
                self.say(self.server.refuse.get(recipient, "250 fine"))
            elif verb == "DATA":
                self.say("354 go on")
                taken += 1
                if not self.take(recipient) or taken == self.server.most:
                    return
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def take(self, recipient: str) -> bool:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        if len(self.server.mails) + 1 == self.server.hang_up_at:
            return False
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.mails.append((recipient, message))
        self.say("250 taken")
        return True

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[Sink]:
    sink = Sink()
    thread = threading.Thread(target=sink.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        thread.join()
        sink.server_close()
