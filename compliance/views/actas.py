"""Pages of training actas and their PDF, in the reader's language (spec/compulsory 12.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, Response, make_response, request, url_for
from sqlalchemy.orm import Session

from accounts.models import Person
from compliance import actas
from compliance.access import TrainingReportAction
from compliance.actas import ActaContext, ActaScope
from compliance.assignments import StatusesBehind
from compliance.models import ObligationVersion, TrainingActa
from compliance.report import ReportPlaceContext, list_report_obligations
from compliance.rules.documents import CODE_LENGTH, ActaCount, ActaVerdict, acta_digest, acta_verdict
from compliance.rules.history import ReportState, tally_sum
from compliance.views.bundles import NumberedForm
from compliance.views.report import (
    COLUMNS,
    STATE_WORDS,
    ReportEntryView,
    ReportTable,
    get_place_then,
    read_report_request,
    report_page,
)
from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.errors import N_, Gone, Invalid
from kernel.i18n import _, choose, format_datetime, language, number, percent, reading
from kernel.pdf.document import PdfDocument, compose_pdf
from kernel.pdf.pen import STRONG, TEXT, TITLE, shrunk, text_width, wrapped
from kernel.pdf.sheets import BRAND, INK, LEFT, LINE, RIGHT, SOFT, FlowingSheet, sheet_properties
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import Answer, allows, current_actor, current_session, page, public, requires, see_page, site_address
from organisations import tree


@dataclass(frozen=True, slots=True)
class ActaView:
    """An acta in words: its scope, its moments, its numbers; who made it stands on the PDF alone."""

    code: str
    address: str
    institution: str
    place: str
    obligation: str
    audience: str
    data_of: str
    """Of which moment the numbers are, as known at which other."""
    caution: str
    """That the register already said other numbers when the acta was made, or does not know where all units stood; else empty."""
    made_on: str
    maker: str
    made_at: datetime
    first_heading: str
    table: ReportTable


_OUTDATED = N_("When the acta was made, the register already said other numbers of that moment.")
_ASSUMED = N_("The log does not say where all units stood on that day: those are according to the structure of a later one.")


def acta_view(
    row: TrainingActa,
    scope: ActaScope,
    texts: tuple[ObligationVersion, str],
    lines: Iterable[ActaCount],
    site: str,
    *,
    maker: str,
    is_outdated: bool,
) -> ActaView:
    """Return an acta in words, its times in the zone of its place whoever reads it; `texts` are those of `actas.get_acta_texts`.

    `is_outdated` says that the register already said other numbers of that moment when the acta was made.
    """
    version, audience = texts
    with reading(language(), scope.zone):
        moments = {"moment": format_datetime(row.at), "known": format_datetime(row.known)}
        return ActaView(
            code=printed_code(row.code),
            address=f"{site}/acta/{printed_code(row.code)}",
            institution=scope.institution.name,
            place=scope.place.name,
            obligation=_("%(title)s (version %(number)s)", title=choose(version.title), number=version.number),
            audience=audience,
            data_of=_("%(moment)s, as known on %(known)s", **moments),
            caution=" ".join(_(text) for text, holds in ((_OUTDATED, is_outdated), (_ASSUMED, scope.is_assumed)) if holds),
            made_on=format_datetime(row.made_at),
            maker=maker,
            made_at=row.made_at,
            first_heading=_("Province") if scope.provinces else _("Unit"),
            table=_table(scope, lines),
        )


def acta_file_name(row: TrainingActa, scope: ActaScope) -> str:
    """Return the name under which an acta is saved."""
    return f"acta-{row.at.astimezone(scope.zone):%Y-%m-%d}-{printed_code(row.code)}.pdf"


def _table(scope: ActaScope, lines: Iterable[ActaCount]) -> ReportTable:
    """Return the lines by name, the rest of the place and those in no place of it at the end."""
    last = {scope.place.id: 1, None: 2}
    printed = [line for line in lines if line.is_printed]
    ordered = sorted(printed, key=lambda line: (last.get(line.place_id, 0), _key(scope, line), line.place_id or 0))
    entries = [ReportEntryView(_name(scope, line.place_id), line.tally) for line in ordered]
    return ReportTable(entries, tally_sum(entry.tally for entry in entries))


def _key(scope: ActaScope, line: ActaCount) -> str:
    return "" if line.place_id is None else scope.places[line.place_id].name_key


def _name(scope: ActaScope, place_id: int | None) -> str:
    if place_id is None:
        return _("In no unit of the institution")
    if place_id == scope.place.id:
        return _("Outside the provinces") if scope.provinces else _("Directly in %(name)s", name=scope.place.name)
    return scope.places[place_id].name


NAMES = 40.0
"""The width of the column of names; the others share the rest."""


def render_acta(acta: ActaView) -> bytes:
    """Draw an acta; the same content in the same language gives the same bytes."""
    title = _("Acta of compulsory training")
    subject = f"{acta.obligation}. {acta.place}. {acta.data_of}"
    properties = sheet_properties(f"{title} {acta.code}", acta.institution, made_at=acta.made_at, code=acta.code, subject=subject)
    return compose_pdf(properties, lambda document: _ActaSheet(document, acta).draw(title))


class _ActaSheet(FlowingSheet):
    """An acta while it is drawn from top to bottom, over as many pages as its table takes."""

    def __init__(self, document: PdfDocument, acta: ActaView) -> None:
        super().__init__(document, acta.code)
        self._acta = acta
        states = [(state, _(STATE_WORDS[state])) for state in (ReportState.REQUIRED, *COLUMNS)]
        self._headings = [acta.first_heading, *(label for _state, label in states), _("Progress")]
        self._column = (RIGHT - LEFT - NAMES) / (len(self._headings) - 1)

    def draw(self, title: str) -> None:
        """Draw everything."""
        acta = self._acta
        self._footer()
        self._paragraph(acta.institution, STRONG, 4.2, SOFT)
        self._paragraph(title, TITLE, 7.5, BRAND, role="H1")
        self._y += 3
        for label, value in self._facts():
            self._paragraph(label, STRONG, 3.1, SOFT)
            self._paragraph(value, TEXT, 3.9, INK)
            self._y += 1.6
        self._table()
        self._check(acta.address, _("Compare these numbers with the register: %(address)s", address=acta.address))

    def _facts(self) -> list[tuple[str, str]]:
        acta = self._acta
        made = _("%(maker)s, on %(moment)s", maker=acta.maker, moment=acta.made_on) if acta.maker else acta.made_on
        facts = [
            (_("Place"), acta.place),
            (_("Compulsory training"), acta.obligation),
            (_("Audience"), acta.audience),
            (_("Data of"), acta.data_of),
            (_("Attention"), acta.caution),
            (_("Made by"), made),
        ]
        return [fact for fact in facts if fact[1]]

    def _table(self) -> None:
        self._y += 3
        table = self._acta.table
        with self._document.element("Table"):
            self._headline()
            for line in table.lines:
                self._row(line.name, line, TEXT)
            self._row(_("Total"), ReportEntryView(_("Total"), table.total), STRONG)

    def _headline(self) -> None:
        size = 2.6
        cells = [wrapped(heading, STRONG, size, (NAMES if not at else self._column) - 1) for at, heading in enumerate(self._headings)]
        height = size * LINE * max(map(len, cells)) + 1.5
        self._make_room(height + 12)
        with self._document.element("TR"):
            for at, lines in enumerate(cells):
                self._cell("TH", at, lines, STRONG, size, SOFT)
        self._y += height
        self._rule()

    def _row(self, name: str, line: ReportEntryView, font: str) -> None:
        size = 3.3
        names = wrapped(name, font, size, NAMES - 2)
        height = size * LINE * len(names) + 1.6
        if self._make_room(height):
            self._headline()
        counts = [number(line.tally.people(state)) for state in (ReportState.REQUIRED, *COLUMNS)]
        share = "–" if line.percent is None else percent(line.percent)
        with self._document.element("TR"):
            self._cell("TD", 0, names, font, size, INK)
            for at, text in enumerate([*counts, share], 1):
                self._cell("TD", at, [text], font, size, INK)
        self._y += height
        self._rule()

    def _cell(self, role: str, at: int, lines: Sequence[str], font: str, size: float, colour: str) -> None:
        """Write a cell: names to the left, numbers to the right."""
        room = (NAMES if not at else self._column) - 1
        size = shrunk(lines, font, size, 0, room)
        with self._document.element(role) as pen:
            for row, line in enumerate(lines, 1):
                x = LEFT if not at else LEFT + NAMES + at * self._column - text_width(line, font, size)
                pen.text(x, self._y + row * size * LINE, line if row == len(lines) else f"{line} ", font, size, colour)


bp = Blueprint("compliance_actas", __name__)

RATE = limit("actas", "20 per hour")
LOOK_UPS = limit("acta-look-ups", "60 per minute")


@bp.post("/training-report/<uuid:organisation>/actas")
@requires(TrainingReportAction.EXPORT, get_place_then)
def make(context: ReportPlaceContext) -> Answer:
    """Make an acta of what the page of the report shows, and lead to its PDF."""
    session, actor, form, now = current_session(), current_actor(), NumberedForm(), clock.now()
    requested = read_report_request(request.form, list_report_obligations(session, context.path[0].id), context.zone, now)
    if not form.validate_on_submit() or requested.obligation is None or requested.faults:
        raise Invalid(N_("An acta is of one compulsory training and one day. Choose both in the report."))
    limiter().use(RATE, str(actor.person_id))
    number = form.identity()
    try:
        row = actas.make_acta(session, actor, context.place.id, requested.obligation, requested.time, _draw, number=number, now=now)
    except StatusesBehind as refused:
        return report_page(context, requested, _(refused.text)), 409
    return see_page("compliance_actas.download", code=printed_code(row.code))


class ActaReading(NamedTuple):
    """An acta with what the register says of it now; without content where no records are kept."""

    verdict: ActaVerdict
    view: ActaView | None
    file_name: str
    moved_at: datetime | None
    """When a place last came to stand elsewhere, where that alone makes the numbers of today others."""


def _read(row: TrainingActa) -> ActaReading:
    """Count the numbers of an acta as known then, when it was made, and now."""
    session = current_session()
    scope, numbers = actas.get_acta_scope(session, row), actas.count_numbers(session, row, clock.now())
    verdict = acta_verdict(row.digest, numbers)
    texts = actas.get_acta_texts(session, row, scope.on)
    is_outdated = acta_digest(numbers.as_known or ()) != acta_digest(numbers.when_made or ())
    person = session.get(Person, row.made_by) if row.made_by is not None else None
    maker = person.full_name if person is not None else ""
    lines = numbers.printed(row.digest) or numbers.as_known
    view = None if lines is None else acta_view(row, scope, texts, lines, site_address(), maker=maker, is_outdated=is_outdated)
    moved_at = tree.find_last_move(session, row.known) if verdict is ActaVerdict.TREE else None
    return ActaReading(verdict, view, acta_file_name(row, scope), moved_at)


def _draw(row: TrainingActa) -> bytes:
    view = _read(row).view
    assert view is not None, "the records of what is in force are kept"
    return render_acta(view)


@bp.get("/training-report/actas/<code>.pdf")
@requires(TrainingReportAction.EXPORT, actas.get_acta)
def download(context: ActaContext) -> Response:
    """Send an acta as it was drawn; one of an earlier version is drawn where the register has its numbers."""
    reading, content = _read(context.acta), context.acta.content
    if reading.view is None or (content is None and reading.verdict is ActaVerdict.DIFFERENT):
        raise Gone(N_("The register no longer has the numbers of this acta, so it can no longer be downloaded."))
    response = make_response(content or render_acta(reading.view))
    response.content_type = "application/pdf"
    response.headers["Content-Disposition"] = f'attachment; filename="{reading.file_name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def find_page(session: Session, code: str) -> str | None:
    """Return the address of the public page of an acta with a code."""
    row = actas.find_acta(session, code)
    return None if row is None else url_for("compliance_actas.verify", code=printed_code(row.code))


@bp.get("/acta/<code>")
@public("everybody may check a code: acta.verify")
def verify(code: str) -> Answer:
    """Return whether the numbers of an acta are those of the register, without naming people."""
    limiter().use(LOOK_UPS, client_key())
    row = actas.find_acta(current_session(), code)
    stored = read_code(code, CODE_LENGTH)
    reading = _read(row) if row is not None else None
    html = page(
        "compliance/acta.html",
        acta=reading.view if reading is not None else None,
        verdict=reading.verdict.value if reading is not None else "",
        moved_at=reading.moved_at if reading is not None else None,
        is_kept=row is not None and row.content is not None,
        code=printed_code(stored) if stored else code[:40],
        words_of={state: _(label) for state, label in STATE_WORDS.items()},
        checked_at=clock.now(),
        may_download=row is not None and _may_download(row),
    )
    return html if row is not None else (html, 404)


def _may_download(row: TrainingActa) -> bool:
    actor = current_actor()
    return not actor.is_anonymous and allows(TrainingReportAction.EXPORT, actas.get_acta(current_session(), actor, row.code))
