"""Callers of the API: staff with a session, programs with a token, and a worker that answers."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import Group, User
from django.core.cache import cache
from django.test import Client

from integrations.models import ApiToken
from nova_project.roles import set_up_roles


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def user_of(db: None) -> Callable[..., User]:
    """A member of staff with a role; "" for one without any."""

    def make(role: str = "") -> User:
        set_up_roles()
        user = User.objects.create(username=f"{role or 'nobody'} {User.objects.count()}")
        user.is_staff = True
        user.save()
        user.groups.set(Group.objects.filter(name=role))
        return user

    return make


def token_of(user: User, **fields: Any) -> ApiToken:
    """A token whose `secret` is known."""
    token = ApiToken(**{"name": "Program", "user": user} | fields)
    token.set_new_secret()
    token.save()
    return token


def program(token: ApiToken) -> Client:
    """A client that sends the token, and no cookie."""
    return Client(headers={"Authorization": f"Bearer {token.secret}"}, enforce_csrf_checks=True)


@pytest.fixture
def marketer(user_of: Callable[..., User]) -> Client:
    """A program of Marketing: may start syncs, read runs and look people up."""
    return program(token_of(user_of("Marketing")))


@pytest.fixture
def worker() -> Iterator[None]:
    """Answers pings over the broker as a worker does, and takes up no work."""
    node = current_app.control.mailbox.Node("busy", handlers={"ping": lambda state: "pong"})
    ready, done = threading.Event(), threading.Event()

    def serve() -> None:
        with current_app.connection_for_read() as connection:
            node.channel = connection.channel()
            node.listen()
            ready.set()
            while not done.is_set():
                try:
                    connection.drain_events(timeout=0.05)
                except TimeoutError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait(5)
    yield
    done.set()
    thread.join(5)
