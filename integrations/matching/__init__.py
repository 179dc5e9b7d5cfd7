"""Gaps and duplicates between customers and HubSpot contacts: found, judged by staff, remembered.

`finders` come to pairs that may be one person, `suggestions` keeps them as rows, `verdicts` is what
staff say of them, `gaps` is the list of all that is missing or double.
"""
