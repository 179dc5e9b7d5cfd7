"""The roles of the organiser's staff: groups, and exactly what each may see and do.

Models are named as strings, so the base knows no app. What a role may not see is in no menu, on
no page and in no figure that its people get.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction

VIEW = "view"
CHANGE = "view change"
EDIT = "view add change delete"
WRITE = "view add change"
IMPORT = "view add"
"""Looks at them, and brings in Eventbrite's files; nobody enters them by hand."""


@dataclass(frozen=True, slots=True)
class Role:
    """What people of a role do, and their rights: verbs by model."""

    name: str
    purpose: str
    rights: Mapping[str, str]

    def codenames(self) -> set[tuple[str, str]]:
        """App and permission, as Django names them."""
        found = set()
        for model, verbs in self.rights.items():
            app, name = model.split(".")
            found |= {(app, f"{verb}_{name}") for verb in verbs.split()}
        return found


_PROGRAMME = (
    "events.event",
    "events.venue",
    "events.showtype",
    "events.showtyperule",
    "events.ticketclass",
)
_TICKETS = ("customers.order", "customers.attendance")
_PEOPLE = ("customers.customer", "customers.emailaddress")
_CAMPAIGNS = ("customers.campaign", "customers.campaigncode")
_TOUCHES = "customers.touch"
_EMAILS = "customers.campaignemailstats"
_COST_BOOKS = ("finance.vendor", "finance.recurringexpense")
_MONEY = (
    "finance.ledgerline",
    "finance.expense",
    "finance.historicalexpense",
    "finance.expenseshare",
)
_BANK = (
    "finance.bankaccount",
    "finance.deposit",
    "finance.depositmatch",
    "finance.payoutvariance",
    "finance.statementmapping",
)
_LOCKS = "finance.lockedmonth"
_CHECKS = ("finance.ledgercheck", "finance.ledgerdifference")
_DEALS = ("finance.performer", "finance.performeragreement", "finance.bonusstep")
_SETTLEMENT = "finance.settlement"

_MATCHES = {
    "customers.customermerge": VIEW,
    "integrations.matchsuggestion": CHANGE,
    "integrations.contactlink": CHANGE,
}
"""Who is whom: pairs to review, merges, contacts to link and unlink."""


def _all(models: tuple[str, ...], verbs: str) -> dict[str, str]:
    return dict.fromkeys(models, verbs)


FINANCE = Role(
    "Finance",
    "Enters costs and reads what shows earn.",
    {
        **_all(_PROGRAMME, VIEW),
        **_all(_TICKETS, VIEW),
        "customers.order": IMPORT,
        **_all(_CAMPAIGNS, VIEW),
        _TOUCHES: VIEW,
        _EMAILS: VIEW,
        **_all(_MONEY, VIEW),
        **_all(_CHECKS, VIEW),
        "finance.expense": EDIT,
        **_all(_BANK, EDIT),
        _LOCKS: "view add",
        **_all(_COST_BOOKS, EDIT),
        **_all(_DEALS, EDIT),
        _SETTLEMENT: "view close reopen",
        "finance.receipt": "view add delete",
        "integrations.deallink": VIEW,
        "integrations.conflict": CHANGE,
        "integrations.syncrun": VIEW,
        "integrations.problem": VIEW,
    },
)
PRODUCER = Role(
    "Producer",
    "Puts on the shows: agrees with performers, plans costs, closes settlements.",
    {
        **_all(_PROGRAMME, VIEW),
        **_all(_TICKETS, VIEW),
        **_all(_CAMPAIGNS, VIEW),
        _EMAILS: VIEW,
        **_all(_MONEY, VIEW),
        "finance.expense": "view plan",
        **_all(_COST_BOOKS, WRITE),
        **_all(_BANK, VIEW),
        _LOCKS: "view unlock",
        **_all(_DEALS, EDIT),
        _SETTLEMENT: "view close",
    },
)
BOX_OFFICE = Role(
    "Box office",
    "Keeps the programme, looks up orders, seats and people.",
    {
        **_all(_PROGRAMME, EDIT),
        **_all(_TICKETS, VIEW),
        "customers.order": IMPORT,
        "customers.attendance": WRITE,
        **_all(_PEOPLE, VIEW),
        "customers.customer": "view merge",
        **_MATCHES,
        "integrations.syncrun": VIEW,
        "integrations.problem": CHANGE,
        "integrations.delivery": CHANGE,
    },
)
MARKETING = Role(
    "Marketing",
    "Keeps customers and campaigns, and judges what belongs together in HubSpot.",
    {
        **_all(_PROGRAMME, VIEW),
        **_all(_TICKETS, VIEW),
        "customers.customer": f"{WRITE} erase merge",
        **_MATCHES,
        "customers.emailaddress": EDIT,
        **_all(_CAMPAIGNS, EDIT),
        _TOUCHES: IMPORT,
        _EMAILS: VIEW,
        "customers.audience": EDIT,
        "customers.audiencecondition": EDIT,
        "customers.followup": EDIT,
        "customers.followupmessage": VIEW,
        "customers.leadmodel": VIEW,
        "customers.segmentbands": CHANGE,
        "customers.suppression": VIEW,
        "integrations.conflict": CHANGE,
        "integrations.deallink": VIEW,
        "integrations.hubspotdeal": VIEW,
        "integrations.audiencelink": CHANGE,
        "integrations.occurrence": VIEW,
        "integrations.remotewrite": "view apply",
        "integrations.writeexclusion": VIEW,
        "integrations.syncrun": VIEW,
        "integrations.problem": CHANGE,
        "integrations.delivery": CHANGE,
    },
)
VIEWER = Role(
    "Viewer",
    "Reads the programme, figures and reports; sees no customer.",
    {
        **_all(_PROGRAMME, VIEW),
        **_all((*_MONEY, *_BANK, _LOCKS), VIEW),
        "customers.campaign": VIEW,
        "customers.followup": VIEW,
        _EMAILS: VIEW,
        **_all(_DEALS, VIEW),
        _SETTLEMENT: VIEW,
    },
)
ROLES = (FINANCE, PRODUCER, BOX_OFFICE, MARKETING, VIEWER)


@transaction.atomic
def set_up_roles() -> dict[str, list[str]]:
    """Gives each role's group exactly its rights; says by role what that added and took away.

    Groups of other names are left alone. Raises LookupError: a right names no model.
    """
    known = {
        (permission.content_type.app_label, permission.codename): permission
        for permission in Permission.objects.select_related("content_type")
    }
    changes = {}
    for role in ROLES:
        if unknown := role.codenames() - known.keys():
            raise LookupError(f"The role {role.name} names rights that do not exist: {unknown}")
        group, is_new = Group.objects.get_or_create(name=role.name)
        changes[role.name] = ["made"] * is_new + _grant(group, role, known)
    return changes


def _grant(group: Group, role: Role, known: Mapping[tuple[str, str], Permission]) -> list[str]:
    wanted = role.codenames()
    held = set(group.permissions.values_list("content_type__app_label", "codename"))
    group.permissions.set(known[name] for name in wanted)
    added = [f"+ {app}.{name}" for app, name in sorted(wanted - held)]
    return added + [f"- {app}.{name}" for app, name in sorted(held - wanted)]
