"""Pages of free days for administrators: the days of a year, one to add, lists of them with a dry run (spec/compulsory 10.2 and 11.4)."""

import json
from collections.abc import Sequence

from flask import Blueprint, Response, flash, render_template, request

from compliance.forms.free_days import FreeDayDeletionForm, FreeDayForm, FreeDayListForm, FreeDayRows, read_free_days, write_lines
from compliance.forms.obligations import PlannedChangeForm
from compliance.models import FreeDay, PlannedChange
from compliance.pages.free_days import free_day_months, review_views
from compliance.pages.obligations import WaitingView, waiting_view
from compliance.permissions import FreeDayAction
from compliance.queries import free_days as queries
from compliance.queries.waiting_work import list_second_persons, list_waiting_changes
from compliance.rules.dry_runs import read_outcome
from compliance.services import change_contents
from compliance.services import free_days as services
from compliance.services.change_contents import PlannedKind
from compliance.services.free_days import FreeDayConflict, FreeDayValues
from compliance.services.obligations import SecondPersonRequired
from compliance.services.planned_changes import NumberToType, apply_change, discard_change, plan_free_days
from kernel import clock
from kernel.errors import Invalid
from kernel.i18n import DEFAULT_ZONE, _, format_date, ngettext
from kernel.web.forms import whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, reading_file, requires, see_page
from organisations import audiences
from organisations.audiences import ReasonRequired, today_of
from organisations.training_scope import get_training_scope

bp = Blueprint("compliance_free_days", __name__, url_prefix="/administration/free-days")

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
    return render_template(
        "compliance/free_days.html",
        form=form,
        upload=upload,
        year=year,
        today=today_of(clock.now()),
        months=free_day_months(queries.list_free_days(current_session(), year), provinces),
        waiting=_waiting_views(),
    )


def _waiting_views() -> list[WaitingView]:
    session = current_session()
    scope = get_training_scope(session, current_actor())
    changes = list_waiting_changes(session, scope, PlannedChange.kind == PlannedKind.FREE_DAYS.value)
    people = audiences.people_names(session, {row.created_by for row, _audience in changes})
    return [waiting_view(row, audience, {}, people) for row, audience in changes]


@bp.post("")
@requires(FreeDayAction.MANAGE)
def add() -> Answer:
    """Add a free day."""
    form, session = FreeDayForm(), current_session()
    form.offer(queries.list_provinces(session))
    if not form.validate_on_post():
        return _page(form, FreeDayListForm(formdata=None), _year()), 422
    values, now = form.values(), clock.now()
    try:
        if values.day < today_of(now):
            services.require_new(session, values)
            return _see_planned(plan_free_days(session, current_actor(), [values], [], form.reason.data or "", now=now))
        row = services.add_free_day(session, current_actor(), values, now=now)
    except (FreeDayConflict, ReasonRequired) as refused:
        form.refuse(form.reason if isinstance(refused, ReasonRequired) else form.day, _(refused.text))
        return _page(form, FreeDayListForm(formdata=None), _year()), 422
    flash(_("%(day)s is free now.", day=format_date(row.day)), "ok")
    return see_page("compliance_free_days.days", year=row.day.year)


def _see_planned(change: PlannedChange) -> Response:
    return see_page("compliance_free_days.change", change=change.uuid)


@bp.post("/<uuid:free_day>/deletion")
@requires(FreeDayAction.MANAGE, queries.get_free_day)
def delete(subject: FreeDay) -> Answer:
    """Delete a free day."""
    year, now, session, form = subject.day.year, clock.now(), current_session(), FreeDayDeletionForm()
    if subject.day < today_of(now):
        try:
            values = FreeDayValues(subject.day, subject.name, subject.province)
            return _see_planned(plan_free_days(session, current_actor(), [], [values], form.reason.data or "", now=now))
        except ReasonRequired as refused:
            flash(_(refused.text), "bad")
            return see_page("compliance_free_days.days", year=year)
    services.delete_free_day(session, current_actor(), subject, now=now)
    flash(_("The free day was deleted."), "ok")
    return see_page("compliance_free_days.days", year=year)


@bp.post("/lists")
@requires(FreeDayAction.MANAGE, reads_first=True, body_limit=LARGEST, field_limit=LARGEST)
def review() -> Answer:
    """Show what a list of free days would add, and add it once that was seen."""
    upload = FreeDayListForm()
    if upload.lines.data and upload.validate_on_post():
        return _bring_in(upload)
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


