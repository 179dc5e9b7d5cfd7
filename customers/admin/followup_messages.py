"""The messages of follow-ups: to whom which went out, and why not."""

from customers.admin.orders import day_and_time
from customers.models import Customer, FollowUpMessage, MessageState
from customers.resources import FollowUpMessageResource
from nova_project.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    DateRangeFilter,
    ReadOnlyModelAdmin,
    RelatedDropdownFilter,
    badge,
    change_link,
    display,
    list_url,
    register,
)
from nova_project.imports.admin import ImportExportAdmin
from nova_project.panels import Panel

_LATEST = 10

TONES = {
    MessageState.PLANNED: "busy",
    MessageState.SENDING: "warning",
    MessageState.SENT: "good",
    MessageState.HANDED_OVER: "good",
    MessageState.HELD_OUT: "special",
    MessageState.SKIPPED: "plain",
    MessageState.FAILED: "bad",
}


def message_state(message: FollowUpMessage) -> str:
    return badge(message.get_state_display(), TONES[MessageState(message.state)])


@register(FollowUpMessage)
class FollowUpMessageAdmin(ImportExportAdmin, ReadOnlyModelAdmin):
    """A look at each message. What was written is not kept, nor to which address."""

    resource_class = FollowUpMessageResource
    empty_hint = "They come with the first run of a follow-up that is on: Marketing, Follow-ups."
    list_display = ["due_at", "follow_up", "customer", "event", "state_badge", "reason", "done"]
    list_select_related = ["follow_up", "customer", "event"]
    list_filter = [
        ("follow_up", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("event", AutocompleteSelectFilter),
        ("due_at", DateRangeFilter),
        ("decided_at", DateRangeFilter),
    ]
    search_fields = ["customer__last_name", "customer__first_name", "event__name"]
    search_help_text = "Name of the person, or show"
    fields = [
        ("follow_up", "state_badge"),
        ("customer", "event"),
        "reason",
        ("triggered_at", "due_at"),
        ("claimed_at", "decided_at"),
    ]
    readonly_fields = ("state_badge",)

    def has_import_permission(self, request):
        return False

    @display(description="State", ordering="state")
    def state_badge(self, message: FollowUpMessage) -> str:
        return message_state(message)

    @display(description="Done", ordering="decided_at")
    def done(self, message: FollowUpMessage) -> object:
        return message.decided_at


def messages_panel(customer: Customer) -> Panel:
    """Which follow-ups this person got, or why not; the latest ones. One query."""
    messages = customer.follow_up_messages.select_related("follow_up", "event")
    return Panel(
        "Follow-ups",
        columns=("Due", "Follow-up", "Show", "State", "Why not"),
        rows=[
            (
                day_and_time(message.due_at),
                change_link(message.follow_up),
                change_link(message.event),
                message_state(message),
                message.reason or "–",
            )
            for message in messages.order_by("-due_at", "-pk")[:_LATEST]
        ],
        empty="No follow-up was due to them yet.",
        more=("Follow-ups", list_url("customers.followup")),
        is_half=True,
    )
