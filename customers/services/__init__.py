"""Writes about people that follow rules, a module per concept."""

from customers.services.erasure import erase_customers, erase_person, erased_among
from customers.services.merging import merge_customers, undo_merge
from customers.services.people import CrmFacts, Person, find_or_add_people
from customers.services.rollupcheck import wrong_rollups
from customers.services.rollups import mark_rollups_due, mark_started_events_due, refresh_rollups
from customers.services.touches import claim_touches, note_order_codes

__all__ = [
    "CrmFacts",
    "Person",
    "claim_touches",
    "erase_customers",
    "erase_person",
    "erased_among",
    "find_or_add_people",
    "mark_rollups_due",
    "mark_started_events_due",
    "merge_customers",
    "note_order_codes",
    "refresh_rollups",
    "undo_merge",
    "wrong_rollups",
]
