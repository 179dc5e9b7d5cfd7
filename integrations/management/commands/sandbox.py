"""Serves a made-up HubSpot and Eventbrite on this machine, to try Nova and to test it."""

from django.conf import settings
from django.core.management.base import BaseCommand

from integrations.sandbox import server


class Command(BaseCommand):
    help = "Serves a made-up HubSpot and Eventbrite on 127.0.0.1; it keeps its state."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8900)
        parser.add_argument("--seed", type=int, default=7, help="Another seed, another world.")
        parser.add_argument("--events", type=int, default=60)
        parser.add_argument("--contacts", type=int, default=9_000)
        parser.add_argument("--tier", default="professional", help="Whose rate limits apply.")
        parser.add_argument("--no-limits", action="store_true", help="Without rate limits.")
        parser.add_argument(
            "--idle-exit", type=float, metavar="SECONDS", help="Stop after so long without a call."
        )

    def handle(self, *args, **options):
        world = "-".join(str(options[name]) for name in ("seed", "events", "contacts"))
        argv = ["--state", str(settings.VAR_DIR / f"sandbox-{world}.sqlite3")]
        for name in ("port", "seed", "events", "contacts", "tier"):
            argv += [f"--{name}", str(options[name])]
        if options["no_limits"]:
            argv.append("--no-limits")
        if options["idle_exit"] is not None:
            argv += ["--idle-exit", str(options["idle_exit"])]
        try:
            server.main(argv)
        except OSError as error:
            self.stderr.write(
                f"The sandbox cannot serve on port {options['port']}: {error.strerror}. "
                "Choose another with --port."
            )
            raise SystemExit(1) from error
