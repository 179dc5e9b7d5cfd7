"""The pages of all reports: the list, and one page per report with its files."""

from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from nova_project.exports import TooManyRows, stream_csv, xlsx_response
from nova_project.periods import Period
from nova_project.reports.base import Report, all_reports, find_report
from nova_project.reports.forms import PeriodForm, quick_periods
from nova_project.reports.table import Table, address
from nova_project.reports.trust import Reading, readings


def report_list(request: HttpRequest) -> HttpResponse:
    """The reports that this person may see."""
    reports = [report for report in all_reports() if report.is_visible_to(request)]
    context = {**admin.site.each_context(request), "title": "Reports", "reports": reports}
    return TemplateResponse(request, "reports/list.html", context)


def report_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One report, or its file with `export=csv` or `export=xlsx`.

    A wrong filter is said beside the field, and the default stands in for it. A file is not made
    then: it would hold what nobody asked for.
    """
    report = find_report(slug)
    if report is None:
        raise Http404("There is no such report.")
    if not report.is_visible_to(request):
        raise PermissionDenied("You may not see this report. Ask for the role that shows it.")
    form = report.form_class(request.GET)
    arguments = form.usable()
    table = Table(report, arguments, request.GET)
    wanted = request.GET.get("export", "")
    if wanted and form.is_valid():
        return _file(request, table, wanted)
    status = 400 if wanted else 200
    context = _context(request, report, form, table)
    return TemplateResponse(request, "reports/report.html", context, status=status)


def _file(request: HttpRequest, table: Table, wanted: str) -> HttpResponseBase:
    headings = table.export_headings()
    filename = _filename(table.report, table)
    if wanted == "csv":
        return stream_csv(headings, table.exported(), filename)
    if wanted != "xlsx":
        raise Http404("A report can be had as csv or xlsx.")
    try:
        return xlsx_response(headings, list(table.exported()), filename)
    except TooManyRows as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(address(request.GET))


def _filename(report: Report, table: Table) -> str:
    period: Period = table.arguments["period"]
    name = f"{report.slug}_{period.start.isoformat()}_{period.last.isoformat()}"
    return f"{name}_as_of_{table.known_on.isoformat()}" if table.known_on else name


def _context(
    request: HttpRequest, report: Report, form: PeriodForm, table: Table
) -> dict[str, Any]:
    period: Period = table.arguments["period"]
    form.show(period)
    totals = table.total_rows()
    page = table.page(request.GET.get("page"))
    return {
        **admin.site.each_context(request),
        "title": report.title,
        "report": report,
        "form": form,
        "period": period,
        "quick_periods": _quick_links(request, report, period),
        "table": table,
        "page": page,
        "cells": table.cells(list(page.object_list)),
        "total_cells": table.total_cells(totals),
        "key_figures": table.key_figures(totals),
        "chart": report.chart(table.rows, table.arguments) if table.rows else None,
        "grid": report.grid(table.rows, table.arguments) if table.rows else None,
        "notes": report.notes(table.arguments),
        "links": report.links(table.arguments),
        "panels": [
            *(report.summaries(table.rows, table.arguments) if table.rows else []),
            *report.panels(request),
        ],
        "trust": _trust(request, report),
        "csv_url": address(request.GET, export="csv"),
        "xlsx_url": address(request.GET, export="xlsx"),
        "page_links": _page_links(request, page),
        "sort": request.GET.get("sort", ""),
    }


def _trust(request: HttpRequest, report: Report) -> list[Reading]:
    """How far the figures can be trusted; without the addresses that this person may not open."""
    may = request.user.has_perm
    return [
        reading if may(reading.permission) or not reading.url else replace(reading, url="")
        for reading in readings(report.rests_on)
    ]


def _quick_links(request: HttpRequest, report: Report, shown: Period) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "url": address(
                request.GET, start=period.start.isoformat(), end=period.last.isoformat()
            ),
            "is_chosen": period == shown,
        }
        for name, period in quick_periods(timezone.localdate(), report.span())
    ]


def _page_links(request: HttpRequest, page: Any) -> dict[str, str]:
    """Where the neighbours of `page` are."""
    links = {}
    if page.has_previous():
        links["previous"] = address(request.GET, page=str(page.previous_page_number()))
    if page.has_next():
        links["next"] = address(request.GET, page=str(page.next_page_number()))
    return links
