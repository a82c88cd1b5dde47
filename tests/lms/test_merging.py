"""Two accounts of one person become one: what stands, what moves, what stays with the closed one; nothing is lost."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from accounts import accounts, names
from accounts.models import AccountMerge, NationalIdentity, Person, RoleGrant
from certificates.models import Credential
from courses import team
from courses.models import Course, CourseStaff, StaffRole
from enrolments import editions, roster
from enrolments.models import ActivityResult, Completion, Edition, Enrolment
from kernel import clock, outbox
from kernel.audit import AuditEntry
from kernel.db import Base
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms.instance import Instance
from organisations import lists, tree
from quizzes.models import Attempt
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.editions import an_edition, join
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.places import a_place, manage, put
from tests.support.wording import in_spanish

PEOPLE = "/administration/people"


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which an administrator is signed in."""
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")


def person_of(instance: Instance, email: str) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def address(instance: Instance, kept: str = "ana@example.org", closed: str = "anita@example.org") -> str:
    return f"{PEOPLE}/{person_of(instance, kept).uuid}/merging/{person_of(instance, closed).uuid}"


def rows(instance: Instance, statement: Any) -> list[Any]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(statement))


def merge(boss: Browser, instance: Instance) -> None:
    boss.get(address(instance))
    boss.submit(address(instance), {"reason": "Se registró dos veces"})


def owned(instance: Instance, table: Any, email: str) -> int:
    person = person_of(instance, email)
    return rows(instance, select(func.count()).select_from(table).where(table.person_id == person.id))[0]


def done(instance: Instance, learner: Actor, course: Course) -> None:
    mark_done(instance, learner, course.slug, "leccion-1")
    pass_quiz(instance, learner, course.slug)


