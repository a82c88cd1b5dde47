"""Notes of a course's team on a learner: who reads, writes and deletes them, that they go into no download and no log."""

from uuid import UUID, uuid4

from sqlalchemy import select

from courses.models import Course, StaffRole
from enrolments import enrolment, results
from enrolments.editions import get_place
from enrolments.learners import get_learner_context
from enrolments.models import LearnerNote
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, actor_of
from tests.support.wording import in_spanish

WORDS = "Pidió más tiempo por salud."


def page_of(learner: Actor) -> str:
    return f"/teaching/prueba/learners/{learner.person_uuid}"


def a_class(instance: Instance) -> tuple[Course, Actor]:
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    return course, a_learner(instance, course)


def test_the_team_writes_notes_and_nobody_else(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    learner = a_learner(instance, course)
    fields = {"words": WORDS, "number": str(uuid4())}

    assert cast.check("note.write", "of_another_learner", cast.outcomes(f"{page_of(learner)}/notes", "POST", fields)) == []


def test_a_note_of_another_is_deleted_by_who_edits_the_course(browser: Browser, instance: Instance) -> None:
    """A grader deletes their own alone; to who may not read notes there is none."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    author = actor_of(a_teacher(instance, course, "autora@example.org"))
    learner = a_learner(instance, course)
    wrong = []
    for letter, one in cast.browsers.items():
        note = a_note(instance, author, learner)
        deleted = outcome(one, f"{page_of(learner)}/notes/{note}/deletion", "POST")
        wrong += cast.check("note.delete", "of_another", {letter: deleted})
        assert deleted == {"G": "deny"}.get(letter, deleted)

    assert wrong == []


def a_note(instance: Instance, author: Actor, learner: Actor) -> UUID:
    with instance.database.unit_of_work() as session:
        place = get_place(session, author, "prueba", learner.person_uuid or uuid4())
        number = uuid4()
        results.write_note(session, author, place, WORDS, number, now=clock.now())
        return number


def test_a_note_says_who_and_when_and_stays_within_the_team(browser: Browser, instance: Instance) -> None:
    _course, ana = a_class(instance)
    page = sign_in(browser, "profe@example.org").get(page_of(ana))
    form = page.form("/notes")
    for _again in range(2):
        page = browser.submit("/notes", {"words": WORDS}, form=form)

    assert page.text.count(WORDS) == 1
    assert sign_in(browser.another(), "califica@example.org").get(page_of(ana)).text.count(WORDS) == 1
    for path in ("gradebook", "gradebook.csv"):
        browser.get(f"/teaching/prueba/{path}")
        assert WORDS not in browser.response.get_data(as_text=True)
    learner = sign_in(browser.another(), "ana@example.org")
    assert [WORDS in learner.get(path).text for path in ("/courses/prueba", "/courses/prueba/results")] == [False, False]
    with instance.database.unit_of_work(write=False) as session:
        assert not any(WORDS in facts for facts in session.scalars(select(AuditEntry.facts)))


def test_an_empty_or_too_long_note_comes_back_with_its_fault(browser: Browser, instance: Instance) -> None:
    _course, ana = a_class(instance)
    sign_in(browser, "profe@example.org").get(page_of(ana))
    page = browser.submit("/notes", {"words": "n" * 2001}, status=422)

    assert "2000" in page.text
    assert dict(page.form("/notes").fields)["words"] == "n" * 2001
    assert in_spanish("Write the note.") in browser.submit("/notes", {"words": " "}, status=422).text


def test_its_author_or_who_edits_the_course_deletes_a_note(browser: Browser, instance: Instance) -> None:
    _course, ana = a_class(instance)
    sign_in(browser, "profe@example.org").get(page_of(ana))
    browser.submit("/notes", {"words": WORDS})
    with instance.database.unit_of_work(write=False) as session:
        note = session.scalars(select(LearnerNote)).one()
    grader = sign_in(browser.another(), "califica@example.org")
    grader.get(page_of(ana))
    grader.post(f"{page_of(ana)}/notes/{note.uuid}/deletion", status=403)
    grader.get(page_of(ana))
    grader.submit("/notes", {"words": "Otra"})
    assert "Otra" not in grader.submit("/deletion").text

    browser.get(page_of(ana))
    assert WORDS not in browser.submit("/deletion").text
    browser.post(f"{page_of(ana)}/notes/{note.uuid}/deletion", status=404)


def test_nobody_reads_the_notes_on_themself(browser: Browser, instance: Instance) -> None:
    _course, ana = a_class(instance)
    grader = a_teacher(instance, _course, "dos@example.org", StaffRole.GRADER)
    own = actor_of(grader)
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, own, get_learner_context(session, own, "prueba"), now=clock.now())
    sign_in(browser, "profe@example.org").get(page_of(own))
    browser.submit("/notes", {"words": WORDS})

    other = sign_in(browser.another(), "dos@example.org")
    assert WORDS not in other.get(page_of(own)).text
    other.post(f"{page_of(own)}/notes", {"words": "x"}, status=403)
    assert ana
