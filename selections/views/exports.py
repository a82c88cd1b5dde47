"""Files of an acta, drawn and sent: PDF, sheets and JSON, identity numbers masked unless a reason is given."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO

from flask import Blueprint, Response, request, url_for
from sqlalchemy import Row
from wtforms import SelectField

from accounts import access_log
from accounts.models import Person
from accounts.privacy import PeopleListKind
from accounts.rules import masked
from kernel import clock
from kernel.errors import N_, NotFound
from kernel.files import checksum_of
from kernel.i18n import _, choose, language, lazy_, number, reading
from kernel.pdf.document import PdfDocument, compose_pdf
from kernel.pdf.pen import STRONG, TEXT, TITLE, wrapped
from kernel.pdf.sheets import BRAND, INK, LEFT, LINE, RULE, SOFT, FlowingSheet, sheet_properties
from kernel.tables import Cell, file_of_sheets, on_disk, type_of
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.forms import Form, line, whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, requires, site_address
from selections import standing
from selections.access import SelectionActaAction, SelectionActaContext
from selections.actas import record_export
from selections.models import SelectionActa
from selections.rules.documents import signature_text
from selections.standing import ActaEntryRow
from selections.views import actas
from selections.views.actas import PART, ActaEntryView, count_parts, head_facts, line_views, precision_facts
from selections.wording import KINDS, acta_moment


class ActaIdentityForm(Form):
    """The reason for which an acta is taken out with whole identity numbers."""

    reason = line(lazy_("Reason"), most=300, required=lazy_("Enter the reason: it is kept in the audit log."))
    kind = SelectField(
        lazy_("Format"), choices={"pdf": "PDF", "csv": "CSV", "xlsx": "Excel (XLSX)", "ods": "OpenDocument (ODS)"}, default="pdf"
    )


SIZE, SMALL = 3.1, 2.5
BAND = 1.6
"""The height of a drawn band."""


@dataclass(frozen=True, slots=True)
class PrintedActa:
    """An acta as its PDF prints it: every text in its language, every moment in words."""

    title: str
    code: str
    address: str
    institution: str
    subject: str
    """Of which quiz and edition or group."""
    made_at: datetime
    facts: Sequence[tuple[str, str]]
    has_bands: bool
    part: str = ""
    """Which part of a long list it is."""


def render_acta(acta: PrintedActa, lines: Iterable[tuple[ActaEntryView, str]]) -> bytes:
    """Draw an acta, each line with the identity number as it is printed; the same content in the same language gives the same bytes."""
    title = f"{acta.title} {acta.code}"
    properties = sheet_properties(title, acta.institution, made_at=acta.made_at, code=acta.code, subject=acta.subject, part=acta.part)
    return compose_pdf(properties, lambda document: _ActaSheet(document, acta).draw(lines))


class _ActaSheet(FlowingSheet):
    """An acta while it is drawn from top to bottom, over as many pages as its lines take."""

    def __init__(self, document: PdfDocument, acta: PrintedActa) -> None:
        super().__init__(document, acta.code)
        self._acta = acta
        columns = [(_("Rank"), 13.0), (_("Name"), 55.0 if acta.has_bands else 89.0), (_("Identity number"), 25.0), (_("Result"), 20.0)]
        more = [(_("Give or take"), 13.0)] if acta.has_bands else []
        bands = [(_("Band"), 21.0)] if acta.has_bands else []
        self._columns = [*columns, *more, (_("Status"), 27.0), *bands]

    def draw(self, lines: Iterable[tuple[ActaEntryView, str]]) -> None:
        """Draw everything."""
        acta = self._acta
        self._footer()
        self._paragraph(acta.institution, STRONG, 4.2, SOFT)
        self._paragraph(acta.title, TITLE, 7.5, BRAND, role="H1")
        self._paragraph(acta.subject, STRONG, 4.2, INK)
        if acta.part:
            self._paragraph(acta.part, TEXT, 3.6, INK)
        self._y += 3
        for label, value in acta.facts:
            self._paragraph(label, STRONG, 2.9, SOFT)
            self._paragraph(value, TEXT, 3.6, INK)
            self._y += 1.4
        self._table(lines)
        self._check(acta.address, _("Check at %(address)s whether it is genuine and whether it was amended since.", address=acta.address))

    def _table(self, lines: Iterable[tuple[ActaEntryView, str]]) -> None:
        self._y += 3
        self._make_room(30)
        with self._document.element("Table"):
            self._headline()
            for line, identity in lines:
                self._row(line, identity)

    def _headline(self) -> None:
        cells = [wrapped(heading, STRONG, SMALL, room - 2) for heading, room in self._columns]
        with self._document.element("TR"):
            for at, cell_lines in enumerate(cells):
                self._cell("TH", at, [(text, STRONG, SMALL, SOFT) for text in cell_lines])
        self._y += SMALL * LINE * max(map(len, cells)) + 1.5
        self._rule()

    def _row(self, line: ActaEntryView, identity: str) -> None:
        names = [(text, TEXT, SIZE, INK) for text in wrapped(line.name, TEXT, SIZE, self._columns[1][1] - 2)]
        before = _("before: %(words)s", words=line.was) if line.was else ""
        for text in (before, line.decided, *line.by_hand):
            names += [(part, TEXT, SMALL, SOFT) for part in (wrapped(text, TEXT, SMALL, self._columns[1][1] - 2) if text else ())]
        outcome = [(text, TEXT, SIZE, INK) for text in wrapped(line.outcome, TEXT, SIZE, 25)]
        plain = [[(text, TEXT, SIZE, INK)] for text in (line.rank, identity or "–", line.percent, line.csem, line.alike_short)]
        rank, number, result, error, band = plain
        cells = [rank, names, number, result, *([error] if self._acta.has_bands else []), outcome]
        height = max(sum(size * LINE for _text, _font, size, _colour in cell) for cell in cells) + 1.6
        if self._acta.has_bands:
            height = max(height, SIZE * LINE + BAND + 2.2)
        if self._make_room(height):
            self._headline()
        with self._document.element("TR"):
            for at, cell in enumerate(cells):
                self._cell("TD", at, cell)
            if self._acta.has_bands:
                self._cell("TD", len(cells), band)
        if self._acta.has_bands and line.band_width:
            self._draw_band(line)
        self._y += height
        self._rule()

    def _draw_band(self, line: ActaEntryView) -> None:
        x, room = LEFT + sum(room for _words, room in self._columns[:-1]), self._columns[-1][1] - 1
        y = self._y + SIZE * LINE + 1
        with self._document.artifact() as pen:
            pen.box(x, y, room, BAND, RULE)
            pen.box(x + room * line.band_from / 100, y, max(room * line.band_width / 100, 0.4), BAND, BRAND)

    def _cell(self, role: str, at: int, lines: Sequence[tuple[str, str, float, str]]) -> None:
        x, y = LEFT + sum(room for _words, room in self._columns[:at]), self._y
        with self._document.element(role) as pen:
            for number, (text, font, size, colour) in enumerate(lines, 1):
                y += size * LINE
                pen.text(x, y, text if number == len(lines) else f"{text} ", font, size, colour, width=self._columns[at][1] - 2)


HEADINGS = (
    *(
        N_("Line of the list"),
        N_("Name"),
        N_("Identity number"),
        N_("Rank"),
        N_("Result"),
        N_("Result without rounding"),
        N_("Give or take"),
    ),
    *(
        N_("Status"),
        N_("Band from"),
        N_("Band to"),
        N_("Attempts that count"),
        N_("Objections"),
        N_("Incidents"),
        N_("Before"),
        N_("By hand"),
    ),
)


def headings() -> list[str]:
    """Return the headings of the table."""
    return [_(heading) for heading in HEADINGS]


def table_rows(lines: Iterable[ActaEntryRow], people: int, *, identities: bool = False) -> Iterator[Sequence[Cell]]:
    """Yield the rows of the table as they come; identity numbers are masked where they were not asked for."""
    for entry in lines:
        (view,) = line_views([entry], people)
        yield _row(entry, view, entry.identity if identities else masked(entry.identity))


def _row(line: ActaEntryRow, view: ActaEntryView, identity: str) -> Sequence[Cell]:
    fields = line.fields
    band = fields.get("not_told_apart", (None, None))
    return (
        line.entry.place,
        view.name,
        "" if line.is_withdrawn else identity,
        fields.get("rank"),
        Decimal(fields["shown"]) if "shown" in fields else None,
        fields.get("percent", ""),
        Decimal(fields["csem"]).quantize(Decimal("0.1")) if "csem" in fields else None,
        view.outcome,
        *band,
        ", ".join(map(str, fields.get("attempts", ()))),
        len(fields.get("objections", ())),
        len(fields.get("incidents", ())),
        view.was,
        "; ".join(view.by_hand),
    )


def facts_rows(row: SelectionActa, title: str, signed: Sequence[Row[Person, datetime]], address: str) -> list[tuple[str, str]]:
    """Return the facts of an acta, as the rows of a sheet."""
    assert row.frozen_at is not None
    precision, warning = precision_facts(row), actas.caution(row)
    return [
        (_("Acta"), title),
        (_("Code"), row.printed_code),
        (_("Figures of"), acta_moment(row.frozen_at)),
        *([(_("In force since"), acta_moment(row.published_at))] if row.published_at else []),
        *([(_("Reason for the amendment"), row.reason)] if row.reason else []),
        *head_facts(row),
        *((name, f"{figure}. {explanation}") for name, figure, explanation in precision),
        (_("How to read it"), _(actas.BANDS if precision else actas.TOO_FEW)),
        *([(_("Caution"), warning)] if warning else []),
        *((_("Signed by"), f"{person.full_name}, {acta_moment(at)}") for person, at in signed),
        ("SHA-256", row.sha256),
        (_("Verify it at"), address),
    ]


def part_words(row: SelectionActa, part: int) -> str:
    """Return which part of a long list a PDF has; nothing where it has all of it."""
    if count_parts(row) == 1:
        return ""
    places = {"first": number(PART * (part - 1) + 1), "last": number(min(PART * part, row.people))}
    return _("Part %(part)s of %(count)s: places %(first)s to %(last)s", part=number(part), count=number(count_parts(row)), **places)


def export_name(row: SelectionActa, kind: str) -> str:
    """Return the name under which a file of an acta is saved."""
    return f"acta-{row.printed_code}.{kind}"


bp = Blueprint("selections_exports", __name__, url_prefix="/selections/actas")

NAMELESS = frozenset({"json", "sig"})
"""The signed document and its signature name nobody."""


@bp.get("/<uuid:acta>/exports/<any(pdf,csv,xlsx,ods,json,sig):kind>")
@requires(SelectionActaAction.EXPORT, standing.get_acta)
def export(context: SelectionActaContext) -> Response:
    """Send an acta as a file, identity numbers masked; who took it out, and the digest of the file, are kept."""
    row, kind = context.acta, str((request.view_args or {})["kind"])
    file = _write_file(context, kind)
    sha256, actor, now, acta_id = _digest(file), current_actor(), clock.now(), row.id
    if kind not in NAMELESS:
        access_log.record_list_access(PeopleListKind.ACTA, SelectionActa, row.id, role=context.selection.role or "")
    after_response.leave_record(lambda session: record_export(session, actor, acta_id, kind, sha256, now=now))
    return _send(file, row, kind)


@bp.route("/<uuid:acta>/identity-numbers", methods=["GET", "POST"])
@requires(SelectionActaAction.EXPORT_IDENTITY, standing.get_acta, reads_first=True)
def identities(context: SelectionActaContext) -> Answer:
    """Ask for the reason for which an acta is taken out with whole identity numbers; send it, and keep the reason."""
    row, form = context.acta, ActaIdentityForm()
    if not form.validate_on_submit():
        page = _identity_page(context, form)
        return (page, 422) if form.errors else page
    if form.kind.data == "pdf" and row.people > PART:
        form.refuse(form.kind, _("The PDF of so many people comes in parts, without whole identity numbers. Choose a table."))
        return _identity_page(context, form)
    file = _write_file(context, form.kind.data, identities=True)
    sha256, reason = _digest(file), (form.reason.data or "").strip()
    record_export(begin_writing(), current_actor(), row.id, form.kind.data, sha256, reason=reason, now=clock.now())
    access_log.record_list_access(PeopleListKind.ACTA, SelectionActa, row.id, role=context.selection.role or "")
    return _send(file, row, form.kind.data)


def _identity_page(context: SelectionActaContext, form: ActaIdentityForm) -> Response:
    return page("selections/identities.html", form=form, acta=context.acta, kinds=KINDS, selection=context.selection)


def _digest(file: BinaryIO) -> str:
    digest = checksum_of(file)
    file.seek(0)
    return digest


def _send(file: BinaryIO, row: SelectionActa, kind: str) -> Response:
    media_type = {"pdf": "application/pdf", "json": "application/json", "sig": "application/json"}.get(kind)
    part = f"{_part(row)}." if kind == "pdf" and actas.count_parts(row) > 1 else ""
    name = export_name(row, f"json.{kind}" if kind == "sig" else f"{part}{kind}")
    return send_generated(file, media_type or type_of(name), name)


def _write_file(context: SelectionActaContext, kind: str, *, identities: bool = False) -> BinaryIO:
    """Write a file as its lines come, in the reader's language and in the zone of the site: equal actas give equal files."""
    session, row = current_session(), context.acta
    with reading(language()):
        if kind == "json":
            return on_disk(lambda target: target.writelines(standing.read_document(session, row)))
        if kind == "sig":
            return BytesIO(signature_text(row.code, row.key_id, row.sha256, row.signature).encode())
        if kind == "pdf":
            part = _part(row)
            return BytesIO(render_acta(_printed(context, part), _printed_entries(row, part, identities=identities)))
        rows = table_rows(standing.walk_lines(session, row.id), row.people, identities=identities)
        signed = standing.list_signatures(session, row.id)
        facts = facts_rows(row, _(KINDS[row.kind]), signed, _address(row))
        sheets = [("datos", headings(), rows), ("acta", [_("Acta"), ""], facts)]
        return file_of_sheets(kind, sheets)


