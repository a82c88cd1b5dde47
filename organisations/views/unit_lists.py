"""Pages of lists of people and units: uploaded, previewed, imported once confirmed; their errors can be downloaded."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, flash, render_template

from kernel import clock
from kernel.errors import Invalid
from kernel.i18n import _
from kernel.tables import CSV_TYPE, Cell, on_disk, write_csv
from kernel.web.file_responses import send_generated
from kernel.web.paging import Page, requested_page
from kernel.web.request import begin_writing, current_actor, current_session, reading_file, requires, see_page
from organisations.forms import UnitListForm
from organisations.models import PendingUnitList
from organisations.permissions import OrganisationAction
from organisations.queries import tree
from organisations.queries import unit_lists as queries
from organisations.rules import UnitListKind
from organisations.services import unit_lists as services
from organisations.unit_lists.checking import PeopleListCheck, UnitListCheck, judge_people, judge_units
from organisations.unit_lists.reading import UnitListFault, read_people, read_units

bp = Blueprint("organisations_loads", __name__, url_prefix="/administration/lists")

Answer = str | Response | tuple[str, int]
LARGEST = 10_000_000
"""Bytes of a list."""
FAULTS = 50
CHANGES = 50


@bp.route("", methods=["GET", "POST"])
@requires(OrganisationAction.LOAD, reads_first=True, body_limit=LARGEST)
def loads() -> Answer:
    """Take a list of people or units; the next page shows what would come of it."""
    form = UnitListForm()
    sent = form.upload() if form.validate_on_post() else None
    if sent is None:
        page = _page(form)
        return (page, 422) if form.faults else page
    try:
        with reading_file():
            total = _count(sent.kind, sent.content)
    except Invalid as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return _page(form), 422
    row = services.receive(begin_writing(), current_actor(), sent.kind, sent.name, sent.content, total, now=clock.now())
    return see_page("organisations_loads.load", load=row.uuid)


def _page(form: UnitListForm) -> str:
    rows = queries.list_loads(current_session(), current_actor())
    return render_template("organisations/unit_lists.html", form=form, loads=rows, largest=LARGEST)


def _count(kind: UnitListKind, content: bytes) -> int:
    """Return how many lines a list has; raise Undecodable where it is none."""
    if kind is UnitListKind.PEOPLE:
        people = read_people(content)
        return len(people.people) + len(people.faults)
    units = read_units(content)
    return len(units.units) + len(units.faults)


def _judge(load: PendingUnitList) -> tuple[PeopleListCheck | UnitListCheck, list[UnitListFault], int | None]:
    """Return what a list would do, all its faults by their lines, and from which line on its encoding is a guess."""
    judged: PeopleListCheck | UnitListCheck
    if load.kind == UnitListKind.PEOPLE.value:
        with reading_file():
            people = read_people(load.content)
        judged, unread, guess = judge_people(current_session(), people.people), people.faults, people.guessed_from
    else:
        with reading_file():
            units = read_units(load.content)
        judged, unread, guess = judge_units(tree.list_tree(current_session()), units.units), units.faults, units.guessed_from
    return judged, sorted((*unread, *judged.faults), key=lambda fault: fault.line), guess


@bp.get("/<uuid:load>")
@requires(OrganisationAction.LOAD, queries.get_load)
def load(subject: PendingUnitList) -> Answer:
    """Show what a list would do and what is wrong in it; once confirmed, how far it is."""
    if subject.confirmed_at is not None:
        return render_template("organisations/unit_list_result.html", load=subject)
    judged, faults, guess = _judge(subject)
    asked = requested_page(FAULTS)
    shown = faults[asked.offset : asked.offset + FAULTS]
    return render_template(
        "organisations/unit_list_upload.html",
        load=subject,
        new=len(judged.new),
        changed=judged.changed[:CHANGES],
        changes=len(judged.changed),
        same=judged.same,
        fault_count=len(faults),
        page=Page([(one.line, one.written, _words(one)) for one in shown], asked.number, len(faults) > asked.offset + FAULTS),
        guessed_from=guess,
    )


def _words(fault: UnitListFault) -> str:
    return _(fault.message, **fault.facts)


@bp.get("/<uuid:load>/faults.csv")
@requires(OrganisationAction.LOAD, queries.get_load)
def faults(subject: PendingUnitList) -> Response:
    """Send the lines that do nothing, each with its cause."""
    _judged, found, _guess = _judge(subject)
    headings = [_("Line"), _("What is wrong"), _("As written")]
    file = on_disk(lambda target: write_csv(target, headings, _fault_rows(found)))
    return send_generated(file, CSV_TYPE, _("errors") + ".csv")


def _fault_rows(found: Sequence[UnitListFault]) -> Iterator[Sequence[Cell]]:
    return ((one.line, _words(one), one.written) for one in found)


@bp.post("/<uuid:load>/confirmation")
@requires(OrganisationAction.LOAD, queries.get_load)
def confirm(subject: PendingUnitList) -> Answer:
    """Bring a list in."""
    services.confirm(current_session(), current_actor(), subject, now=clock.now())
    return see_page("organisations_loads.load", load=subject.uuid)


@bp.post("/<uuid:load>/discarding")
@requires(OrganisationAction.LOAD, queries.get_load)
def discard(subject: PendingUnitList) -> Answer:
    """Discard a list."""
    services.discard(current_session(), current_actor(), subject, now=clock.now())
    flash(_("The list was discarded. Nothing was changed."), "ok")
    return see_page("organisations_loads.loads")
