"""Pages of what waits for a decision: a correction that is requested, and a person's corrected name."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from certificates import credentials
from certificates import reviews as certificates_reviews
from certificates.access import CertificateAction, CredentialContext, CredentialReviewContext, HolderContext, ReviewListContext
from certificates.credentials import get_credential
from certificates.models import Credential
from certificates.rules.credentials import ReplacementReason, ReviewCause, ReviewDecision
from certificates.views.credentials import present_state
from courses.editor import course_header
from courses.models import Course
from kernel import clock
from kernel.errors import N_, Conflict
from kernel.i18n import _, lazy_, ngettext
from kernel.web.forms import Form, line
from kernel.web.instance_keys import current_keys
from kernel.web.request import Answer, current_actor, current_session, current_settings, page, requires, see_page
from kernel.web.table import requested_page


class CorrectionForm(Form):
    """A holder's words about what is wrong with a credential."""

    words = line(lazy_("What is wrong, and how it should read"), most=500, required=lazy_("Say what is wrong."))


class ReviewForm(Form):
    """Why a credential stays as it is, or is issued again."""

    note = line(lazy_("Explanation"), most=500, required=lazy_("Explain the decision. The certificate holder will see it."))


class NameCorrectionForm(Form):
    """Why all certificates of a person are issued again."""

    reason = line(lazy_("Explanation"), most=500, required=lazy_("Say what was wrong. The certificate holder will see it."))


bp = Blueprint("certificates_reviews", __name__)

CAUSES: Mapping[ReviewCause, str] = {
    ReviewCause.CORRECTION_REQUESTED: N_("The holder asks for a correction"),
    ReviewCause.COMPLETION_WITHDRAWN: N_("The completion of the course was withdrawn"),
    ReviewCause.REGRADED: N_("A quiz was regraded, and the holder no longer passes it"),
    ReviewCause.ACCOUNTS_MERGED: N_("The holder's accounts were merged"),
}


@bp.route("/certificates/<uuid:credential>/correction", methods=["GET", "POST"])
@requires(CertificateAction.ASK_CORRECTION, get_credential)
def ask_correction(subject: CredentialContext) -> Answer:
    """Ask for a correction of one's own certificate."""
    if not subject.is_sound:
        return present_state(subject, credentials.AlreadyReplaced())
    form, session = CorrectionForm(), current_session()
    if not form.validate_on_submit():
        return page("certificates/correction.html", certificate=subject.row, form=form)
    text = form.words.data or ""
    certificates_reviews.open_review(session, current_actor(), subject.row, ReviewCause.CORRECTION_REQUESTED, text, now=clock.now())
    return see_page("certificates.certificate", credential=subject.row.uuid, flash=_("Your request was sent to the course team."))


@bp.get("/administration/certificates/reviews")
@requires(CertificateAction.LIST_REVIEWS, certificates_reviews.get_review_list)
def reviews(context: ReviewListContext) -> Answer:
    """List what waits for a decision on the whole site."""
    return _page(context, ReviewForm(), None)


@bp.get("/administration/certificate-reviews")
@requires(CertificateAction.LIST_REVIEWS, certificates_reviews.get_review_list)
def former_reviews(_context: ReviewListContext) -> ResponseReturnValue:
    """Lead on from the page that certificates after a regrade had until 0.2.0."""
    return redirect(url_for("certificates_reviews.reviews"), code=301)


@bp.get("/teaching/<slug>/certificates/reviews")
@requires(CertificateAction.LIST_REVIEWS, certificates_reviews.get_review_list)
def course_reviews(context: ReviewListContext) -> Answer:
    """List what waits for a decision of a course's team."""
    return _page(context, ReviewForm(), None)


