"""Tokens with which other programs call the API: made, shown once, revoked."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from integrations.models import ApiToken
from nova_project.admin import (
    DateRangeFilter,
    DropdownFilter,
    ModelAdmin,
    action,
    badge,
    display,
    register,
)

_HOLDS = timedelta(days=365)


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("usable", "In use"), ("over", "Revoked or expired")]

    def queryset(self, request, queryset):
        if self.value() == "usable":
            return queryset.usable()
        usable = ApiToken.objects.usable().values("pk")
        return queryset.exclude(pk__in=usable) if self.value() == "over" else queryset


@register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """A token is never changed into another and never deleted, so the list tells what there was.

    Who is no superuser makes tokens for himself only: a token has all rights of its user.
    """

    list_display = ["name", "user", "starts_with", "state", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    list_filter = [StateFilter, ("expires_at", DateRangeFilter), ("last_used_at", DateRangeFilter)]
    search_fields = ["name", "key", "user__username"]
    search_help_text = "Name, user, or the first letters of the token"
    fieldsets = [
        (
            None,
            {
                "fields": [("name", "user"), "expires_at"],
                "description": "With a token another program calls the API of Nova. It is shown "
                "once, right after you save.",
            },
        )
    ]
    actions = ["revoke"]

    def get_changeform_initial_data(self, request):
        expires_at = timezone.now().replace(microsecond=0) + _HOLDS
        return {"user": request.user.pk, "expires_at": expires_at}

    def get_readonly_fields(self, request, obj=None):
        return ("user", "starts_with", "state", "last_used_at", "revoked_at") if obj else ()

    def get_fieldsets(self, request, obj=None):
        if obj is None:
            return self.fieldsets
        fields = [
            ("name", "user"),
            ("starts_with", "state"),
            ("expires_at", "last_used_at", "revoked_at"),
        ]
        return [(None, {"fields": fields})]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "user":
            people = db_field.related_model.objects.filter(is_active=True, is_staff=True)
            own = people.filter(pk=request.user.pk)
            kwargs["queryset"] = people if request.user.is_superuser else own
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request, obj=None):
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_apitoken")

    @display(description="Starts with", ordering="key")
    def starts_with(self, token: ApiToken) -> str:
        return token.shown

    @display(description="State")
    def state(self, token: ApiToken) -> str:
        if token.revoked_at:
            return badge("Revoked", "bad")
        if token.is_expired:
            return badge("Expired", "warning")
        return badge("In use", "good") if token.last_used_at else badge("Not used yet", "plain")

    @action(description="Revoke", permissions=["revoke"])
    def revoke(self, request, queryset):
        now = timezone.now()
        number = queryset.filter(revoked_at=None).update(revoked_at=now, updated_at=now)
        told = "1 token holds" if number == 1 else f"{number:,} tokens hold"
        messages.success(request, f"{told} no longer. What used it gets no answer from now on.")

    def save_model(self, request, obj, form, change):
        if not change:
            obj.set_new_secret()
        super().save_model(request, obj, form, change)

    def response_add(self, request, obj, post_url_continue=None):
        """The one page that shows the token: an answer that nothing stores, no message."""
        context = self.admin_site.each_context(request) | {
            "title": f"Token “{obj}”",
            "token": obj,
            "list_url": reverse("admin:integrations_apitoken_changelist"),
            "example": request.build_absolute_uri("/api/runs/1"),
            "docs_url": reverse("api:openapi-view"),
        }
        response = TemplateResponse(request, "integrations/token.html", context)
        add_never_cache_headers(response)
        return response
