"""Pages of free days: one day, or a list of them, read with its lines and its faults."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

from flask import Blueprint, Response, flash, request
from wtforms import DateField, Field, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from accounts.rules import fold
from compliance import free_days, planned_changes
from compliance.access import FreeDayAction
from compliance.free_days import NATIONAL, FreeDayConflict, FreeDayValues, SecondPersonRequired
from compliance.models import FreeDay, PlannedChange
from compliance.planned_changes import NumberToType, PlannedKind, apply_change, discard_change, plan_free_days
from compliance.rules.planned_changes import read_outcome
from compliance.team_digests import list_second_persons, list_waiting_changes
from compliance.views.obligation_forms import PlannedChangeForm
from compliance.views.obligation_pages import CHANGES, waiting_view
from kernel import clock
from kernel.errors import N_
from kernel.i18n import DEFAULT_ZONE, _, format_date, format_month, lazy_, ngettext
from kernel.left_out import LineRefused, ReadList
from kernel.web.forms import DAYS, Form, clean_text, line, whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, requires, see_page
from kernel.web.uploads import UploadForm
from organisations import audiences
from organisations.audiences import ReasonRequired, today_of
from organisations.list_reading import AHEAD, Cell, DayReader, ListColumns
from organisations.models import Audience
from organisations.training_scope import get_training_scope

LONGEST_NAME = 150
_NEEDED = N_("The list needs a column called “fecha” and one called “nombre”.")
COLUMNS = ListColumns(
    {
        "day": frozenset({"fecha", "dia", "date", "day"}),
        "name": frozenset({"nombre", "feriado", "motivo", "name", "holiday"}),
        "province": frozenset({"provincia", "province"}),
    },
    ((("day",), _NEEDED), (("name",), _NEEDED)),
    most=500,
)


class FreeDayForm(Form):
    """One free day to add."""

    day = DateField(lazy_("Day"), [InputRequired(lazy_("Give a date."))], format=DAYS)
    name = line(lazy_("Name"), most=LONGEST_NAME, required=lazy_("Give it a name."))
    province = SelectField(lazy_("Where"), choices=[])
    reason = line(lazy_("Reason"), most=1000)
    """Given of a day before today."""

    def offer(self, places: Mapping[str, str]) -> None:
        """Let one of these places be chosen."""
        self.province.choices = [SelectChoice(value=key, label=name) for key, name in places.items()]

    def values(self) -> FreeDayValues:
        """Return the day of a form that was found right."""
        assert self.day.data is not None
        return FreeDayValues(self.day.data, self.name.data or "", self.province.data or NATIONAL)


class FreeDayListForm(UploadForm):
    """A list of free days as a file, or the lines of one that was reviewed."""

    lines = HiddenField()
    reason = line(lazy_("Reason"), most=1000)
    """Given where there are days before today."""

    @cached_property
    def content(self) -> bytes:
        """Return the lines that were reviewed, else what the file holds."""
        return (self.lines.data or "").encode() or super().content

    def validate_file(self, field: Field) -> None:
        """Refuse where neither was sent."""
        if not self.lines.data:
            super().validate_file(field)


class FreeDayDeletionForm(Form):
    """A free day to delete."""

    reason = line(lazy_("Reason"), most=1000)
    """Given of a day before today."""


def read_free_days(content: bytes, provinces: Mapping[str, str], today: date) -> ReadList[FreeDayValues]:
    """Return the free days of a CSV or XLSX file; raise Undecodable where it is no such list. Days up to two years ahead are read."""
    reader, known = DayReader(today + AHEAD), dict[tuple[date, str], int]()
    return COLUMNS.read(content, lambda line, cell, _written: _once(known, _values(reader, cell, line, provinces), line))


def _once(known: dict[tuple[date, str], int], values: FreeDayValues, line: int) -> FreeDayValues:
    first = known.setdefault((values.day, values.province), line)
    if first != line:
        raise LineRefused(N_("This day is already on line %(first)s."), first=first)
    return values


def _values(reader: DayReader, cell: Cell, line: int, provinces: Mapping[str, str]) -> FreeDayValues:
    try:
        day = reader.read("day", cell("day"), line)
    except LineRefused as refused:
        if "ahead" not in refused.message:
            raise
        raise LineRefused(N_("The date %(day)s is before 1950 or more than two years ahead."), **refused.facts) from None
    name, province = clean_text(cell("name")), fold(cell("province"))
    if day is None or not name:
        raise LineRefused(N_("Day and name are both needed."))
    if len(name) > LONGEST_NAME:
        raise LineRefused(N_("The name is longer than %(limit)s characters."), limit=LONGEST_NAME)
    if province and province not in provinces:
        raise LineRefused(N_("There is no province called “%(province)s”."), province=cell("province")[:40])
    return FreeDayValues(day, name, province)


def write_lines(days: Sequence[FreeDayValues]) -> str:
    """Return free days as lines that `read_free_days` reads again."""
    rows = ["fecha\tnombre\tprovincia", *("\t".join((free_day.day.isoformat(), free_day.name, free_day.province)) for free_day in days)]
    return "\n".join(rows)


def list_places() -> dict[str, str]:
    """Return the names of the places of free days: of the whole country, and of each province by its name without case and accents."""
    return {NATIONAL: _("The whole country"), **free_days.list_provinces(current_session())}


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


def _page(form: FreeDayForm, upload: FreeDayListForm, year: int) -> Response:
    session, places, months = current_session(), list_places(), defaultdict[str, list[FreeDay]](list)
    form.offer(places)
    for row in free_days.list_free_days(session, year):
        months[format_month(row.day)].append(row)
    waiting = _list_waiting()
    return page(
        "compliance/free_days.html",
        form=form,
        upload=upload,
        year=year,
        today=today_of(clock.now()),
        months=months,
        places=places,
        waiting=[waiting_view(row, audience, {}) for row, audience in waiting],
        people=audiences.people_names(session, {row.created_by for row, _audience in waiting}),
        change_names=CHANGES,
    )


def _list_waiting() -> Sequence[tuple[PlannedChange, Audience | None]]:
    session = current_session()
    scope = get_training_scope(session, current_actor())
    return list_waiting_changes(session, scope, PlannedChange.kind == PlannedKind.FREE_DAYS.value)


@bp.post("")
@requires(FreeDayAction.MANAGE)
def add() -> Answer:
    """Add a free day."""
    form, session = FreeDayForm(), current_session()
    form.offer(list_places())
    if not form.validate_on_submit():
        return _page(form, FreeDayListForm(formdata=None), _year())
    values, now = form.values(), clock.now()
    try:
        if values.day < today_of(now):
            free_days.require_new(session, values)
            return _see_planned(plan_free_days(session, current_actor(), [values], [], form.reason.data or "", now=now))
        row = free_days.add_free_day(session, current_actor(), values, now=now)
    except (FreeDayConflict, ReasonRequired) as refused:
        form.refuse(form.reason if isinstance(refused, ReasonRequired) else form.day, _(refused.text))
        return _page(form, FreeDayListForm(formdata=None), _year())
    return see_page("compliance_free_days.days", year=row.day.year, flash=_("%(day)s is free now.", day=format_date(row.day)))


def _see_planned(change: PlannedChange) -> Response:
    return see_page("compliance_free_days.change", change=change.uuid)


@bp.post("/<uuid:free_day>/deletion")
@requires(FreeDayAction.MANAGE, free_days.get_free_day)
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
    free_days.delete_free_day(session, current_actor(), subject, now=now)
    return see_page("compliance_free_days.days", year=year, flash=_("The free day was deleted."))


@bp.post("/lists")
@requires(FreeDayAction.MANAGE, reads_first=True, body_limit=LARGEST, field_limit=LARGEST)
def review() -> Answer:
    """Show what a list of free days would add, and add it once that was seen."""
    upload = FreeDayListForm()
    provinces, today = free_days.list_provinces(current_session()), clock.now().astimezone(DEFAULT_ZONE).date()
    rows = upload.read(lambda content: read_free_days(content, provinces, today)) if upload.validate_on_submit() else None
    if rows is None:
        return _page(FreeDayForm(formdata=None), upload, _year())
    return _bring_in(upload, rows) if upload.lines.data else _review_page(rows)


def _review_page(rows: ReadList[FreeDayValues], form: FreeDayListForm | None = None) -> Response:
    known = free_days.find_same_days(current_session(), [free_day.day for free_day in rows.entries])
    new = [free_day for free_day in rows.entries if (free_day.day, free_day.province) not in known]
    form = form or FreeDayListForm(formdata=None, data={"lines": write_lines(new)})
    return page(
        "compliance/free_days_review.html",
        form=form,
        new=new,
        places=list_places(),
        same=len(rows.entries) - len(new),
        past=sum(free_day.day < today_of(clock.now()) for free_day in new),
        rows=rows,
    )


def _bring_in(form: FreeDayListForm, rows: ReadList[FreeDayValues]) -> Answer:
    """Add the days from today on; plan those before, which wait for a second person."""
    now, actor, session = clock.now(), current_actor(), begin_writing()
    today = today_of(now)
    new = [free_day for free_day in rows.entries if free_day.day >= today]
    known = free_days.find_same_days(session, [free_day.day for free_day in rows.entries])
    past = [free_day for free_day in rows.entries if free_day.day < today and (free_day.day, free_day.province) not in known]
    try:
        planned = plan_free_days(session, actor, past, [], form.reason.data or "", now=now) if past else None
    except ReasonRequired as refused:
        form.refuse(form.reason, _(refused.text))
        return _review_page(rows, form)
    count = free_days.bring_in_free_days(session, actor, new, now=now)
    flash(ngettext("%(count)s free day was added.", "%(count)s free days were added.", count), "ok")
    if planned is not None:
        return _see_planned(planned)
    return see_page("compliance_free_days.days", year=rows.entries[0].day.year if rows.entries else None)


@bp.get("/changes/<uuid:change>")
@requires(FreeDayAction.MANAGE, free_days.get_planned)
def change(subject: PlannedChange) -> Answer:
    """Show which free days before today somebody wants to change, or that another applied it."""
    return _change_page(subject, PlannedChangeForm(formdata=None))


def _change_page(row: PlannedChange, form: PlannedChangeForm) -> Response:
    session, outcome = current_session(), read_outcome(json.loads(row.outcome))
    added, removed = planned_changes.free_days_planned(row)
    may_apply = row.created_by != current_actor().person_id
    return page(
        "compliance/planned_free_days.html",
        change=row,
        added=added,
        removed=removed,
        places=list_places(),
        people=audiences.people_names(session, {row.created_by, row.applied_by}),
        concerned=outcome.concerned,
        form=form,
        may_apply=may_apply,
        seconds=[] if may_apply else list_second_persons(session, None, {row.created_by}),
    )


@bp.post("/changes/<uuid:change>/application")
@requires(FreeDayAction.MANAGE, free_days.lock_planned)
def apply(subject: PlannedChange) -> Answer:
    """Change free days before today, as second person."""
    form = PlannedChangeForm()
    try:
        apply_change(current_session(), current_actor(), subject, form.confirmed, now=clock.now())
    except NumberToType as refused:
        form.refuse(form.number, _(refused.text))
        return _change_page(subject, form)
    except SecondPersonRequired as refused:
        form.form_errors.append(_(refused.text))
        return _change_page(subject, form), 409
    return _see_planned(subject)


@bp.post("/changes/<uuid:change>/discard")
@requires(FreeDayAction.MANAGE, free_days.lock_planned)
def discard(subject: PlannedChange) -> Answer:
    """Discard a change of free days."""
    discard_change(current_session(), current_actor(), subject, now=clock.now())
    return see_page("compliance_free_days.days", flash=_("Discarded. Nothing has changed."))
