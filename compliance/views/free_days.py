"""Pages of free days for administrators: the days of a year, one to add, lists of them with a dry run (spec/compulsory 10.2 and 11.4)."""

from collections.abc import Sequence

from flask import Blueprint, Response, flash, render_template, request

from compliance.forms.free_days import FreeDayForm, FreeDayListForm, FreeDayRows, read_free_days, write_lines
from compliance.models import FreeDay
from compliance.pages.free_days import free_day_months, review_views
from compliance.permissions import FreeDayAction
from compliance.queries import free_days as queries
from compliance.services import free_days as services
from compliance.services.free_days import FreeDayConflict
from kernel import clock
from kernel.errors import Invalid
from kernel.i18n import DEFAULT_ZONE, _, format_date, ngettext
from kernel.web.forms import whole_number
from kernel.web.request import begin_writing, current_actor, current_session, reading_file, requires, see_page

bp = Blueprint("compliance_free_days", __name__, url_prefix="/administration/free-days")

Answer = str | Response | tuple[str, int]
LARGEST = 1_000_000
"""Bytes of a list."""
FIRST_YEAR, LAST_YEAR = 2000, 2100


@bp.get("")
@requires(FreeDayAction.MANAGE)
def days() -> Answer:
    """Show the free days of a year, with the forms to add more."""
    return _page(FreeDayForm(formdata=None), FreeDayListForm(formdata=None), _year())


def _year() -> int:
    this = clock.now().astimezone(DEFAULT_ZONE).year
    return min(max(whole_number(request.args.get("year", ""), this), FIRST_YEAR), LAST_YEAR)


def _page(form: FreeDayForm, upload: FreeDayListForm, year: int) -> str:
    provinces = queries.list_provinces(current_session())
    form.offer(provinces)
    months = free_day_months(queries.list_free_days(current_session(), year), provinces)
    return render_template("compliance/free_days.html", form=form, upload=upload, year=year, months=months)


@bp.post("")
@requires(FreeDayAction.MANAGE)
def add() -> Answer:
    """Add a free day."""
    form, session = FreeDayForm(), current_session()
    form.offer(queries.list_provinces(session))
    if not form.validate_on_post():
        return _page(form, FreeDayListForm(formdata=None), _year()), 422
    try:
        row = services.add_free_day(session, current_actor(), form.values(), now=clock.now())
    except FreeDayConflict as refused:
        form.refuse(form.day, _(refused.text))
        return _page(form, FreeDayListForm(formdata=None), _year()), 422
    flash(_("%(day)s is free now.", day=format_date(row.day)), "ok")
    return see_page("compliance_free_days.days", year=row.day.year)


@bp.post("/<uuid:free_day>/deletion")
@requires(FreeDayAction.MANAGE, queries.get_free_day)
def delete(subject: FreeDay) -> Answer:
    """Delete a free day."""
    year = subject.day.year
    services.delete_free_day(current_session(), current_actor(), subject, now=clock.now())
    flash(_("The free day was deleted."), "ok")
    return see_page("compliance_free_days.days", year=year)


@bp.post("/lists")
@requires(FreeDayAction.MANAGE, reads_first=True, body_limit=LARGEST, field_limit=LARGEST)
def review() -> Answer:
    """Show what a list of free days would add, and add it once that was seen."""
    upload = FreeDayListForm()
    if upload.lines.data and upload.validate_on_post():
        return _bring_in(upload.lines.data)
    content = upload.content() if upload.validate_on_post() else b""
    if not content:
        return _page(FreeDayForm(formdata=None), upload, _year()), 422
    provinces, today = queries.list_provinces(current_session()), clock.now().astimezone(DEFAULT_ZONE).date()
    try:
        with reading_file():
            rows = read_free_days(content, provinces, today)
    except Invalid as refused:
        upload.refuse(upload.file, _(refused.text, **refused.facts))
        return _page(FreeDayForm(formdata=None), upload, _year()), 422
    return _review_page(rows, provinces)


def _review_page(rows: FreeDayRows, provinces: dict[str, str]) -> str:
    known = queries.find_same_days(current_session(), [one.day for _line, one in rows.days])
    new = [one for _line, one in rows.days if (one.day, one.province) not in known]
    form = FreeDayListForm(formdata=None, data={"lines": write_lines(new)})
    return render_template(
        "compliance/free_days_review.html",
        form=form,
        new=review_views(new, provinces),
        same=len(rows.days) - len(new),
        faults=_fault_rows(rows),
        encoding_guessed_from=rows.encoding_guessed_from,
    )


def _fault_rows(rows: FreeDayRows) -> Sequence[tuple[int, str, str]]:
    return [(fault.line, fault.written, _(fault.message, **fault.facts)) for fault in rows.faults]


def _bring_in(lines: str) -> Answer:
    provinces, today = queries.list_provinces(current_session()), clock.now().astimezone(DEFAULT_ZONE).date()
    with reading_file():
        rows = read_free_days(lines.encode(), provinces, today)
    count = services.bring_in_free_days(begin_writing(), current_actor(), [one for _line, one in rows.days], now=clock.now())
    flash(ngettext("%(count)s free day was added.", "%(count)s free days were added.", count), "ok")
    return see_page("compliance_free_days.days", year=rows.days[0][1].day.year if rows.days else None)
