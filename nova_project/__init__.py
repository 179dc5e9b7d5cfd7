"""The base that every app stands on: settings, admin theme, money, periods, reports, exports.

It imports no app; where it must name one it does so as a string.
"""

from nova_project.celery import app as celery_app

__all__ = ["celery_app"]
