"""Courses whose question was changed and answered, for the history of a question over versions and copies (spec/selection 2.2)."""

from sqlalchemy import func, select, update

from courses.models import Course
from lms.instance import Instance
from questions.models import Question, QuestionVersion
from quizzes.models import ItemHistory
from quizzes.rules.item_history import UNIT
from tests.support.learning import a_learner, fail_quiz, pass_quiz
from tests.support.selection_folders import BANK, a_balanced_folder

QUIZ = "slots:\n  - question: a\n  - question: b\n"
SIGN = "0123456789abcdef" * 2
TEXT = "¿Es cierto a?"


def a_folder(text: str = TEXT, key: str = "prueba", lines: str = f"origin: {SIGN}") -> dict[str, bytes]:
    """Return a course whose question `a` asks this."""
    files = a_balanced_folder(QUIZ)
    bank = files[BANK].replace(TEXT.encode(), text.encode()).replace(b"- key: a\n", f"- key: a\n    {lines}\n".encode())
    return {**files, BANK: bank, "course.yaml": files["course.yaml"].replace(b"key: prueba", f"key: {key}".encode())}


def answered(instance: Instance, course: Course, name: str, right: int, wrong: int) -> None:
    """Let one person answer well and one badly, and count them as so many."""
    pass_quiz(instance, a_learner(instance, course, f"{name}-1@example.org"), course.slug)
    fail_quiz(instance, a_learner(instance, course, f"{name}-2@example.org"), course.slug)
    statement = (
        select(func.max(QuestionVersion.id))
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.course_id == course.id, Question.key == "a")
    )
    with instance.database.unit_of_work() as session:
        newest = session.scalars(statement).one()
        counted = {"count": right + wrong, "shown": right + wrong, "shares": right * UNIT, "squares": right * UNIT}
        session.execute(update(ItemHistory).where(ItemHistory.question_version_id == newest).values(counted))
