"""Who may call the API: staff who are logged in to the admin, and programs with a token."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from ninja.security.base import AuthBase
from ninja.throttling import BaseThrottle
from ninja.utils import check_csrf

from integrations.api.errors import ApiError
from integrations.models import ApiToken

_WINDOW_SECONDS = 60


class Caller:
    """A user, and how he came in; both count towards limits under `key`."""

    def __init__(self, user: User, key: str) -> None:
        self.user = user
        self.key = key

    def require(self, *permissions: str) -> None:
        """Raises ApiError 403: he lacks one of the permissions."""
        for permission in permissions:
            if not self.user.has_perm(permission):
                raise ApiError(403, f"This needs the right “{permission}”, which you do not have.")


class TokenAuth(AuthBase):
    """`Authorization: Bearer` and a token from the admin, under Settings, API tokens."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Caller | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        token = ApiToken.objects.of_secret(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise ApiError(401)
        token.note_use(timezone.now())
        return Caller(token.user, f"token-{token.pk}")


class StaffSession(AuthBase):
    """A session of the admin; calls that change something bring the CSRF token along."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    csrf = True  # the page that describes the API sends the token where this is so

    def __call__(self, request: HttpRequest) -> Caller | None:
        user: Any = request.user
        if not (user.is_active and user.is_staff):
            return None
        if check_csrf(request):
            raise ApiError(403, "Send the CSRF token of your session in X-CSRFToken.", code="csrf")
        return Caller(user, f"user-{user.pk}")


class CallsAMinute(BaseThrottle):
    """So many calls in each minute for a user or token; kept by all processes where Redis is."""

    def __init__(self, setting: str, name: str) -> None:
        """`setting` names the number of calls; `name` tells one limit from another."""
        self._setting, self._name = setting, name

    def allow_request(self, request: HttpRequest) -> bool:
        caller: Caller = request.auth  # type: ignore[attr-defined]
        minute = int(timezone.now().timestamp()) // _WINDOW_SECONDS
        key = f"api-{self._name}-{caller.key}-{minute}"
        cache.add(key, 0, 2 * _WINDOW_SECONDS)
        return bool(cache.incr(key) <= getattr(settings, self._setting))

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return _WINDOW_SECONDS - int(timezone.now().timestamp()) % _WINDOW_SECONDS
