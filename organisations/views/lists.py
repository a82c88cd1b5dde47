"""Pages of lists of people and units: upload, preview, confirmation and outcome."""

from collections.abc import Iterable, Iterator, Sequence

from flask import Blueprint, Response
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Optional

from accounts.rules import fold
from kernel import clock
from kernel.errors import Invalid
from kernel.i18n import _, lazy_, number
from kernel.left_out import LineFault
from kernel.tables import CSV_TYPE, Cell, on_disk, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.forms import FileField, Form, WholeField, clean_text
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, reading_file, requires, see_page
from organisations import lists, tree
from organisations.access import OrganisationAction
from organisations.audience_preview import name_some
from organisations.list_checking import ListReview, NameDifference, PeopleListCheck, day_of_lists, review_people, review_units
from organisations.list_reading import read_people, read_units
from organisations.list_trials import begin_trial, read_training
from organisations.lists import UploadedUnitList
from organisations.models import PendingUnitList
from organisations.rules.units import UnitListKind, UnitSummary


class UnitListForm(Form):
    """A list of people or units."""

    kind = RadioField(
        lazy_("What the list contains"),
        choices=[
            SelectChoice(value=UnitListKind.PEOPLE.value, label=lazy_("People")),
            SelectChoice(value=UnitListKind.UNITS.value, label=lazy_("Units")),
        ],
        default=UnitListKind.PEOPLE.value,
    )
    file = FileField(lazy_("File"))
    complete_of = SelectField(lazy_("Does the list name everybody?"), choices=[], default="")

    def offer(self, institutions: Sequence[UnitSummary]) -> None:
        """Let a list of people be said to name everybody of one of these institutions."""
        choices = [
            SelectChoice(value=str(institution.uuid), label=_("Everybody who works at %(institution)s", institution=institution.name))
            for institution in institutions
        ]
        self.complete_of.choices = [SelectChoice(value="", label=_("No, only some people")), *choices]
        self._institutions = {str(institution.uuid): institution.id for institution in institutions}

    def upload(self) -> UploadedUnitList | None:
        """Return what was sent; None, with the fault in the form, where it is nothing."""
        sent = self.file.data
        name = clean_text(str(sent.filename or ""))[-120:] if sent else ""
        if not name:
            self.refuse(self.file, _("Choose a file."))
            return None
        kind = UnitListKind(self.kind.data)
        complete_of = self._institutions.get(self.complete_of.data or "") if kind is UnitListKind.PEOPLE else None
        return UploadedUnitList(kind, name, sent.read(), complete_of)


class ListConfirmationForm(Form):
    """The number that confirms a list which changes much."""

    number = WholeField(lazy_("Number of people concerned"), [Optional()], most=999_999)
    taken = SelectMultipleField(lazy_("Take the name of the list"), choices=[])

    def offer(self, differences: Iterable[tuple[int, str]]) -> None:
        """Let the name of the list be taken for these lines; of the others the corrected one stays."""
        self.taken.choices = [SelectChoice(value=str(line), label=name) for line, name in differences]


bp = Blueprint("organisations_loads", __name__, url_prefix="/administration/lists")

LARGEST = 10_000_000
"""Bytes of a list."""
FAULTS = 50
CHANGES = 50


@bp.route("", methods=["GET", "POST"])
@requires(OrganisationAction.LOAD, reads_first=True, body_limit=LARGEST)
def loads() -> Answer:
    """Take a list of people or units; the next page shows what would come of it."""
    form = UnitListForm()
    form.offer([unit for unit in tree.list_tree(current_session()) if unit.parent_id is None])
    sent = form.upload() if form.validate_on_submit() else None
    if sent is None:
        page = _page(form)
        return (page, 422) if form.faults else page
    try:
        with reading_file():
            total = _count(sent)
    except Invalid as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return _page(form)
    session, now = begin_writing(), clock.now()
    row = lists.receive(session, current_actor(), sent, total, now=now)
    begin_trial(session, row, now=now)
    return see_page("organisations_loads.load", load=row.uuid)


def _page(form: UnitListForm) -> Response:
    rows = lists.list_loads(current_session(), current_actor())
    return page("organisations/unit_lists.html", form=form, loads=rows, largest=LARGEST)


def _count(sent: UploadedUnitList) -> int:
    """Return how many lines a list has; raise Undecodable where it is none."""
    if sent.kind is UnitListKind.PEOPLE:
        return read_people(sent.content, day_of_lists(clock.now())).total
    return read_units(sent.content).total


