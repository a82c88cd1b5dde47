"""Pages of single recognitions: ask for one, decide, revoke, withdraw (spec/compulsory 4.11); `recognition_lists` has those of many."""

from flask import Blueprint, Response, flash, url_for

from accounts.rules import fold
from compliance import claim_lists
from compliance.access import RecognitionAction, TrainingAction
from compliance.claim_lists import ClaimantContext, RecognitionSubject
from compliance.claims import RecognitionRepeats, day_of_person, list_entries, page_of, propose_recognition
from compliance.obligations import list_known_courses, list_not_counting, required_of
from compliance.views import claims
from courses.models import Course
from kernel import clock
from kernel.i18n import _, choose, enumeration, format_date
from kernel.own_records import is_own
from kernel.web.request import Answer, begin_writing, current_actor, current_session, page, requires, see_other, see_page

bp = Blueprint("compliance_recognitions", __name__)


@bp.route("/learning/recognitions/new", methods=["GET", "POST"])
@requires(RecognitionAction.PROPOSE, claim_lists.get_own_claims, reads_first=True, body_limit=claims.BODY_LIMIT)
def ask(subject: ClaimantContext) -> Answer:
    """Ask that one's own learning elsewhere be recognised."""
    return _propose(subject)


@bp.route("/training/people/<uuid:person>/recognitions/new", methods=["GET", "POST"])
@requires(RecognitionAction.PROPOSE, claim_lists.get_claimant, reads_first=True, body_limit=claims.BODY_LIMIT)
def propose(subject: ClaimantContext) -> Answer:
    """Propose that somebody's learning elsewhere be recognised."""
    return _propose(subject)


def _propose(subject: ClaimantContext) -> Answer:
    session, form = current_session(), claims.RecognitionForm()
    required = required_of(session, subject.person_id)
    known = ((choose(course.title), course.id) for course in list_known_courses(session, current_actor(), required))
    courses = sorted(known, key=lambda course: (fold(course[0]), course[1]))
    form.offer([(number, title) for title, number in courses], day_of_person(session, subject.person_id, clock.now()))
    if not form.validate_on_submit():
        page = _form_page(subject, form)
        return (page, 422) if form.faults else page
    stored = claims.keep_evidence_file(form, subject.person_id)
    if form.faults:
        return _form_page(subject, form)
    try:
        row = propose_recognition(begin_writing(), current_actor(), subject.person_id, form.command(stored), now=clock.now())
    except RecognitionRepeats as refused:
        form.refuse(form.achieved_on, _(refused.text))
        return _form_page(subject, form), 409
    flash(_("Your request was sent. Another person decides on it."), "ok")
    return see_page("compliance_waivers.own") if is_own(current_actor(), subject.person_id) else see_other(page_of(row))


def _form_page(subject: ClaimantContext, form: claims.RecognitionForm) -> Response:
    own = is_own(current_actor(), subject.person_id)
    return page(
        "compliance/recognition_form.html",
        form=form,
        name="" if own else subject.person.full_name,
        back=url_for("compliance_waivers.own") if own else "",
    )


@bp.get("/training/recognitions/<uuid:recognition>")
@requires(TrainingAction.WHY, claim_lists.get_recognition)
def recognition(subject: RecognitionSubject) -> Response:
    """Show a recognition."""
    claims.record_views([subject.person_id])
    return _page(subject)


def _page(
    subject: RecognitionSubject, decision: claims.ClaimDecisionForm | None = None, revocation: claims.ClaimRevocationForm | None = None
) -> Response:
    session, row = current_session(), subject.row
    entered = list_entries(session, [row.person_id]).get(row.person_id)
    is_early = entered is not None and row.achieved_on < entered
    remark = _("It was completed before the person entered the institution, on %(day)s.", day=format_date(entered)) if is_early else ""
    course = session.get_one(Course, row.course_id)
    title, slighted = choose(course.title), list_not_counting(session, row.person_id, course.slug, row.achieved_on)
    if slighted:
        sentence = _("It does not count for %(titles)s: only what was completed later does.", titles=enumeration([*map(choose, slighted)]))
        remark = f"{remark} {sentence}".strip()

    def facts(sees: bool) -> list[tuple[str, str]]:
        facts = [(_("Counts as"), title), (_("Completed on"), format_date(row.achieved_on))]
        return facts + ([(_("Certified by"), row.issuer), (_("Number of the document"), row.document)] if sees else [])

    return claims.claim_page(subject, _("Recognition"), facts, decision, revocation, remark)


@bp.post("/training/recognitions/<uuid:recognition>/decision")
@requires(RecognitionAction.APPROVE, claim_lists.get_recognition)
def decide(subject: RecognitionSubject) -> Answer:
    """Approve a recognition, or not."""
    form = claims.ClaimDecisionForm()
    return claims.decide_on(subject, form) if form.validate_on_submit() else (_page(subject, form), 422)


@bp.post("/training/recognitions/<uuid:recognition>/revocation")
@requires(RecognitionAction.APPROVE, claim_lists.get_recognition)
def revoke(subject: RecognitionSubject) -> Answer:
    """Revoke a recognition from today on."""
    form = claims.ClaimRevocationForm()
    return claims.revoke_it(subject, form) if form.validate_on_submit() else (_page(subject, None, form), 422)


@bp.post("/training/recognitions/<uuid:recognition>/withdrawal")
@requires(RecognitionAction.WITHDRAW, claim_lists.get_recognition)
def withdraw(subject: RecognitionSubject) -> Response:
    """Withdraw a recognition that waits."""
    return claims.withdraw_it(subject)


@bp.get("/training/recognitions/<uuid:recognition>/evidence")
@requires(TrainingAction.EVIDENCE, claim_lists.get_recognition)
def evidence(subject: RecognitionSubject) -> Response:
    """Send the file that proves a recognition."""
    return claims.send_evidence(subject)
