"""HubSpot's properties in words: how HubSpot itself labels them."""

from integrations.hubspot.deals.setup import DEFINITIONS as OF_DEALS
from integrations.hubspot.setup import DEFINITIONS, SCORE_DEFINITIONS

_OF_HUBSPOT = {
    "email": "E-mail",
    "hs_additional_emails": "Other e-mail addresses",
    "firstname": "First name",
    "lastname": "Last name",
    "phone": "Phone number",
    "city": "City",
    "country": "Country",
    "lifecyclestage": "Lifecycle stage",
    "hs_analytics_source": "Original traffic source",
    "hs_latest_source": "Latest traffic source",
    "hs_analytics_first_timestamp": "Time first seen",
    "hs_latest_source_timestamp": "Latest traffic source date",
    "hubspot_owner_id": "Contact owner",
    "notes_last_contacted": "Last contacted",
    "hs_email_first_click_date": "First marketing e-mail click date",
    "hs_email_delivered": "Marketing e-mails delivered",
    "hs_email_open": "Marketing e-mails opened",
    "hs_email_click": "Marketing e-mails clicked",
    "dealname": "Deal name",
    "dealstage": "Deal stage",
    "pipeline": "Pipeline",
    "amount": "Amount",
    "closedate": "Close date",
    "deal_currency_code": "Currency",
    "createdate": "Create date",
    "hs_is_closed": "Is closed",
    "hs_is_closed_won": "Is closed won",
    "contact": "Associated contact",
    "hs_email_optout": "Unsubscribed from all e-mail",
}


def property_label(name: str) -> str:
    """What staff call a property; its own name where Nova does not know it."""
    own = (DEFINITIONS | SCORE_DEFINITIONS).get(name) or OF_DEALS.get(name)
    return str(own["label"]) if own else _OF_HUBSPOT.get(name, name)
