"""Result overrides and learner notes of the course team: who may, what is kept, what follows, what the learner sees (spec/security 5.3)."""

import json
from fractions import Fraction
from uuid import UUID, uuid4

from sqlalchemy import select

from accounts.models import Notification
from courses.models import Course, StaffRole
from enrolments import enrolment, results
from enrolments import enrolment as learning_services
from enrolments.editions import get_place
from enrolments.enrolment import ActivityOutcome
from enrolments.learners import get_learner_context, results_of
from enrolments.models import ActivityResult, Completion, LearnerNote, ResultOverride
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.learning import a_learner, actor_of, enrolment_of, fail_quiz, mark_done, pass_quiz
from tests.support.results import override
from tests.support.wording import in_spanish


def override_page_of(learner: Actor, key: str = "cuestionario-1") -> str:
    return f"/teaching/prueba/learners/{learner.person_uuid}/results/{key}"


def result_of(instance: Instance, learner: Actor, course: Course, key: str = "cuestionario-1") -> ActivityResult:
    enrolment = enrolment_of(instance, learner, course)
    with instance.database.unit_of_work(write=False) as session:
        mine = (ActivityResult.enrolment_id == enrolment.id, ActivityResult.activity_key == key)
        return session.execute(select(ActivityResult).where(*mine)).scalar_one()


def is_completed(instance: Instance, learner: Actor, course: Course) -> bool:
    enrolment = enrolment_of(instance, learner, course)
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(Completion.id).where(Completion.enrolment_id == enrolment.id)) is not None


def a_class(instance: Instance) -> tuple[Course, Actor, Actor]:
    """Publish a course of one module whose quiz Ana has failed; its lesson is done. Return course, teacher, Ana."""
    course = a_course(instance, modules=1)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")
    fail_quiz(instance, ana, "prueba")
    return course, teacher, ana


