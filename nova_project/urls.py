"""Every address that Nova answers. What an app serves besides the admin is in its own `urls.py`."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/reports/", include("nova_project.reports.urls")),
    path("", include("customers.urls")),
    path("", include("integrations.urls")),
    path("admin/", admin.site.urls),
]
