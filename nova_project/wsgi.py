"""Where a WSGI server such as gunicorn enters."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nova_project.settings")

application = get_wsgi_application()