@bp.post("/certificates/reviews/<uuid:review>/decision")
@requires(CertificateAction.DECIDE, credentials.get_review)
def decide(subject: CredentialReviewContext) -> Answer:
    """Keep a certificate as it is, or issue it again with what holds now."""
    form, session, actor, slug = ReviewForm(), current_session(), current_actor(), _course_of_list(subject)
    if subject.row.settled_at is None and not form.validate_on_submit():
        return _page(certificates_reviews.get_review_list(session, actor, slug), form, subject.row.uuid)
    try:
        _carry_out(subject, form.note.data or "")
    except (certificates_reviews.AlreadyDecided, certificates_reviews.NotReplaceable, credentials.AlreadyReplaced) as refused:
        flash(_(refused.message), "warn")
        return _page(certificates_reviews.get_review_list(session, actor, slug), ReviewForm(formdata=None), None), 409
    return see_page("certificates_reviews.course_reviews", slug=slug) if slug else see_page("certificates_reviews.reviews")


def _carry_out(subject: CredentialReviewContext, note: str) -> None:
    """Carry out what was decided; raise AlreadyDecided, NotReplaceable, or AlreadyReplaced."""
    cause, decision = ReviewCause(subject.row.cause), request.form.get("decision", "")
    if subject.row.settled_at is not None:
        raise certificates_reviews.AlreadyDecided
    if decision not in cause.decisions_here:
        raise certificates_reviews.NotReplaceable
    if decision == ReviewDecision.REPLACE:
        _replace(subject.credential.row, cause.replaced_for, note)
        flash(_("The corrected certificate has been issued, and its holder gets a notification."), "ok")
    else:
        certificates_reviews.keep_credential(current_session(), current_actor(), subject.row, note, now=clock.now())
        flash(_("The certificate stays as it is."), "ok")


def _course_of_list(subject: CredentialReviewContext) -> str:
    """Return the course in whose list the reader decides; none for administrators, who see all courses in one."""
    return "" if subject.credential.administers else subject.credential.slug


def _replace(row: Credential, reason: ReplacementReason, text: str) -> None:
    settings, keys = current_settings(), current_keys()
    credentials.replace_credential(current_session(), current_actor(), row, reason, text, settings, keys, now=clock.now())


def _page(context: ReviewListContext, form: ReviewForm, refused: UUID | None) -> Response:
    session, paging = current_session(), requested_page()
    rows = certificates_reviews.list_open_reviews(session, context, offset=paging.offset, limit=paging.size + 1)
    shown = {"page": paging.of(rows), "causes": CAUSES, "person_id": current_actor().person_id, "form": form, "refused": refused}
    if context.course is None:
        return page("certificates/reviews.html", pairs=certificates_reviews.list_revoked_for_name(session, context), **shown)
    return page("certificates/course_reviews.html", course=course_header(session.get_one(Course, context.course.id)), **shown)


@bp.post("/certificates/<uuid:credential>/replaced-state")
@requires(CertificateAction.CALL_REPLACED, get_credential)
def call_replaced(subject: CredentialContext) -> Answer:
    """Let a certificate that was revoked and issued again because of a name read as replaced."""
    try:
        certificates_reviews.call_replaced(current_session(), current_actor(), subject.row, now=clock.now())
    except certificates_reviews.AlreadyDecided as refused:
        return present_state(subject, refused)
    flash(_("The certificate %(code)s now reads as replaced.", code=subject.row.printed_code), "ok")
    return see_page("certificates_reviews.reviews")


@bp.route("/administration/people/<uuid:person>/certificate-names", methods=["GET", "POST"])
@requires(CertificateAction.CORRECT_NAME, certificates_reviews.get_holder)
def correct_name(subject: HolderContext) -> Answer:
    """Show the certificates in force that print another name of a person, and issue all of them again."""
    session, form = current_session(), NameCorrectionForm()
    rows = certificates_reviews.list_with_another_name(session, subject.person)
    if not form.validate_on_submit():
        return page("certificates/person_names.html", person=subject.person, certificates=rows, form=form)
    if request.form.get("present_name") != subject.person.full_name or request.form.getlist("code") != [row.printed_code for row in rows]:
        flash(_(Conflict.message), "warn")
        return page("certificates/person_names.html", person=subject.person, certificates=rows, form=form), 409
    for row in rows:
        _replace(row, ReplacementReason.NAME, form.reason.data or "")
    count = len(rows)
    flash(ngettext("%(count)s certificate was issued again.", "%(count)s certificates were issued again.", count), "ok")
    return see_page("lms_people.record", person=subject.person.uuid)
