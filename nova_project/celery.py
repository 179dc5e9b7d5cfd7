"""The Celery application. Tasks live in each app's `tasks.py`."""

import os

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nova_project.settings")

app = Celery("nova")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
assert app.steps is not None
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_django_logging(**kwargs: object) -> None:
    """Celery would replace the log handlers; Django's, with their masking, stay."""
    from logging.config import dictConfig

    dictConfig(settings.LOGGING)
