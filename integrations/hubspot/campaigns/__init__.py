"""HubSpot's campaigns and the counts of their e-mails. Read only.

A campaign that is kept under the same name, or whose sales bear the code of HubSpot's UTM field, is
the same campaign; what staff entered stays, and blanks are filled.
"""

from integrations.hubspot.campaigns.pull import pull_campaigns

__all__ = ["pull_campaigns"]
