"""Quizzes as text: settings, slots, pools (spec/content-format 9, C41x and C50x)."""

from fractions import Fraction

import pytest

from courses.content.model import ActivitySource, CourseFolder, Severity
from enrolments.rules import GradedCompletionRule
from questions.rules.feedback import ReviewFlag
from quizzes.content.pools import DrawSlot, FixedSlot, PageBreak, QuizSource, SectionSlot, TextSlot, candidates, graded_questions
from quizzes.rules.settings import AtEnd, AttemptPause, Behaviour, QuizCompletion, ReviewMoment, ReviewPreset
from tests.support import folders
from tests.support.folders import BANK, QUIZ_FILE, Files

WRONG = [
    ("C203", "question: aviso", "question: nada"),
    ("C203", "category: cuestionarios", "category: otra"),
    ("C110", "  - page: new", "  - mark: 2"),
    ("C112", "  - page: new", "  - page: old"),
    ("C501", "draw: 1", "draw: 3"),
    ("C501", "    tags: [sumas]", "    kinds: [description]"),
    ("C505", "limit: 20 min", "limit: 20 min\nat_end: grace"),
    ("C505", "limit: 20 min", "limit: 20 min\ngrace: 5 min"),
    ("C505", "    mark: 2", "    mark: 2\n    require_previous: true"),
    ("C505", "from: 70", "from: 0"),
    ("C505", "  - from: 0\n    text: Vuelva a la lección.\n", ""),
    ("C506", "review:\n  closed: [attempt, marks]", "review: practice"),
    ("C506", "  closed: [attempt, marks]", "  later: [attempt, right_answer]"),
    ("C507", "question: total-del-dia\n    mark: 2", "question: encuesta"),
]


@pytest.mark.parametrize(("code", "old", "new"), WRONG)
def test_a_wrong_quiz_is_told_with_its_line(code: str, old: str, new: str) -> None:
    """spec/content-format 9."""
    found = folders.findings(folders.changed(QUIZ_FILE, old, new), code)

    assert [finding.file for finding in found] == [QUIZ_FILE]
    assert found[0].line


def test_questions_of_slots_are_ready_and_verified() -> None:
    """spec/content-format 8, C503, C410: fixed ones are told, draws leave such questions out."""
    head = "  - key: total-del-dia\n    kind: single\n"
    assert "C503" in folders.codes(folders.changed(BANK, head, f"{head}    state: draft\n"))
    assert "C410" in folders.codes(folders.changed(BANK, head, f"{head}    unverified: true\n"))
    ungraded = folders.changed(QUIZ_FILE, "category: cuestionarios", "weight: 0")
    assert "C410" not in folders.codes(folders.changed(BANK, head, f"{head}    unverified: true\n", ungraded))
    drawn = "  - key: la-lluvia-cuenta\n    kind: true_false\n"
    assert folders.codes(folders.changed(BANK, drawn, f"{drawn}    unverified: true\n")) == {"C502"}


def test_a_pool_under_twice_the_draw_is_a_warning() -> None:
    """spec/content-format 9, C502."""
    found = folders.findings(folders.changed(QUIZ_FILE, "draw: 1", "draw: 2"))

    assert [(finding.code, finding.severity) for finding in found] == [("C502", Severity.WARNING)]


def test_a_pass_mark_with_certainty_ratings_is_a_warning() -> None:
    """spec/content-format 9, C508: results go up to 300 %, so that 70 % is less than a quarter of the scale;
    the usual pass mark counts too.
    """
    rated = folders.changed(QUIZ_FILE, "limit: 20 min", "limit: 20 min\nbehaviour: certainty")
    found = folders.findings(rated, "C508")

    assert [(finding.file, finding.severity) for finding in found] == [(QUIZ_FILE, Severity.WARNING)]
    assert "C508" not in folders.codes(folders.changed(QUIZ_FILE, "behaviour: certainty", "behaviour: certainty\npass_mark: none", rated))
    assert "C508" not in folders.codes(folders.changed(QUIZ_FILE, "limit: 20 min", "limit: 20 min\nbehaviour: immediate"))


def test_draws_that_share_their_questions_are_counted_together() -> None:
    """spec/content-format 9, C501: two questions fit, three are drawn."""
    more = "  - draw: 1\n    tags: [sumas]\n  - draw: 2\n    tags: [sumas]\n"
    found = folders.findings(folders.changed(QUIZ_FILE, "  - draw: 1\n    tags: [sumas]\n", more), "C501")

    assert len(found) == 1


