"""Pages of lists of people and units: upload, preview, confirmation and outcome."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial

from flask import Blueprint, Response
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import Optional

from accounts.rules import fold
from accounts.uploads import UploadedList
from kernel import clock
from kernel.i18n import _, format_date, lazy_, number
from kernel.web.forms import Form, WholeField, line
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, reading_file, requires, see_page
from kernel.web.uploads import UploadForm, page_of_faults, send_faults
from organisations import lists, tree
from organisations.access import OrganisationAction
from organisations.audience_preview import name_some
from organisations.audiences import ReasonRequired, today_of
from organisations.list_checking import ListReview, PeopleListCheck, read_rows, review_rows
from organisations.list_trials import begin_trial, last_planned_day, read_training
from organisations.lists import NameDifference
from organisations.models import PendingUnitList
from organisations.rules.units import UnitListKind, UnitSummary


class UnitListForm(UploadForm):
    """A list of people or units."""

    kind = RadioField(
        lazy_("What the list contains"),
        choices=[
            SelectChoice(value=UnitListKind.PEOPLE.value, label=lazy_("People")),
            SelectChoice(value=UnitListKind.UNITS.value, label=lazy_("Units")),
        ],
        default=UnitListKind.PEOPLE.value,
    )
    complete_of = SelectField(lazy_("Does the list name everybody?"), choices=[], default="")

    def offer(self, institutions: Sequence[UnitSummary]) -> None:
        """Let a list of people be said to name everybody of one of these institutions."""
        choices = [
            SelectChoice(value=str(institution.uuid), label=_("Everybody who works at %(institution)s", institution=institution.name))
            for institution in institutions
        ]
        self.complete_of.choices = [SelectChoice(value="", label=_("No, only some people")), *choices]
        self._institutions = {str(institution.uuid): institution.id for institution in institutions}

    @property
    def institution(self) -> int | None:
        """Return the institution of which a list of people names everybody."""
        return self._institutions.get(self.complete_of.data or "") if self.kind.data == UnitListKind.PEOPLE else None


class ListConfirmationForm(Form):
    """The number that confirms a list which changes much."""

    number = WholeField(lazy_("Number of people concerned"), [Optional()], most=999_999)
    reason = line(lazy_("Reason"), most=1000)
    """Of moves of units that wait for a second person."""
    taken = SelectMultipleField(lazy_("Take the name of the list"), choices=[])

    def offer(self, differences: Iterable[tuple[int, str]]) -> None:
        """Let the name of the list be taken for these lines; of the others the corrected one stays."""
        self.taken.choices = [SelectChoice(value=str(line), label=name) for line, name in differences]


bp = Blueprint("organisations_loads", __name__, url_prefix="/administration/lists")

LARGEST = 10_000_000
"""Bytes of a list."""
CHANGES = 50


@bp.route("", methods=["GET", "POST"])
@requires(OrganisationAction.LOAD, reads_first=True, body_limit=LARGEST)
def loads() -> Answer:
    """Take a list of people or units; the next page shows what would come of it."""
    form = UnitListForm()
    form.offer([unit for unit in tree.list_tree(current_session()) if unit.parent_id is None])
    if form.validate_on_submit():
        kind, now = UnitListKind(form.kind.data), clock.now()
        listed = form.read(partial(read_rows, kind, now=now))
        if listed is not None:
            session, sent = begin_writing(), UploadedList(form.file_name, form.content, listed.total)
            row = lists.receive(session, current_actor(), kind, sent, complete_of=form.institution, now=now)
            begin_trial(session, row, listed, now=now)
            return see_page("organisations_loads.load", load=row.uuid)
    rows = lists.list_loads(current_session(), current_actor())
    return page("organisations/unit_lists.html", form=form, loads=rows, largest=LARGEST)


def _review(load: PendingUnitList, taken_names: Sequence[str] = ()) -> ListReview:
    """Read a list and say what it would do; lines of `taken_names` are taken with their name."""
    now = clock.now()
    with reading_file():
        rows = read_rows(UnitListKind(load.kind), load.content, now=now)
    return review_rows(current_session(), rows, load.complete_of, taken_names, now=now)


@bp.get("/<uuid:load>")
@requires(OrganisationAction.LOAD, lists.get_load)
def load(subject: PendingUnitList) -> Answer:
    """Show what a list would do and what is wrong in it; once confirmed, how far it is."""
    if subject.confirmed_at is not None:
        headless = tree.list_headless(current_session(), subject.complete_of) if subject.done_at and subject.leavers else []
        return page("organisations/unit_list_result.html", load=subject, headless=headless)
    return _preview(subject, _review(subject), ListConfirmationForm())


def _preview(subject: PendingUnitList, review: ListReview, form: ListConfirmationForm) -> Response:
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
        page=page_of_faults(review.faults),
        remarks=review.remarks[:CHANGES],
        remark_count=len(review.remarks),
        differences=_differences(review)[:CHANGES],
        difference_count=len(_differences(review)),
        effects=review.effects,
        rewritten=[*name_some(current_session(), review.effects.past.known), *review.effects.past.new][:CHANGES],
        leavers=sorted((person.name for person in leavers.values()), key=fold),
        institution=_institution(subject),
        rows=review.rows,
        training=read_training(subject),
        since=last_planned_day(review.rows, today_of(clock.now())),
        in_words=_in_words,
    )


_ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def _in_words(fact: str) -> str:
    """Return a line's changes with their days as people read them."""
    return _ISO_DAY.sub(lambda match: format_date(date.fromisoformat(match[0]), "short"), fact)


def _differences(review: ListReview) -> Sequence[NameDifference]:
    return review.check.differences if isinstance(review.check, PeopleListCheck) else ()


def _institution(load: PendingUnitList) -> str:
    places = tree.list_tree(current_session()) if load.complete_of is not None else []
    return next((unit.name for unit in places if unit.id == load.complete_of), "")


@bp.get("/<uuid:load>/faults.csv")
@requires(OrganisationAction.LOAD, lists.get_load)
def faults(subject: PendingUnitList) -> Response:
    """Send the lines that do nothing, each with its cause."""
    return send_faults(_review(subject).faults, subject.content)


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
        if review.effects.waiting and not form.reason.data:
            form.refuse(form.reason, _(ReasonRequired.message))
        if form.errors:
            return _preview(subject, review, form)
        rewritten = review.effects.past.count
    values = (form.taken.data or (), form.reason.data or "")
    lists.confirm(begin_writing(), current_actor(), subject, *values, rewritten=rewritten, now=clock.now())
    return see_page("organisations_loads.load", load=subject.uuid)


@bp.post("/<uuid:load>/discarding")
@requires(OrganisationAction.LOAD, lists.get_load)
def discard(subject: PendingUnitList) -> Answer:
    """Discard a list."""
    lists.discard(current_session(), current_actor(), subject, now=clock.now())
    return see_page("organisations_loads.loads", flash=_("The list was discarded. Nothing was changed."))
