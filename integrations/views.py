"""What Nova answers besides the admin."""

import os
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError

from integrations.models import WEBHOOKS, Outcome, SyncRun, System


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Is Nova well? 200 when database and broker answer, else 503; no login, no personal data.

    `last_sync` has the end of each system's last run that went through, UTC, or null.
    """
    database, broker = _database_answers(), _broker_answers()
    last_sync = _last_sync() if database else {}
    is_well = database and broker
    return JsonResponse(
        {
            "status": "ok" if is_well else "unavailable",
            "database": "ok" if database else "unavailable",
            "broker": "ok" if broker else "unavailable",
            "last_sync": last_sync,
        },
        status=200 if is_well else 503,
    )


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    if urlsplit(settings.CELERY_BROKER_URL).scheme == "filesystem":
        folder = str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
        return os.access(folder, os.W_OK)
    try:
        with current_app.connection_for_write(transport_options={"socket_timeout": 2}) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
    except (OperationalError, OSError):
        return False
    return True


def _last_sync() -> dict[str, str | None]:
    ended = dict(
        SyncRun.objects.filter(outcome__in=[Outcome.DONE, Outcome.DONE_WITH_PROBLEMS])
        .exclude(command=WEBHOOKS)
        .order_by()
        .values_list("system")
        .annotate(last=Max("finished_at"))
    )
    return {
        system.value: ended[system.value].isoformat() if system.value in ended else None
        for system in System
    }