def test_what_the_closed_account_has_becomes_the_others_and_nothing_is_lost(boss: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_person(instance)
    done(instance, a_learner(instance, course, "anita@example.org"), course)
    boss.deliver_jobs()
    signature = rows(instance, select(Credential.signature))
    tables = (Enrolment, Attempt, Credential)
    before = [rows(instance, select(func.count()).select_from(table))[0] for table in (*tables, ActivityResult, Completion, Person)]

    page = boss.get(f"{PEOPLE}/{person_of(instance, 'ana@example.org').uuid}/merging?email=ANITA@example.org")
    assert boss.path.endswith(str(person_of(instance, "anita@example.org").uuid))
    assert in_spanish("From the account to close") in page.text
    assert owned(instance, Enrolment, "ana@example.org") == 0
    boss.submit(boss.path, {"reason": ""}, status=422)
    assert owned(instance, Enrolment, "ana@example.org") == 0
    merge(boss, instance)

    assert [owned(instance, table, "ana@example.org") for table in tables] == [1, 1, 1]
    assert [owned(instance, table, "anita@example.org") for table in tables] == [0, 0, 0]
    assert [rows(instance, select(func.count()).select_from(table))[0] for table in (*tables, ActivityResult, Completion, Person)] == before
    assert rows(instance, select(Credential.signature)) == signature
    closed = person_of(instance, "anita@example.org")
    assert closed.suspended_at is not None
    page = boss.get(f"{PEOPLE}/{closed.uuid}")
    assert page.has_link(f"{PEOPLE}/{person_of(instance, 'ana@example.org').uuid}")
    assert "/restoration" not in page.html
    boss.post(f"{PEOPLE}/{closed.uuid}/restoration", {"reason": "Otra vez"}, status=409)
    boss.post(f"{PEOPLE}/{closed.uuid}/role", {"role": "administrator"}, status=409)
    facts = [
        json.loads(one)
        for one in rows(instance, select(AuditEntry.facts).where(AuditEntry.verb.in_(("account.merged", "account.closed_into"))))
    ]
    assert [(one["courses"], one["reason"]) for one in facts] == [([course.id], "Se registró dos veces")] * 2


@pytest.mark.parametrize("better", ["ana@example.org", "anita@example.org"])
def test_of_two_histories_the_completed_one_stands_and_the_other_is_kept(boss: Browser, instance: Instance, better: str) -> None:
    course = a_course(instance, modules=1)
    learners = {email: a_learner(instance, course, email) for email in ("ana@example.org", "anita@example.org")}
    for email, learner in learners.items():
        if email == better:
            done(instance, learner, course)
        else:
            mark_done(instance, learner, course.slug, "leccion-1")
    boss.deliver_jobs()

    merge(boss, instance)

    with instance.database.unit_of_work(write=False) as session:
        found = {row.person_id: row for row in session.scalars(select(Enrolment))}
        completed = session.scalars(select(Completion.enrolment_id)).one()
    kept, closed = (person_of(instance, email).id for email in ("ana@example.org", "anita@example.org"))
    assert found[kept].id == completed
    assert (found[kept].done, found[closed].done) == (2, 1)
    assert [owned(instance, table, "ana@example.org") for table in (Attempt, Credential)] == [1, 1]
    assert owned(instance, Attempt, "anita@example.org") == 0


def everywhere(instance: Instance, course: Course, edition: Edition) -> tuple[list[tuple[str, bool]], int]:
    """Return who stands in the roster of a course and whether with a place in the edition, and how many places are taken."""
    with instance.database.unit_of_work(write=False) as session:
        found = roster.list_roster(session, course.id, offset=0, limit=10)
        return sorted((line.Person.email, bool(line.edition)) for line in found), editions.get_edition_row(session, edition.id).taken


@pytest.mark.parametrize("better", ["ana@example.org", "anita@example.org"])
def test_who_took_a_course_twice_takes_it_once_and_the_other_place_is_free(boss: Browser, instance: Instance, better: str) -> None:
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, capacity=2)
    for email in ("ana@example.org", "anita@example.org", "espera@example.org"):
        join(instance, actor_of(a_person(instance, email)), course, edition)
    mark_done(instance, actor_of(person_of(instance, better)), course.slug, "leccion-1")

    merge(boss, instance)

    assert everywhere(instance, course, edition) == ([("ana@example.org", True), ("espera@example.org", True)], 2)
    found = {row.person_id: row for row in rows(instance, select(Enrolment))}
    kept, closed = (found[person_of(instance, email).id] for email in ("ana@example.org", "anita@example.org"))
    assert (kept.left_at, closed.left_at is not None) == (None, True)
    assert (kept.done, closed.done) == (1, 0)
    assert len(rows(instance, select(AuditEntry.id).where(AuditEntry.verb == "enrolment.left"))) == 1


def test_who_goes_on_with_one_account_goes_on_after_they_became_one(boss: Browser, instance: Instance) -> None:
    """The completed history stands also where it had ended, and takes the place over that the other had in an edition."""
    course = a_course(instance, modules=1)
    ana = a_learner(instance, course)
    done(instance, ana, course)
    with instance.database.unit_of_work() as session:
        editions.leave(session, SYSTEM, session.scalars(select(Enrolment)).one(), now=clock.now())
    edition = an_edition(instance, course, capacity=1)
    for email in ("anita@example.org", "espera@example.org"):
        join(instance, actor_of(a_person(instance, email)), course, edition)

    merge(boss, instance)

    assert everywhere(instance, course, edition) == ([("ana@example.org", True)], 1)
    with instance.database.unit_of_work(write=False) as session:
        stands = session.scalars(select(Enrolment).join(Completion, Completion.enrolment_id == Enrolment.id)).one()
        assert (stands.person_id, stands.left_at) == (ana.person_id, None)
        assert editions.get_edition_row(session, edition.id).waiting == 1


@pytest.mark.parametrize(("days", "inherits"), [(-1, False), (1, True)])
def test_nobody_is_shut_out_by_the_dates_of_an_edition_that_the_other_account_was_in(
    boss: Browser, instance: Instance, days: int, inherits: bool
) -> None:
    course = a_course(instance, modules=1)
    done(instance, a_learner(instance, course), course)
    edition = an_edition(instance, course, ends_at=clock.now() + timedelta(days=1))
    join(instance, actor_of(a_person(instance, "anita@example.org")), course, edition)
    with instance.database.unit_of_work() as session:
        session.get_one(Edition, edition.id).ends_at = clock.now() + timedelta(days=days)

    merge(boss, instance)

    assert everywhere(instance, course, edition) == ([("ana@example.org", inherits)], int(inherits))


