"""The correction log of a question: versions, regrades, annulments, marks by hand and objections (spec/selection 2.6 and 5.12)."""

import csv
import io

import pytest
from sqlalchemy import select, update

from courses.models import CourseVersion
from kernel.i18n import reading
from lms.instance import Instance
from questions.models import Question
from quizzes.corrections import CorrectionView, correction_log, list_question_versions
from quizzes.dry_runs import RegradeRequest
from quizzes.marking import ManualMarkValues
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from tests.support.browser import Browser
from tests.support.builders import a_teacher, sign_in
from tests.support.learning import a_learner, actor_of
from tests.support.marking import a_marked_quiz, hand_in, last_mark, mark
from tests.support.objections import a_published_selection
from tests.support.regrading import RIGHT_KEY, WRONG_KEY, a_dry_run, a_keyed_quiz, an_order, commit, question_id, two_learners, undo
from tests.support.wording import in_spanish

WHOLE = RegradeRequest(RegradeKind.SAME, "Por precaución.", None, None, RegradePolicy.REPLACE, with_manual=False)


def log_of(instance: Instance, key: str = "capital-1") -> list[CorrectionView]:
    """Return the log of a question, the oldest first."""
    with instance.database.unit_of_work(write=False) as session, reading("en"):
        course_id = session.scalars(select(Question.course_id).where(Question.key == key)).one()
        question = question_id(instance, key)
        return list(reversed(correction_log(session, course_id, question, list_question_versions(session, question))))


def lines_of(instance: Instance, key: str = "capital-1") -> list[tuple[str, str, int | None]]:
    return [(line.words, line.who, line.attempts) for line in log_of(instance, key)]


def test_the_log_names_every_version_and_says_whether_its_key_changed(instance: Instance) -> None:
    """spec/selection 2.6: every version and key change, with who published it."""
    course = a_keyed_quiz(instance)
    a_keyed_quiz(instance, WRONG_KEY.replace("¿Cuál es la capital?", "¿Cuál es la capital del Ecuador?"))
    a_keyed_quiz(instance, RIGHT_KEY.replace("¿Cuál es la capital?", "¿Cuál es la capital del Ecuador?"))
    teacher = a_teacher(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseVersion).where(CourseVersion.number == 3).values(published_by=teacher.id))

    assert lines_of(instance) == [
        ("Version 1 was published.", "–", None),
        ("Version 2 was published: only words changed, not its key.", "–", None),
        ("Version 3 was published: its key or marks changed.", teacher.full_name, None),
    ]
    assert len(lines_of(instance, "suma-1")) == 1


def test_the_log_has_regrades_and_annulments_with_their_undoing(instance: Instance) -> None:
    """spec/selection 2.6: with who did it, why, and in how many attempts the mark of this question changed."""
    two_learners(instance)
    editor = a_teacher(instance, a_keyed_quiz(instance, RIGHT_KEY))
    actor, name = actor_of(editor), editor.full_name
    by_other = a_dry_run(instance, actor, an_order(instance, RegradeKind.OTHER, 2))
    assert commit(instance, actor, by_other)
    undo(instance, actor, by_other)
    assert commit(instance, actor, a_dry_run(instance, actor, an_order(instance, RegradeKind.FULL_CREDIT)))

    again = "It was marked again by version 2."
    assert lines_of(instance)[2:] == [(again, name, 2), (f"Undone: {again}", name, 2), ("Everyone got full marks for it.", name, 1)]
    assert [line.reason for line in log_of(instance)[2:]] == ["La clave estaba mal.", "", "La clave estaba mal."]
    assert len(lines_of(instance, "suma-1")) == 1


def test_a_regrade_of_the_whole_quiz_stands_where_it_changed_a_mark(instance: Instance) -> None:
    """spec/selection 2.6: what touched no mark of the question is not in its log."""
    two_learners(instance)
    actor = actor_of(a_teacher(instance, a_keyed_quiz(instance, RIGHT_KEY)))
    by_other = a_dry_run(instance, actor, an_order(instance, RegradeKind.OTHER, 2))
    assert commit(instance, actor, by_other)
    assert commit(instance, actor, a_dry_run(instance, actor, WHOLE))

    assert [words for words, *_rest in lines_of(instance)][3:] == ["The whole quiz was marked again."]
    assert len(lines_of(instance, "suma-1")) == 1


def test_the_log_has_marks_that_were_replaced_by_hand(instance: Instance) -> None:
    """spec/selection 2.6: a first mark of an essay corrects nothing, another mark for it does."""
    course = a_marked_quiz(instance)
    teacher = a_teacher(instance, course)
    grader, attempt = actor_of(teacher), hand_in(instance, a_learner(instance, course))
    mark(instance, grader, attempt, ManualMarkValues(2, last_mark(instance, grader, attempt).id))  # type: ignore[arg-type]  # a number
    assert len(lines_of(instance, "ensayo-1")) == 1

    mark(instance, grader, attempt, ManualMarkValues(3, last_mark(instance, grader, attempt).id))  # type: ignore[arg-type]  # a number

    assert lines_of(instance, "ensayo-1")[1:] == [("Marks of version 1 were changed by hand.", teacher.full_name, 1)]


@pytest.mark.parametrize(
    ("outcome", "words", "attempts"),
    [("uphold", "The marks stand", 0), ("void", "Void: left out only where that lowers no mark", 3)],
)
def test_outcomes_of_objections_stand_in_the_log(browser: Browser, instance: Instance, outcome: str, words: str, attempts: int) -> None:
    """spec/selection 5.12: "upheld" too, with who proposed and decided; nobody who objected is named."""
    case = a_published_selection(browser, instance)
    case.object_to(5)
    case.object_to(5, "carla@example.org", ground="unclear")
    assert lines_of(instance, "p5")[1:] == [("2 objections to version 1. Not decided yet.", "–", None)]

    case.propose(outcome=outcome)
    case.decide()

    (line,) = log_of(instance, "p5")[1:]
    assert (line.words, line.attempts) == (f"2 objections to version 1. Decided: {words}.", attempts)
    assert [name.split()[0] for name in line.people] == ["Julia", "Hugo"]
    assert line.reason == "La ley admite las dos respuestas."
    assert len(lines_of(instance, "p4")) == 1


def test_the_page_and_its_file_have_the_log(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.7: the log as a table, and as a file with the same lines."""
    course = a_keyed_quiz(instance)
    a_keyed_quiz(instance, RIGHT_KEY)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    page = "/teaching/prueba/questions/capital-1/history"

    told = in_spanish("Version %(number)s was published: its key or marks changed.", number=2)
    assert told in browser.get(page).text
    browser.get(f"{page}.csv?table=log")
    rows = list(csv.reader(io.StringIO(browser.response.get_data().decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == ["at", "what", "who", "attempts", "reason"]
    assert [row[1] for row in rows[1:]] == [told, in_spanish("Version %(number)s was published.", number=1)]
    browser.get(f"{page}.csv?table=otra", status=404)
