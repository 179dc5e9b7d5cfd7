"""Orders and seats with Eventbrite's own files to import, for organisers without its API."""

from customers.models import Attendance, Order
from finance.admin.orders import OrderWithLedgerAdmin
from finance.admin.seats import AttendanceWithFilesAdmin
from integrations.eventbrite.files import EventbriteFileResource
from nova_project.admin import register
from nova_project.imports.admin import FileForm, ImportExportAdmin

MAY_IMPORT = "customers.add_order"


@register(Order)
class OrderFromFilesAdmin(ImportExportAdmin, OrderWithLedgerAdmin):
    """Orders to look at; they come from Eventbrite, by a sync or by its files."""

    resource_class = EventbriteFileResource
    import_form_class = FileForm
    import_title = "Import from Eventbrite"
    import_export_change_list_template = "integrations/orders.html"
    actions = OrderWithLedgerAdmin.actions

    def has_import_permission(self, request):
        return request.user.has_perm(MAY_IMPORT)

    def has_export_permission(self, request):
        """Orders leave Nova in reports; this would be a file of Eventbrite's."""
        return False


@register(Attendance)
class SeatFromFilesAdmin(AttendanceWithFilesAdmin):
    """Seats, with the way to where Eventbrite's files come in."""

    import_export_change_list_template = "integrations/seats.html"

    def changelist_view(self, request, extra_context=None):
        may = {"may_import_eventbrite": request.user.has_perm(MAY_IMPORT)}
        return super().changelist_view(request, (extra_context or {}) | may)
