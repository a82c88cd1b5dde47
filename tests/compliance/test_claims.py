"""Waivers and recognitions in the database: proposed, decided on by another, followed by statuses (spec/compulsory 4.10 and 4.11)."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from accounts.models import Notification, Person
from compliance import claims, evidence
from compliance.claims import (
    ClaimIsDecided,
    ClaimProposerDecides,
    RecognitionDayRefused,
    RecognitionRepeats,
    WaiverDaysRefused,
    WaiverOverlaps,
)
from compliance.evidence import LARGEST, EvidenceFile, EvidenceRefusal, keep_evidence
from compliance.models import Obligation, Recognition, Waiver
from compliance.rules.claims import WaiverKind
from courses.models import Course
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.errors import OwnRecord
from kernel.outbox import deliver_waiting
from lms.instance import Instance
from tests.support.builders import a_course, a_person
from tests.support.claims import FIRST, LAST, act_on, again, ask_recognition, ask_waiver
from tests.support.learning import all_at_once
from tests.support.obligations import an_audience_of, an_obligation, assignment_of, let_stay, rules_of
from tests.support.places import a_place
from tests.support.training_cases import QUITO


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=QUITO)


@pytest.fixture
def officer(instance: Instance) -> Person:
    return a_person(instance, "oficial@example.org")


@pytest.fixture
def course(instance: Instance) -> Course:
    return a_course(instance)


def obliged(instance: Instance, course: Course) -> Person:
    """Return a person whose deadline is the 15th of December 2026."""
    a_person(instance, "autora@example.org")
    a_person(instance, "otra@example.org")
    person = a_person(instance, "ana@example.org")
    audience = an_audience_of(instance, a_place(instance))
    an_obligation(instance, audience, rules_of(course))
    let_stay(instance, audience, person)
    deliver_waiting(instance.worker, now=noon(3, 1))
    return person


def status_at(instance: Instance, person: Person, now: datetime) -> tuple[str, date | None]:
    deliver_waiting(instance.worker, now=now)
    row = assignment_of(instance, person)
    return row.state, row.last_on


def test_an_approved_waiver_excuses_and_its_revocation_counts_from_its_day(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 4.10 and 9, rows 27 and 31."""
    person = obliged(instance, course)
    row = ask_waiver(instance, person, now=noon(10, 20))

    assert status_at(instance, person, noon(11, 5)) == ("not_started", date(2026, 12, 15))
    act_on(instance, claims.decide, row, officer, noon(11, 5), approves=True)
    assert status_at(instance, person, noon(11, 6)) == ("waived", LAST)
    act_on(instance, claims.revoke, row, officer, noon(12, 1), words="Volvió antes.")
    assert status_at(instance, person, noon(12, 2)) == ("not_started", date(2026, 12, 15))
    assert (again(instance, row).revocation, again(instance, row).decision) == ("Volvió antes.", "Conforme.")


