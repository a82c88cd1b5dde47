"""Marks that a person gives (spec/quiz-engine 5.11.1), and texts that only their writer judges.

spec/selection 8.6.
"""

import json
import re
from dataclasses import replace
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import func, select

from courses.models import Course, StaffRole
from enrolments.enrolment import follow_version
from enrolments.models import ActivityResult, Completion
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import Actor
from lms.instance import Instance
from questions.rules.marking import MarkState
from quizzes import marks as quizzes_marks
from quizzes import teaching
from quizzes.marking import AlreadyMarked, ManualMarkValues, OutOfBounds
from quizzes.marks import MarkingFilter, MarkingQueue
from quizzes.models import SelfAssessment
from tests.support import folders
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_teacher, sign_in
from tests.support.learning import a_batch, a_learner, actor_of, all_at_once, attempt_row, enrolment_of, mark_done, start, submit
from tests.support.marking import BANK, SELF_REVIEWED, a_marked_quiz, hand_in, last_mark, mark, marked_item
from tests.support.quizzes import counted
from tests.support.wording import in_spanish

QUIZ = "/courses/prueba/quizzes/cuestionario-1"


def a_grader(instance: Instance, course: object, email: str = "gil@example.org") -> Actor:
    return actor_of(a_teacher(instance, course, email, StaffRole.GRADER))  # type: ignore[arg-type]  # a course


def given(instance: Instance, grader: Actor, attempt: object, points: str, **fields: object) -> ManualMarkValues:
    return ManualMarkValues(Fraction(points), last_mark(instance, grader, attempt).id, **fields)  # type: ignore[arg-type]  # fields by name


def result(instance: Instance) -> ActivityResult:
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(ActivityResult).where(ActivityResult.activity_key == "cuestionario-1")).scalar_one()


PASSED = "Aprobó este cuestionario."


@pytest.mark.parametrize(("grading", "marked"), [("last", "first"), ("first", "second")])
def test_while_the_attempt_that_counts_waits_for_its_mark_the_quiz_page_says_nothing_of_passing(
    browser: Browser, instance: Instance, grading: str, marked: str
) -> None:
    """spec/quiz-engine 5.8: the first or the last attempt counts, also while it waits."""
    course = a_marked_quiz(instance, f"attempts: 0\npass_mark: 75\ngrading: {grading}\n")
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    attempts = {"first": hand_in(instance, learner), "second": hand_in(instance, learner)}
    mark(instance, grader, attempts[marked], given(instance, grader, attempts[marked], "3"))
    page = sign_in(browser).get(QUIZ)
    assert PASSED not in page.text
    other = next(attempt for name, attempt in attempts.items() if name != marked)
    mark(instance, grader, other, given(instance, grader, other, "2.4"))

    page = browser.get(QUIZ)

    assert PASSED in page.text
    assert in_spanish("Your result is %(percent)s.", percent="85 %") in page.text


