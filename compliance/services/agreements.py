"""Services of the agreement of course teams: what takes nobody by itself is required of people once they agreed (spec/compulsory 4.9a)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.people import list_administrators
from accounts.rules import NoticeKind
from compliance.audit_verbs import ComplianceVerb
from compliance.models import CourseAgreement, Obligation
from compliance.queries.agreements import MissingAgreement, get_title, list_deciders, list_missing
from courses.models import Course
from enrolments.access import PERMISSIONS, LearningAction
from enrolments.learners import get_learner_context
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor, Verdict


class AgreementMissing(Conflict):
    """The team of a course that takes nobody by itself has not agreed that people are enrolled in it."""

    code = "agreement_missing"
    message = N_("The team of a course has not agreed yet that people are enrolled in it.")

    def __init__(self, missing: Sequence[MissingAgreement]) -> None:
        super().__init__()
        self.missing = tuple(missing)


def settle_agreements(session: Session, actor: Actor, row: Obligation, slugs: Iterable[str], *, now: datetime, again: bool = False) -> None:
    """Take the act of whoever may enrol others in a course for its agreement, and ask the teams of the others, each once.

    `again`: those who did not agree too.
    """
    session.get_one(Obligation, row.id, with_for_update=True)  # so that nobody asks twice
    for missing in list_missing(session, row.id, slugs, now=now):
        course, known = missing.course, missing.agreement
        is_theirs = PERMISSIONS[LearningAction.ENROL_OTHERS](actor, get_learner_context(session, actor, course.slug)) is Verdict.ALLOW
        if not is_theirs and known is not None and not (again and known.agreed is False):
            continue
        agreement = known or CourseAgreement(obligation_id=row.id, course_id=course.id)
        if not is_theirs or known is None:
            agreement.agreed = agreement.decided_at = agreement.decided_by = None
            agreement.asked_at, agreement.asked_by, agreement.reason = now, actor.person_id, ""
            session.add(agreement)
            session.flush()  # the notice names it
        if is_theirs:
            _decide(session, actor, agreement, course, row, "", agrees=True, now=now)
        else:
            audit.record(session, actor, ComplianceVerb.AGREEMENT_REQUESTED, course, now=now, obligation=row.key)
            deciders = [person.id for person in list_deciders(session, [course.id])[course.id]] or list_administrators(session)
            notices.notify(session, _request(agreement, course, get_title(session, row)), deciders, now=now)


def require_agreements(session: Session, row: Obligation, slugs: Iterable[str], *, now: datetime) -> None:
    """Raise AgreementMissing where an obligation may not require one of some courses."""
    if missing := list_missing(session, row.id, slugs, now=now):
        raise AgreementMissing(missing)


def forget_agreements(session: Session, row: Obligation, *, but: Collection[str]) -> None:
    """Delete what teams answered to a draft, except of some courses: for another audience all of them are asked anew."""
    remaining = select(Course.id).where(Course.slug.in_(but))
    session.execute(delete(CourseAgreement).where(CourseAgreement.obligation_id == row.id, CourseAgreement.course_id.not_in(remaining)))


def answer_agreement(session: Session, actor: Actor, agreement: CourseAgreement, reason: str, *, agrees: bool, now: datetime) -> bool:
    """Agree, do not, or take it back, and notify who is in charge and who asked; return whether anything changed."""
    if agreement.agreed is agrees:
        return False
    obligation, course = session.get_one(Obligation, agreement.obligation_id), session.get_one(Course, agreement.course_id)
    _decide(session, actor, agreement, course, obligation, reason, agrees=agrees, now=now)
    people = {person for person in (obligation.owner_id, agreement.asked_by) if person not in (None, actor.person_id)}
    notices.notify(session, _reply(agreement, course, obligation, get_title(session, obligation)), sorted(people), now=now)
    return True


def _decide(
    session: Session, actor: Actor, agreement: CourseAgreement, course: Course, row: Obligation, reason: str, *, agrees: bool, now: datetime
) -> None:
    declined = ComplianceVerb.AGREEMENT_WITHDRAWN if agreement.agreed else ComplianceVerb.AGREEMENT_DECLINED
    agreement.agreed, agreement.decided_at, agreement.decided_by, agreement.reason = agrees, now, actor.person_id, reason
    verb = ComplianceVerb.AGREEMENT_GIVEN if agrees else declined
    audit.record(session, actor, verb, course, now=now, obligation=row.key, reason=reason)


def _request(agreement: CourseAgreement, course: Course, title: Mapping[str, str]) -> Message:
    subject = in_every_language(lambda: _("Compulsory training asks for your course “%(course)s”", course=choose(course.title)))
    text = in_every_language(lambda: _("“%(title)s” would enrol people in it. Say whether the course team agrees.", title=choose(title)))
    key = f"agreement:{agreement.id}:{agreement.asked_at.isoformat()}"
    return Message(NoticeKind.APPROVAL, key, subject, text, f"/teaching/{course.slug}/agreements")


def _reply(agreement: CourseAgreement, course: Course, obligation: Obligation, title: Mapping[str, str]) -> Message:
    subject = N_("The team of “%(course)s” agrees") if agreement.agreed else N_("The team of “%(course)s” does not agree")
    text = N_("“%(title)s” may enrol people in it.") if agreement.agreed else N_("“%(title)s” enrols no further people in it. Read why.")
    return Message(
        NoticeKind.TRAINING_WORK,
        f"agreement:{agreement.id}:{agreement.agreed}:{agreement.decided_at}",
        in_every_language(lambda: _(subject, course=choose(course.title))),
        in_every_language(lambda: _(text, title=choose(title))),
        f"/compulsory-training/obligations/{obligation.uuid}",
    )
