"""Where reports are: inside the admin, behind its login."""

from django.contrib import admin
from django.urls import path

from nova_project.reports.views import report_list, report_page

app_name = "reports"
urlpatterns = [
    path("", admin.site.admin_view(report_list), name="list"),
    path("<slug:slug>/", admin.site.admin_view(report_page), name="report"),
]