def test_the_quiz_page_says_passed_of_the_result_that_counts_and_not_of_one_attempt(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.8: of 80 and 40 the average does not pass at 70, as the learner's progress has it."""
    course = a_marked_quiz(instance, "attempts: 0\npass_mark: 70\ngrading: average\n")
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    found = []
    for points in ("2.2", "0.6"):
        attempt = hand_in(instance, learner)
        mark(instance, grader, attempt, given(instance, grader, attempt, points))
        found.append((PASSED in sign_in(browser.another()).get(QUIZ).text, result(instance).passed))

    assert found == [(True, True), (False, False)]


def test_the_review_says_passed_of_the_attempts_so_far_where_their_average_counts(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.8, spec/selection 3.8: 40 and then 80 make 60, which does not pass at 70 and completes nothing."""
    course = a_marked_quiz(instance, "attempts: 0\npass_mark: 70\ngrading: average\n")
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    pages = []
    for points in ("0.6", "2.2", "3"):
        attempt = hand_in(instance, learner)
        mark(instance, grader, attempt, given(instance, grader, attempt, points))
        pages.append(sign_in(browser.another()).get(f"/attempts/{attempt}/review").text)
        assert (result(instance).completed_at is not None) is (points == "3")

    assert in_spanish("The average of the attempts so far counts: %(percent)s.", percent="60\u00a0%") in pages[1]
    assert [in_spanish("Not passed yet") in page for page in pages] == [True, True, False]


def test_the_total_waits_for_a_person_and_then_everything_follows_in_one_transaction(instance: Instance) -> None:
    """spec/quiz-engine 5.6 manual, spec/quiz-engine 5.11.1: never shown as 0; result, completion and certificate follow the mark."""
    course = a_marked_quiz(instance, "attempts: 0\npass_mark: 75\n")
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    mark_done(instance, learner, "prueba", "leccion-1")
    attempt = hand_in(instance, learner)
    waiting, before = attempt_row(instance, attempt), result(instance)

    mark(instance, grader, attempt, given(instance, grader, attempt, "2.5", comment="Bien."))

    after = attempt_row(instance, attempt)
    with instance.database.unit_of_work(write=False) as session:
        completions = session.scalar(select(func.count()).select_from(Completion))
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "attempt.marked")).scalar_one()
        jobs = session.execute(select(AuditEntry.verb).where(AuditEntry.verb == "enrolment.completed")).all()
    assert (waiting.raw, waiting.percent, waiting.passed, before.score) == (None, None, None, None)
    assert (after.raw, after.percent, after.passed) == (Fraction("3.5"), Fraction("87.5"), True)
    assert (result(instance).score, result(instance).passed, completions, len(jobs)) == (Fraction("87.5"), True, 1, 1)
    assert entry.actor_id == grader.person_id
    assert '"after": "2.5000000"' in entry.facts


def test_an_old_attempt_that_is_marked_late_counts_by_the_version_of_the_last_one(instance: Instance) -> None:
    """spec/quiz-engine 5.8, 5.13: what all attempts mean together is judged as when the last one was handed in,
    whichever of them is marked.
    """
    learner = a_learner(instance, a_marked_quiz(instance, "attempts: 0\npass_mark: 80\n"))
    old = hand_in(instance, learner)
    course = a_marked_quiz(instance, "attempts: 0\npass_mark: 50\n")
    with instance.database.unit_of_work() as session:
        version = session.get_one(Course, course.id).published_version_id
        assert version is not None
        follow_version(session, learner, enrolment_of(instance, learner, course).id, version, now=clock.now())
    grader = a_grader(instance, course)
    hand_in(instance, learner, text="", choice="2")

    mark(instance, grader, old, given(instance, grader, old, "2"))

    assert (result(instance).score, result(instance).passed, attempt_row(instance, old).passed) == (75, True, False)


def test_marks_are_appended_and_the_last_one_holds(instance: Instance) -> None:
    """spec/quiz-engine 5.1.4 and 5.11.1: comment, grader, time; the history stays."""
    course = a_marked_quiz(instance)
    learner, first, second = a_learner(instance, course), a_grader(instance, course), a_grader(instance, course, "eva@example.org")
    attempt = hand_in(instance, learner)

    mark(instance, first, attempt, given(instance, first, attempt, "1", comment="Falta.", levels={"claridad": 0, "fuentes": 1}))
    mark(instance, second, attempt, given(instance, second, attempt, "3", comment="Completo."))

    marks = marked_item(instance, first, attempt)[1]
    assert [(one.origin, one.state, one.fraction, one.comment) for one in marks] == [
        ("auto", MarkState.NEEDS_GRADING, None, ""),
        ("manual", MarkState.PARTIAL, Fraction(1, 3), "Falta."),
        ("manual", MarkState.RIGHT, Fraction(1), "Completo."),
    ]
    assert marks[1].levels == {"claridad": 0, "fuentes": 1}
    assert attempt_row(instance, attempt).percent == 100


@pytest.mark.parametrize(("points", "fits"), [("0", True), ("3", True), ("3.0000001", False), ("-0.1", False)])
def test_a_mark_lies_between_the_least_and_the_most_that_the_question_is_worth(instance: Instance, points: str, fits: bool) -> None:
    """spec/quiz-engine 5.11.1: [min fraction, 1] × max."""
    course = a_marked_quiz(instance)
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    attempt = hand_in(instance, learner)
    wanted = given(instance, grader, attempt, points)

    if fits:
        mark(instance, grader, attempt, wanted)
    else:
        with pytest.raises(OutOfBounds):
            mark(instance, grader, attempt, wanted)

    assert len(marked_item(instance, grader, attempt)[1]) == (2 if fits else 1)


def test_what_is_worth_nothing_waits_no_longer_once_somebody_has_read_it(instance: Instance) -> None:
    """spec/quiz-engine 5.11.1: of a question worth 0 in the quiz the only mark is all that it is worth."""
    course = a_marked_quiz(instance, "attempts: 0\nweight: 0\n", slots=("ensayo-1\n    mark: 0", "suma-1"))
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    attempt = hand_in(instance, learner)
    waiting = lines(instance, grader, MarkingQueue())

    mark(instance, grader, attempt, given(instance, grader, attempt, "0", comment="Leído."))

    assert (len(waiting), lines(instance, grader, MarkingQueue())) == (1, [])
    assert (last_mark(instance, grader, attempt).comment, attempt_row(instance, attempt).percent) == ("Leído.", 100)


def test_of_eight_graders_at_once_one_marks_and_the_others_are_told(instance: Instance) -> None:
    """spec/quiz-engine 5.11.1: nobody overwrites a mark without having seen it."""
    course = a_marked_quiz(instance)
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    attempt = hand_in(instance, learner)
    wanted = given(instance, grader, attempt, "1")

    outcomes = all_at_once(8, lambda place: mark(instance, grader, attempt, replace(wanted, points=Fraction(place, 8))))

    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyMarked) for outcome in outcomes) == 7
    assert len(marked_item(instance, grader, attempt)[1]) == 2


def test_the_learner_is_told_once_when_nothing_waits_any_more(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.1: notified once when all manual items are done, in the learner's language, without marks."""
    second = BANK.split("  - key: suma-1")[0].removeprefix("questions:\n").replace("ensayo-1", "ensayo-2")
    course = a_marked_quiz(instance, bank=BANK + second, slots=("ensayo-1", "suma-1", "ensayo-2"))
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    attempt = start(instance, learner, "prueba")
    submit(instance, learner, attempt, a_batch({1: ["Una."], 3: ["Otra."]}))
    told = []
    for place, points in ((1, "1"), (3, "2"), (1, "3")):
        seen = last_mark(instance, grader, attempt, place).id
        mark(instance, grader, attempt, ManualMarkValues(Fraction(points), seen), place)
        told.append([text for text in browser.mails() if "están calificadas" in text.split("\n")[0]])

    assert [len(found) for found in told] == [0, 1, 1]
    assert f"/attempts/{attempt}/review" in told[1][0]
    assert "Cuestionario 1" in told[1][0]


def lines(
    instance: Instance, grader: Actor, queue: MarkingQueue, *, offset: int = 0, limit: int = 50
) -> list[quizzes_marks.MarkingQueueRow]:
    with instance.database.unit_of_work(write=False) as session:
        context = teaching.get_taught_quiz(session, grader, "prueba", "cuestionario-1")
        return quizzes_marks.list_queue(session, context, queue, offset=offset, limit=limit)


def test_the_queue_holds_what_waits_by_question_or_by_learner_and_hides_names(instance: Instance) -> None:
    """spec/quiz-engine 5.11.1: by question or by learner, anonymous if wished;
    what nobody wrote and what the program marks is not in it.
    """
    course = a_marked_quiz(instance)
    grader = a_grader(instance, course)
    attempts = [hand_in(instance, a_learner(instance, course, f"{name}@example.org")) for name in ("zoe", "ana", "leo")]
    hand_in(instance, a_learner(instance, course, "nada@example.org"), text="")
    mark(instance, grader, attempts[1], given(instance, grader, attempts[1], "1"))

    by_question = lines(instance, grader, MarkingQueue("ensayo-1"))
    marked = lines(instance, grader, MarkingQueue("ensayo-1", MarkingFilter.MARKED))
    everything = lines(instance, grader, MarkingQueue(show=MarkingFilter.ALL))
    nameless = lines(instance, grader, MarkingQueue(show=MarkingFilter.ALL, anonymous=True))

    assert [line.attempt for line in by_question] == [attempts[0], attempts[2]]
    assert [(line.attempt, line.fraction) for line in marked] == [(attempts[1], Fraction(1, 3))]
    assert [line.name for line in everything] == ["Ana Quinde"] * 3
    assert [line.name for line in nameless] == [""] * 3
    assert [line.attempt for line in nameless] == sorted(attempts)
    assert lines(instance, grader, MarkingQueue("otra-1")) == []


def test_one_goes_through_the_queue_in_its_order_in_both_directions(instance: Instance) -> None:
    """Next and previous, in every order, also from an answer that does not wait any more."""
    course = a_marked_quiz(instance)
    grader = a_grader(instance, course)
    attempts = [hand_in(instance, a_learner(instance, course, f"{name}@example.org")) for name in ("uno", "dos", "tres")]
    for queue in (MarkingQueue("ensayo-1"), MarkingQueue(), MarkingQueue(anonymous=True)):
        order = [line.item_id for line in lines(instance, grader, queue)]
        with instance.database.unit_of_work(write=False) as session:
            context = teaching.get_taught_quiz(session, grader, "prueba", "cuestionario-1")
            found = [quizzes_marks.neighbours(session, context, queue, item) for item in order]
        assert [before and before.item_id for before, _after in found] == [None, *order[:2]]
        assert [after and after.item_id for _before, after in found] == [*order[1:], None]
    mark(instance, grader, attempts[1], given(instance, grader, attempts[1], "1"))
    middle = marked_item(instance, grader, attempts[1])[0].item.id

    with instance.database.unit_of_work(write=False) as session:
        context = teaching.get_taught_quiz(session, grader, "prueba", "cuestionario-1")
        near = quizzes_marks.neighbours(session, context, MarkingQueue("ensayo-1"), middle)

    assert [line and line.attempt for line in near] == [attempts[0], attempts[2]]


def test_a_learner_reads_the_rubric_before_writing(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.7, essay and file: criteria and levels in the points that the quiz gives, on the page that asks;
    never the model answer.
    """
    a_learner_in(browser, a_marked_quiz(instance))
    browser.get(QUIZ)

    page = browser.submit("/attempts")

    for words in ("Cómo se califica", "Claridad", "2 puntos", "No se entiende.", "Con fuentes.", "1 punto"):
        assert words in page.text, words
    assert "PALABRAS-MODELO" not in page.html


def test_a_text_without_a_mark_is_compared_by_its_writer_and_waits_for_nobody(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6 Manual: handed in, criteria, levels and model answer are shown; no grader finds it in a queue."""
    course = a_marked_quiz(
        instance,
        "attempts: 0\nweight: 0\npass_mark: none\nreview: practice\n",
        bank=BANK.replace("mark: 3", "mark: 0"),
        slots=("ensayo-1",),
    )
    a_learner_in(browser, course)
    browser.get(QUIZ)
    asked = browser.submit("/attempts")
    browser.submit("/answers", {"p1": "Una brecha es lo que falta."}, button=("go", "review"))

    page = browser.submit("/submission")

    assert "Cómo se califica" not in asked.text
    assert "Se entiende." in asked.text
    assert "PALABRAS-MODELO" not in asked.html
    for words in ("Una brecha es lo que falta.", "PALABRAS-MODELO", "Claridad", "2 puntos", "Con fuentes.", "Nadie califica este texto"):
        assert words in page.text, words
    assert "Sin calificar" not in page.text
    assert lines(instance, a_grader(instance, course), MarkingQueue(show=MarkingFilter.ALL)) == []


def test_a_grader_marks_through_the_pages_with_a_rubric_and_goes_on_to_the_next(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.7 essay, spec/quiz-engine 5.11.1: levels make the mark; the text stands as it was typed and is never markup."""
    course = a_marked_quiz(instance)
    learners = [a_learner(instance, course, f"{name}@example.org") for name in ("uno", "dos")]
    attempts = [hand_in(instance, learner) for learner in learners]
    grader = a_grader(instance, course)
    sign_in(browser, "gil@example.org")
    browser.get(f"{QUIZ}/manage")
    assert browser.page.has_link(f"{QUIZ}/marking")
    browser.get(f"{QUIZ}/marking?question=ensayo-1&names=hidden")
    assert "Ana Quinde" not in browser.page.text
    assert in_spanish("%(count)s answer to mark", 2) in browser.page.text

    page = browser.get(f"/attempts/{attempts[0]}/marking/1?question=ensayo-1&names=hidden")
    assert "Ana Quinde" not in page.text
    assert re.search(r"Una brecha es lo que falta\.<br>Nada más\.</p>\s*<p>Y &lt;b&gt;otro&lt;/b&gt; párrafo\.", page.html)
    assert in_spanish("Between %(least)s and %(most)s words were required.", least="20", most="80") in page.text
    assert "PALABRAS-MODELO" not in page.text
    browser.submit("/marking/1", {"level-1": "1", "level-2": "0", "comment": "Cite\nfuentes."}, button=("go", "next"))

    last = last_mark(instance, grader, attempts[0])
    assert (last.fraction, last.comment, last.levels) == (Fraction(2, 3), "Cite\nfuentes.", {"claridad": 1, "fuentes": 0})
    assert browser.path == f"/attempts/{attempts[1]}/marking/1?question=ensayo-1&names=hidden"
    assert in_spanish("The mark was saved.") in browser.page.text
    page = browser.get(f"/attempts/{attempts[0]}/marking/1")
    assert dict(page.form("/marking/1").fields)["points"] == ""
    assert "2 de 3" in page.text


def test_what_cannot_be_accepted_comes_back_as_typed_with_the_fault_beside_its_field(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.1: bounds; and nothing is kept."""
    course = a_marked_quiz(instance)
    attempt = hand_in(instance, a_learner(instance, course))
    grader = a_grader(instance, course)
    sign_in(browser, "gil@example.org")
    said = []
    for typed in ("cuatro", "3,5", "-1", ""):
        browser.get(f"/attempts/{attempt}/marking/1")
        browser.submit("/marking/1", {"points": typed, "comment": "Se conserva.", "level-1": "1"}, status=422)
        fields = dict(browser.page.form("/marking/1").fields)
        assert (fields["points"], fields["comment"].strip(), fields["level-1"]) == (typed, "Se conserva.", "1")
        said.append(browser.page.text)

    assert in_spanish("“%(typed)s” is not a number.", typed="cuatro") in said[0]
    assert in_spanish("The mark must be between %(least)s and %(most)s.", least="0", most="3") in said[1]
    assert in_spanish("The mark must be between %(least)s and %(most)s.", least="0", most="3") in said[2]
    assert in_spanish("Choose a level for each criterion, or enter the mark.") in said[3]
    assert len(marked_item(instance, grader, attempt)[1]) == 1


@pytest.mark.parametrize(("credit", "mode"), [("0", "decimal"), ("-1/2", "text")])
def test_a_mark_below_zero_can_be_typed_on_a_phone(browser: Browser, instance: Instance, credit: str, mode: str) -> None:
    """Keypads of decimals have no minus on some phones."""
    course = a_marked_quiz(instance, bank=BANK.replace("wrong: cinco", f"wrong: cinco\n        credit: {credit}"))
    attempt = hand_in(instance, a_learner(instance, course))
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")

    field = re.search(r'<input[^>]*name="points"[^>]*>', browser.get(f"/attempts/{attempt}/marking/2").html)

    assert field
    assert f'inputmode="{mode}"' in field[0]


def test_a_second_grader_sees_the_first_ones_mark_before_saving(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11.1, concurrency: 409 with the other's mark and what was typed; saving again, having seen it, is heard."""
    course = a_marked_quiz(instance)
    attempt = hand_in(instance, a_learner(instance, course))
    other = a_grader(instance, course)
    a_teacher(instance, course, "eva@example.org", StaffRole.GRADER)
    sign_in(browser, "eva@example.org")
    browser.get(f"/attempts/{attempt}/marking/1")
    mark(instance, other, attempt, given(instance, other, attempt, "1", comment="De Gil."))

    browser.submit("/marking/1", {"points": "2", "comment": "De Eva."}, status=409)
    refused = browser.page
    browser.submit("/marking/1", {}, button=("go", "list"))

    assert in_spanish("Someone else marked this answer in the meantime. Compare before saving your mark.") in refused.text
    assert "De Gil." in refused.text
    assert dict(refused.form("/marking/1").fields)["comment"].strip() == "De Eva."
    assert [one.comment for one in marked_item(instance, other, attempt)[1]] == ["", "De Gil.", "De Eva."]
    assert browser.path.endswith("/marking")


def test_the_learner_reads_the_comment_and_the_mark_in_the_review(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6, 5.9: state, mark and comment are those that were given, not what the program would say."""
    course = a_marked_quiz(instance, "attempts: 0\nreview: practice\n")
    learner, grader = a_learner(instance, course), a_grader(instance, course)
    attempt = hand_in(instance, learner)
    sign_in(browser)
    waiting = browser.get(f"/attempts/{attempt}/review").text

    mark(instance, grader, attempt, given(instance, grader, attempt, "3", comment="Muy claro."))
    done = browser.get(f"/attempts/{attempt}/review").text

    assert in_spanish("Not yet graded") in waiting
    assert in_spanish("Not yet graded") not in done
    assert "Muy claro." in done
    assert in_spanish("%(raw)s of %(maximum)s point", 3, raw="3", maximum="3") in done


def test_an_editor_may_overrule_the_program_with_a_reason_and_a_grader_may_not(browser: Browser, instance: Instance) -> None:
    """spec/security 9, grade.override: with a reason, the first mark is kept."""
    course = a_marked_quiz(instance)
    attempt = hand_in(instance, a_learner(instance, course), choice="2")
    a_grader(instance, course)
    editor = actor_of(a_teacher(instance, course))
    graders = sign_in(browser.another(), "gil@example.org")
    graders.get(f"/attempts/{attempt}/marking/2", 403)
    sign_in(browser, "profe@example.org")

    browser.get(f"/attempts/{attempt}/marking/2")
    browser.submit("/marking/2", {"points": "1"}, status=422)
    refused = browser.page.text
    browser.submit("/marking/2", {"points": "0,5", "reason": "Pregunta ambigua."})

    marks = marked_item(instance, editor, attempt, 2)[1]
    assert in_spanish("Give the reason for changing the automatic mark. It is kept in the record.") in refused
    assert [(one.origin, one.fraction, one.reason) for one in marks] == [
        ("auto", 0, ""),
        ("manual", Fraction("0.5"), "Pregunta ambigua."),
    ]


def test_every_cell_of_marking_by_hand(browser: Browser, instance: Instance) -> None:
    """spec/security 9, attempt.grade_by_hand: staff of the course; nobody marks themself, whatever their role."""
    cast = a_cast(browser, instance)
    course = a_marked_quiz(instance)
    cast.join(course)
    attempt = hand_in(instance, actor_of(cast.people["E"]))
    wrong = cast.check("attempt.grade_by_hand", "submitted_essay", cast.outcomes(f"/attempts/{attempt}/marking/1"))
    seen = str(last_mark(instance, actor_of(cast.people["G"]), attempt).id)
    sent = cast.outcomes(f"/attempts/{attempt}/marking/1", "POST", {"points": "1", "seen": seen})
    wrong += cast.check("attempt.grade_by_hand", "submitted_essay", {k: v for k, v in sent.items() if k not in "ISW"})
    assert sent["I"] == sent["S"] == sent["W"] == "deny"  # the grader was first: what they send has not seen that mark
    own = {"A": cast.outcomes(f"/attempts/{attempt}/marking/1")["A"]}
    for letter, person in cast.people.items():
        cast.enrol(letter, course)
        mine = hand_in(instance, actor_of(person))
        own[letter] = outcome(cast.browsers[letter], f"/attempts/{mine}/marking/1")
    wrong += cast.check("attempt.grade_by_hand", "own_attempt", own)

    assert wrong == []


DONE = in_spanish("Done, not marked")


def a_self_reviewed_quiz(instance: Instance, settings: str = "attempts: 0\npass_mark: 70\n") -> tuple[Actor, str]:
    """Publish a quiz with a text that its writer judges and a choice; return a learner and the address of a submitted attempt."""
    learner = a_learner(instance, a_marked_quiz(instance, settings, bank=SELF_REVIEWED))
    return learner, f"/attempts/{hand_in(instance, learner)}"


def stored_levels(instance: Instance) -> list[object]:
    with instance.database.unit_of_work(write=False) as session:
        return [json.loads(levels) for levels in session.scalars(select(SelfAssessment.levels))]


def test_the_text_is_left_out_of_the_maximum_and_nothing_waits(browser: Browser, instance: Instance) -> None:
    """spec/selection 8.6: never 0, never waiting; the result comes from the other questions alone."""
    _learner, attempt = a_self_reviewed_quiz(instance)

    sign_in(browser).get(f"{attempt}/review")

    assert DONE in browser.page.text
    assert in_spanish("Not yet graded") not in browser.page.text
    row = attempt_row(instance, UUID(attempt.rpartition("/")[2]))
    assert (row.raw, row.maximum, row.percent, row.passed) == (1, 1, 100, True)


def test_completion_and_certificate_do_not_hang_on_it(instance: Instance) -> None:
    """spec/selection 8.6."""
    learner, _attempt = a_self_reviewed_quiz(instance)

    mark_done(instance, learner, "prueba", "leccion-1")

    with instance.database.unit_of_work(write=False) as session:
        result = session.execute(select(ActivityResult).where(ActivityResult.activity_key == "cuestionario-1")).scalar_one()
        assert (result.passed, result.score) == (True, 100)
        assert session.scalar(select(Completion.id)) is not None


def test_a_text_left_empty_is_not_done(browser: Browser, instance: Instance) -> None:
    learner = a_learner(instance, a_marked_quiz(instance, bank=SELF_REVIEWED))
    attempt = hand_in(instance, learner, "")

    sign_in(browser).get(f"/attempts/{attempt}/review")

    assert DONE not in browser.page.text
    assert in_spanish("Not answered") in browser.page.text


def test_graders_find_nothing_that_waits(browser: Browser, instance: Instance) -> None:
    """spec/selection 8.6: nobody marks it."""
    learner = a_learner(instance, course := a_marked_quiz(instance, bank=SELF_REVIEWED))
    hand_in(instance, learner)
    a_teacher(instance, course, "gil@example.org", StaffRole.GRADER)

    sign_in(browser, "gil@example.org").get(f"{QUIZ}/marking?show={MarkingFilter.WAITING.value}")

    assert "Explique qué es una brecha" not in browser.page.text


def test_a_learner_judges_the_text_by_its_rubric_beside_the_model_answer(browser: Browser, instance: Instance) -> None:
    """spec/selection 8.6."""
    _learner, attempt = a_self_reviewed_quiz(instance, "attempts: 0\npass_mark: 70\nreview: practice\n")
    page = sign_in(browser).get(f"{attempt}/review")
    assert "PALABRAS-MODELO" in page.text

    browser.submit("/self-assessment", {"level-1": "1", "level-2": "0"})

    assert stored_levels(instance) == [{"claridad": 1, "fuentes": 0}]
    assert in_spanish("%(earned)s of %(count)s point by your own assessment", 3, earned=2) in browser.page.text
    assert dict(browser.page.form("/self-assessment").fields)["level-1"] == "1"


def test_a_second_judgement_takes_the_place_of_the_first_and_changes_no_mark(browser: Browser, instance: Instance) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")
    browser.submit("/self-assessment", {"level-1": "0", "level-2": "0"})

    browser.submit("/self-assessment", {"level-1": "1", "level-2": "1"})

    assert stored_levels(instance) == [{"claridad": 1, "fuentes": 1}]
    row = attempt_row(instance, UUID(attempt.rpartition("/")[2]))
    assert (row.raw, row.maximum) == (1, 1)


def test_the_criteria_without_a_level_are_counted(browser: Browser, instance: Instance) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")

    browser.submit("/self-assessment", {"level-1": "1"})

    assert stored_levels(instance) == [{"claridad": 1}]
    assert in_spanish("%(count)s criterion without a level", 1) in browser.page.text


@pytest.mark.parametrize("sent", [{}, {"level-1": "7"}, {"level-1": "-1", "level-2": "x"}, {"level-9": "0"}])
def test_what_is_no_level_is_refused_and_nothing_is_kept(browser: Browser, instance: Instance, sent: dict[str, str]) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")

    browser.post(f"{attempt}/questions/1/self-assessment", sent)

    assert stored_levels(instance) == []


def test_the_team_sees_the_judgement_and_cannot_change_it(browser: Browser, instance: Instance) -> None:
    learner = a_learner(instance, course := a_marked_quiz(instance, bank=SELF_REVIEWED))
    attempt = hand_in(instance, learner)
    sign_in(browser).get(f"/attempts/{attempt}/review")
    browser.submit("/self-assessment", {"level-1": "1", "level-2": "0"})
    a_teacher(instance, course, "gil@example.org", StaffRole.EDITOR)

    team = sign_in(browser.another(), "gil@example.org")
    team.get(f"/attempts/{attempt}/review")

    assert "Se entiende." in team.page.text
    assert not [form for form in team.page.forms if form.action.endswith("/self-assessment")]


def test_every_cell_of_self_assessment(browser: Browser, instance: Instance) -> None:
    """spec/security 9 and spec/selection 8.6: attempt.self_assess, each role before each state."""
    cast = a_cast(browser, instance)
    course = a_marked_quiz(instance, "attempts: 0\n", bank=SELF_REVIEWED)
    cast.join(course)
    learner = actor_of(cast.people["E"])
    submitted, other = hand_in(instance, learner), hand_in(instance, a_learner(instance, course, "otra@example.org"))
    open_one = start(instance, learner, "prueba")

    wrong = []
    for state, attempt in (("own_submitted", submitted), ("own_open", open_one), ("of_another_learner", other)):
        address = f"/attempts/{attempt}/questions/1/self-assessment"
        wrong += cast.check("attempt.self_assess", state, cast.outcomes(address, "POST", {"level-1": "1"}))

    assert wrong == []
    assert counted(instance, SelfAssessment) == 1


def test_a_question_that_is_marked_takes_no_self_assessment(browser: Browser, instance: Instance) -> None:
    _learner, attempt = a_self_reviewed_quiz(instance)
    sign_in(browser).get(f"{attempt}/review")

    browser.post(f"{attempt}/questions/2/self-assessment", {"level-1": "1"}, status=404)

    assert counted(instance, SelfAssessment) == 0


def test_previews_with_a_self_assessment_go_without_a_trace(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_marked_quiz(instance, bank=SELF_REVIEWED), "eva@example.org", StaffRole.EDITOR)
    sign_in(browser, "eva@example.org").get(QUIZ)
    browser.submit("/attempts")
    browser.submit("/answers", {"p1": "Un texto."}, button=("go", "review"))
    browser.submit("/submission")
    browser.submit("/self-assessment", {"level-1": "1"})
    assert counted(instance, SelfAssessment) == 1

    browser.get(QUIZ)
    browser.submit("/attempts")

    assert counted(instance, SelfAssessment) == 0


@pytest.mark.parametrize(
    ("bank", "code"),
    [
        (SELF_REVIEWED.replace("    mark: 0\n", "    mark: 3\n"), "C409"),
        (SELF_REVIEWED.replace("    mark: 0\n", ""), "C409"),
        (
            SELF_REVIEWED.partition("    rubric:")[0]
            + "    review: {self: true}\n  - key: suma-1"
            + SELF_REVIEWED.partition("  - key: suma-1")[2],
            "C110",
        ),
        (SELF_REVIEWED.replace("{self: true}", "{self: quizás}"), "C111"),
    ],
)
def test_what_contradicts_a_self_review_is_reported(bank: str, code: str) -> None:
    """spec/selection 8.6 and spec/content-format C409, C110."""
    name = next(path for path in folders.a_folder() if path.endswith("banco.yaml"))
    assert code in folders.codes(folders.with_file(name, bank)) - folders.codes(folders.with_file(name, SELF_REVIEWED))