def test_accounts_that_were_closed_before_their_courses_ended_leave_them(boss: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, capacity=4)
    people = [a_person(instance, f"{name}@example.org") for name in ("ana", "anita", "olvidada", "suspendida", "espera")]
    for person in people:
        join(instance, actor_of(person), course, edition)
    with instance.database.unit_of_work() as session:
        kept, closed, gone, suspended = (session.get_one(Person, person.id) for person in people[:4])
        accounts.close_after_merge(session, SYSTEM, closed, kept, "", [], now=clock.now())
        gone.email, gone.suspended_at, suspended.suspended_at = "x@deleted.invalid", clock.now(), clock.now()
        outbox.enqueue(session, "enrolments.end_closed", {}, now=clock.now())

    boss.deliver_jobs()

    left = [(f"{name}@example.org", True) for name in ("ana", "espera", "suspendida")]
    assert everywhere(instance, course, edition) == (left, 3)


def test_roles_teams_units_and_number_go_to_the_account_that_stays(boss: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    kept, closed = a_person(instance), a_teacher(instance, course, "anita@example.org", StaffRole.OWNER)
    unit = a_place(instance)
    put(instance, closed, unit)
    manage(instance, closed, unit)
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, closed, SiteRole.INSTRUCTOR, now=clock.now())
        session.add(NationalIdentity(person_id=closed.id, number="1710034065"))
        team.add_staff(session, SYSTEM, session.get_one(Course, course.id), kept.id, StaffRole.GRADER, now=clock.now())

    merge(boss, instance)

    with instance.database.unit_of_work(write=False) as session:
        assert [(row.person_id, row.role) for row in session.scalars(select(CourseStaff))] == [(kept.id, "owner")]
        assert session.scalars(select(RoleGrant.person_id).where(RoleGrant.role == "instructor")).all() == [kept.id]
        assert session.scalars(select(NationalIdentity.person_id)).all() == [kept.id]
        place = tree.find_place(session, kept.id)
        assert place is not None
        assert place.organisation_id == unit.id
        assert tree.find_place(session, closed.id) is None
        assert [found.id for found in tree.list_managed(session, kept.id)] == [unit.id]
        assert not tree.list_managed(session, closed.id)
        assert lists.known_addresses(session, ["anita@example.org"]) == {"anita@example.org": kept.id}


def test_the_page_says_the_name_that_stays_and_so_it_is(boss: Browser, instance: Instance) -> None:
    """A correction holds whichever account is kept."""
    kept, closed = a_person(instance), a_person(instance, "anita@example.org", given="Anita")
    with instance.database.unit_of_work() as session:
        parts = ("Ana Lucía", "Quinde", "Chalá")
        names.correct_name(session, SYSTEM, session.get_one(Person, closed.id), parts, "Vista su cédula", None, now=clock.now())
    message = "The account to keep gets the name that was corrected, or its richer spelling: %(name)s."

    assert in_spanish(message, name="Ana Lucía Quinde Chalá") in boss.get(address(instance)).text
    merge(boss, instance)

    assert person_of(instance, kept.email).full_name == "Ana Lucía Quinde Chalá"


def test_two_numbers_are_two_people(boss: Browser, instance: Instance) -> None:
    people = [a_person(instance, email) for email in ("ana@example.org", "anita@example.org")]
    with instance.database.unit_of_work() as session:
        for person, number in zip(people, ("1710034065", "0926687856"), strict=True):
            session.add(NationalIdentity(person_id=person.id, number=number))

    page = boss.get(address(instance))
    assert in_spanish("Their identity numbers differ. Correct the wrong one first, unless they are two different people.") in page.text
    boss.post(address(instance), {"reason": "Prueba"}, status=409)
    assert not rows(instance, select(AccountMerge))


