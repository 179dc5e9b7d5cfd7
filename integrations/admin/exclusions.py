"""What Nova never writes to HubSpot, because staff said so."""

from integrations.hubspot.decisions import allow_again
from integrations.hubspot.labels import property_label
from integrations.models import WriteExclusion
from nova_project.admin import DateRangeFilter, ReadOnlyModelAdmin, change_link, display, register


@register(WriteExclusion)
class WriteExclusionAdmin(ReadOnlyModelAdmin):
    """The plan adds to it by “Never again”; deleting a line lets the next plan come to it again."""

    list_display = ["who", "what", "decided_by", "created_at"]
    list_select_related = ["customer", "decided_by"]
    list_filter = [("created_at", DateRangeFilter)]
    search_fields = ["customer__last_name", "customer__addresses__address", "subject", "field"]
    search_help_text = "Last name, any address of the customer, or the field"
    fields = [("who", "what"), ("decided_by", "created_at")]
    readonly_fields = ("who", "what")

    @display(description="Record")
    def who(self, rule: WriteExclusion) -> str:
        return change_link(rule.customer) if rule.customer else rule.subject

    @display(description="Never written", ordering="field")
    def what(self, rule: WriteExclusion) -> str:
        return property_label(rule.field) if rule.field else "The whole record"

    def has_delete_permission(self, request, obj=None):
        return request.user.has_perm("integrations.apply_remotewrite")

    def delete_model(self, request, obj):
        allow_again([obj])

    def delete_queryset(self, request, queryset):
        allow_again(list(queryset))
