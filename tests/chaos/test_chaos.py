"""A short chaos: the long one is `make chaos`."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_killed_syncs_and_two_at_once_leave_both_sides_as_an_undisturbed_run_does():
    argv = [sys.executable, "-m", "tests.chaos", "--kills", "3", "--seed", "7", "--small"]

    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert "both sides equal each time. Starts ended:" in done.stdout.splitlines()[-1]
