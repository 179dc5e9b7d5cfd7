"""Writes to the programme that follow rules."""

from django.db import transaction
from django.utils import timezone

from events.models import Event, RuleKind, ShowTypeRule

_ORDER = {kind: place for place, kind in enumerate(RuleKind.values)}


@transaction.atomic
def assign_show_types() -> tuple[int, list[ShowTypeRule]]:
    """Gives each event the type of the first rule that fits; a type set by hand stays.

    Returns how many events changed, and the rules that fit no event at all, for staff to look at.
    Two reads, then one write per show type that gained or lost events.
    """
    rules = sorted(
        ShowTypeRule.objects.select_related("show_type"),
        key=lambda rule: (_ORDER[rule.kind], rule.position, rule.pk),
    )
    useful: set[int] = set()
    moved: dict[int | None, list[int]] = {}
    for event in Event.objects.all():
        fitting = [rule for rule in rules if rule.fits(event)]
        useful.update(rule.pk for rule in fitting)
        chosen = fitting[0].show_type_id if fitting else None
        if not event.is_show_type_by_hand and chosen != event.show_type_id:
            moved.setdefault(chosen, []).append(event.pk)
    for show_type_id, pks in moved.items():
        Event.objects.filter(pk__in=pks).update(
            show_type_id=show_type_id, updated_at=timezone.now()
        )
    return sum(map(len, moved.values())), [rule for rule in rules if rule.pk not in useful]
