"""What takes nobody by itself is required of people only once its team agreed (spec/compulsory 4.9a)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Notification, Person
from compliance import obligations, planned_changes
from compliance.agreements import AgreementMissing, answer_agreement, list_agreements, list_missing
from compliance.enrolment import list_obstacles
from compliance.models import CourseAgreement, Obligation, PlannedChange
from compliance.obligations import EnrolmentMode
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement, Requirement
from courses.models import CourseVersion, StaffRole, VersionViewer
from enrolments.takes import EnrolmentObstacle
from kernel.audit import AuditEntry
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms import erasure
from lms.erasure import MergePair
from lms.instance import Instance
from organisations.models import Audience
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, no_longer
from tests.support.learning import actor_of
from tests.support.obligations import an_audience_of, compute, enrol_assigned, let_stay
from tests.support.planned_changes import NOW, ChangeStage
from tests.support.scenes import scene
from tests.support.takes import read, takes_of


class AgreementStage(ChangeStage):
    """A stage whose course takes people by invitation alone, with an owner; neither of the two officers is in its team."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self.course = a_course(instance, "reservado", modules=1, enrolment="invitation")
        self.owner = actor_of(a_teacher(instance, self.course, "duena@example.org", StaffRole.OWNER))

    def save(self, draft: Obligation, audience: Audience | None = None, *, now: datetime = NOW) -> None:
        """Save a draft again, for another audience where one is given."""

        def do(session: Session) -> None:
            row = session.get_one(Obligation, draft.id)
            there = None if audience is None else session.get_one(Audience, audience.id)
            obligations.change_draft(session, self.author, row, row.edited, self.values(), audience=there, now=now)

        self.act(do)


@pytest.fixture
@scene
def stage(instance: Instance) -> AgreementStage:
    return AgreementStage(instance)


def the_agreement(stage: AgreementStage) -> CourseAgreement:
    return read(stage.instance, lambda session: session.scalars(select(CourseAgreement)).one())


def answer(stage: AgreementStage, *, agrees: bool, reason: str = "", now: datetime = NOW) -> bool:
    return stage.act(
        lambda session: answer_agreement(
            session, stage.owner, session.scalars(select(CourseAgreement)).one(), reason, agrees=agrees, now=now
        )
    )


def notices_of(stage: AgreementStage, email: str) -> list[tuple[str, str]]:
    """Return kind and address of what somebody was notified of."""
    mine = select(Notification).join(Person, Person.id == Notification.person_id).where(Person.email == email).order_by(Notification.id)
    return [(row.kind, row.path) for row in read(stage.instance, lambda session: session.scalars(mine).all())]


def verbs_of(stage: AgreementStage) -> list[tuple[str, int | None]]:
    statement = select(AuditEntry).where(AuditEntry.verb.startswith("agreement.")).order_by(AuditEntry.id)
    return [(row.verb, row.actor_id) for row in read(stage.instance, lambda session: session.scalars(statement).all())]


