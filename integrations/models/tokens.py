"""Tokens with which other programs call Nova's API."""

import hashlib
import secrets
from datetime import datetime, timedelta
from hmac import compare_digest

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from nova_project.models import Timestamped

_PREFIX = "nova"
_USE_NOTED_EVERY = timedelta(minutes=1)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> "ApiTokenQuerySet":
        """Neither revoked nor expired, of a person who may still log in to the admin."""
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=timezone.now()),
            revoked_at=None,
            user__is_active=True,
            user__is_staff=True,
        )

    def of_secret(self, secret: str) -> "ApiToken | None":
        """The usable token that `secret` is; None where it is none. One query."""
        key = secret.split("_")[1] if secret.count("_") >= 2 else ""
        found = self.usable().filter(key=key).select_related("user").first() if key else None
        digest = found.digest if found else _digest("")
        return found if compare_digest(digest, _digest(secret)) else None


class ApiToken(Timestamped):
    """Lets a program call the API with the rights of a user. Only a hash of it is kept.

    `key` is the part of the secret that may be shown, so that a token is recognised in a list.
    """

    name = models.CharField(max_length=100, help_text="What uses it, such as the box office page.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        help_text="The token may do what this person may do, and no more.",
    )
    key = models.CharField("starts with", max_length=12, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    expires_at = models.DateTimeField(
        "expires", null=True, blank=True, help_text="Blank: it holds until you revoke it."
    )
    last_used_at = models.DateTimeField("last used", null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField("revoked", null=True, blank=True, editable=False)

    secret = ""
    """The token itself: known while it is made, and never stored."""

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="integrations_apitoken_hash_known", condition=~Q(digest="") & ~Q(key="")
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown(self) -> str:
        """As much of it as anybody may see."""
        return f"{_PREFIX}_{self.key}_…"

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def set_new_secret(self) -> None:
        """Makes the `secret`. Save the token then: nothing else keeps its hash."""
        self.key = secrets.token_hex(4)
        self.secret = f"{_PREFIX}_{self.key}_{secrets.token_urlsafe(32)}"
        self.digest = _digest(self.secret)

    def note_use(self, now: datetime) -> None:
        """Remembers when it was used, at most once a minute."""
        if self.last_used_at is None or now - self.last_used_at >= _USE_NOTED_EVERY:
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)


def _digest(secret: str) -> str:
    """Enough for a secret of 256 random bits, which nobody can guess: it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
