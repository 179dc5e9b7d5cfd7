"""Customer 360 by the API."""

from typing import Annotated

from ninja import Schema
from pydantic import AfterValidator, Field

from integrations.api.access import Caller
from integrations.api.errors import ApiError
from integrations.customer360 import KINDS, Customer360, NotACursor, customer_360, find_customer
from integrations.customer360.person import MAY_VIEW

_LARGEST = 200


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"Choose from {', '.join(KINDS)}.")
    return kind


Kind = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(KINDS)})]


class Lookup(Schema):
    """Whom to look up, and which part of the timeline."""

    model_config = {"extra": "forbid"}

    email: Annotated[
        str, Field(min_length=3, max_length=254, description="Any address of the person.")
    ]
    kind: list[Kind] = Field(default=[], description="Only these kinds of entries; none: all.")
    after: str = Field(
        default="", max_length=60, description="The `next` of the page before; blank: the newest."
    )
    limit: int = Field(default=50, ge=1, le=_LARGEST, description="Entries on a page.")


def look_up(caller: Caller, asked: Lookup) -> Customer360:
    """Raises ApiError: 403, 404 where nobody has the address any more or ever had, 422."""
    caller.require(MAY_VIEW)
    customer = find_customer(asked.email)
    if customer is None:
        raise ApiError(404, "Nova knows nobody by this address.")
    try:
        return customer_360(
            customer,
            caller.user.has_perm,
            kinds=asked.kind,
            after=asked.after,
            size=asked.limit,
        )
    except NotACursor:
        message = "Take it from “next” of the page before."
        raise ApiError(422, message, fields=[("after", message)]) from None
