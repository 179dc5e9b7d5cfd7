"""Follow-ups: the list, the form, and what became of each. finance adds what they brought."""

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from customers.admin import followup_pages as pages
from customers.admin.followupforms import FollowUpForm
from customers.models import (
    FollowUp,
    FollowUpMessage,
    FollowUpState,
    MessageState,
    Outbox,
)
from customers.models.messages import REACHED
from customers.services.followups.judging import window_words
from customers.services.followups.wording import VARIABLES
from nova_project.admin import (
    ChoicesDropdownFilter,
    HistoryModelAdmin,
    action,
    badge,
    display,
    link,
    list_url,
)
from nova_project.models import count_of
from nova_project.panels import Figure, Panel

STATE_TONES = {
    FollowUpState.ON: "good",
    FollowUpState.PAUSED: "warning",
    FollowUpState.OFF: "plain",
}
_COUNTS = {
    "sent_count": Q(state__in=REACHED),
    "held_count": Q(state=MessageState.HELD_OUT),
    "waiting_count": Q(state=MessageState.PLANNED),
}


def state_badge(follow_up: FollowUp) -> str:
    return badge(follow_up.get_state_display(), STATE_TONES[FollowUpState(follow_up.state)])


class FollowUpAdmin(HistoryModelAdmin):
    """Everything about a follow-up but its results."""

    form = FollowUpForm
    empty_hint = "Add one: say when it is sent, write the text, and look at who is due."
    list_display = ["name", "when", "state_shown", "sent", "held_out", "waiting"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("trigger", ChoicesDropdownFilter),
        ("carrier", ChoicesDropdownFilter),
    ]
    search_fields = ["name", "note", "subject"]
    fieldsets = [
        (None, {"fields": ["name", "note"]}),
        (
            "When",
            {
                "fields": [
                    ("trigger", "days_absent"),
                    ("delay_hours", "look_back_days"),
                    ("is_unless_booked", "is_with_next_show"),
                ]
            },
        ),
        (
            "What",
            {
                "description": "Write {{ first_name }}, {{ show }} and the other variables listed "
                "below; {% if next_show %} … {% endif %} for what stands there only sometimes. "
                "HubSpot lists need no text: the workflow in HubSpot has it.",
                "fields": ["carrier", "subject", "body"],
            },
        ),
        (
            "To whom, and at which hours",
            {
                "fields": [
                    ("send_from", "send_until"),
                    "weekdays",
                    ("gap_days", "holdout_percent"),
                    "result_days",
                ]
            },
        ),
    ]
    actions_list = ["due_of_all"]
    actions_detail = ["preview", "due"]

    class Media:
        js = ["customers/followup.js"]
        css = {"all": ["customers/followup.css"]}

    def get_queryset(self, request):
        messages = FollowUpMessage.objects.all()
        counts = {
            name: count_of(messages.filter(condition), per="follow_up")
            for name, condition in _COUNTS.items()
        }
        return super().get_queryset(request).annotate(**counts)

    def get_urls(self):
        view = self.admin_site.admin_view
        own = [
            path("due/", view(pages.due_of_all), name="customers_followup_everybody_due"),
            path("typed/", view(pages.typed), name="customers_followup_typed"),
            path("<int:pk>/due/", view(pages.due), name="customers_followup_people_due"),
            path("<int:pk>/preview/", view(pages.preview), name="customers_followup_letter"),
        ]
        return [*own, *super().get_urls()]

    def has_delete_permission(self, request, obj=None):
        """Whoever got it would be forgotten, and written to again."""
        if obj is not None and obj.messages.exists():
            return False
        return super().has_delete_permission(request, obj)

    def has_people_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        return request.user.has_perm(pages.MAY_SEE_PEOPLE)

    @action(description="Who is due", url_path="all-due", permissions=["people"])
    def due_of_all(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:customers_followup_everybody_due")

    @action(description="Who is due, on and off", url_path="to-due", permissions=["people"])
    def due(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:customers_followup_people_due", object_id)

    @action(description="Preview and test", url_path="to-preview")
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("admin:customers_followup_letter", object_id)

    @display(description="When")
    def when(self, follow_up: FollowUp) -> str:
        return follow_up.definition

    @display(description="State", ordering="state")
    def state_shown(self, follow_up: FollowUp) -> str:
        return state_badge(follow_up)

    @display(description="Went out", ordering="sent_count")
    def sent(self, follow_up: Any) -> str:
        return _messages(follow_up, follow_up.sent_count, "sent")

    @display(description="Held out", ordering="held_count")
    def held_out(self, follow_up: Any) -> str:
        return _messages(follow_up, follow_up.held_count, "held_out")

    @display(description="Waiting", ordering="waiting_count")
    def waiting(self, follow_up: Any) -> str:
        return _messages(follow_up, follow_up.waiting_count, "planned")

    def list_panels(self, request, queryset):
        outbox = Outbox.current()
        return [outbox_panel(outbox)] if outbox.is_paused or outbox.problem else []

    def panels(self, request: HttpRequest, obj: FollowUp) -> list[Panel]:
        return [state_panel(obj), variables_panel()]


def _messages(follow_up: FollowUp, number: int, state: str) -> str:
    return link(_url(follow_up, state), f"{number:,}") if number else "0"


def outbox_panel(outbox: Outbox) -> Panel:
    """Why nothing goes out, where nothing does."""
    if outbox.is_paused:
        text = f"All follow-ups are paused by {outbox.paused_by or 'somebody'}: nothing is sent."
        return Panel(text, more=("Go on", list_url("customers.followup") + "due/"), is_above=True)
    return Panel("The last run stopped", note=outbox.problem, is_above=True)


def state_panel(follow_up: FollowUp) -> Panel:
    """On or off, in words, and what became of its messages."""
    messages = FollowUpMessage.objects.filter(follow_up=follow_up)
    counts = dict(messages.order_by().values_list("state").annotate(number=Count("pk")))
    shown = [
        Figure(label, f"{counts[state]:,}", url=_url(follow_up, state))
        for state, label in MessageState.choices
        if state in counts
    ]
    return Panel(
        "How it stands",
        figures=[Figure("State", state_badge(follow_up), note=_since(follow_up)), *shown],
        note=f"Sent {follow_up.definition[0].lower()}{follow_up.definition[1:]}, "
        f"{window_words(follow_up)}. {follow_up.holdout_percent} % of the people are held out.",
        more=_audience(follow_up),
        is_above=True,
    )


def _audience(follow_up: FollowUp) -> tuple[str, str] | None:
    """Whom it handed to HubSpot lately, if it does."""
    if follow_up.audience_id is None:
        return None
    url = reverse("admin:customers_audience_change", args=[follow_up.audience_id])
    return "Its audience and HubSpot list", url


def _url(follow_up: FollowUp, state: str) -> str:
    filters = {"follow_up__id__exact": follow_up.pk, "state__exact": state}
    return list_url("customers.followupmessage", filters)


def _since(follow_up: FollowUp) -> str:
    if follow_up.state == FollowUpState.OFF or follow_up.on_since is None:
        return ""
    return f"since {timezone.localtime(follow_up.on_since):%-d %b %Y, %H:%M}"


def variables_panel() -> Panel:
    return Panel(
        "What the text may name",
        columns=("Write", "Stands there"),
        rows=[(f"{{{{ {name} }}}}", meaning) for name, meaning in VARIABLES.items()],
        note="Filters: default, lower, upper, title, capfirst. Nothing else of Django's templates "
        "can be used here.",
    )
