"""Tokens in the admin: shown once, for whom, revoked."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from integrations.models import ApiToken

pytestmark = pytest.mark.django_db
ADD = "admin:integrations_apitoken_add"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


def add(client: Client, user: User, **fields: str):
    return client.post(reverse(ADD), {"name": "Program", "user": user.pk} | fields)


def test_a_token_is_shown_once_and_works(root):
    client = client_of(root)

    made = add(client, root)

    (secret,) = re.findall(r"nova_[0-9a-f]{8}_[\w-]{43}", made.text)
    assert "It is not shown again." in made.text
    assert "no-store" in made["Cache-Control"]
    assert ApiToken.objects.of_secret(secret).name == "Program"
    page = client.get(
        reverse("admin:integrations_apitoken_change", args=[ApiToken.objects.get().pk])
    )
    assert secret not in page.text + client.get(reverse("admin:index")).text


def test_a_revoked_token_stays_in_the_list_and_opens_nothing(root):
    client = client_of(root)
    secret = re.findall(r"nova_[0-9a-f]{8}_[\w-]{43}", add(client, root).text)[0]
    token = ApiToken.objects.get()

    listed = client.post(
        reverse("admin:integrations_apitoken_changelist"),
        {"action": "revoke", "_selected_action": [token.pk]},
        follow=True,
    )

    assert "1 token holds no longer." in listed.text
    assert "Revoked" in listed.text
    assert ApiToken.objects.of_secret(secret) is None
    assert (
        client.get(reverse("admin:integrations_apitoken_delete", args=[token.pk])).status_code
        == 403
    )


def test_who_is_no_superuser_makes_tokens_for_himself_only(root):
    user = User.objects.create(username="ada", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__model="apitoken"))
    client = client_of(user)

    for_root, own = add(client, root), add(client, user)

    assert "Select a valid choice" in for_root.text
    assert "nova_" in own.text
    assert [token.user for token in ApiToken.objects.all()] == [user]
