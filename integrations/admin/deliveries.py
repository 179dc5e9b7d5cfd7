"""What the systems told by webhook, what came of it, and the way to have it done again."""

import json
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest

from integrations.deliveries import masked_body, replay
from integrations.models import Delivery, DeliveryState
from integrations.models.deliveries import DeliveryQuerySet
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    ValuesFilter,
    action,
    badge,
    display,
    register,
)
from nova_project.panels import Panel

STATE_TONES = {
    DeliveryState.RECEIVED: "busy",
    DeliveryState.PROCESSED: "good",
    DeliveryState.FAILED: "bad",
    DeliveryState.IGNORED: "plain",
}


@register(Delivery)
class DeliveryAdmin(ReadOnlyModelAdmin):
    """Webhooks: hints that something changed. Nova reads what they tell of itself."""

    list_display = [
        "received_at",
        "system",
        "action",
        "object_type",
        "object_id",
        "state_badge",
        "attempts",
        "message",
    ]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("system", ChoicesDropdownFilter),
        ("action", ValuesFilter),
        ("received_at", DateRangeFilter),
    ]
    search_fields = ["object_id", "action", "message"]
    search_help_text = "Id, action or message"
    fields = [
        ("system", "state_badge"),
        "action",
        ("object_type", "object_id"),
        "message",
        ("received_at", "told_at"),
        ("attempts", "due_at", "processed_at"),
        "masked_at",
    ]
    readonly_fields = ("state_badge",)
    actions = ["process_again"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body")

    @display(description="State", ordering="state")
    def state_badge(self, delivery: Delivery) -> str:
        return badge(delivery.get_state_display(), STATE_TONES[DeliveryState(delivery.state)])

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_delivery")

    @action(description="Process again", permissions=["replay"])
    def process_again(self, request: HttpRequest, queryset: DeliveryQuerySet) -> None:
        chosen, done = queryset.count(), replay(queryset)
        messages.success(request, f"{done} webhooks will be processed again in a moment.")
        if chosen > done:
            messages.warning(
                request, f"{chosen - done} name nothing that Nova reads, and are left as they are."
            )

    def panels(self, request: HttpRequest, obj: Delivery) -> list[Panel]:
        return [
            Panel(
                "What was received",
                columns=("Name", "Value"),
                rows=_parts(masked_body(obj)),
                empty="It had no body.",
                note="What may tell of a person is masked here, and removed after a time.",
            )
        ]


def _parts(body: str) -> list[tuple[str, str]]:
    told = json.loads(body) if body else {}
    if not isinstance(told, Mapping):
        return [("body", str(told))]
    return [
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in told.items()
    ]
