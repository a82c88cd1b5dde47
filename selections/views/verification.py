"""Pages on which everybody verifies an acta, by its code or by a file."""

import json
from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session
from wtforms.validators import DataRequired

from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.errors import require_found
from kernel.i18n import _, choose, lazy_, number
from kernel.permissions import Actor
from kernel.web.forms import FileDigestForm, Form, LineField, area, at_most
from kernel.web.instance_keys import current_keys
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import Answer, current_session, page, public, requires
from selections import selections, standing
from selections.access import SelectionActaAction
from selections.actas import RegisterVerdict, holds_line, judge_acta
from selections.corrections import find_open
from selections.models import ActaKind, SelectionActa
from selections.rules.documents import CODE_LENGTH
from selections.wording import KINDS, acta_moment


class ActaEntryForm(Form):
    """A line of an acta with its salt, as its person keeps them."""

    line = area(lazy_("Line"), most=4000, required=lazy_("Paste the line."))
    salt = LineField(lazy_("Salt"), [DataRequired(lazy_("Paste the salt.")), at_most(64)])


def public_facts(row: SelectionActa, title: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the facts of an acta of a quiz with this title in the order of the page, each with its name."""
    head = json.loads(row.head)
    facts = [
        (_("Number in its chain"), number(row.number)),
        (_("Quiz"), choose(title)),
        (_("Course"), choose(head["course"])),
        (_("What the results are used for"), choose(head["use"]) if head["use"] else ""),
        (_("Edition or group"), head["whom"]),
        (_("People in it"), number(row.people)),
    ]
    return [fact for fact in facts if fact[1]]


bp = Blueprint("selections_verification", __name__, url_prefix="/acta/selection")

LOOK_UPS = limit("verify", "60 per minute")
COMPARISONS = limit("verify_files", "20 per minute")
MOST_BYTES = 64_000_000


def _get_acta(session: Session, _actor: Actor, code: str) -> SelectionActa:
    """Return the acta in force with a code; raise NotFound."""
    return require_found(standing.find_by_code(session, code))


def find_page(session: Session, code: str) -> str | None:
    """Return the address of the public page of an acta with a code."""
    return _page_of(standing.find_by_code(session, code))


def find_page_of_file(session: Session, sha256: str) -> str | None:
    """Return the address of the public page of the acta that a file with this digest is of."""
    return _page_of(standing.find_by_file(session, sha256), file=sha256)


def _page_of(row: SelectionActa | None, file: str | None = None) -> str | None:
    return None if row is None else url_for("selections_verification.verify", code=row.printed_code, file=file)


@bp.get("/<code>")
@public("everybody may check a code: acta.verify")
def verify(code: str) -> Answer:
    """Return whether an acta is genuine, what it is, and whether it was amended since."""
    limiter().use(LOOK_UPS, client_key())
    row = standing.find_by_code(current_session(), code)
    if row is None:
        stored = read_code(code, CODE_LENGTH)
        return page("selections/verify.html", acta=None, code=printed_code(stored) if stored else code[:40]), 404
    sha256 = request.args.get("file", "")
    return _compared(row, sha256) if sha256 else _page(row, FileDigestForm(formdata=None), ActaEntryForm(formdata=None))


@bp.post("/<code>/file")
@requires(SelectionActaAction.VERIFY, _get_acta, body_limit=MOST_BYTES)
def compare_file(row: SelectionActa) -> Answer:
    """Return whether a file, or the one whose digest was typed, is one of this acta byte for byte."""
    limiter().use(COMPARISONS, client_key())
    form = FileDigestForm()
    sha256 = form.sha256() if form.validate_on_submit() else ""
    if not sha256:
        return _page(row, form, ActaEntryForm(formdata=None)), 422
    return _compared(row, sha256)


def _compared(row: SelectionActa, sha256: str) -> Response:
    kind = standing.find_file(current_session(), row, sha256)
    return _page(row, FileDigestForm(formdata=None), ActaEntryForm(formdata=None), file=kind or "different")


@bp.post("/<code>/line")
@requires(SelectionActaAction.VERIFY, _get_acta)
def compare_line(row: SelectionActa) -> Answer:
    """Return whether a line with its salt stands in this acta."""
    limiter().use(COMPARISONS, client_key())
    form = ActaEntryForm()
    if not form.validate_on_submit():
        return _page(row, FileDigestForm(formdata=None), form)
    held = holds_line(current_session(), row, (form.line.data or "").strip(), (form.salt.data or "").strip().lower())
    return _page(row, FileDigestForm(formdata=None), ActaEntryForm(formdata=None), line="contained" if held else "absent")


def _page(row: SelectionActa, file_form: FileDigestForm, line_form: ActaEntryForm, *, file: str = "", line: str = "") -> Response:
    session = current_session()
    later = standing.find_later(session, row)
    verdict = judge_acta(session, row, current_keys())
    return page(
        "selections/verify.html",
        acta=row,
        moment=acta_moment,
        follows=row.kind == ActaKind.PROVISIONAL.value,
        kinds=KINDS,
        code=row.printed_code,
        verdict=verdict.value,
        is_genuine=verdict is RegisterVerdict.GENUINE,
        later=later,
        is_pending=later is None and find_open(session, row.id) is not None,
        facts=public_facts(row, selections.get_row(session, row.selection_id).title),
        file_form=file_form,
        line_form=line_form,
        file=file,
        line=line,
        checked_at=clock.now(),
    )
