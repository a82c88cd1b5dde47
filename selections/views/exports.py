"""Actas as files: PDF, CSV, XLSX, ODS, the signed document and its signature; whole identity numbers for a reason alone."""

from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.privacy import PeopleListKind
from accounts.rules import masked
from courses.models import Course
from kernel import clock
from kernel.errors import NotFound
from kernel.files import checksum_of
from kernel.i18n import _, choose, language, reading
from kernel.permissions import Actor
from kernel.tables import on_disk, type_of, write_csv, write_ods, write_xlsx
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.forms import whole_number
from kernel.web.request import Answer, begin_writing, current_actor, current_session, requires, site_address
from selections.forms import ActaIdentityForm
from selections.models import SelectionActa
from selections.pages import actas as pages
from selections.pages import exports
from selections.pages.acta_pdf import PrintedActa, PrintedEntry, render_acta
from selections.pages.exports import PART
from selections.pages.selections import selection_view
from selections.permissions import SelectionActaAction, SelectionActaContext
from selections.queries import actas as queries
from selections.rules.documents import signature_text
from selections.services.exports import record_export

bp = Blueprint("selections_exports", __name__, url_prefix="/selections/actas")

NAMELESS = frozenset({"json", "sig"})
"""The signed document and its signature name nobody."""


def _get_acta(session: Session, actor: Actor, acta: UUID, **_kind: str) -> SelectionActaContext:
    return queries.get_acta(session, actor, acta)


@bp.get("/<uuid:acta>/exports/<any(pdf,csv,xlsx,ods,json,sig):kind>")
@requires(SelectionActaAction.EXPORT, _get_acta)
def export(context: SelectionActaContext) -> Response:
    """Send an acta as a file, identity numbers masked; who took it out, and the digest of the file, are kept."""
    row, kind = context.acta, str((request.view_args or {})["kind"])
    file = _write_file(context, kind)
    sha256, actor, now, acta_id = _digest(file), current_actor(), clock.now(), row.id
    if kind not in NAMELESS:
        access_log.record_list_access(PeopleListKind.ACTA, Course, context.selection.course_id)
    after_response.leave_record(lambda session: record_export(session, actor, acta_id, kind, sha256, now=now))
    return _send(file, row, kind)


@bp.route("/<uuid:acta>/identity-numbers", methods=["GET", "POST"])
@requires(SelectionActaAction.EXPORT_IDENTITY, _get_acta, reads_first=True)
def identities(context: SelectionActaContext) -> Answer:
    """Ask for the reason for which an acta is taken out with whole identity numbers; send it, and keep the reason."""
    row, form = context.acta, ActaIdentityForm()
    if not form.validate_on_post():
        page = _identity_page(context, form)
        return (page, 422) if form.errors else page
    if form.kind.data == "pdf" and row.people > PART:
        form.refuse(form.kind, _("The PDF of so many people comes in parts, without whole identity numbers. Choose a table."))
        return _identity_page(context, form), 422
    file = _write_file(context, form.kind.data, identities=True)
    sha256, reason = _digest(file), (form.reason.data or "").strip()
    record_export(begin_writing(), current_actor(), row.id, form.kind.data, sha256, reason=reason, now=clock.now())
    access_log.record_list_access(PeopleListKind.ACTA, Course, context.selection.course_id)
    return _send(file, row, form.kind.data)


def _identity_page(context: SelectionActaContext, form: ActaIdentityForm) -> str:
    selection = selection_view(context.selection)
    return render_template("selections/identities.html", form=form, acta=pages.acta_view(context.acta), selection=selection)


def _digest(file: BinaryIO) -> str:
    digest = checksum_of(file)
    file.seek(0)
    return digest


def _send(file: BinaryIO, row: SelectionActa, kind: str) -> Response:
    media_type = {"pdf": "application/pdf", "json": "application/json", "sig": "application/json"}.get(kind)
    part = f"{_part(row)}." if kind == "pdf" and exports.count_parts(row) > 1 else ""
    name = exports.export_name(row, f"json.{kind}" if kind == "sig" else f"{part}{kind}")
    return send_generated(file, media_type or type_of(name), name)


def _write_file(context: SelectionActaContext, kind: str, *, identities: bool = False) -> BinaryIO:
    """Write a file as its lines come, in the reader's language and in the zone of the site: equal actas give equal files."""
    session, row = current_session(), context.acta
    with reading(language()):
        if kind == "json":
            return on_disk(lambda target: target.writelines(queries.read_document(session, row)))
        if kind == "sig":
            return BytesIO(signature_text(row.code, row.key_id, row.sha256, row.signature).encode())
        if kind == "pdf":
            part = _part(row)
            return BytesIO(render_acta(_printed(context, part), _printed_entries(row, part, identities=identities)))
        rows = exports.table_rows(queries.walk_lines(session, row.id), row.people, identities=identities)
        if kind == "csv":
            return on_disk(lambda target: write_csv(target, exports.headings(), rows))
        signed = queries.list_signatures(session, row.id)
        facts = exports.facts_rows(row, pages.acta_view(row).kind, signed, _address(row))
        sheets = [("datos", exports.headings(), rows), ("acta", [_("Acta"), ""], facts)]
        return on_disk(lambda target: (write_xlsx if kind == "xlsx" else write_ods)(target, sheets))


def _address(row: SelectionActa) -> str:
    return site_address() + url_for("selections_verification.verify", code=pages.acta_view(row).code)


def _part(row: SelectionActa) -> int:
    """Return the part of the PDF that the address asks for, from 1; raise NotFound beyond the last."""
    part = whole_number(request.args.get("part", "1"))
    if not 1 <= part <= exports.count_parts(row):
        raise NotFound
    return part


def _printed(context: SelectionActaContext, part: int) -> PrintedActa:
    session, row = current_session(), context.acta
    selection = selection_view(context.selection)
    view, precision = pages.acta_view(row), pages.precision_facts(row)
    assert row.frozen_at is not None
    return PrintedActa(
        title=view.kind,
        code=view.code,
        address=_address(row),
        institution=choose(pages.institution_names(row)),
        subject=f"{selection.quiz} · {selection.people}",
        part=exports.part_words(row, part),
        made_at=row.frozen_at,
        facts=exports.facts_rows(row, view.kind, queries.list_signatures(session, row.id), _address(row))[2:-1],
        has_bands=bool(precision),
    )


def _printed_entries(row: SelectionActa, part: int, *, identities: bool) -> Iterator[PrintedEntry]:
    for line in queries.list_lines(current_session(), row.id, after=PART * (part - 1), limit=PART):
        (view,) = pages.line_views([line], row.people)
        yield PrintedEntry(view, "" if line.is_withdrawn else line.identity if identities else masked(line.identity))
