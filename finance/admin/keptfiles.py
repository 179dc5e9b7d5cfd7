"""A file that waits in a session until somebody has explained its columns."""

import io
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest
from django.utils import timezone

from finance.resources.statements import Opener


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """The files of one page, in a folder of that name; a session keeps its last one only."""

    name: str

    def keep(self, request: HttpRequest, content: bytes, **about: Any) -> str:
        """Keeps a file and what is said `about` it, and returns the token that finds them."""
        for token in list(request.session.get(self.name, {})):
            self.forget(request, token)
        self._forget_old()
        token = secrets.token_urlsafe(16)
        path = default_storage.save(f"{self.name}/{secrets.token_hex(16)}", ContentFile(content))
        request.session[self.name] = {token: {"path": path, **about}}
        return token

    def find(self, request: HttpRequest, token: str) -> tuple[dict[str, Any], Opener] | None:
        """What was kept, and how to open it; None where it is gone."""
        about = request.session.get(self.name, {}).get(token)
        if not about or not default_storage.exists(about["path"]):
            return None
        with default_storage.open(about["path"], "rb") as file:
            content = file.read()
        return about, lambda: io.BytesIO(content)

    def forget(self, request: HttpRequest, token: str) -> None:
        kept = request.session[self.name].pop(token)
        default_storage.delete(kept["path"])
        request.session.modified = True

    def _forget_old(self) -> None:
        """Removes the files of those who never explained the columns."""
        if not default_storage.exists(self.name):
            return
        limit = timezone.now() - timedelta(days=1)
        for name in default_storage.listdir(self.name)[1]:
            if default_storage.get_modified_time(f"{self.name}/{name}") < limit:
                default_storage.delete(f"{self.name}/{name}")