def test_two_officers_enrol_nobody_in_a_course_that_takes_nobody(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a: what another activates is refused, and the job is no way round it."""
    draft = stage.draft()
    change = stage.plan(draft)
    with pytest.raises(AgreementMissing):
        stage.apply(change, stage.second, 2)
    with pytest.raises(AgreementMissing):
        stage.act(lambda session: obligations.activate(session, stage.second, session.get_one(Obligation, draft.id), 0, now=NOW))

    stage.act(lambda session: session.execute(update(Obligation).values(state="active", activated_at=NOW)))
    deliver_waiting(stage.instance.worker, now=NOW)
    enrol_assigned(stage.instance, now=NOW)

    assert [takes_of(stage.instance, actor_of(person), stage.course) for person in stage.people] == [[], [], []]


def _in_version(stage: AgreementStage, **values: object) -> None:
    stage.act(lambda session: session.execute(update(CourseVersion).where(CourseVersion.course_id == stage.course.id).values(**values)))


def _names(stage: AgreementStage, kind: str, key: str) -> None:
    stage.act(lambda session: session.add(VersionViewer(version_id=stage.course.published_version_id, kind=kind, key=key)))


OPEN = {"visibility": "public", "enrolment": "open"}
RESERVED: Mapping[str, tuple[Mapping[str, object], tuple[str, str] | None, bool]] = {
    "open to everybody": (OPEN, None, False),
    "by invitation": ({**OPEN, "enrolment": "invitation"}, None, True),
    "before its enrolment opens": ({**OPEN, "opens_at": NOW + timedelta(days=1)}, None, True),
    "after its enrolment closed": ({**OPEN, "closes_at": NOW}, None, True),
    "for participants": ({**OPEN, "visibility": "participants"}, None, True),
    "for the staff of all institutions": ({**OPEN, "visibility": "staff"}, None, False),
    "for the institution": ({**OPEN, "visibility": "staff"}, ("unit", "IESS"), False),
    "for one of its units": ({**OPEN, "visibility": "staff"}, ("unit", "ACT"), True),
    "for another institution": ({**OPEN, "visibility": "staff"}, ("unit", "BIESS"), True),
    "for the audience": ({**OPEN, "visibility": "audience"}, ("audience", "todos"), False),
    "for another audience": ({**OPEN, "visibility": "audience"}, ("audience", "otros"), True),
}


@pytest.mark.parametrize("case", RESERVED)
def test_a_course_is_reserved_where_the_people_cannot_enrol_by_themselves(stage: AgreementStage, case: str) -> None:
    """spec/compulsory 4.9a."""
    values, viewer, is_reserved = RESERVED[case]
    _in_version(stage, **values)
    if viewer is not None:
        _names(stage, *viewer)
    draft = stage.draft()

    reserved = read(stage.instance, lambda session: list_missing(session, draft.id, [stage.course.slug], now=NOW))

    assert [course.slug for course, _agreement in reserved] == (["reservado"] if is_reserved else [])


@pytest.mark.parametrize("kind", [CourseRequirement, AllRequirement, AnyRequirement])
@pytest.mark.parametrize("mode", EnrolmentMode)
def test_every_way_to_require_a_course_needs_its_agreement(stage: AgreementStage, kind: type[Requirement], mode: EnrolmentMode) -> None:
    """spec/compulsory 4.9a: alone, among all, among any; enrolled or offered."""
    leaf, other = CourseRequirement(stage.course.slug), CourseRequirement(a_course(stage.instance, "abierto", modules=1).slug)
    requirement = leaf if kind is CourseRequirement else kind((other, leaf))  # type: ignore[arg-type]  # parts, where it has some
    draft = stage.draft(terms=replace(stage.values().terms, requirement=requirement), enrolment=mode)

    with pytest.raises(AgreementMissing):
        stage.apply(stage.plan(draft), stage.second, 2)


def test_the_team_is_asked_once_by_a_notice_and_its_agreement_lets_people_in(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a."""
    editor = a_teacher(stage.instance, stage.course, "editora@example.org")
    a_teacher(stage.instance, stage.course, "califica@example.org", StaffRole.GRADER)
    draft = stage.draft()
    stage.save(draft)
    for email, notices in (("duena@example.org", 1), (editor.email, 1), ("califica@example.org", 0)):
        assert notices_of(stage, email) == [("approval", "/teaching/reservado/agreements")] * notices

    assert answer(stage, agrees=True)
    assert not answer(stage, agrees=True)

    assert notices_of(stage, "autora@example.org") == [("training_work", f"/compulsory-training/obligations/{draft.uuid}")]
    stage.apply(stage.plan(draft), stage.second, 2)
    deliver_waiting(stage.instance.worker, now=NOW)
    assert [len(takes_of(stage.instance, actor_of(person), stage.course)) for person in stage.people] == [1, 1, 0]
    assert verbs_of(stage) == [("agreement.requested", stage.author.person_id), ("agreement.given", stage.owner.person_id)]


def _author(stage: AgreementStage) -> None:
    stage.author = stage.owner


def _second(stage: AgreementStage) -> None:
    stage.second = stage.owner


def _administrator(stage: AgreementStage) -> None:
    boss = an_administrator(stage.instance)
    stage.second = Actor(person_id=boss.id, roles=frozenset({SiteRole.ADMINISTRATOR}))


@pytest.mark.parametrize("cast", [_author, _second, _administrator])
def test_the_act_of_who_may_enrol_others_is_the_agreement(stage: AgreementStage, cast: Callable[[AgreementStage], None]) -> None:
    """spec/compulsory 4.9a: the writer's, or that of who activates it; a dry run is no such act."""
    cast(stage)
    change = stage.plan(stage.draft(), by=stage.second)
    assert the_agreement(stage).agreed is (True if cast is _author else None)

    assert stage.apply(change, stage.second, 2).state == "applied"

    row = the_agreement(stage)
    assert (row.agreed, row.decided_by) == (True, (stage.author if cast is _author else stage.second).person_id)
    assert verbs_of(stage)[-1][0] == "agreement.given"


def test_a_grader_of_the_course_agrees_to_nothing(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a and spec/security 9: graders enrol nobody."""
    stage.second = actor_of(a_teacher(stage.instance, stage.course, "califica@example.org", StaffRole.GRADER))
    change = stage.plan(stage.draft())

    with pytest.raises(AgreementMissing):
        stage.apply(change, stage.second, 2)


def test_a_team_that_does_not_agree_is_asked_again_when_the_draft_is_saved(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a: not by trying or activating it."""
    draft = stage.draft()
    answer(stage, agrees=False, reason="Es de otra institución.")
    with pytest.raises(AgreementMissing):
        stage.apply(stage.plan(draft), stage.second, 2)
    assert (the_agreement(stage).agreed, the_agreement(stage).reason) == (False, "Es de otra institución.")

    later = NOW + timedelta(hours=1)
    stage.save(draft, now=later)

    row = the_agreement(stage)
    assert (row.agreed, row.asked_at, row.decided_at, row.reason) == (None, later, None, "")
    assert len(notices_of(stage, "duena@example.org")) == 2
    assert [verb for verb, _actor in verbs_of(stage)] == ["agreement.requested", "agreement.declined", "agreement.requested"]


@pytest.mark.parametrize("moves", [True, False])
def test_a_draft_for_another_audience_asks_anew(stage: AgreementStage, moves: bool) -> None:
    """spec/compulsory 4.9a: who agreed to few did not agree to many."""
    draft = stage.draft()
    answer(stage, agrees=True)
    other = an_audience_of(stage.instance, stage.root, "otros")

    stage.save(draft, other if moves else stage.audience)

    assert the_agreement(stage).agreed is (None if moves else True)


def test_what_is_not_required_any_more_or_deleted_asks_nobody(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a."""
    course, draft = stage.course, stage.draft()
    stage.course = a_course(stage.instance, "abierto", modules=1)
    stage.save(draft)
    assert read(stage.instance, lambda session: list_agreements(session, course.id)) == []

    stage.course = course
    second = stage.draft("otra")
    stage.act(lambda session: obligations.delete_draft(session, stage.author, session.get_one(Obligation, second.id), now=NOW))

    assert read(stage.instance, lambda session: list_agreements(session, course.id)) == []


def in_force(stage: AgreementStage) -> Obligation:
    """Put the obligation in force with the agreement of the team, and enrol its people."""
    draft = stage.draft()
    answer(stage, agrees=True)
    stage.apply(stage.plan(draft), stage.second, 2)
    deliver_waiting(stage.instance.worker, now=NOW)
    return stage.now(Obligation, draft)


def obstacles_of(stage: AgreementStage, obligation: Obligation, now: datetime) -> list[tuple[EnrolmentObstacle, int]]:
    rows = read(stage.instance, lambda session: list_obstacles(session, session.get_one(Obligation, obligation.id), now=now))
    return [(obstacle, people) for _course, obstacle, people in rows]


def run(stage: AgreementStage, obligation: Obligation, now: datetime) -> None:
    """Run what the clock runs."""
    compute(stage.instance, obligation, [person.id for person in stage.people], now=now)
    enrol_assigned(stage.instance, now=now)


def test_an_agreement_that_is_taken_back_enrols_nobody_further(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a: who is enrolled stays; who is in charge is told and sees how many wait."""
    obligation = in_force(stage)
    before, third = len(notices_of(stage, "autora@example.org")), stage.people[2]

    answer(stage, agrees=False, reason="Se acabó el cupo.")
    let_stay(stage.instance, stage.audience, third)
    run(stage, obligation, NOW + timedelta(minutes=20))

    assert [len(takes_of(stage.instance, actor_of(person), stage.course)) for person in stage.people] == [1, 1, 0]
    assert {take.left_at for person in stage.people for take in takes_of(stage.instance, actor_of(person), stage.course)} == {None}
    assert obstacles_of(stage, obligation, NOW) == [(EnrolmentObstacle.NOT_AGREED, 1)]
    assert len(notices_of(stage, "autora@example.org")) == before + 1
    assert verbs_of(stage)[-1] == ("agreement.withdrawn", stage.owner.person_id)

    answer(stage, agrees=True)
    run(stage, obligation, NOW + timedelta(minutes=40))
    assert len(takes_of(stage.instance, actor_of(third), stage.course)) == 1
    assert obstacles_of(stage, obligation, NOW) == []


def test_a_course_that_is_closed_later_is_asked_for_by_the_job(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a: the obstacle stands until its team agrees; nobody is asked twice."""
    _in_version(stage, **OPEN)
    draft = stage.draft()
    stage.apply(stage.plan(draft), stage.second, 2)
    assert notices_of(stage, "duena@example.org") == []

    _in_version(stage, enrolment="invitation")
    for minutes in (10, 20):
        run(stage, draft, NOW + timedelta(minutes=minutes))

    assert obstacles_of(stage, draft, NOW) == [(EnrolmentObstacle.NOT_AGREED, 2)]
    assert notices_of(stage, "duena@example.org") == [("approval", "/teaching/reservado/agreements")]
    assert the_agreement(stage).asked_by is None

    answer(stage, agrees=True)
    run(stage, draft, NOW + timedelta(minutes=30))
    assert [len(takes_of(stage.instance, actor_of(person), stage.course)) for person in stage.people] == [1, 1, 0]


def test_a_version_that_newly_requires_the_course_needs_the_agreement(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a: another change of what is required already does not."""
    reserved, stage.course = stage.course, a_course(stage.instance, "abierto", modules=1)
    active = stage.active()
    both = AllRequirement((CourseRequirement(stage.course.slug), CourseRequirement(reserved.slug)))
    change = stage.plan_version(active, replace(stage.values(), terms=replace(stage.values().terms, requirement=both)))
    with pytest.raises(AgreementMissing):
        stage.apply(change, stage.author, 2)
    answer(stage, agrees=True)
    assert stage.apply(change, stage.author, 2).state == "applied"

    answer(stage, agrees=False, reason="Ya no.")
    later = replace(stage.values(), terms=replace(stage.values().terms, requirement=both, grace=9))
    again = stage.plan_version(active, later, edited=2)

    assert stage.apply(again, stage.author, 2).state == "applied"
    assert the_agreement(stage).agreed is None


def test_an_agreement_taken_back_while_it_is_applied_stops_it(stage: AgreementStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 4.8 and 4.9a: what a job applies is asked once more."""
    monkeypatch.setattr(planned_changes, "MOST_AT_ONCE", 0)
    draft = stage.draft()
    answer(stage, agrees=True)
    change = stage.plan(draft)
    deliver_waiting(stage.instance.worker, now=NOW)
    stage.apply(change, stage.second, 2)
    assert stage.now(PlannedChange, change).state == "applying"

    answer(stage, agrees=False, reason="Ya no.")
    deliver_waiting(stage.instance.worker, now=NOW)

    row = stage.now(PlannedChange, change)
    assert (row.state, row.is_outdated, stage.now(Obligation, draft).state) == ("ready", True, "draft")


def test_administrators_are_asked_where_the_course_has_no_team(stage: AgreementStage) -> None:
    """spec/compulsory 4.9a."""
    an_administrator(stage.instance)
    no_longer(stage.instance, "duena@example.org", "removed")

    stage.draft()

    assert notices_of(stage, "admin@example.org") == [("approval", "/teaching/reservado/agreements")]


def test_an_agreement_outlives_the_account_of_who_gave_it(stage: AgreementStage) -> None:
    """spec/security 7.3: an answer of a team is no data of a person; merged or erased, the people stay enrolled."""
    in_force(stage)
    kept = a_person(stage.instance, "otra.cuenta@example.org")

    def end(session: Session) -> None:
        stays, closed = (session.get_one(Person, number) for number in (kept.id, stage.owner.person_id))
        erasure.merge(session, SYSTEM, MergePair(stays, closed), "Es la misma.", now=NOW)
        erasure.erase_person(session, SYSTEM, stays, now=NOW)

    stage.act(end)

    assert the_agreement(stage).agreed is True
    assert [len(takes_of(stage.instance, actor_of(person), stage.course)) for person in stage.people] == [1, 1, 0]
