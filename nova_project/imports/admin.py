"""Import and export in the admin of any model that has a resource.

It stands on import-export's mixins for the buttons and the filtered list, and has pages of its own:
theirs shows every row of the file in HTML, 200 MB at 50,000 rows.
"""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from import_export.admin import ImportExportMixin
from kombu.exceptions import OperationalError

from nova_project.exports import XLSX_MAX_ROWS, TooManyRows, stream_csv, xlsx_response
from nova_project.imports import jobs
from nova_project.imports.models import ImportJob
from nova_project.imports.pages import job_context, upload_context
from nova_project.imports.resource import BulkResource
from nova_project.tasks import work_import

_SLICE_SECONDS = 15
"""How long a page works on a large import at a time when no worker does."""

_RECENT = 8


class FileForm(forms.Form):
    """For files of others, whose blank cells say nothing."""

    file = forms.FileField(
        label="CSV or Excel file",
        help_text="Up to 20 MB. Nothing is written before you have seen what would change.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )


class UploadForm(FileForm):
    clears_blanks = forms.BooleanField(
        label="Blank cells clear what is there",
        required=False,
        help_text="Otherwise a blank cell leaves a value as it is.",
    )


class ImportExportAdmin(ImportExportMixin):
    """Adds import and export to a ModelAdmin; name the resource in `resource_class`.

    Importing needs the permissions to add and to change, exporting the one to view. Put it first:
    `class ExpenseAdmin(ImportExportAdmin, HistoryModelAdmin)`.
    """

    resource_class: type[BulkResource]
    import_form_class: type[FileForm] = UploadForm
    import_title = ""
    import_export_change_list_template = "imports/change_list.html"
    actions = ["export_selected"]

    def has_import_permission(self, request: HttpRequest) -> bool:
        label, name = self.get_model_info()
        wanted = [f"{label}.add_{name}", f"{label}.change_{name}"]
        return request.user.has_perms(wanted)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self):
        name = "{}_{}".format(*self.get_model_info())
        view = self.admin_site.admin_view
        own = [
            ("import/template/", require_GET(self.template_view), "import_template"),
            ("import/<int:pk>/", require_GET(self.job_view), "import_job"),
            ("import/<int:pk>/confirm/", require_POST(self.confirm_view), "import_confirm"),
            ("import/<int:pk>/cancel/", require_POST(self.cancel_view), "import_cancel"),
            ("import/<int:pk>/work/", require_POST(self.work_view), "import_work"),
            ("import/<int:pk>/progress/", require_GET(self.progress_view), "import_progress"),
            ("import/<int:pk>/problems/", require_GET(self.problems_view), "import_problems"),
            ("export/xlsx/", require_GET(self.export_xlsx), "export_xlsx"),
        ]
        urls = [path(route, view(called), name=f"{name}_{end}") for route, called, end in own]
        return urls + super().get_urls()

    def process_import(self, request, **kwargs):
        """import-export's own second step; ours is `confirm_view`."""
        raise Http404

    # Import

    def import_action(self, request, **kwargs):
        """Asks for a file, checks it, and leads to what it would change."""
        self._require(self.has_import_permission(request))
        is_sent = request.method == "POST"
        form_class = self.import_form_class
        form = form_class(request.POST, request.FILES) if is_sent else form_class()
        if is_sent and form.is_valid():
            try:
                job = jobs.open_job(
                    upload=form.cleaned_data["file"],
                    resource=self.resource_class,
                    user=request.user,
                    clears_blanks=form.cleaned_data.get("clears_blanks", False),
                )
            except ValidationError as error:
                form.add_error("file", error)
            else:
                self._set_going(job)
                return self._to_job(job)
        context = upload_context(self.resource_class, form)
        title = self.import_title or f"Import {self._plural}"
        return self._page(request, "imports/upload.html", title, context)

    def template_view(self, request):
        self._require(self.has_import_permission(request))
        columns = self.resource_class().columns.values()
        example = [column.example for column in columns]
        headings = [column.heading for column in columns]
        return stream_csv(headings, [example], f"{self.opts.model_name}-template")

    def job_view(self, request, pk):
        job = self._job(request, pk)
        context = job_context(job) | {"changelist_url": self._url("changelist")}
        return self._page(request, "imports/job.html", f"Import of {job.name}", context)

    def confirm_view(self, request, pk):
        job = self._job(request, pk)
        try:
            job = jobs.confirm(job)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            self._set_going(job)
        return self._to_job(job)

    def cancel_view(self, request, pk):
        job = self._job(request, pk)
        try:
            jobs.cancel(job)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return self._to_job(job)

    def work_view(self, request, pk):
        """Goes on with a large import in this request, where no worker answers."""
        job = jobs.work(self._job(request, pk).pk, seconds=_SLICE_SECONDS)
        goes_on = "?here=1" if job.is_working else ""
        return redirect(self._url("import_job", job.pk) + goes_on)

    def progress_view(self, request, pk):
        job = self._job(request, pk)
        return JsonResponse({"state": job.state, "done": job.rows_done, "total": job.rows_total})

    def problems_view(self, request, pk):
        job = self._job(request, pk)
        name = job.name.rpartition(".")[0] or job.name
        return stream_csv(jobs.bad_rows_headings(job), jobs.bad_rows(job), f"{name}-problems")

    def _set_going(self, job: ImportJob) -> None:
        """Small files are done at once; for large ones a worker is asked."""
        if jobs.is_small(job):
            jobs.work(job.pk)
            return
        # Without a broker nothing is lost: the page offers to go on, and the sweep finds the job.
        with suppress(OperationalError):
            work_import.apply_async([job.pk], retry=False)

    def _job(self, request: HttpRequest, pk: int) -> ImportJob:
        self._require(self.has_import_permission(request))
        return get_object_or_404(jobs.of_resource(self.resource_class), pk=pk)

    # Export

    def export_action(self, request):
        """The filtered list as CSV."""
        self._require(self.has_export_permission(request))
        return self._csv(self.get_export_queryset(request))

    def export_xlsx(self, request):
        self._require(self.has_export_permission(request))
        resource = self.resource_class()
        queryset = _bare(self.get_export_queryset(request))
        rows: list[list[Any]] = []
        if queryset.count() <= XLSX_MAX_ROWS:
            rows = list(resource.export_rows(queryset))
        try:
            if not rows and queryset.exists():
                raise TooManyRows(
                    f"An Excel file holds {XLSX_MAX_ROWS:,} rows at most. Choose CSV, or filter "
                    "the list."
                )
            return xlsx_response(resource.headings(), rows, self._file_name)
        except TooManyRows as error:
            messages.error(request, str(error))
            return redirect(f"{self._url('changelist')}?{request.GET.urlencode()}")

    def export_selected(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> StreamingHttpResponse:
        self._require(self.has_export_permission(request))
        return self._csv(queryset)

    export_selected.short_description = "Export selected as CSV"  # type: ignore[attr-defined]
    export_selected.allowed_permissions = ["view"]  # type: ignore[attr-defined]

    def _csv(self, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        resource = self.resource_class()
        return stream_csv(
            resource.headings(), resource.export_rows(_bare(queryset)), self._file_name
        )

    @property
    def _file_name(self) -> str:
        return f"{self._plural.replace(' ', '-')}-{timezone.localdate()}"

    @property
    def _plural(self) -> str:
        return str(self.opts.verbose_name_plural)

    # Pages

    def _require(self, is_allowed: bool) -> None:
        if not is_allowed:
            raise PermissionDenied

    def _url(self, end: str, *args: Any) -> str:
        name = "{}_{}".format(*self.get_model_info())
        return reverse(f"admin:{name}_{end}", args=args)

    def _to_job(self, job: ImportJob) -> HttpResponse:
        return redirect(self._url("import_job", job.pk))

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        urls = {f"{end}_url": self._url(end) for end in ("changelist", "import", "import_template")}
        if job := context.get("job"):
            steps = ("confirm", "cancel", "work", "progress", "problems")
            urls |= {f"{step}_url": self._url(f"import_{step}", job.pk) for step in steps}
        recent = jobs.of_resource(self.resource_class)[:_RECENT]
        whole = self.admin_site.each_context(request) | context | urls
        whole |= {
            "title": title,
            "opts": self.opts,
            "plural": self._plural,
            "recent": [(entry, self._url("import_job", entry.pk)) for entry in recent],
            "goes_on_here": request.GET.get("here") == "1",
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, whole)


def _bare(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Without the rows that a list fetches along: an export reads plain values."""
    return queryset.prefetch_related(None).select_related(None)
