import subprocess
import sys
from threading import Thread

import pytest
from django.db import connection

from nova_project.lock import exclusive

HOLD = """
import sys
import django; django.setup()
from django.conf import settings
from django.db import connection
from pathlib import Path
settings.VAR_DIR = Path({folder!r})
connection.settings_dict["NAME"] = {name!r}
from nova_project.lock import exclusive
with exclusive("work") as is_mine:
    print(is_mine, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def holder(tmp_path, db):
    """Another process that holds “work”, or tried to."""
    code = HOLD.format(folder=str(tmp_path), name=connection.settings_dict["NAME"])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as process:
        assert process.stdout.readline().strip() == "True"
        yield process
        process.kill()


def test_the_first_has_it_and_gives_it_back(db):
    for _ in range(2):
        with exclusive("work") as is_mine:
            assert is_mine


def test_another_process_is_turned_away_at_once(holder):
    with exclusive("work") as is_mine, exclusive("other work") as is_other_mine:
        assert (is_mine, is_other_mine) == (False, True)


def test_a_killed_process_holds_nothing(holder):
    holder.kill()
    holder.wait()

    # PostgreSQL notices within moments that the session has ended.
    assert any(can_have_it() for _ in range(1_000))


def can_have_it():
    with exclusive("work") as is_mine:
        return is_mine


def test_an_error_inside_gives_it_back(db):
    with pytest.raises(ZeroDivisionError), exclusive("work"):
        1 / 0  # noqa: B018

    with exclusive("work") as is_mine:
        assert is_mine


@pytest.mark.django_db(transaction=True)
def test_two_threads_of_a_process_exclude_each_other():
    found = []

    def try_it():
        with exclusive("work") as is_mine:
            found.append(is_mine)
        connection.close()

    with exclusive("work") as is_mine:
        assert is_mine
        thread = Thread(target=try_it)
        thread.start()
        thread.join()

    assert found == [False]