def test_an_account_is_merged_once_and_its_followers_with_it(boss: Browser, instance: Instance) -> None:
    for email in ("ana@example.org", "anita@example.org", "tercera@example.org"):
        a_person(instance, email)
    boss.get(address(instance))
    boss.submit(address(instance), {"reason": "Una"})
    boss.post(address(instance), {"reason": "Otra vez"}, status=409)
    boss.post(address(instance, "anita@example.org", "tercera@example.org"), {"reason": "No"}, status=409)
    boss.get(address(instance, "tercera@example.org", "ana@example.org"))
    boss.submit(address(instance, "tercera@example.org", "ana@example.org"), {"reason": "Dos"})

    third = person_of(instance, "tercera@example.org").id
    assert [row.kept_id for row in rows(instance, select(AccountMerge))] == [third, third]
    boss.get(f"{PEOPLE}/{person_of(instance, 'ana@example.org').uuid}/merging?email=nadie@example.org")
    assert in_spanish("There is no account with this email address.") in boss.page.text
    same = person_of(instance, "ana@example.org").uuid
    boss.get(f"{PEOPLE}/{same}/merging/{same}", status=404)


def test_administrators_merge_others_and_nobody_their_own(browser: Browser, instance: Instance) -> None:
    """Access: user.merge, of two others; not one's own account."""
    cast = a_cast(browser, instance)
    for email in ("ana@example.org", "anita@example.org"):
        a_person(instance, email)
    own = address(instance, "sara@example.org", "ana@example.org")

    wrong = cast.check("user.merge", "own", cast.outcomes(own))
    wrong += cast.check("user.merge", "own", cast.outcomes(own, "POST", {"reason": "Prueba"}))
    wrong += cast.check("user.merge", "of_others", cast.outcomes(address(instance)))
    wrong += cast.check("user.merge", "of_others", cast.outcomes(address(instance), "POST", {"reason": "Prueba"}))

    assert wrong == []


MOVES = frozenset(
    [
        "board_read",
        "community_file",
        "community_member",
        "community_page_version",
        "community_request",
        "directory_entry",
        "post_draft",
        "subscription",
        "thread",
        "thread_post",
        "accommodation",
        "attempt",
        "audience_list_entry",
        "course_staff",
        "done_fact",
        "recognition",
        "started_fact",
        "waiver",
        "employment",
        "credential",
        "enrolment",
        "mistake_report",
        "membership",
        "national_identity",
        "person_name",
        "personal_note",
        "personal_reminder",
        "quiz_override",
        "role_grant",
        "acta_line",
        "jury_decision",
        "selection_incident",
        "objection",
        "objection_author",
        "selection_member",
        "task_save",
        "task_submission",
        "training_grant",
        "transcript",
        "institution_administrator",
        "unit_manager",
        "waiting_place",
    ]
)
"""What becomes the other's, all of it or what is better."""
STAYS = frozenset(
    [
        "external_identity",
        "post_report",
        "account_merge",
        "account_fact",
        "assignment",
        "audience_stay",
        "calendar_address",
        "calendar_feed",
        "consent",
        "credential_signatory",
        "deletion_request",
        "device",
        "message_recipient",
        "notice",
        "notice_switch",
        "passkey_challenge",
        "pending_folder",
        "pending_import",
        "pending_list",
        "pending_load",
        "pending_marks",
        "pending_recognition",
        "recovery_code",
        "second_factor",
        "token",
    ]
)
"""What belongs to an account as such and stays with the closed one."""


def test_every_table_that_names_an_owner_is_known_to_merging() -> None:
    """A new table with a person in it has to say what becomes of it: here, and in `lms.erasure` where it moves."""
    named = {
        table.name
        for table in Base.metadata.tables.values()
        if any(column.name in ("person_id", "closed_id") and column.foreign_keys for column in table.columns)
    }

    assert named == MOVES | STAYS
