"""Nova as gunicorn serves it, with one address more: an empty view, to compare others with."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nova_project.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

settings.ROOT_URLCONF = __name__
application = get_wsgi_application()


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns: list[Any] = [path("empty/", empty), path("", include("nova_project.urls"))]
