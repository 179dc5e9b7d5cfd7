"""Receipts: looked up and handed out to those who may see them, never changed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.views.decorators.http import require_GET

from finance.models import Receipt
from finance.services.receipts import forget_files
from nova_project.admin import (
    ChoicesDropdownFilter,
    DateRangeFilter,
    ModelAdmin,
    change_link,
    display,
    link,
    register,
)

_RIGHTS = ("finance.view_receipt", "finance.view_expense")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}
"""A receipt comes from outside: a browser may save it, and run nothing of it."""


@register(Receipt)
class ReceiptAdmin(ModelAdmin):
    list_display = ["name", "kind", "size_shown", "expense_link", "uploaded_at", "uploaded_by"]
    list_select_related = ["expense__vendor", "uploaded_by"]
    list_filter = [("kind", ChoicesDropdownFilter), ("uploaded_at", DateRangeFilter)]
    search_fields = ["name", "expense__reference", "expense__vendor__name"]
    search_help_text = "File, reference of the expense, or vendor"
    readonly_fields = ["download", "expense_link", "kind", "size_shown", "uploaded_at"]
    fields = readonly_fields

    def has_add_permission(self, request):
        """Receipts are added on the page of their expense."""
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_history(self, obj: Any) -> bool:
        return False

    @display(description="Size", ordering="size")
    def size_shown(self, receipt: Receipt) -> str:
        return f"{max(1, receipt.size // 1024):,} kB"

    @display(description="Expense")
    def expense_link(self, receipt: Receipt) -> str:
        return change_link(receipt.expense)

    @display(description="File")
    def download(self, receipt: Receipt) -> str:
        return link(reverse("admin:finance_receipt_file", args=[receipt.pk]), receipt.name)

    def get_urls(self):
        view = self.admin_site.admin_view(require_GET(self.file_view))
        return [path("<int:pk>/file/", view, name="finance_receipt_file"), *super().get_urls()]

    def file_view(self, request: HttpRequest, pk: int) -> FileResponse:
        """The file itself, to be saved. Only for who may see receipts and expenses."""
        if not request.user.has_perms(_RIGHTS):
            raise PermissionDenied
        receipt = get_object_or_404(Receipt, pk=pk)
        try:
            file = receipt.file.open("rb")
        except FileNotFoundError as error:
            raise Http404("The file of this receipt is gone from the server.") from error
        return FileResponse(
            file,
            as_attachment=True,
            filename=receipt.download_name,
            content_type=receipt.kind,
            headers=_HEADERS,
        )

    @transaction.atomic
    def delete_model(self, request, obj):
        forget_files([obj])
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request, queryset):
        forget_files(list(queryset))
        super().delete_queryset(request, queryset)
