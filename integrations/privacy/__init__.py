"""Erasing a person: everywhere in Nova, for good, with every amount left as it is.

`places` lists where personal data lives, `sweep` finds what is quoted in any text besides.
"""

from integrations.privacy.erasure import (
    Erasure,
    NotErased,
    erase_contact,
    erase_everywhere,
    erase_links,
    erase_returned,
    foresee,
    keep_away,
    person_with,
)
from integrations.privacy.subject import subject_of_customers

__all__ = [
    "Erasure",
    "NotErased",
    "erase_contact",
    "erase_everywhere",
    "erase_links",
    "erase_returned",
    "foresee",
    "keep_away",
    "person_with",
    "subject_of_customers",
]
