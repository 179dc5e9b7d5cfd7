"""What a kind of matter has to say of itself to stand in the inbox."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.urls import reverse

Person = AbstractBaseUser | AnonymousUser

_CREATED, _UPDATED = F("created_at"), F("updated_at")

Do = Callable[[QuerySet[Any], Person], str]
"""Deals with the chosen rows, and says in a sentence what it did."""
RETRY, DISMISS, NEVER = "retry", "dismiss", "never"
"""Names of actions that many kinds have; those of one name are offered together."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that staff can do about a matter, given the permission, if one is asked for."""

    name: str
    label: str
    permission: str
    do: Do


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of matter.

    `rows` are those that wait, and no others. `record` (what it is about), `reason` (why it waits,
    in plain words), `first_at` and `last_at` are expressions on them. `urls` gives each primary
    key the page that shows the row; by default its page in the admin. `of` narrows the rows to
    those of one person. A blank permission asks for none. `reworded` turns what the database wrote
    into what staff read, record and reason.
    """

    kind: str
    title: str
    help: str
    permission: str
    rows: Callable[[], QuerySet[Any]]
    record: Combinable
    reason: Combinable
    first_at: Combinable = _CREATED
    last_at: Combinable = _UPDATED
    actions: tuple[Action, ...] = ()
    urls: Callable[[Sequence[int]], dict[int, str]] | None = None
    of: Callable[[QuerySet[Any], Any], QuerySet[Any]] | None = None
    reworded: tuple[Callable[[str], str], Callable[[str], str]] = (str, str)

    def rows_for(self, user: Person) -> QuerySet[Any]:
        """Those rows that this person may see."""
        return self.of(self.rows(), user) if self.of else self.rows()

    def pages(self, keys: Sequence[int]) -> dict[int, str]:
        """The page of each row; none where the admin has no page for such rows."""
        if self.urls:
            return self.urls(keys)
        model = self.rows().model
        if not admin.site.is_registered(model):
            return {}
        name = f"admin:{model._meta.label_lower.replace('.', '_')}_change"
        return {key: reverse(name, args=[key]) for key in keys}


def allows(user: Any, permission: str) -> bool:
    """Has the person the permission? Everybody has the blank one."""
    return not permission or user.has_perm(permission)
