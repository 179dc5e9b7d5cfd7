"""Bringing in statements: the file, then, for a bank that Nova does not know yet, its columns."""

import io
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from finance.admin.columnsform import ColumnsForm, asked_columns
from finance.admin.keptfiles import KeptFiles
from finance.models import BankAccount, DepositSource, StatementMapping
from finance.resources import DepositResource
from finance.resources.ofx import is_ofx, parse_ofx
from finance.resources.recognising import guess, recognise
from finance.resources.statements import Converted, Opener, convert, preview, write_deposits
from nova_project.imports import jobs
from nova_project.imports.admin import ImportExportAdmin
from nova_project.imports.pages import upload_context
from nova_project.imports.reading import check_size, open_table

_KEPT = KeptFiles("statements")


class StatementForm(forms.Form):
    account = forms.ModelChoiceField(
        BankAccount.objects.all(),
        label="Bank account",
        empty_label=None,
        error_messages={"required": "Choose the account."},
    )
    file = forms.FileField(
        label="Statement or payout export",
        help_text="CSV or OFX from your bank, Eventbrite's payout export as CSV, or a file in "
        "Nova's own columns. Up to 20 MB. Nothing is written before you have seen what would be.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.ofx,.qfx,.xlsx"}),
    )


class StatementPages(ImportExportAdmin):
    """The import of deposits: any bank's file, made Nova's own on the way."""

    resource_class = DepositResource

    def get_urls(self):
        view = self.admin_site.admin_view(self.columns_view)
        own = path("import/columns/<str:token>/", view, name="finance_deposit_import_columns")
        return [own, *super().get_urls()]

    def import_action(self, request, **kwargs):
        """Asks for the account and the file, and leads to its columns or to what it holds."""
        self._require(self.has_import_permission(request))
        is_sent = request.method == "POST"
        form = StatementForm(request.POST, request.FILES) if is_sent else StatementForm()
        if is_sent and form.is_valid():
            try:
                return self._take_in(request, **form.cleaned_data)
            except ValidationError as error:
                form.add_error("file", error)
        context = upload_context(self.resource_class, form)
        context["has_accounts"] = BankAccount.objects.exists()
        return self._page(request, "finance/statement.html", "Import deposits", context)

    def _take_in(
        self, request: HttpRequest, account: BankAccount, file: UploadedFile
    ) -> HttpResponse:
        check_size(file.size or 0)
        content = file.read()
        name = (file.name or "statement")[-200:]
        if is_ofx(io.BytesIO(content)):
            lines = parse_ofx(io.BytesIO(content), account)
            words = account.wanted_words
            return self._open(
                request, write_deposits(lines, account, DepositSource.OFX, words, name)
            )
        if _is_own(content):
            return self._open(request, Converted(File(io.BytesIO(content), name=name)))
        if mapping := recognise(_opener(content)):
            messages.info(request, f"Read as “{mapping.name}”, by its headings.")
            return self._open(request, convert(mapping, account, _opener(content), name))
        guess(_opener(content))  # says what is wrong before anybody is asked for columns
        token = _KEPT.keep(request, content, name=name, account=account.pk)
        return redirect(self._url("import_columns", token))

    def _open(self, request: HttpRequest, converted: Converted) -> HttpResponse:
        user: Any = request.user
        if converted.passed_over and not converted.taken:
            raise ValidationError(
                "No line carries one of the account's words, so all were passed over. Change the "
                "words on the page of the bank account, or say which column holds them.",
                code="passed_over",
            )
        with converted.file as upload:
            job = jobs.open_job(upload=upload, resource=self.resource_class, user=user)
        if number := converted.passed_over:
            lines = "1 line was" if number == 1 else f"{number:,} lines were"
            job.notices = [*job.notices, f"{lines} passed over: none of the account's words is in."]
            job.save(update_fields=["notices"])
        self._set_going(job)
        return self._to_job(job)

    def columns_view(self, request, token):
        """Which heading is what, with the first lines as they would be read."""
        self._require(self.has_import_permission(request))
        found = _KEPT.find(request, token)
        if not found:
            messages.warning(request, "That file is not kept any more. Upload it once more.")
            return redirect(self._url("import"))
        kept, open_file = found
        mapping, form = asked_columns(request, open_file)
        if request.method == "POST" and form.is_valid():
            form.fill(mapping)
            if "save" in request.POST:
                try:
                    return self._remember(request, mapping, token, kept, open_file)
                except ValidationError as error:
                    form.add_error(None, error)
        return self._columns_page(request, kept["name"], mapping, form, open_file)

    def _remember(
        self,
        request: HttpRequest,
        mapping: StatementMapping,
        token: str,
        kept: dict[str, Any],
        open_file: Opener,
    ) -> HttpResponse:
        account = BankAccount.objects.get(pk=kept["account"])
        mapping.full_clean()
        converted = convert(mapping, account, open_file, kept["name"])
        response = self._open(request, converted)
        mapping.save()
        _KEPT.forget(request, token)
        return response

    def _columns_page(
        self,
        request: HttpRequest,
        name: str,
        mapping: StatementMapping,
        form: ColumnsForm,
        open_file: Opener,
    ) -> HttpResponse:
        context: dict[str, Any] = {"form": form, "headings": mapping.headings}
        try:
            context["lines"] = preview(mapping, open_file)
        except ValidationError as error:
            context["preview_error"] = " ".join(error.messages)
        return self._page(request, "finance/columns.html", f"Columns of {name}", context)


def _opener(content: bytes) -> Opener:
    return lambda: io.BytesIO(content)


def _is_own(content: bytes) -> bool:
    """Are its headings Nova's own?"""
    resource = DepositResource()
    with suppress(ValidationError):
        resource.accept(open_table(_opener(content), resource.known_headings()).headings)
        return True
    return False
