"""Who works with Nova in the tests: one user to a role."""

from django.contrib.auth.models import Group, User
from django.test import Client

from nova_project.roles import set_up_roles


def user_of(role: str) -> User:
    """The one who has this role and no other; made once."""
    set_up_roles()
    user, _ = User.objects.get_or_create(username=role, is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    return user


def client_of(role: str) -> Client:
    """A browser in which the one of this role is logged in."""
    client = Client()
    client.force_login(user_of(role))
    return client
