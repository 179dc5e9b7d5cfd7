"""Seats with import and export: sales at the door come in by file, and their money follows."""

from customers.admin import AttendanceAdmin
from finance.resources import AttendanceResource
from finance.services import settle_orders
from nova_project.imports.admin import ImportExportAdmin


class AttendanceWithFilesAdmin(ImportExportAdmin, AttendanceAdmin):
    """A correction of a sale at the door is posted, too. Integrations registers it."""

    resource_class = AttendanceResource

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        settle_orders([obj.order_id])
