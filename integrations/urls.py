"""What integrations serves besides the pages of models.

Pages of staff stand under /admin/ and ask for a log-in; the project includes this module before
the admin's own addresses.
"""

from django.contrib import admin
from django.urls import path

from integrations.admin import erasing, matchpicks, plans, run_pages
from integrations.admin.inbox import inbox
from integrations.admin.matches import matches
from integrations.api.endpoints import api_urls
from integrations.views import healthz
from integrations.webhooks import eventbrite_webhook, hubspot_webhook

_staff = admin.site.admin_view

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/", api_urls()),
    path("webhooks/hubspot/", hubspot_webhook, name="hubspot-webhook"),
    path("webhooks/eventbrite/<str:secret>/", eventbrite_webhook, name="eventbrite-webhook"),
    path("admin/erase/<int:pk>/", _staff(erasing.erase_page), name="erase-person"),
    path("admin/inbox/", _staff(inbox), name="inbox"),
    path("admin/matches/", _staff(matches), name="matches"),
    path("admin/matches/contact/<int:pk>/", _staff(matchpicks.contact_page), name="match-contact"),
    path("admin/matches/customer/<int:pk>/", _staff(matchpicks.merge_page), name="match-merge"),
    path("admin/hubspot/plan/", _staff(plans.plan), name="hubspot-plan"),
    path("admin/hubspot/plan/make/", _staff(plans.make), name="hubspot-plan-make"),
    path("admin/hubspot/plan/apply/", _staff(plans.apply), name="hubspot-plan-apply"),
    path("admin/hubspot/plan/never/", _staff(plans.never), name="hubspot-plan-never"),
    path("admin/hubspot/runs/<int:pk>/", _staff(run_pages.run_page), name="hubspot-run"),
    path(
        "admin/hubspot/runs/<int:pk>/progress/",
        _staff(run_pages.run_progress),
        name="hubspot-run-progress",
    ),
    path("admin/hubspot/runs/<int:pk>/here/", _staff(run_pages.run_here), name="hubspot-run-here"),
    path(
        "admin/hubspot/runs/<int:pk>/cancel/",
        _staff(run_pages.run_cancel),
        name="hubspot-run-cancel",
    ),
    path("admin/hubspot/runs/<int:pk>/undo/", _staff(run_pages.undo_page), name="hubspot-undo"),
]
