"""Agreements of course teams that obligations enrol people in their courses: missing, requested, answered (spec/compulsory 4.9a)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from accounts.people import by_name, list_administrators
from compliance.audit_verbs import ComplianceVerb
from compliance.models import CourseAgreement, Obligation, ObligationVersion
from compliance.notices import TRAINING_WORK_NOTICE
from courses.log import LogEntry, LogPart
from courses.models import Course, CourseStaff, CourseVersion, VersionViewer
from courses.team import EDITING
from courses.waiting import APPROVAL_NOTICE
from enrolments.access import PERMISSIONS, LearningAction
from enrolments.learners import get_learner_context
from enrolments.rules import may_enrol
from kernel import audit
from kernel.errors import N_, Conflict, require_found
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor, Verdict
from organisations.models import Audience, Organisation

MOST_AGREEMENTS = 200


def _act_words(entry: LogEntry) -> str:
    return f"{_(ComplianceVerb(entry.verb).label)}: {entry.facts.get('obligation', '')}"


LOG = LogPart(lambda _course_id: (), {verb.value: _act_words for verb in ComplianceVerb if verb.value.startswith("agreement.")})
"""In the log of a course: what compulsory training asks of its team."""


MissingAgreement = tuple[Course, CourseAgreement | None]
"""A course in which the people of an obligation cannot enrol by themselves, and what its team answered; None: it was not asked."""


def list_missing(session: Session, obligation_id: int, slugs: Iterable[str], *, now: datetime) -> list[MissingAgreement]:
    """List which of some courses, by address, an obligation may not require now.

    A course that is for some units or audiences takes people where it is for their whole institution, or for the audience itself.
    """
    viewer, here = VersionViewer, VersionViewer.version_id == CourseVersion.id
    institution = exists().where(here, viewer.kind == "unit", viewer.key == Organisation.code, Organisation.id == Obligation.institution_id)
    audience = exists().where(here, viewer.kind == "audience", viewer.key == Audience.key, Audience.id == Obligation.audience_id)
    is_found = or_(
        CourseVersion.visibility == "public",
        and_(CourseVersion.visibility == "staff", or_(~exists().where(here), institution)),
        and_(CourseVersion.visibility == "audience", audience),
    )
    of_obligation = and_(CourseAgreement.course_id == Course.id, CourseAgreement.obligation_id == Obligation.id)
    statement = (
        select(Course, CourseAgreement, CourseVersion.enrolment, CourseVersion.opens_at, CourseVersion.closes_at, is_found)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(Obligation, Obligation.id == obligation_id)
        .outerjoin(CourseAgreement, of_obligation)
        .where(Course.slug.in_(list(slugs)), CourseAgreement.agreed.is_not(True))
        .order_by(Course.slug)
    )
    return [
        (course, agreement)
        for course, agreement, enrolment, opens, closes, takes_them in session.execute(statement)
        if not takes_them or may_enrol(enrolment, opens, closes, archived=False, now=now) is not None
    ]


def get_title(session: Session, obligation: Obligation) -> Mapping[str, str]:
    """Return the title of an obligation by language, as its newest version has it."""
    statement = select(ObligationVersion.title).where(ObligationVersion.obligation_id == obligation.id)
    return session.execute(statement.where(ObligationVersion.number == obligation.latest)).scalar_one()


def list_deciders(session: Session, courses: Collection[int]) -> Mapping[int, Sequence[Person]]:
    """Return who agrees for each of some courses: its owners and editors, as they enrol others in it."""
    people = defaultdict[int, list[Person]](list)
    statement = select(CourseStaff.course_id, Person).join(Person, Person.id == CourseStaff.person_id).order_by(*by_name())
    for course, person in session.execute(statement.where(CourseStaff.course_id.in_(courses), CourseStaff.role.in_(EDITING))):
        people[course].append(person)
    return people


def list_agreements(
    session: Session, course_id: int
) -> Sequence[Row[CourseAgreement, Obligation, ObligationVersion, Audience, Organisation]]:
    """List what obligations that have not ended ask of a course's team, what waits for its answer first."""
    newest = and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest)
    statement = (
        select(CourseAgreement, Obligation, ObligationVersion, Audience, Organisation)
        .join(Obligation, Obligation.id == CourseAgreement.obligation_id)
        .join(ObligationVersion, newest)
        .join(Audience, Audience.id == Obligation.audience_id)
        .join(Organisation, Organisation.id == Obligation.institution_id)
        .where(CourseAgreement.course_id == course_id, Obligation.state != "ended")
        .order_by(CourseAgreement.agreed.is_not(None), CourseAgreement.asked_at.desc())
        .limit(MOST_AGREEMENTS)
    )
    return session.execute(statement).all()


def lock_agreement(session: Session, course_id: int, obligation: UUID | None) -> CourseAgreement:
    """Return the agreement that an obligation asks of a course's team, locked; raise NotFound."""
    asking = select(Obligation.id).where(Obligation.uuid == obligation, Obligation.state != "ended").scalar_subquery()
    statement = select(CourseAgreement).where(CourseAgreement.course_id == course_id, CourseAgreement.obligation_id == asking)
    return require_found(session.scalar(statement.with_for_update().execution_options(populate_existing=True)))


class AgreementMissing(Conflict):
    """The team of a course that takes nobody by itself has not agreed that people are enrolled in it."""

    message = N_("The team of a course has not agreed yet that people are enrolled in it.")

    def __init__(self, missing: Sequence[MissingAgreement]) -> None:
        super().__init__()
        self.missing = tuple(missing)


def settle_agreements(session: Session, actor: Actor, row: Obligation, slugs: Iterable[str], *, now: datetime, again: bool = False) -> None:
    """Take the act of whoever may enrol others in a course for its agreement, and ask the teams of the others, each once.

    `again`: those who did not agree too.
    """
    session.get_one(Obligation, row.id, with_for_update=True)  # so that nobody asks twice
    for course, known in list_missing(session, row.id, slugs, now=now):
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
    return Message(APPROVAL_NOTICE, key, subject, text, f"/teaching/{course.slug}/agreements")


def _reply(agreement: CourseAgreement, course: Course, obligation: Obligation, title: Mapping[str, str]) -> Message:
    subject = N_("The team of “%(course)s” agrees") if agreement.agreed else N_("The team of “%(course)s” does not agree")
    text = N_("“%(title)s” may enrol people in it.") if agreement.agreed else N_("“%(title)s” enrols no further people in it. Read why.")
    return Message(
        TRAINING_WORK_NOTICE,
        f"agreement:{agreement.id}:{agreement.agreed}:{agreement.decided_at}",
        in_every_language(lambda: _(subject, course=choose(course.title))),
        in_every_language(lambda: _(text, title=choose(title))),
        f"/compulsory-training/obligations/{obligation.uuid}",
    )