def test_a_waiver_without_end_counts_24_months(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 4.10: open for at most 24 months."""
    person = obliged(instance, course)
    row = ask_waiver(instance, person, now=noon(10, 20), last_on=None)

    act_on(instance, claims.decide, row, officer, noon(11, 5), approves=True)

    assert status_at(instance, person, noon(11, 6)) == ("waived", date(2028, 10, 31))
    following = assignment_of(instance, person)
    assert (following.next_change_at, following.next_state) == (datetime(2028, 11, 1, tzinfo=QUITO), "not_started")


def test_a_waiver_of_one_obligation_leaves_the_others(instance: Instance, officer: Person, course: Course) -> None:
    person = obliged(instance, course)
    other = an_obligation(instance, an_audience_of(instance, a_place(instance, "Otra", code="OTRA"), "otros"), rules_of(course), key="otra")
    row = ask_waiver(instance, person, now=noon(10, 20), obligation_id=other.id)

    act_on(instance, claims.decide, row, officer, noon(11, 5), approves=True)

    assert status_at(instance, person, noon(11, 6)) == ("not_started", date(2026, 12, 15))


def test_a_recognition_counts_as_done_on_its_day(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 4.11 and 9, rows 33 and 34: no completion, no grade, no certificate."""
    person = obliged(instance, course)
    row = ask_recognition(instance, person, course, now=noon(4, 1), document="SECAP-1")

    assert status_at(instance, person, noon(4, 2)) == ("not_started", date(2026, 12, 15))
    act_on(instance, claims.decide, row, officer, noon(4, 2), approves=True)
    assert status_at(instance, person, noon(4, 3))[0] == "done"
    act_on(instance, claims.revoke, row, officer, noon(5, 2), words="No era auténtico.")
    assert status_at(instance, person, noon(5, 3))[0] == "not_started"


@pytest.mark.parametrize("approves", [True, False])
def test_proposer_approver_and_beneficiary_are_never_one(instance: Instance, officer: Person, course: Course, *, approves: bool) -> None:
    """spec/compulsory 4.10 and 4.11: service and constraint."""
    person = a_person(instance, "ana@example.org")
    for row in (ask_waiver(instance, person, officer), ask_recognition(instance, person, course, officer)):
        for by, refused in ((person, OwnRecord), (officer, ClaimProposerDecides)):
            with pytest.raises(refused):
                act_on(instance, claims.decide, row, by, approves=approves)
            with pytest.raises(IntegrityError), instance.database.unit_of_work() as session:
                session.execute(update(type(row)).where(type(row).id == row.id).values(decided_by=by.id))


def test_who_proposed_does_not_revoke(instance: Instance, officer: Person) -> None:
    person, second = a_person(instance, "ana@example.org"), a_person(instance, "segunda@example.org")
    row = ask_waiver(instance, person, officer)
    act_on(instance, claims.decide, row, second, approves=True)

    with pytest.raises(ClaimProposerDecides):
        act_on(instance, claims.revoke, row, officer)
    with pytest.raises(OwnRecord):
        act_on(instance, claims.revoke, row, person)
    assert act_on(instance, claims.revoke, row, second)


def test_a_second_click_has_one_effect(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 18: on ask, approve, revoke, withdraw."""
    person = a_person(instance, "ana@example.org")
    assert ask_waiver(instance, person).id == (row := ask_waiver(instance, person)).id
    assert ask_recognition(instance, person, course).id == (other := ask_recognition(instance, person, course)).id

    def twice(act: Callable[..., bool], by: Person, claim: Waiver | Recognition, **options: bool) -> tuple[bool, bool]:
        return act_on(instance, act, claim, by, **options), act_on(instance, act, claim, by, **options)

    assert twice(claims.decide, officer, row, approves=True) == (True, False)
    assert twice(claims.revoke, officer, row) == (True, False)
    assert twice(claims.withdraw, person, other) == (True, False)
    with instance.database.unit_of_work(write=False) as session:
        verbs = list(
            session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_kind.in_(("waiver", "recognition"))).order_by(AuditEntry.id))
        )
    assert verbs == ["waiver.proposed", "recognition.proposed", "waiver.approved", "waiver.revoked", "recognition.withdrawn"]


def test_two_who_decide_at_once_have_one_result(instance: Instance, officer: Person) -> None:
    """spec/compulsory 18."""
    person, second = a_person(instance, "ana@example.org"), a_person(instance, "segunda@example.org")
    row = ask_waiver(instance, person)

    def decide(by: Person, *, approves: bool) -> str:
        try:
            act_on(instance, claims.decide, row, by, approves=approves)
        except ClaimIsDecided:
            return "late"
        return "approved" if approves else "refused"

    outcomes = all_at_once(2, lambda place: decide((officer, second)[place], approves=place == 0))

    assert [again(instance, row).state] == [outcome for outcome in outcomes if outcome != "late"]


def test_an_overlapping_waiver_is_refused_with_the_other(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 18."""
    person = a_person(instance, "ana@example.org")
    row = ask_waiver(instance, person)

    with pytest.raises(WaiverOverlaps) as refused:
        ask_waiver(instance, person, officer, first_on=LAST, last_on=LAST + timedelta(days=30))

    assert [other.id for other in refused.value.others] == [row.id]
    assert ask_waiver(instance, person, officer, first_on=LAST + timedelta(days=1), last_on=None).id != row.id


def test_two_overlapping_waivers_at_once_make_one(instance: Instance, officer: Person) -> None:
    person = a_person(instance, "ana@example.org")

    def ask(by: Person) -> bool:
        try:
            ask_waiver(instance, person, by, words=by.email)
        except WaiverOverlaps:
            return False
        return True

    assert sorted(map(str, all_at_once(2, lambda place: ask((person, officer)[place])))) == ["False", "True"]


@pytest.mark.parametrize(("first", "last"), [(LAST, FIRST), (FIRST, date(2028, 11, 1))])
def test_a_waiver_with_wrong_days_is_refused(instance: Instance, first: date, last: date) -> None:
    """spec/compulsory 18."""
    person = a_person(instance, "ana@example.org")

    with pytest.raises(WaiverDaysRefused):
        ask_waiver(instance, person, first_on=first, last_on=last)


def test_a_recognition_is_not_of_tomorrow_nor_before_1950_nor_twice(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 18; before entry it is allowed."""
    person, now = a_person(instance, "ana@example.org"), noon(11, 23)
    for day in (date(2026, 11, 24), date(1949, 12, 31)):
        with pytest.raises(RecognitionDayRefused):
            ask_recognition(instance, person, course, now=now, achieved_on=day)
    ask_recognition(instance, person, course, now=now, achieved_on=date(1950, 1, 1))

    with pytest.raises(RecognitionRepeats):
        ask_recognition(instance, person, course, officer, now=now, achieved_on=date(1950, 1, 1))


def test_the_audit_log_holds_the_number_alone_and_both_are_told(instance: Instance, officer: Person) -> None:
    """spec/compulsory 4.10."""
    person, second = a_person(instance, "ana@example.org"), a_person(instance, "segunda@example.org")
    row = ask_waiver(instance, person, officer, kind=WaiverKind.MEDICAL, words="Cirugía de rodilla", document="CM-77")

    act_on(instance, claims.decide, row, second, approves=False, words="Falta la firma.")

    with instance.database.unit_of_work(write=False) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject_kind == "waiver")).all()
        told = session.scalars(select(Notification).where(Notification.kind == "waiver").order_by(Notification.person_id)).all()
    assert [(entry.verb, entry.subject_id, json.loads(entry.facts)) for entry in entries] == [
        ("waiver.proposed", row.id, {}),
        ("waiver.refused", row.id, {}),
    ]
    assert {notice.person_id for notice in told} == {person.id, officer.id}
    written = " ".join(f"{notice.subject} {notice.words}" for notice in told)
    assert not any(secret in written for secret in ("rodilla", "CM-77", "Falta la firma", "medical"))


def test_what_is_withdrawn_leaves_no_evidence_and_is_not_decided(instance: Instance, officer: Person) -> None:
    person = a_person(instance, "ana@example.org")
    kept = keep_evidence(instance.files, "certificado.pdf", b"%PDF-1.4 x")
    assert isinstance(kept, EvidenceFile)
    row = ask_waiver(instance, person, evidence=kept)

    act_on(instance, claims.withdraw, row, person)

    found = again(instance, row)
    assert (found.state, found.evidence, found.evidence_name) == ("withdrawn", None, "")
    with pytest.raises(ClaimIsDecided):
        act_on(instance, claims.decide, row, officer, approves=True)


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("a.exe", b"MZ", EvidenceRefusal.KIND),
        ("a.svg", b"<svg></svg>", EvidenceRefusal.KIND),
        ("a.mp4", b"", EvidenceRefusal.KIND),
        ("a.pdf", b"", EvidenceRefusal.EMPTY),
        ("a.pdf", b"<html>", EvidenceRefusal.CONTENT),
        ("a.png", b"\x89PNG\r\n\x1a\nno", EvidenceRefusal.CONTENT),
        ("a.pdf", b"%PDF-" + b"x" * LARGEST, EvidenceRefusal.SIZE),
    ],
)
def test_evidence_of_another_kind_or_size_is_refused(instance: Instance, name: str, content: bytes, refusal: EvidenceRefusal) -> None:
    """spec/compulsory 18."""
    assert keep_evidence(instance.files, name, content) is refusal


def test_merging_takes_over_all_but_what_the_other_account_decided(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 4.10 and 12.5: what a person approved for themself by a second account does not count."""
    closed, kept = a_person(instance, "anita@example.org"), a_person(instance, "ana@example.org")
    alone, decided = ask_waiver(instance, closed), ask_waiver(instance, closed, first_on=date(2024, 1, 1), last_on=date(2024, 2, 1))
    recognised = ask_recognition(instance, closed, course)
    act_on(instance, claims.decide, decided, kept, approves=True)
    act_on(instance, claims.decide, recognised, officer, approves=True)

    with instance.database.unit_of_work() as session:
        evidence.transfer_claims(session, closed.id, kept.id)

    assert [again(instance, row).person_id for row in (alone, decided, recognised)] == [kept.id, closed.id, kept.id]


def test_a_forgotten_person_leaves_no_reason(instance: Instance, officer: Person, course: Course) -> None:
    """spec/compulsory 12.5."""
    person = a_person(instance, "ana@example.org")
    row = ask_waiver(instance, person, words="Cirugía", evidence=keep_evidence(instance.files, "a.pdf", b"%PDF-1.4 x"))
    act_on(instance, claims.decide, row, officer, approves=True)
    act_on(instance, claims.revoke, row, officer, words="Volvió.")

    with instance.database.unit_of_work() as session:
        evidence.erase_evidence(session, session.get_one(Person, person.id), now=clock.now())

    found = again(instance, row)
    assert {found.words, found.document, found.evidence_name, found.decision, found.revocation} == {""}
    assert found.evidence is None
    assert found.state == "revoked"


def test_an_ended_obligation_is_no_reason_to_lose_a_waiver(instance: Instance, officer: Person, course: Course) -> None:
    person = obliged(instance, course)
    with instance.database.unit_of_work(write=False) as session:
        obligation = session.scalars(select(Obligation)).one()
    row = ask_waiver(instance, person, now=noon(10, 20), obligation_id=obligation.id)

    assert act_on(instance, claims.decide, row, officer, noon(11, 5), approves=False)
    assert status_at(instance, person, noon(11, 6)) == ("not_started", date(2026, 12, 15))


def test_a_waiver_without_end_is_asked_for_again_once(instance: Instance, officer: Person) -> None:
    """spec/compulsory 4.10: thirty days before its 24 months are over."""
    person, second = a_person(instance, "ana@example.org"), a_person(instance, "segunda@example.org")
    for by, first, last in ((person, FIRST, None), (officer, date(2020, 1, 1), date(2021, 1, 1))):
        act_on(instance, claims.decide, ask_waiver(instance, person, by, first_on=first, last_on=last), second, approves=True)

    def notices_by(day: datetime) -> int:
        with instance.database.unit_of_work() as session:
            outbox.enqueue(session, "compliance.ask_waivers_again", {}, now=day)
        deliver_waiting(instance.worker, now=day)
        with instance.database.unit_of_work(write=False) as session:
            return len([key for key in session.scalars(select(Notification.key)) if key.endswith(":again")])

    evening = datetime(2028, 10, 1, 0, 30, tzinfo=UTC)  # of 30 September where the institution is
    assert [notices_by(day) for day in (noon(9, 30, 2028), evening, noon(10, 1, 2028), noon(10, 2, 2028))] == [0, 0, 1, 1]