def _review_page(rows: FreeDayRows, provinces: dict[str, str], form: FreeDayListForm | None = None) -> str:
    known = queries.find_same_days(current_session(), [free_day.day for _line, free_day in rows.days])
    new = [free_day for _line, free_day in rows.days if (free_day.day, free_day.province) not in known]
    form = form or FreeDayListForm(formdata=None, data={"lines": write_lines(new)})
    return render_template(
        "compliance/free_days_review.html",
        form=form,
        new=review_views(new, provinces),
        same=len(rows.days) - len(new),
        past=sum(free_day.day < today_of(clock.now()) for free_day in new),
        faults=_fault_rows(rows),
        encoding_guessed_from=rows.encoding_guessed_from,
        left_out=rows.left_out,
    )


def _fault_rows(rows: FreeDayRows) -> Sequence[tuple[int, str, str]]:
    return [(fault.line, fault.written, _(fault.message, **fault.facts)) for fault in rows.faults]


def _bring_in(form: FreeDayListForm) -> Answer:
    """Add the days from today on; plan those before, which wait for a second person."""
    provinces, now, actor = queries.list_provinces(current_session()), clock.now(), current_actor()
    with reading_file():
        rows = read_free_days((form.lines.data or "").encode(), provinces, now.astimezone(DEFAULT_ZONE).date())
    session, today = begin_writing(), today_of(now)
    new = [free_day for _line, free_day in rows.days if free_day.day >= today]
    known = queries.find_same_days(session, [free_day.day for _line, free_day in rows.days])
    past = [free_day for _line, free_day in rows.days if free_day.day < today and (free_day.day, free_day.province) not in known]
    try:
        planned = plan_free_days(session, actor, past, [], form.reason.data or "", now=now) if past else None
    except ReasonRequired as refused:
        form.refuse(form.reason, _(refused.text))
        return _review_page(rows, provinces, form), 422
    count = services.bring_in_free_days(session, actor, new, now=now)
    flash(ngettext("%(count)s free day was added.", "%(count)s free days were added.", count), "ok")
    if planned is not None:
        return _see_planned(planned)
    return see_page("compliance_free_days.days", year=rows.days[0][1].day.year if rows.days else None)


@bp.get("/changes/<uuid:change>")
@requires(FreeDayAction.MANAGE, queries.get_planned)
def change(subject: PlannedChange) -> Answer:
    """Show which free days before today somebody wants to change, or that another applied it."""
    return _change_page(subject, PlannedChangeForm(formdata=None))


def _change_page(row: PlannedChange, form: PlannedChangeForm) -> str:
    session, outcome = current_session(), read_outcome(json.loads(row.outcome))
    added, removed = change_contents.free_days_planned(row)
    may_apply = row.created_by != current_actor().person_id
    provinces = queries.list_provinces(session)
    return render_template(
        "compliance/planned_free_days.html",
        change=row,
        added=review_views(added, provinces),
        removed=review_views(removed, provinces),
        people=audiences.people_names(session, {row.created_by, row.applied_by}),
        concerned=outcome.concerned,
        form=form,
        may_apply=may_apply,
        seconds=[] if may_apply else list_second_persons(session, None, {row.created_by}),
    )


@bp.post("/changes/<uuid:change>/application")
@requires(FreeDayAction.MANAGE, queries.lock_planned)
def apply(subject: PlannedChange) -> Answer:
    """Change free days before today, as second person."""
    form = PlannedChangeForm()
    try:
        apply_change(current_session(), current_actor(), subject, form.confirmed, now=clock.now())
    except NumberToType as refused:
        form.refuse(form.number, _(refused.text))
        return _change_page(subject, form), 422
    except SecondPersonRequired as refused:
        form.form_errors.append(_(refused.text))
        return _change_page(subject, form), 409
    return _see_planned(subject)


@bp.post("/changes/<uuid:change>/discard")
@requires(FreeDayAction.MANAGE, queries.lock_planned)
def discard(subject: PlannedChange) -> Answer:
    """Discard a change of free days."""
    discard_change(current_session(), current_actor(), subject, now=clock.now())
    flash(_("Discarded. Nothing has changed."), "ok")
    return see_page("compliance_free_days.days")
