"""HubSpot's properties in tables: their labels, and their names beside that."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.hubspot.labels import property_label


def property_cell(name: str) -> SafeString:
    """For a table: the label, and the name by which HubSpot's settings find the property."""
    return format_html('{} <small class="nova-property">{}</small>', property_label(name), name)
