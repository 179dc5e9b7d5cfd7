"""A believable year of shows, synchronised over HTTP and served on this machine."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from integrations.demo import environment
from integrations.demo.processes import HOST, DemoError, Processes, is_taken, sandbox_health

IDLE_MINUTES = 15
"""How long the sandbox outlives `--no-serve`, so that the sync commands can be tried."""


class Command(BaseCommand):
    help = "Sets up a demo against the sandbox, synchronises it and serves the admin."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000, help="Where the admin is served.")
        parser.add_argument("--sandbox-port", type=int, default=8900)
        parser.add_argument("--fresh", action="store_true", help="Start over with new data.")
        parser.add_argument(
            "--no-serve", action="store_true", help="Stop after the sync instead of serving."
        )

    def handle(self, *args, **options):
        if not environment.is_entered():
            self.enter(options)
        processes = Processes(environment.FOLDER / "log")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self.run(processes, options)
        except DemoError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.stdout.write("\nStopping …")
        finally:
            processes.stop()

    def enter(self, options):
        """Checks what can be checked beforehand, then starts over with the demo's settings."""
        port, sandbox_port = options["port"], options["sandbox_port"]
        if not options["no_serve"] and is_taken(port):
            raise CommandError(
                f"Port {port} is taken by another program. Stop it, or choose another: "
                f"make demo PORT={port + 1}"
            )
        if options["fresh"]:
            self.start_over(sandbox_port)
        if is_taken(sandbox_port) and sandbox_health(sandbox_port) is None:
            raise CommandError(
                f"Port {sandbox_port}, where the sandbox should be, is taken by another program. "
                f"Stop it, or choose another: make demo SANDBOX_PORT={sandbox_port + 1}"
            )
        settings = environment.settings_of_demo(port=port, sandbox_port=sandbox_port)
        if not environment.write_env_files(settings):
            self.stdout.write(
                "Your own .env is left alone. To run a command on the demo's data, put "
                "NOVA_ENV_FILE=var/demo/env before it."
            )
        environment.enter(settings, [str(environment.BASE_DIR / "manage.py"), *sys.argv[1:]])

    def start_over(self, sandbox_port):
        pid_file = environment.FOLDER / "sandbox.pid"
        if pid_file.exists() and sandbox_health(sandbox_port):
            _stop(int(pid_file.read_text()), sandbox_port)
        shutil.rmtree(environment.FOLDER, ignore_errors=True)

    def run(self, processes, options):
        started = time.monotonic()
        self.start_sandbox(processes, options)
        self.fill(options)
        self.stdout.write(f"\nReady after {time.monotonic() - started:.0f} seconds.")
        if options["no_serve"]:
            call_command("score_leads")
            self.leave_sandbox(processes, options)
        else:
            self.serve(processes, options)

    def start_sandbox(self, processes, options):
        port = options["sandbox_port"]
        if sandbox_health(port):
            self.stdout.write(f"The sandbox is already running on port {port}.")
            return
        argv = ["manage.py", "sandbox", "--port", str(port)]
        if options["no_serve"]:
            argv += ["--idle-exit", str(IDLE_MINUTES * 60)]
        os.chdir(environment.BASE_DIR)
        process = processes.start("sandbox", argv)
        (environment.FOLDER / "sandbox.pid").write_text(str(process.pid))
        processes.wait_for(port, "sandbox")

    def fill(self, options):
        """Set-up, sync and what staff would enter. Everything here may run again."""
        from finance.services import check_ledger, share_expenses
        from integrations.demo import content, costs, deals, deposits, followups, past

        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("setup_roles", stdout=_Quiet())
        content.add_logins()
        content.add_show_types()
        content.add_campaigns()
        content.add_audiences()
        past.add_runs()
        call_command("setup_hubspot")
        call_command("sync_eventbrite")
        added = content.add_expenses()
        costs.add_cost_books()
        share_expenses()
        agreed = deals.add_agreements()
        closed = deals.close_shows()
        self.stdout.write(
            f"{added} expenses and {agreed} agreements entered, {closed} shows settled."
        )
        self.stdout.write(f"{deposits.add_deposits()} deposits entered.")
        followups.add_consents()
        call_command("sync_hubspot")
        self.stdout.write(f"{followups.add_follow_up()} people got or missed a follow-up.")
        check_ledger()

    def leave_sandbox(self, processes, options):
        port = options["sandbox_port"]
        if (environment.FOLDER / "sandbox.pid").exists() and sandbox_health(port):
            self.stdout.write(
                f"The sandbox goes on on port {port}, so that sync_eventbrite and sync_hubspot "
                f"can be run; it stops by itself after {IDLE_MINUTES} minutes without a call."
            )
        processes.release("sandbox")

    def serve(self, processes, options):
        from customers.tasks import score_leads

        port = options["port"]
        processes.start(
            "web",
            ["-m", "gunicorn", "nova_project.wsgi", "--bind", f"{HOST}:{port}", "--threads", "4"],
        )
        processes.start(
            "worker",
            ["-m", "celery", "-A", "nova_project", "worker", "-B", "--pool", "threads", "-c", "4",
             "--schedule", str(environment.FOLDER / "beat"), "--loglevel", "WARNING"],
        )  # fmt: skip
        processes.wait_for(port, "web")
        score_leads.delay()  # the worker's first job: the pages do not wait for it
        self.greet(port)
        while True:
            processes.check()
            time.sleep(0.5)

    def greet(self, port):
        from integrations.demo.content import LOGINS, PASSWORD

        self.stdout.write(f"\n  http://{HOST}:{port}/admin/\n")
        for name, role in LOGINS.items():
            self.stdout.write(f"  {name:<10} {PASSWORD}   {role or 'everything'}")
        self.stdout.write("\n  Ctrl-C stops everything that the demo started.")


class _Quiet:
    """A stream for commands whose report would only be in the way."""

    def write(self, text: str) -> int:
        return len(text)


def _stop(pid: int, port: int) -> None:
    """Stops a sandbox that an earlier demo left, and waits until its port is free."""
    command_line = Path(f"/proc/{pid}/cmdline")
    if command_line.exists() and b"sandbox" not in command_line.read_bytes():
        return  # the id went to another program meanwhile
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    for _ in range(200):
        if not is_taken(port):
            return
        time.sleep(0.05)
