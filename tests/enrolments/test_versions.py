"""Learners and new versions through the pages: who finishes with theirs, who is asked, what is kept of the answer."""

from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import select

from accounts.models import Person
from certificates.models import Credential
from courses.models import Course, CourseVersion
from courses.rules import Outline, OutlineActivity, OutlineModule, renames_to
from enrolments.models import VersionOfferReply
from kernel import outbox
from kernel.audit import AuditEntry
from kernel.clock import now
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, folder, publish
from tests.support.drafts import LESSON
from tests.support.learning import actor_of, mark_done, pass_quiz
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def second(instance: Instance, *, asks: bool, text: str = "manos") -> CourseVersion:
    """Publish a second version as an improvement."""
    files = folder(modules=1)
    _course, version = publish(instance, {**files, LESSON: files[LESSON].replace(b"dedos", text.encode())}, asks=asks)
    return version


def test_who_is_in_the_middle_finishes_it_and_the_certificate_names_it(browser: Browser, instance: Instance) -> None:
    """Version 1 is begun, version 2 published, version 1 finished; the sheet says version 1."""
    learner = a_learner_in(browser, a_course(instance, modules=1))
    learner.get("/courses/prueba/activities/leccion-1")
    second(instance, asks=False)

    shown = learner.get("/courses/prueba/activities/leccion-1").text
    learner.submit("/done")
    with instance.database.unit_of_work(write=False) as session:
        actor = actor_of(session.execute(select(Person)).scalar_one())
    pass_quiz(instance, actor, "prueba")
    outbox.deliver_waiting(instance.worker, now=now())
    with instance.database.unit_of_work(write=False) as session:
        credential = session.execute(select(Credential)).scalar_one()

    assert "dedos" in shown
    assert "manos" not in shown
    assert credential.course_version == 1
    assert learner.get(f"/verify/{credential.code}").text


def test_who_is_asked_may_stay_and_move_later_and_every_answer_is_in_the_log(browser: Browser, instance: Instance) -> None:
    learner = a_learner_in(browser, a_course(instance, modules=1))
    second(instance, asks=True)

    asked = learner.get("/courses/prueba").text
    stayed = learner.submit("/version", {"answer": "stay"}).text
    lesson_before = learner.get("/courses/prueba/activities/leccion-1").text
    learner.get("/courses/prueba")
    moved = learner.submit("/version", {"answer": "move"}).text
    lesson_after = learner.get("/courses/prueba/activities/leccion-1").text

    assert in_spanish("There is a new version of this course") in asked
    assert in_spanish("You are keeping your version; there is a newer one") in stayed
    assert "dedos" in lesson_before
    assert in_spanish("You are now on the new version. What you have completed stays completed.") in moved
    assert "Hay una versión nueva" not in moved
    assert "manos" in lesson_after
    with instance.database.unit_of_work(write=False) as session:
        assert [row.moves for row in session.scalars(select(VersionOfferReply))] == [True]
        said = list(
            session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "enrolment.version_answered").order_by(AuditEntry.id))
        )
    assert ["true" in facts for facts in said] == [False, True]


def test_newcomers_and_those_who_finished_are_not_asked(browser: Browser, instance: Instance) -> None:
    learner = a_learner_in(browser, a_course(instance, modules=1))
    with instance.database.unit_of_work(write=False) as session:
        actor = actor_of(session.execute(select(Person)).scalar_one())
    mark_done(instance, actor, "prueba", "leccion-1")
    pass_quiz(instance, actor, "prueba")
    second(instance, asks=True)
    newcomer = a_learner_in(browser.another(), session_course(instance), "nueva@example.org")

    assert "Hay una versión nueva" not in learner.get("/courses/prueba").text
    assert "Hay una versión nueva" not in newcomer.get("/courses/prueba").text


def session_course(instance: Instance) -> Course:
    """Return the course."""
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Course)).scalar_one()


def test_an_answer_about_another_version_than_the_present_one_is_refused(browser: Browser, instance: Instance) -> None:
    learner = a_learner_in(browser, a_course(instance, modules=1))
    second(instance, asks=True)
    learner.get("/courses/prueba")
    second(instance, asks=True, text="ojos")

    learner.submit("/version", {"answer": "move"}, status=409)

    with instance.database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(VersionOfferReply))) == []


def test_every_cell_of_choosing_a_version(browser: Browser, instance: Instance) -> None:
    """Only learners of the course are asked."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    version = second(instance, asks=True)

    sent = {"version": str(version.id), "answer": "stay"}
    wrong = cast.check(
        "version.choose", "own", {letter: outcome(one, "/courses/prueba/version", "POST", sent) for letter, one in cast.browsers.items()}
    )

    assert wrong == []


def an_outline(number: int, **activities: tuple[str, ...]) -> Outline:
    """Return a version with these activities, each with its former keys."""
    rows = tuple(
        OutlineActivity(0, key, "page", {}, {}, True, False, (), None, None, 1, "marked", None, None, None, "", Fraction(0), "m", was)
        for key, was in activities.items()
    )
    module = OutlineModule("m", {}, {}, 1, None, (), None, None, (), rows)
    return Outline(
        number, 1, "c", number, {}, {}, (), ("es",), Fraction(1), "", 1, (), "", "UTC", NOON, (), None, "none", (), False, False, (module,)
    )


def test_renaming_twice_and_going_back_find_the_same_activity() -> None:
    first, middle, last = an_outline(1, a=()), an_outline(2, b=("a",)), an_outline(3, c=("b",))
    all_three = [first, middle, last]

    assert renames_to(last, all_three) == {"a": "c", "b": "c"}
    assert renames_to(first, all_three) == {"b": "a", "c": "a"}
    assert renames_to(first, [first]) == {}


def test_a_key_that_is_in_use_again_is_nobodys_former_one() -> None:
    before, after = an_outline(1, a=()), an_outline(2, a=(), b=("a",))

    assert renames_to(after, [before, after]) == {}
