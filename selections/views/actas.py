"""Actas for jury and readers: prepared, looked at, published, signed; and one's own line (spec/selection 4)."""

from flask import Blueprint, Response, flash, render_template, request

from accounts import access_log
from accounts.services import PeopleListKind
from courses.models import Course
from kernel import clock
from kernel.errors import N_, Invalid, NotFound
from kernel.i18n import _
from kernel.web.paging import Page, requested_page
from kernel.web.request import allows, current_actor, current_session, requires, see_page
from selections.forms import AmendmentForm
from selections.models import ActaKind
from selections.pages import actas as pages
from selections.pages.selections import selection_views
from selections.permissions import SelectionActaAction, SelectionActaContext, SelectionAction, SelectionContext, is_jury_member
from selections.queries import actas as queries
from selections.queries import selections as selection_queries
from selections.services import actas as services

bp = Blueprint("selections_actas", __name__)

Answer = str | Response | tuple[str, int]
ROWS = 50


@bp.get("/selections/<uuid:selection>")
@requires(SelectionAction.VIEW, selection_queries.get_selection)
def selection(subject: SelectionContext) -> str:
    """Show a selection with its actas to its jury and its readers."""
    return _selection_page(subject, AmendmentForm(formdata=None))


def _selection_page(subject: SelectionContext, form: AmendmentForm) -> str:
    session, in_jury = current_session(), is_jury_member(subject)
    row = selection_queries.get_row(session, subject.id)
    (view,) = selection_views([row], selection_queries.list_titles(session, [row]))
    chain = services.list_chain(session, subject.id)
    rows = [one for one in queries.list_actas(session, subject.id) if in_jury or pages.acta_view(one).is_in_force]
    return render_template(
        "selections/selection.html",
        selection=view,
        actas=[pages.acta_view(one) for one in rows],
        in_jury=in_jury,
        is_open=any(not pages.acta_view(one).is_in_force for one in chain),
        next_kind=services.next_kind(chain).value,
        next_words=_(pages.KINDS[services.next_kind(chain).value]),
        form=form,
    )


@bp.post("/selections/<uuid:selection>/actas")
@requires(SelectionActaAction.DRAFT, selection_queries.get_selection)
def prepare(subject: SelectionContext) -> Answer:
    """Have the next acta of a selection frozen."""
    session, form = current_session(), AmendmentForm()
    is_amendment = services.next_kind(services.list_chain(session, subject.id)) is ActaKind.AMENDMENT
    if is_amendment and not form.validate_on_post():
        return _selection_page(subject, form), 422
    row = services.request_acta(session, current_actor(), subject.id, reason=form.words(), now=clock.now())
    flash(_("The figures are being frozen. It takes a moment."), "ok")
    return see_page("selections_actas.acta", acta=row.uuid)


@bp.get("/selections/actas/<uuid:acta>")
@requires(SelectionActaAction.VIEW, queries.get_acta)
def acta(subject: SelectionActaContext) -> str:
    """Show an acta: what it says of itself, its lines with bands, its signatures."""
    session, row, page = current_session(), subject.acta, requested_page(ROWS)
    selection_row = selection_queries.get_row(session, subject.selection.id)
    (view,) = selection_views([selection_row], selection_queries.list_titles(session, [selection_row]))
    lines = queries.list_lines(session, row.id, offset=page.offset, limit=ROWS + 1)
    if lines:
        access_log.record_list_access(PeopleListKind.ACTA, Course, subject.selection.course_id)
    signed = queries.list_signatures(session, row.id)
    shown = pages.acta_view(row)
    return render_template(
        "selections/acta.html",
        selection=view,
        acta=shown,
        facts=pages.head_facts(row) if row.head else [],
        page=Page(pages.line_views(lines[:ROWS], row.people), page.number, len(lines) > ROWS),
        signatures=signed,
        in_jury=is_jury_member(subject.selection),
        may_sign=row.kind != ActaKind.PROVISIONAL.value and current_actor().person_id not in [one.person_id for one in signed],
        is_provisional=row.kind == ActaKind.PROVISIONAL.value,
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
    line = queries.find_own_line(session, row.id, current_actor().person_id or 0) if row is not None else None
    if row is None or line is None:
        raise NotFound
    selection_row = selection_queries.get_row(session, subject.id)
    (view,) = selection_views([selection_row], selection_queries.list_titles(session, [selection_row]))
    (shown,) = pages.line_views([line], row.people)
    return render_template("selections/own_line.html", selection=view, acta=pages.acta_view(row), line=shown, proof=line)
