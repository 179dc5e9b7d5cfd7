"""Who decides on which field of a contact: the table of integrations.hubspot.policy, for staff."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from integrations.admin.properties import property_cell
from integrations.hubspot.labels import property_label
from integrations.hubspot.policy import RULES, Rule
from integrations.merge import Policy
from nova_project.admin import badge
from nova_project.panels import Panel

DECIDES = {Policy.ASK: "Both", Policy.NOVA: "Nova", Policy.HUBSPOT: "HubSpot"}
_TONES = {Policy.ASK: "good", Policy.NOVA: "busy", Policy.HUBSPOT: "plain"}


@require_safe
def policy_page(request: HttpRequest) -> HttpResponse:
    """A page to read; it is changed in code only."""
    if not request.user.has_perm("integrations.view_contactlink"):
        raise PermissionDenied
    context = admin.site.each_context(request) | {
        "title": "Who decides",
        "panels": [_panel(rule) for rule in RULES],
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "integrations/policy.html", context)


def _panel(rule: Rule) -> Panel:
    names = [property_label(name) for name in rule.properties]
    title = names[0] if len(names) == 1 else f"{names[0]} to {names[-1].lower()}"
    return Panel(
        title,
        columns=("Property", "Who decides"),
        rows=[
            (property_cell(name), badge(DECIDES[rule.policy], _TONES[rule.policy]))
            for name in rule.properties
        ],
        note=rule.words,
    )


def table_in_markdown() -> str:
    """The same table as docs/hubspot.md has it."""
    lines = ["| Property | In HubSpot | Decides | What that means |", "|---|---|---|---|"]
    for rule in RULES:
        labels = ", ".join(property_label(name) for name in rule.properties)
        names = ", ".join(f"`{name}`" for name in rule.properties)
        lines.append(f"| {labels} | {names} | {DECIDES[rule.policy]} | {rule.words} |")
    return "\n".join(lines)