def test_a_quiz_that_counts_has_something_to_mark() -> None:
    """spec/content-format 9, C504."""
    files = folders.changed(QUIZ_FILE, "  - question: total-del-dia\n    mark: 2\n", "")
    files = folders.changed(QUIZ_FILE, "  - draw: 1\n    tags: [sumas]\n", "", files)

    assert "C504" in folders.codes(files)


def quiz_of(files: Files | None = None) -> tuple[CourseFolder, QuizSource]:
    """Return the course and its quiz."""
    course = folders.course(files)
    activity: ActivitySource = next(found for found in course.activities() if found.kind == "quiz")
    assert isinstance(activity.settings, QuizSource)
    return course, activity.settings


def test_settings_and_slots_are_read() -> None:
    """spec/content-format 9: what is written, and the defaults."""
    _, quiz = quiz_of()

    assert [type(slot) for slot in quiz.slots] == [SectionSlot, FixedSlot, FixedSlot, PageBreak, DrawSlot, TextSlot]
    assert quiz.slots[2] == FixedSlot("total-del-dia", Fraction(2))
    settings = quiz.settings
    assert (settings.attempts, settings.pause, settings.limit) == (3, AttemptPause(1800, 86400), 1200)
    assert (settings.pass_mark, settings.max_grade, settings.behaviour) == (Fraction(70), Fraction(100), Behaviour.DEFERRED)
    assert settings.review.preset is ReviewPreset.LEARNING
    assert settings.review.overrides == {ReviewMoment.CLOSED: (ReviewFlag.ATTEMPT, ReviewFlag.MARKS)}
    assert settings.completion == QuizCompletion(GradedCompletionRule.PASSED)


def test_without_pass_mark_a_quiz_completes_when_it_is_graded() -> None:
    """spec/content-format 9, `completion`."""
    _, quiz = quiz_of(folders.changed(QUIZ_FILE, "limit: 20 min", "limit: 20 min\nat_end: grace\ngrace: 2 min\npass_mark: none"))

    assert quiz.settings.pass_mark is None
    assert quiz.settings.completion.rule is GradedCompletionRule.GRADED
    assert (quiz.settings.at_end, quiz.settings.grace) == (AtEnd.GRACE, 120)


def test_a_review_of_nothing_is_written_as_an_empty_list() -> None:
    """spec/content-format 9, review."""
    _, quiz = quiz_of(folders.changed(QUIZ_FILE, "  closed: [attempt, marks]", "  preset: exam\n  after: []"))

    assert quiz.settings.review.overrides == {ReviewMoment.AFTER: ()}
    assert quiz.settings.review.preset is ReviewPreset.EXAM


def pool(slot: str) -> list[str]:
    """Return what the draw of a slot may take."""
    course, quiz = quiz_of(folders.changed(QUIZ_FILE, "  - draw: 1\n    tags: [sumas]\n", f"  - draw: 1\n{slot}"))
    draw = next(found for found in quiz.slots if isinstance(found, DrawSlot))
    return [question.key for question in candidates(course, "contar", quiz, draw)]


def test_a_draw_takes_ready_questions_that_fit() -> None:
    """spec/content-format 9: bank, tags, kinds, difficulty; no fixed ones, none without a mark."""
    assert pool("    tags: [sumas]\n") == ["usos-que-suman", "la-lluvia-cuenta"]
    assert pool("    kinds: [short, matrix]\n") == ["unidad", "tabla"]
    assert pool("    from: course\n    kinds: [essay]\n") == ["ensayo"]
    assert pool("    from: [contar]\n    kinds: [essay]\n") == ["ensayo"]
    everything = pool("")
    assert not {"aviso", "encuesta", "repaso", "total-del-dia"} & set(everything)
    assert len(everything) == 12


def test_what_a_graded_quiz_may_use_decides_marks() -> None:
    """spec/content-format 8, C410, C411."""
    assert graded_questions(folders.course()) == {"aviso", "total-del-dia", "usos-que-suman", "la-lluvia-cuenta"}
    ungraded = folders.changed("course.yaml", ", grade: 60", "", folders.changed(QUIZ_FILE, "category: cuestionarios", "weight: 0"))
    assert graded_questions(folders.course(ungraded)) == set()


@pytest.mark.parametrize(("typed", "minutes"), [("limit: 20 min", 20), ("limit: 20 min\nminutes: 45", 45), ("minutes: 45", 45)])
def test_the_expected_time_of_a_quiz_is_typed_or_its_limit(typed: str, minutes: int) -> None:
    """spec/content-format 9: `minutes` is shown to learners and counts in the hours of the course."""
    course, _quiz = quiz_of(folders.changed(QUIZ_FILE, "limit: 20 min", typed))

    assert [found.minutes for found in course.activities() if found.kind == "quiz"] == [minutes]
