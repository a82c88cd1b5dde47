"""Reads and writes publications that wait for a second person's approval, for their moment, or for both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from courses import drafts, team
from courses.access import PublicationPlanContext, check_open, edits
from courses.audit_verbs import CourseVerb
from courses.catalogue import get_taught_course
from courses.kinds import CourseKinds, PreparedCourse
from courses.models import Course, CourseVersion, PlannedPublication, PlanState, PublicationNature
from courses.publishing import DraftChangedSinceReview, PublishOptions, publish_version, resolve_revision_to_publish
from courses.waiting import APPROVAL_NOTICE
from kernel import audit, outbox
from kernel.errors import N_, Conflict, require_found
from kernel.files import FileStore
from kernel.i18n import _, choose, in_every_language
from kernel.permissions import Actor, ActorChannel

OPEN = (PlanState.WAITING.value, PlanState.PLANNED.value)


PlanWithNames = Row[PlannedPublication, Person, Person | None]
"""A planned publication with its `asker` and its `decider`."""


def find_last_plan(session: Session, course_id: int) -> PlanWithNames | None:
    """Return the newest plan of a course, whatever has become of it."""
    asker, decider = aliased(Person, name="asker"), aliased(Person, name="decider")
    statement = (
        select(PlannedPublication, asker, decider)
        .join(asker, asker.id == PlannedPublication.asked_by)
        .outerjoin(decider, decider.id == PlannedPublication.decided_by)
        .where(PlannedPublication.course_id == course_id)
        .order_by(PlannedPublication.id.desc())
        .limit(1)
    )
    return session.execute(statement).one_or_none()


def _locked(*conditions: object) -> Select[PlannedPublication]:
    return select(PlannedPublication).where(*conditions).with_for_update().execution_options(populate_existing=True)  # type: ignore[arg-type]  # conditions


def lock_open_plan(session: Session, course_id: int) -> PlannedPublication | None:
    """Return the plan of a course that waits, its row locked."""
    return session.scalar(_locked(PlannedPublication.course_id == course_id, PlannedPublication.state.in_(OPEN)))


def lock_plan(session: Session, plan_id: int) -> PlannedPublication:
    """Return a plan that is known to exist, its row locked."""
    return session.execute(_locked(PlannedPublication.id == plan_id)).scalar_one()


def get_plan(session: Session, plan_id: int) -> PlannedPublication:
    """Return a plan that is known to exist."""
    return session.get_one(PlannedPublication, plan_id)


def get_taught_plan(session: Session, actor: Actor, slug: str, plan: UUID) -> PublicationPlanContext:
    """Return a plan of a course with what the actor is in it; raise NotFound."""
    course = get_taught_course(session, actor, slug)
    row = require_found(
        session.scalar(select(PlannedPublication).where(PlannedPublication.uuid == plan, PlannedPublication.course_id == course.id))
    )
    return PublicationPlanContext(course, row.id)


class ApprovalNeeded(Conflict):
    """A second person has to approve what this course publishes."""

    message = N_("A second person must approve it first. Request approval.")


class AlreadyPlanned(Conflict):
    """Another publication waits already."""

    message = N_("A publication of this draft is already planned or awaiting approval. Withdraw it before you plan another.")


class OwnRequest(Conflict):
    """The refusal of an approval by the person who requested it."""

    message = N_("Someone else must decide on your request.")


class PlanAlreadyDecided(Conflict):
    """A plan was decided on meanwhile."""

    code = "plan_not_open"
    message = N_("This has already been decided. Reload the page.")


class NoResponsiblePublisher(Conflict):
    """Neither who asked for a publication nor who approved it may publish the course any more."""

    code = "nobody_answers"
    message = N_("Neither the person who requested it nor the one who approved it can publish this course any more. Request it again.")


@dataclass(frozen=True, slots=True)
class PublishInputs:
    """The inputs of a publication, at once or from a plan: the prepared course, the activity kinds and the file store."""

    prepared: PreparedCourse
    kinds: CourseKinds
    files: FileStore


def set_approval(session: Session, actor: Actor, course: Course, *, needed: bool, now: datetime) -> None:
    """Return whether a second person approves what is published of a locked course; what was planned without one waits for one then."""
    if course.needs_approval == needed:
        return
    course.needs_approval = needed
    audit.record(session, actor, CourseVerb.APPROVAL_SWITCHED, course, now=now, needed=needed)
    row = lock_open_plan(session, course.id) if needed else None
    if row is not None and row.state == PlanState.PLANNED and row.decided_by is None:
        row.state = PlanState.WAITING.value
        _ask(session, course, row, now=now)


def publish_draft(
    session: Session, actor: Actor, course: Course, inputs: PublishInputs, options: PublishOptions, *, now: datetime
) -> CourseVersion:
    """Publish the draft of a locked course, or an earlier text again, at once; raise ApprovalNeeded where a second person has to agree."""
    if course.needs_approval:
        raise ApprovalNeeded
    if options.revision_to_publish is None:
        options = resolve_revision_to_publish(session, actor, course, options, inputs.prepared.digest, now=now)
    return publish_version(session, actor, course, inputs.prepared, inputs.kinds, inputs.files, options, now=now)


def request_publication(
    session: Session, actor: Actor, course: Course, digest: str, options: PublishOptions, publish_at: datetime | None, *, now: datetime
) -> PlannedPublication:
    """Ask for a second person's approval of a locked course's draft, or plan its publication for later.

    Raise DraftChangedSinceReview where the draft is not what was looked at, AlreadyPlanned where one waits for the same revision; one for
    an older revision is void.
    """
    assert actor.person_id is not None
    check_open(course)
    resolved = resolve_revision_to_publish(session, actor, course, options, digest, now=now)
    assert resolved.revision_to_publish is not None
    present = lock_open_plan(session, course.id)
    if present is not None and not drafts.saved_since(session, course.id, present.revision):
        raise AlreadyPlanned
    if present is not None:
        _void(session, actor, course, present, now=now)
        session.flush()  # one open plan a course
    row = PlannedPublication(
        course_id=course.id,
        state=(PlanState.WAITING if course.needs_approval else PlanState.PLANNED).value,
        revision=resolved.revision_to_publish,
        digest=digest,
        nature=options.nature.value,
        asks=options.asks_learners,
        tells=options.notified_keys or None,
        note=options.note,
        publish_at=publish_at,
        asked_by=actor.person_id,
        asked_at=now,
        remark="",
    )
    session.add(row)
    session.flush()  # the job and the audit entry name it
    verb = CourseVerb.PUBLICATION_ASKED if course.needs_approval else CourseVerb.PUBLICATION_PLANNED
    audit.record(session, actor, verb, course, now=now, plan=row.id, revision=row.revision, publish_at=publish_at)
    if course.needs_approval:
        _ask(session, course, row, now=now)
    else:
        _enqueue(session, row, now=now)
    return row


def approve(
    session: Session, actor: Actor, course: Course, row: PlannedPublication, inputs: PublishInputs, remark: str, *, now: datetime
) -> CourseVersion | None:
    """Agree to a locked course's publication: it is published now, or at its moment (then nothing is returned).

    Raise OwnRequest, PlanAlreadyDecided, or DraftChangedSinceReview where the draft was saved since it was asked.
    """
    check_open(course)
    _decide(actor, row)
    _check_unchanged(session, course, row, inputs)
    row.decided_by, row.decided_at, row.remark = actor.person_id, now, remark
    audit.record(session, actor, CourseVerb.PUBLICATION_APPROVED, course, now=now, plan=row.id, revision=row.revision, remark=remark)
    if row.publish_at is not None and row.publish_at > now:
        row.state = PlanState.PLANNED.value
        _enqueue(session, row, now=now)
        _notify(session, course, row, [row.asked_by], "approved", now=now)
        return None
    return publish_plan(session, course, row, inputs, now=now)


def refuse(session: Session, actor: Actor, course: Course, row: PlannedPublication, remark: str, *, now: datetime) -> None:
    """Refuse a publication, with the reason; raise OwnRequest or PlanAlreadyDecided."""
    _decide(actor, row)
    row.decided_by, row.decided_at, row.remark = actor.person_id, now, remark
    row.state, row.settled_at = PlanState.REFUSED.value, now
    audit.record(session, actor, CourseVerb.PUBLICATION_REFUSED, course, now=now, plan=row.id, revision=row.revision, remark=remark)
    _notify(session, course, row, [row.asked_by], "refused", now=now)


def withdraw(session: Session, actor: Actor, course: Course, row: PlannedPublication, *, now: datetime) -> None:
    """Take a publication back that waits; raise PlanAlreadyDecided."""
    if row.state not in (PlanState.WAITING, PlanState.PLANNED):
        raise PlanAlreadyDecided
    row.state, row.settled_at = PlanState.WITHDRAWN.value, now
    audit.record(session, actor, CourseVerb.PUBLICATION_WITHDRAWN, course, now=now, plan=row.id)


def publish_plan(session: Session, course: Course, row: PlannedPublication, inputs: PublishInputs, *, now: datetime) -> CourseVersion:
    """Publish what a locked plan names, in the name of who asked, or of who approved it where the other may publish no more.

    Raise DraftChangedSinceReview, or NoResponsiblePublisher.
    """
    _check_unchanged(session, course, row, inputs)
    options = PublishOptions(
        PublicationNature(row.nature), row.note, asks_learners=row.asks, revision_to_publish=row.revision, notified_keys=row.tells or ()
    )
    author = Actor(person_id=_who_answers(session, row), via=ActorChannel.JOB)
    version = publish_version(session, author, course, inputs.prepared, inputs.kinds, inputs.files, options, now=now)
    row.state, row.settled_at, row.version_id = PlanState.PUBLISHED.value, now, version.id
    _notify(session, course, row, [row.asked_by], "published", now=now)
    return version


def _check_unchanged(session: Session, course: Course, row: PlannedPublication, inputs: PublishInputs) -> None:
    if drafts.saved_since(session, course.id, row.revision) or inputs.prepared.digest != row.digest:
        raise DraftChangedSinceReview


def _who_answers(session: Session, row: PlannedPublication) -> int:
    for person in (row.asked_by, row.decided_by):
        if person is not None and team.may_still_act(session, person, row.course_id, edits):
            return person
    raise NoResponsiblePublisher


def cancel_plans_of_former_editors(session: Session, course: Course, row: PlannedPublication, *, now: datetime) -> None:
    """Cancel a locked plan whose requester and approver may no longer publish; notify those who now may."""
    _void(session, Actor(via=ActorChannel.JOB), course, row, now=now)
    _notify(session, course, row, team.list_editors(session, course.id), "disowned", now=now)


def cancel_plan(session: Session, course: Course, row: PlannedPublication, *, now: datetime) -> None:
    """Cancel a locked plan whose draft changed or no longer passes its checks, or whose course was archived; notify its author."""
    _void(session, Actor(via=ActorChannel.JOB), course, row, now=now)
    _notify(session, course, row, [row.asked_by], "void" if course.archived_at is None else "archived", now=now)


def cancel_open_plan(session: Session, actor: Actor, course: Course, *, now: datetime) -> None:
    """Cancel the open publication plan of a locked course that is archived; notify its author."""
    row = lock_open_plan(session, course.id)
    if row is not None:
        _void(session, actor, course, row, now=now)
        _notify(session, course, row, [row.asked_by], "archived", now=now)


def _decide(actor: Actor, row: PlannedPublication) -> None:
    if row.state != PlanState.WAITING:
        raise PlanAlreadyDecided
    if actor.person_id == row.asked_by:
        raise OwnRequest


def _void(session: Session, actor: Actor, course: Course, row: PlannedPublication, *, now: datetime) -> None:
    row.state, row.settled_at = PlanState.VOID.value, now
    audit.record(session, actor, CourseVerb.PUBLICATION_VOID, course, now=now, plan=row.id, revision=row.revision)


def _ask(session: Session, course: Course, row: PlannedPublication, *, now: datetime) -> None:
    """Notify those of a course team who may approve a plan that their approval is requested."""
    others = [person for person in team.list_editors(session, course.id) if person != row.asked_by]
    _notify(session, course, row, others, "asked", now=now)


def _enqueue(session: Session, row: PlannedPublication, *, now: datetime) -> None:
    outbox.enqueue(session, "courses.publish_planned", {"plan": row.id}, now=now, at=row.publish_at)


def _notify(session: Session, course: Course, row: PlannedPublication, people: Sequence[int], what: str, *, now: datetime) -> None:
    if not people:
        return

    def subject() -> str:
        return {
            "asked": _("Approval requested: %(course)s", course=choose(course.title)),
            "approved": _("Approved: %(course)s", course=choose(course.title)),
            "refused": _("Not approved: %(course)s", course=choose(course.title)),
            "published": _("Published: %(course)s", course=choose(course.title)),
            "void": _("Not published: %(course)s", course=choose(course.title)),
            "archived": _("Not published: %(course)s", course=choose(course.title)),
            "disowned": _("Not published: %(course)s", course=choose(course.title)),
        }[what]

    def words() -> str:
        sentence = {
            "asked": _("A member of your team asks you to review the changes to this course and approve their publication."),
            "approved": _("Your publication was approved and will run at the scheduled time."),
            "refused": _("The publication you requested was not approved."),
            "published": _("The publication you requested has taken place."),
            "archived": _(
                "The course was archived before the scheduled time. Nothing was published, and the planned publication was cancelled."
            ),
            "disowned": _(
                "The person who planned it can no longer publish this course, and no one else who can had approved "
                "it. Nothing was published. If you still want it, request it again."
            ),
            "void": _("The draft changed after the publication was planned, or no longer passes its check. Nothing was published."),
        }[what]
        return f"{sentence} {row.remark}".strip()

    key = f"plan-{row.id}-{what}"
    message = Message(APPROVAL_NOTICE, key, in_every_language(subject), in_every_language(words), f"/teaching/{course.slug}/publishing")
    notices.notify(session, message, people, now=now)