def _address(row: SelectionActa) -> str:
    return site_address() + url_for("selections_verification.verify", code=row.printed_code)


def _part(row: SelectionActa) -> int:
    """Return the part of the PDF that the address asks for, from 1; raise NotFound beyond the last."""
    part = whole_number(request.args.get("part", "1"))
    if not 1 <= part <= actas.count_parts(row):
        raise NotFound
    return part


def _printed(context: SelectionActaContext, part: int) -> PrintedActa:
    session, row = current_session(), context.acta
    title = _(KINDS[row.kind])
    assert row.frozen_at is not None
    return PrintedActa(
        title=title,
        code=row.printed_code,
        address=_address(row),
        institution=choose(actas.institution_names(row)),
        subject=f"{choose(context.selection.title)} · {context.selection.people}",
        part=part_words(row, part),
        made_at=row.frozen_at,
        facts=facts_rows(row, title, standing.list_signatures(session, row.id), _address(row))[2:-1],
        has_bands=bool(precision_facts(row)),
    )


def _printed_entries(row: SelectionActa, part: int, *, identities: bool) -> Iterator[tuple[ActaEntryView, str]]:
    for entry in standing.list_lines(current_session(), row.id, after=PART * (part - 1), limit=PART):
        (view,) = actas.line_views([entry], row.people)
        yield view, "" if entry.is_withdrawn else entry.identity if identities else masked(entry.identity)
