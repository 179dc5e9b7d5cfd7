"""What staff should know of a file before they confirm: what it does not say."""

from collections.abc import Mapping

from integrations.eventbrite.files.cells import PARTLY_REFUNDED
from integrations.eventbrite.files.headings import FileLayout


def findings(file: FileLayout, noted: Mapping[str, int]) -> list[str]:
    found = []
    if file.is_of_seats and not file.says("attendee_status"):
        found.append(
            "This report does not say which seats were cancelled or refunded. New seats count as "
            "attending; known seats keep their status."
        )
    if file.says("gross") and not _tells_fees(file):
        found.append("This file does not say Eventbrite's fees: new orders count without fees.")
    if noted.get(PARTLY_REFUNDED) and not file.says("refund"):
        found.append(
            f"{noted[PARTLY_REFUNDED]} orders were refunded in part, and the report does not say "
            "how much. Add a column “Refund” with the amounts to have them count."
        )
    if noted.get("nameless"):
        found.append(
            f"{noted['nameless']} rows do not say who bought the order: the file has no Buyer "
            "Email. Those orders count, and belong to no customer."
        )
    return found


def _tells_fees(file: FileLayout) -> bool:
    return any(file.says(name) for name in ("eventbrite_fee", "payment_fee", "fees_total"))
