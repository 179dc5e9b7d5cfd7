"""Customer 360: all that Nova, HubSpot and Eventbrite know of one person, in one place.

`customer_360` builds it out of frozen rows; the API and the page of the admin show the same.
"""

from integrations.customer360.person import Customer360, customer_360, find_customer
from integrations.customer360.timeline import KINDS, NotACursor

__all__ = ["KINDS", "Customer360", "NotACursor", "customer_360", "find_customer"]