def test_who_edits_the_course_sets_results_and_a_grader_does_not(browser: Browser, instance: Instance) -> None:
    """spec/security 9, grade.override of a graded result."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    learner = a_learner(instance, course)
    fail_quiz(instance, learner, "prueba")
    fields = {"score": "80", "reason": "Entregó en papel", "number": str(uuid4())}

    assert cast.check("grade.override", "graded", cast.outcomes(override_page_of(learner))) == []
    assert cast.check("grade.override", "graded", cast.outcomes(override_page_of(learner), "POST", fields)) == []
    cast.browsers["I"].get(override_page_of(learner, "leccion-1"), 404)


def test_nobody_grades_their_own_attempt_whatever_their_role(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = a_teacher(instance, course)
    own = actor_of(teacher)
    with instance.database.unit_of_work() as session:
        context = get_learner_context(session, own, "prueba")
        learning_services.enrol(session, own, context, now=clock.now())
    fail_quiz(instance, own, "prueba")
    visitor = sign_in(browser, "profe@example.org")
    page = visitor.get(f"/teaching/prueba/learners/{own.person_uuid}")

    assert not page.has_link(override_page_of(own))
    visitor.get(override_page_of(own), 403)
    visitor.checks = False
    visitor.get("/help")
    token = dict(visitor.page.form("/language").fields)["csrf_token"]
    response = visitor._request(
        "POST", override_page_of(own), data={"csrf_token": token, "score": "100", "reason": "Yo", "number": str(uuid4())}
    )
    assert response.status_code == 403
    assert result_of(instance, own, course).score == 0


def test_the_word_counts_the_earned_result_is_kept_and_the_course_follows(browser: Browser, instance: Instance) -> None:
    """Completion, course grade and certificate follow by the rules that hold for what is earned; the first value stays."""
    course, _teacher, ana = a_class(instance)
    page = sign_in(browser, "profe@example.org").get(override_page_of(ana))
    assert "0\xa0%" in page.text
    browser.submit(override_page_of(ana), {"score": "82,5", "reason": "Entregó en papel"})

    row = result_of(instance, ana, course)
    assert (row.score, row.passed, row.own_score, row.own_passed) == (Fraction("82.5"), True, 0, False)
    assert is_completed(instance, ana, course)
    assert enrolment_of(instance, ana, course).grade == Fraction("82.5")
    assert "0\xa0% antes, 82,5\xa0% ahora" in browser.page.text
    browser.mails()  # the worker's turn
    assert any(address.startswith("/verify/") for address, _words in browser.get(f"/teaching/prueba/learners/{ana.person_uuid}").links)
    with instance.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "result.overridden")).scalar_one()
        assert {key: json.loads(entry.facts)[key] for key in ("activity", "reason")} == {
            "activity": "cuestionario-1",
            "reason": "Entregó en papel",
        }


def test_a_result_needs_a_number_and_a_reason_and_what_was_typed_stays(browser: Browser, instance: Instance) -> None:
    _course, _teacher, ana = a_class(instance)
    page = sign_in(browser, "profe@example.org").get(override_page_of(ana))
    page = browser.submit(override_page_of(ana), {"score": "120", "reason": ""}, status=422)
    fields = dict(page.form(override_page_of(ana)).fields)

    assert [page.text.count(words) > 0 for words in ("Escriba un número de 0 a 100", "Diga por qué")] == [True, True]
    assert (fields["score"], fields["reason"]) == ("120", "")
    page = browser.submit(override_page_of(ana), {"score": "", "reason": "Porque sí"}, status=422)
    assert in_spanish("Enter the result that should count.") in page.text
    assert dict(page.form(override_page_of(ana)).fields)["reason"] == "Porque sí"


def test_the_learner_is_told_once_and_sees_mark_and_reason(browser: Browser, instance: Instance) -> None:
    _course, teacher, ana = a_class(instance)
    number = uuid4()
    for _again in range(2):
        override(instance, teacher, ana, "cuestionario-1", 90, reason="Se cayó la red", number=number)
    with instance.database.unit_of_work(write=False) as session:
        notices = session.scalars(select(Notification).where(Notification.person_id == ana.person_id, Notification.kind == "graded")).all()
        words = session.scalars(select(ResultOverride)).all()
    page = sign_in(browser, "ana@example.org").get("/courses/prueba/results")

    assert [(notice.path, "90" in notice.words["es"]) for notice in notices] == [("/courses/prueba/results", False)]
    assert len(words) == 1
    assert "90\xa0%" in page.text
    assert "El equipo fijó aquí su resultado: 90\xa0%" in browser.get("/courses/prueba/quizzes/cuestionario-1").text
    page = browser.get("/courses/prueba/results")
    assert in_spanish("Set by the course team: %(reason)s", reason="Se cayó la red") in page.text
    assert in_spanish("Passed") in browser.get("/courses/prueba").text


def test_what_is_earned_meanwhile_is_kept_and_counts_when_the_word_is_taken_back(instance: Instance) -> None:
    course, teacher, ana = a_class(instance)
    override(instance, teacher, ana, "cuestionario-1", 75)
    pass_quiz(instance, ana, "prueba")
    row = result_of(instance, ana, course)
    assert (row.score, row.own_score, row.own_completed) == (75, 100, True)

    override(instance, teacher, ana, "cuestionario-1", None, reason="Fue un error")
    row = result_of(instance, ana, course)
    assert (row.score, row.passed, row.overridden_at, row.own_score) == (100, True, None, None)
    assert row.completed_at is not None
    assert is_completed(instance, ana, course)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(ResultOverride).order_by(ResultOverride.id)).all()
        assert [(one.before, one.score, one.reason) for one in rows] == [(0, 75, "Entregó en papel"), (75, None, "Fue un error")]


def test_taking_the_word_back_takes_back_what_it_alone_had_completed(instance: Instance) -> None:
    """The completion of the course goes too, with its entry; nothing is taken back silently."""
    course, teacher, ana = a_class(instance)
    override(instance, teacher, ana, "cuestionario-1", 75)
    override(instance, teacher, ana, "cuestionario-1", 95)
    assert is_completed(instance, ana, course)

    override(instance, teacher, ana, "cuestionario-1", None, reason="Fue otra persona")

    row = result_of(instance, ana, course)
    assert (row.score, row.passed, row.completed_at) == (0, False, None)
    assert not is_completed(instance, ana, course)
    with instance.database.unit_of_work(write=False) as session:
        verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert sorted(verbs[-3:]) == ["activity.taken_back", "enrolment.taken_back", "result.override_undone"]


def test_a_lower_word_lowers_the_grade_and_takes_no_completion_back(instance: Instance) -> None:
    """What is completed stays completed, as when marks are lowered in another way."""
    course = a_course(instance, modules=1)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")
    pass_quiz(instance, ana, "prueba")
    progress = override(instance, teacher, ana, "cuestionario-1", 30, reason="Copió")

    assert progress.grade == 30
    assert result_of(instance, ana, course).completed_at is not None
    assert is_completed(instance, ana, course)


def test_a_word_that_does_not_pass_holds_back_what_is_earned_later(instance: Instance) -> None:
    course, teacher, ana = a_class(instance)
    override(instance, teacher, ana, "cuestionario-1", 10, reason="Copió")
    pass_quiz(instance, ana, "prueba")

    assert result_of(instance, ana, course).completed_at is None
    with instance.database.unit_of_work(write=False) as session:
        (found,) = (
            result for key, result in results_of(session, enrolment_of(instance, ana, course).id).items() if key == "cuestionario-1"
        )
    assert (found.score, found.overridden) == (10, True)
    override(instance, teacher, ana, "cuestionario-1", None)
    assert result_of(instance, ana, course).own_score is None
    assert is_completed(instance, ana, course)


def test_a_result_that_nobody_had_can_be_set_and_taken_back(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    override(instance, teacher, ana, "cuestionario-1", 60)
    assert result_of(instance, ana, course).score == 60
    sign_in(browser, "profe@example.org").get(override_page_of(ana))
    browser.submit(override_page_of(ana), {"reason": "No era ella"}, button=("undo", "1"))

    row = result_of(instance, ana, course)
    assert (row.score, row.completed_at) == (None, None)
    assert enrolment_of(instance, ana, course).grade is None
    browser.get(override_page_of(ana))
    browser.submit(override_page_of(ana), {"reason": "Otra vez"}, button=("undo", "1"), status=409)


def test_overrides_stand_in_the_gradebook_and_the_learners_page(browser: Browser, instance: Instance) -> None:
    course, teacher, ana = a_class(instance)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    override(instance, teacher, ana, "cuestionario-1", 64, reason="Examen oral")
    page = sign_in(browser, "profe@example.org").get("/teaching/prueba/gradebook")
    assert in_spanish("set by the course team") in page.text

    page = browser.get(f"/teaching/prueba/learners/{ana.person_uuid}")
    assert [words in page.text for words in ("Examen oral", "64\xa0%")] == [True, True]
    grader = sign_in(browser.another(), "califica@example.org").get(f"/teaching/prueba/learners/{ana.person_uuid}")
    assert "Examen oral" in grader.text
    assert not grader.has_link(override_page_of(ana))


def test_the_own_results_are_for_those_who_take_the_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9, progress.view of one's own."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("progress.view", "own", cast.outcomes("/courses/prueba/results")) == []


def test_the_teams_word_survives_marking_again(instance: Instance) -> None:
    """What a job records as earned does not take the place of what the team set."""
    course, teacher, ana = a_class(instance)
    override(instance, teacher, ana, "cuestionario-1", 80)
    enrolment = enrolment_of(instance, ana, course)
    with instance.database.unit_of_work() as session:
        earned = ActivityOutcome(completed=False, score=Fraction(55), passed=False)
        learning_services.record_result(session, SYSTEM, enrolment.id, "cuestionario-1", earned, now=clock.now())

    row = result_of(instance, ana, course)
    assert (row.score, row.own_score, row.own_passed) == (80, 55, False)


def test_what_an_administrator_took_back_does_not_come_back_with_what_was_earned(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")
    pass_quiz(instance, ana, "prueba")
    override(instance, teacher, ana, "cuestionario-1", 95)
    enrolment = enrolment_of(instance, ana, course)
    with instance.database.unit_of_work() as session:
        learning_services.revoke_completion(session, SYSTEM, enrolment.id, "cuestionario-1", "Copió", now=clock.now())
    override(instance, teacher, ana, "cuestionario-1", None)

    row = result_of(instance, ana, course)
    assert (row.score, row.completed_at) == (100, None)


WORDS = "Pidió más tiempo por salud."


def page_of(learner: Actor) -> str:
    return f"/teaching/prueba/learners/{learner.person_uuid}"


def a_class_with_notes(instance: Instance) -> tuple[Course, Actor]:
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
    _course, ana = a_class_with_notes(instance)
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
    _course, ana = a_class_with_notes(instance)
    sign_in(browser, "profe@example.org").get(page_of(ana))
    page = browser.submit("/notes", {"words": "n" * 2001}, status=422)

    assert "2000" in page.text
    assert dict(page.form("/notes").fields)["words"] == "n" * 2001
    assert in_spanish("Write the note.") in browser.submit("/notes", {"words": " "}, status=422).text


def test_its_author_or_who_edits_the_course_deletes_a_note(browser: Browser, instance: Instance) -> None:
    _course, ana = a_class_with_notes(instance)
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
    _course, ana = a_class_with_notes(instance)
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
