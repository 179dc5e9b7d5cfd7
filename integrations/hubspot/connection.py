"""A token's connection to HubSpot: how a call is sent, paced, repeated and decoded.

Calls go through HubSpot's own client, whose parts are made once and share one connection pool;
bodies are decoded here, because its models cost thirty times as much as the JSON.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from hubspot.crm.contacts.rest import RESTClientObject
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    SSLError,
)

from integrations.errors import Misconfigured, RetryLater, SyncError
from integrations.http import Line, Meter, NotNow, Patience, Reply
from integrations.hubspot.limits import Limits
from integrations.hubspot.refusals import refusal
from integrations.hubspot.versions import NUMBERED, VERSIONS, versioned

CALLS_AT_ONCE = 32
"""Most calls under way at a time: with 0.8 seconds each, enough to use up HubSpot's limit, some of
them waiting for their turn."""
_TIMEOUT = Timeout(connect=10, read=120)  # HubSpot itself gives up after 100 seconds
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _Wire(RESTClientObject):
    """The connection under all parts of HubSpot's client: every answer is handed on as it is.

    Here, and nowhere else, a call waits for its budget and its path becomes that of the version.
    The client's own has no time-out, repeats some calls by itself, and raises another class of
    error in each part, one of which breaks on answers that are not UTF-8.
    """

    def __init__(self, base_url: str, version: str, limits: Limits, meter: Meter) -> None:
        self.pool_manager = PoolManager(maxsize=CALLS_AT_ONCE, retries=False, timeout=_TIMEOUT)
        self._base_url, self._version = base_url, version
        self._limits, self._meter = limits, meter

    def request(
        self,
        method: str,
        url: str,
        query_params: Any = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        **unused: Any,
    ) -> BaseHTTPResponse:
        path = url.removeprefix(self._base_url)
        url = self._base_url + versioned(path, self._version)
        if query_params:
            url = f"{url}?{urlencode(query_params)}"
        payload = None if body is None else json.dumps(body)
        self._limits.wait(path)
        response = self.pool_manager.request(method, url, body=payload, headers=headers)
        self._limits.learn(path, _reply(response))
        self._meter.day = self._limits.day
        return response


class _Nothing(NamedTuple):
    """Stands for an answer of 404 where it is no error."""

    status: int = 200
    headers: Mapping[str, str] = {}
    data: bytes = b"null"


class Connection:
    """One token's line to HubSpot, under the calls that `HubSpotClient` knows."""

    def __init__(
        self,
        token: str,
        *,
        base_url: str,
        tier: str,
        meter: Meter,
        folder: Path,
        redis_url: str = "",
        version: str = NUMBERED,
        patience: Patience | None = None,
    ) -> None:
        """Raises Misconfigured: the tier or the version is unknown. Nothing is sent yet."""
        if version not in VERSIONS:
            known = ", ".join(VERSIONS)
            raise Misconfigured(
                f"HUBSPOT_API_VERSION “{version}” is unknown. Choose one of {known}."
            )
        self._base_url = base_url
        self._token = token
        limits = Limits(token, tier, folder=folder, redis_url=redis_url)
        self._wire = _Wire(base_url, version, limits, meter)
        self._line = Line(meter, None, patience or Patience(), refusal)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        body: Any = None,
        is_write: bool = False,
        is_absence_fine: bool = False,
    ) -> Any:
        """The decoded answer of a path that HubSpot's own client has no part for.

        A list in `query` is sent as one parameter a value. None for a 404 if `is_absence_fine`.
        """
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        pairs = [
            (name, one)
            for name, value in (query or {}).items()
            for one in (value if isinstance(value, list | tuple) else [value])
        ]

        def send(**unused: Any) -> Any:
            url = f"{self._base_url}{path}"
            reply = self._wire.request(method, url, query_params=pairs, headers=headers, body=body)
            return _Nothing() if is_absence_fine and reply.status == 404 else reply

        return self._ask(send, is_write=is_write)

    def _part(self, package: Any, name: str, config: Mapping[str, Any]) -> Any:
        """Builds a part of HubSpot's client on our connection."""
        configuration = package.Configuration()
        configuration.host = config["host"]
        configuration.access_token = config["access_token"]
        api_client = package.ApiClient(configuration=configuration)
        api_client.rest_client = self._wire
        return getattr(package, name)(api_client=api_client)

    def _ask(
        self,
        call: Any,
        *args: Any,
        is_write: bool = False,
        check: Callable[[Any], object] | None = None,
        **kwargs: Any,
    ) -> Any:
        """The decoded body of a success; a call that may succeed in a moment is repeated.

        `check` raises NotNow where a body cannot be right.
        """
        body: Any = None

        def send() -> Reply:
            nonlocal body
            reply = self._sent(lambda: call(*args, _preload_content=False, **kwargs))
            if reply.status < 300:
                body = _decoded(reply)
                if check:
                    check(body)
            return reply

        self._line.call(send, is_write=is_write)
        return body

    def _sent(self, call: Any) -> Reply:
        """The reply, whatever its status. Raises the SyncError that it means if there is none."""
        try:
            response = call()
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise self._unreachable() from error
        except SSLError as error:
            raise Misconfigured(
                f"The certificate of {self._base_url} cannot be trusted. Check HUBSPOT_BASE_URL."
            ) from error
        except LocationValueError as error:
            raise Misconfigured(
                f"HUBSPOT_BASE_URL “{self._base_url}” is no address. "
                "It looks like https://api.hubapi.com."
            ) from error
        except HTTPError as error:
            raise NotNow(
                "The connection to HubSpot broke off. Nothing is lost; the next run goes on."
            ) from error
        return _reply(response)

    def _unreachable(self) -> SyncError:
        if urlsplit(self._base_url).hostname in _LOOPBACK:
            return RetryLater(
                f"Nothing answers at {self._base_url}. Start the sandbox: python manage.py sandbox."
            )
        return NotNow(
            f"{self._base_url} cannot be reached. Check the network and HUBSPOT_BASE_URL."
        )


def _reply(response: Any) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status, headers, response.data)


def _decoded(reply: Reply) -> Any:
    try:
        return reply.json()
    except RetryLater as error:
        raise NotNow(str(error)) from error
