"""Files that Eventbrite exports, for organisers without its API: the same rows as a pull gives.

`headings` knows the reports and their languages, `cells` single values, `purchases` what a file
says of orders, `places` of seats, `programme` of events; `resource` plans and writes a file.
"""

from integrations.eventbrite.files.resource import EventbriteFileResource

__all__ = ["EventbriteFileResource"]
