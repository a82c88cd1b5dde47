"""Actas for jury and readers: prepared, looked at, published, signed; and one's own line (spec/selection 4)."""

from flask import Blueprint, Response, flash, render_template, request

from accounts import access_log
from accounts.privacy import PeopleListKind
from courses.models import Course
from kernel import clock
from kernel.errors import N_, Invalid, NotFound
from kernel.i18n import _
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, allows, current_actor, current_session, requires, see_page
from selections.forms import AmendmentForm
from selections.models import ActaKind, Selection
from selections.pages import actas as pages
from selections.pages.corrections import correction_views, difference_views
from selections.pages.exports import count_parts
from selections.pages.selections import selection_view
from selections.permissions import (
    AmendmentContext,
    IntegrityAction,
    SelectionActaAction,
    SelectionActaContext,
    SelectionAction,
    SelectionContext,
    is_jury_member,
)
from selections.queries import actas as queries
from selections.queries import corrections as correction_queries
from selections.queries import selections as selection_queries
from selections.queries.objections import find_open_objecting
from selections.queries.signs import is_answering_over
from selections.services import actas as services
from selections.services.corrections import KEPT_LINES

bp = Blueprint("selections_actas", __name__)

ROWS = 50


@bp.get("/selections/<uuid:selection>")
@requires(SelectionAction.VIEW, selection_queries.get_selection)
def selection(subject: SelectionContext) -> str:
    """Show a selection with its actas and the tasks of its jury, to its jury and its readers."""
    session, in_jury = current_session(), is_jury_member(subject)
    chain = services.list_chain(session, subject.id)
    rows = [acta_row for acta_row in queries.list_actas(session, subject.id) if in_jury or pages.acta_view(acta_row).is_in_force]
    corrections = correction_views(correction_queries.list_corrections(session, subject.id))
    return render_template(
        "selections/selection.html",
        selection=selection_view(subject),
        actas=[pages.acta_view(acta_row) for acta_row in rows],
        in_jury=in_jury,
        shows_signs=allows(IntegrityAction.VIEW, subject)
        and is_answering_over(session, session.get_one(Selection, subject.id), now=clock.now()),
        is_open=any(not pages.acta_view(acta_row).is_in_force for acta_row in chain),
        next_kind=services.next_kind(chain).value,
        next_words=_(pages.KINDS[services.next_kind(chain).value]),
        corrections=corrections,
        pending=next((correction for correction in corrections if correction.is_open), None),
    )


@bp.post("/selections/<uuid:selection>/actas")
@requires(SelectionActaAction.DRAFT, selection_queries.get_selection)
def prepare(subject: SelectionContext) -> Answer:
    """Have the provisional or the final acta of a selection frozen."""
    session = current_session()
    if services.next_kind(services.list_chain(session, subject.id)) is ActaKind.AMENDMENT:
        return see_page("selections_actas.amendment", selection=subject.uuid)
    return _requested("", subject.id)


def _requested(reason: str, selection_id: int) -> Response:
    row = services.request_acta(current_session(), current_actor(), selection_id, reason=reason, now=clock.now())
    flash(_("The figures are being frozen. It takes a moment."), "ok")
    return see_page("selections_actas.acta", acta=row.uuid)


@bp.route("/selections/<uuid:selection>/amendment", methods=["GET", "POST"])
@requires(SelectionActaAction.AMEND, correction_queries.get_amendment)
def amendment(subject: AmendmentContext) -> Answer:
    """Show what differs from the acta in force, line by line; have an amendment prepared, with its reason."""
    session, form = current_session(), AmendmentForm()
    assert subject.acta is not None
    assert subject.correction is not None
    if form.validate_on_post():
        return _requested(form.words(), subject.selection.id)
    lines = correction_queries.list_differences(session, subject.correction)
    access_log.record_list_access(PeopleListKind.ACTA, Course, subject.selection.course_id)
    chain = services.list_chain(session, subject.selection.id)
    page = render_template(
        "selections/amendment.html",
        selection=selection_view(subject.selection),
        acta=pages.acta_view(subject.acta),
        words=pages.difference_words(subject.correction),
        since=subject.correction.opened_at,
        lines=difference_views(lines),
        has_all=len(lines) < KEPT_LINES,
        open_acta=next((acta_row.uuid for acta_row in chain if not pages.acta_view(acta_row).is_in_force), None),
        form=form,
    )
    return (page, 422) if form.errors else page


