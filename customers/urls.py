"""What customers themselves may open: ending the e-mails. No log-in."""

from django.urls import path

from customers.views import unsubscribe

urlpatterns = [path("unsubscribe/<str:token>/", unsubscribe, name="unsubscribe")]