def _review(load: PendingUnitList, taken_names: Sequence[str] = ()) -> ListReview:
    """Read a list and say what it would do; lines of `taken_names` are taken with their name."""
    now = clock.now()
    if load.kind == UnitListKind.PEOPLE.value:
        with reading_file():
            people = read_people(load.content, day_of_lists(now))
        return review_people(current_session(), people, load.complete_of, taken_names, now=now)
    with reading_file():
        units = read_units(load.content)
    return review_units(current_session(), units, now=now)


@bp.get("/<uuid:load>")
@requires(OrganisationAction.LOAD, lists.get_load)
def load(subject: PendingUnitList) -> Answer:
    """Show what a list would do and what is wrong in it; once confirmed, how far it is."""
    if subject.confirmed_at is not None:
        headless = tree.list_headless(current_session(), subject.complete_of) if subject.done_at and subject.leavers else []
        return page("organisations/unit_list_result.html", load=subject, headless=headless)
    return _preview(subject, _review(subject), ListConfirmationForm())


def _preview(subject: PendingUnitList, review: ListReview, form: ListConfirmationForm) -> Response:
    requested = requested_page(FAULTS)
    shown = review.faults[requested.offset : requested.offset + FAULTS]
    leavers = lists.known_people(current_session(), review.effects.leavers[:CHANGES])
    return page(
        "organisations/unit_list_upload.html",
        load=subject,
        form=form,
        new=len(review.check.new),
        changed=review.check.changed[:CHANGES],
        changes=len(review.check.changed),
        same=review.check.same,
        fault_count=len(review.faults),
        page=Page(
            [(fault.line, fault.written, fault.text) for fault in shown],
            requested.number,
            len(review.faults) > requested.offset + FAULTS,
        ),
        remarks=[(remark.line, remark.text) for remark in review.remarks[:CHANGES]],
        remark_count=len(review.remarks),
        differences=_differences(review)[:CHANGES],
        difference_count=len(_differences(review)),
        effects=review.effects,
        rewritten=[*name_some(current_session(), review.effects.past.known), *review.effects.past.new][:CHANGES],
        leavers=sorted((person.name for person in leavers.values()), key=fold),
        institution=_institution(subject),
        encoding_guessed_from=review.rows.encoding_guessed_from,
        left_out=review.rows.left_out,
        training=read_training(subject),
    )


def _differences(review: ListReview) -> Sequence[NameDifference]:
    return review.check.differences if isinstance(review.check, PeopleListCheck) else ()


def _institution(load: PendingUnitList) -> str:
    places = tree.list_tree(current_session()) if load.complete_of is not None else []
    return next((unit.name for unit in places if unit.id == load.complete_of), "")


@bp.get("/<uuid:load>/faults.csv")
@requires(OrganisationAction.LOAD, lists.get_load)
def faults(subject: PendingUnitList) -> Response:
    """Send the lines that do nothing, each with its cause."""
    listed = _review(subject).faults
    headings = [_("Line"), _("What is wrong"), _("As written")]
    file = on_disk(lambda target: write_csv(target, headings, _fault_rows(listed)))
    return send_generated(file, CSV_TYPE, _("errors") + ".csv")


def _fault_rows(listed: Sequence[LineFault]) -> Iterator[Sequence[Cell]]:
    return ((fault.line, fault.text, fault.written) for fault in listed)


@bp.post("/<uuid:load>/confirmation")
@requires(OrganisationAction.LOAD, lists.get_load, reads_first=True)
def confirm(subject: PendingUnitList) -> Answer:
    """Bring a list in; where it changes much of an institution, once the number of people was typed."""
    form, rewritten = ListConfirmationForm(), 0
    if subject.confirmed_at is None:
        if subject.tried_at is None:
            return see_page("organisations_loads.load", load=subject.uuid)
        review = _review(subject, form.taken.data or ())
        form.offer((difference.line, difference.listed) for difference in _differences(review))
        typed = form.number.number if form.validate_on_submit() else None
        if review.effects.asks and typed != review.effects.number:
            form.refuse(form.number, _("Type the number %(number)s to confirm.", number=number(review.effects.number)))
        if form.errors:
            return _preview(subject, review, form)
        rewritten = review.effects.past.count
    lists.confirm(begin_writing(), current_actor(), subject, form.taken.data or (), rewritten=rewritten, now=clock.now())
    return see_page("organisations_loads.load", load=subject.uuid)


@bp.post("/<uuid:load>/discarding")
@requires(OrganisationAction.LOAD, lists.get_load)
def discard(subject: PendingUnitList) -> Answer:
    """Discard a list."""
    lists.discard(current_session(), current_actor(), subject, now=clock.now())
    return see_page("organisations_loads.loads", flash=_("The list was discarded. Nothing was changed."))
