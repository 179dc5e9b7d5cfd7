"""Bringing in what ads cost: the file, then, for a platform that Nova does not know yet, its
columns; what follows is the import of expenses."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from finance.admin.columnsform import ColumnsForm, asked_columns
from finance.admin.keptfiles import KeptFiles
from finance.models import ExpenseStatus, StatementKind, StatementMapping
from finance.resources.adspend import AD_FIELDS, convert_spend
from finance.resources.recognising import guess, recognise
from finance.resources.statements import Converted, Opener, preview
from nova_project.imports import jobs
from nova_project.imports.admin import ImportExportAdmin
from nova_project.imports.reading import check_size

_KEPT = KeptFiles("adspend")
_AD_SPEND = [StatementKind.AD_SPEND]


class AdSpendForm(forms.Form):
    status = forms.ChoiceField(
        choices=[(s.value, s.label) for s in (ExpenseStatus.PAID, ExpenseStatus.COMMITTED)],
        label="The costs are",
    )
    file = forms.FileField(
        label="Export of the ad platform",
        help_text="A CSV with a day, a campaign and a cost on each line, as Google Ads and Meta "
        "Ads export it. Up to 20 MB. Nothing is written before you have seen what would be.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv"}),
    )


class AdColumnsForm(ColumnsForm):
    """Which heading of an ad platform's file is what. `name` is the platform's."""

    names: ClassVar[dict[str, str]] = AD_FIELDS
    needed: ClassVar[tuple[str, ...]] = ("booked_on", "description", "amount")
    kind = None  # type: ignore[assignment]
    amount_style = None  # type: ignore[assignment]
    debit_words = None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Name of the platform"
        self.fields["name"].widget.attrs["placeholder"] = "Google Ads"

    def fill(self, mapping: StatementMapping) -> None:
        super().fill(mapping)
        mapping.kind = StatementKind.AD_SPEND


class AdSpendPages(ImportExportAdmin):
    """Adds `import/ads/` to the pages of expenses."""

    def get_urls(self):
        view = self.admin_site.admin_view
        own = [
            path("import/ads/", view(self.ads_view), name="finance_expense_import_ads"),
            path(
                "import/ads/columns/<str:token>/",
                view(self.ad_columns_view),
                name="finance_expense_import_ad_columns",
            ),
        ]
        return [*own, *super().get_urls()]

    def ads_view(self, request):
        """Asks for the file, and leads to its columns or to what it holds."""
        self._require(self.has_import_permission(request))
        is_sent = request.method == "POST"
        form = AdSpendForm(request.POST, request.FILES) if is_sent else AdSpendForm()
        if is_sent and form.is_valid():
            try:
                return self._take_ads(request, form)
            except ValidationError as error:
                form.add_error("file", error)
        known = StatementMapping.objects.filter(kind=StatementKind.AD_SPEND)
        context = {"form": form, "platforms": list(known.values_list("name", flat=True))}
        return self._page(request, "finance/adspend.html", "Import ad spend", context)

    def _take_ads(self, request: HttpRequest, form: AdSpendForm) -> HttpResponse:
        file = form.cleaned_data["file"]
        check_size(file.size or 0)
        content, name = file.read(), (file.name or "ads")[-200:]
        token = _KEPT.keep(request, content, name=name, status=form.cleaned_data["status"])
        found = _KEPT.find(request, token)
        assert found is not None
        about, open_file = found
        if mapping := recognise(open_file, _AD_SPEND):
            messages.info(request, f"Read as “{mapping.name}”, by its headings.")
            return self._open_ads(request, token, mapping, about, open_file)
        guess(open_file)  # says what is wrong before anybody is asked for columns
        return redirect(self._url("import_ad_columns", token))

    def _open_ads(
        self,
        request: HttpRequest,
        token: str,
        mapping: StatementMapping,
        about: dict[str, Any],
        open_file: Opener,
    ) -> HttpResponse:
        status = ExpenseStatus(about["status"])
        converted = convert_spend(mapping, open_file, about["name"], status)
        with converted.file as upload:
            user: Any = request.user
            job = jobs.open_job(upload=upload, resource=self.resource_class, user=user)
        _note_passed_over(job, converted)
        self._set_going(job)
        _KEPT.forget(request, token)
        return self._to_job(job)

    def ad_columns_view(self, request, token):
        """Which heading is what, with the first lines as they would be read."""
        self._require(self.has_import_permission(request))
        found = _KEPT.find(request, token)
        if not found:
            messages.warning(request, "That file is not kept any more. Upload it once more.")
            return redirect(self._url("import_ads"))
        about, open_file = found
        mapping, form = asked_columns(request, open_file, AdColumnsForm)
        if request.method == "POST" and form.is_valid():
            form.fill(mapping)
            if "save" in request.POST:
                try:
                    mapping.full_clean()
                    response = self._open_ads(request, token, mapping, about, open_file)
                except ValidationError as error:
                    form.add_error(None, error)
                else:
                    mapping.save()
                    return response
        context: dict[str, Any] = {"form": form, "names": AD_FIELDS}
        try:
            context["lines"] = preview(mapping, open_file)
        except ValidationError as error:
            context["preview_error"] = " ".join(error.messages)
        return self._page(request, "finance/columns.html", f"Columns of {about['name']}", context)


def _note_passed_over(job: Any, converted: Converted) -> None:
    if number := converted.passed_over:
        lines = "1 line was" if number == 1 else f"{number:,} lines were"
        job.notices = [*job.notices, f"{lines} passed over: sums, or days without cost."]
        job.save(update_fields=["notices"])