@bp.get("/selections/actas/<uuid:acta>")
@requires(SelectionActaAction.VIEW, queries.get_acta)
def acta(subject: SelectionActaContext) -> str:
    """Show an acta: what it says of itself, its lines with bands, its signatures; and whether later corrections are pending."""
    session, row, page = current_session(), subject.acta, requested_page(ROWS)
    changed = row.kind == ActaKind.AMENDMENT.value and request.args.get("show") == "changed"
    places = {"offset": page.offset} if changed else {"after": page.offset}
    lines = queries.list_lines(session, row.id, limit=ROWS + 1, changed=changed, **places)
    if lines:
        access_log.record_list_access(PeopleListKind.ACTA, Course, subject.selection.course_id)
    signed, later = queries.list_signatures(session, row.id), queries.find_later(session, row)
    pending = correction_queries.find_open(session, row.id)
    return render_template(
        "selections/acta.html",
        selection=selection_view(subject.selection),
        acta=pages.acta_view(row),
        facts=pages.head_facts(row) if row.head else [],
        precision=pages.precision_facts(row) if row.head else [],
        caution=pages.caution(row) if row.head else "",
        page=Page(pages.line_views(lines[:ROWS], row.people), page.number, len(lines) > ROWS),
        show="changed" if changed else "",
        signatures=signed,
        in_jury=is_jury_member(subject.selection),
        may_sign=row.kind != ActaKind.PROVISIONAL.value and current_actor().person_id not in [signature.person_id for signature in signed],
        is_provisional=row.kind == ActaKind.PROVISIONAL.value,
        is_amendment=row.kind == ActaKind.AMENDMENT.value,
        later=None if later is None else pages.acta_view(later),
        pending="" if pending is None else pages.difference_words(pending),
        parts=count_parts(row),
        may_export_identity=allows(SelectionActaAction.EXPORT_IDENTITY, subject),
    )


@bp.post("/selections/actas/<uuid:acta>/publication")
@requires(SelectionActaAction.FREEZE, queries.get_acta)
def publish(subject: SelectionActaContext) -> Response:
    """Put a provisional acta in force."""
    services.publish_provisional(current_session(), current_actor(), subject.acta.id, _viewed_digest(), now=clock.now())
    flash(_("The acta is published."), "ok")
    return see_page("selections_actas.acta", acta=subject.acta.uuid)


@bp.post("/selections/actas/<uuid:acta>/signature")
@requires(SelectionActaAction.SIGN, queries.get_acta)
def sign(subject: SelectionActaContext) -> Response:
    """Sign a final acta or an amendment."""
    in_force = services.sign_acta(current_session(), current_actor(), subject.acta.id, _viewed_digest(), now=clock.now())
    flash(_("The acta is signed by two and in force.") if in_force else _("Signed. Another member of the jury has to sign it too."), "ok")
    return see_page("selections_actas.acta", acta=subject.acta.uuid)


@bp.post("/selections/actas/<uuid:acta>/discard")
@requires(SelectionActaAction.DRAFT, queries.get_acta)
def discard(subject: SelectionActaContext) -> Response:
    """Discard an acta that is not in force."""
    services.discard_acta(current_session(), current_actor(), subject.acta.id, now=clock.now())
    flash(_("The draft was discarded."), "ok")
    return see_page("selections_actas.selection", selection=subject.selection.uuid)


def _viewed_digest() -> str:
    """Return the digest of the acta that the reader looked at."""
    sha256 = request.form.get("sha256", "")
    if len(sha256) != 64:
        raise Invalid(N_("The acta has changed in the meantime. Look at it again."))
    return sha256


@bp.get("/selections/<uuid:selection>/own-line")
@requires(SelectionActaAction.VIEW_OWN, selection_queries.get_selection)
def own_line(subject: SelectionContext) -> str:
    """Show a participant their own line of the acta in force, and nobody else's."""
    session, row = current_session(), queries.find_in_force(current_session(), subject.id)
    lines = queries.list_own_lines(session, row.id, current_actor().person_id or 0) if row is not None else []
    if row is None or not lines:
        raise NotFound
    return render_template(
        "selections/own_line.html",
        selection=selection_view(subject),
        acta=pages.acta_view(row),
        lines=list(zip(pages.line_views(lines, row.people), lines, strict=True)),
        pending=correction_queries.find_open(session, row.id) is not None,
        objecting=find_open_objecting(session, session.get_one(Selection, subject.id), current_actor().person_id or 0, now=clock.now())
        if row.kind == ActaKind.PROVISIONAL.value
        else None,
    )
