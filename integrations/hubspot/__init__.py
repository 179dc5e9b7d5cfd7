"""HubSpot: contacts in, Nova's figures out."""
