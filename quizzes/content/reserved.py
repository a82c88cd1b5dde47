"""Questions that are reserved for some quizzes: nothing else may be able to show one (spec/selection 1.6)."""

from collections.abc import Sequence

from courses.content.mapping_cursor import MappingCursor
from courses.content.model import CourseFolder
from courses.content.reading_session import ReadingSession
from kernel.errors import N_
from quizzes.content.banks import questions_of
from quizzes.content.model import DrawSlot, FixedSlot, QuizSource
from quizzes.content.pools import candidates
from quizzes.content.slots import PlacedSlot
from quizzes.rules.definitions import QuestionDefinition

MOST_NAMED = 5


def quiz_keys(course: CourseFolder) -> dict[str, tuple[str, ...]]:
    """Return the quizzes of a course, each with the keys that it has and had."""
    return {
        activity.key: (activity.key, *activity.former_keys) for activity in course.activities() if isinstance(activity.settings, QuizSource)
    }


def check_slots(session: ReadingSession, key: str, quiz: QuizSource, placed: tuple[PlacedSlot, ...], course: CourseFolder) -> None:
    """Report the slots of a quiz that could give a question that is reserved for others (spec/content-format C511)."""
    questions = questions_of(course)
    for placed_slot in placed:
        possible: Sequence[QuestionDefinition] = ()
        if isinstance(placed_slot.slot, FixedSlot) and placed_slot.slot.question in questions:
            possible = (questions[placed_slot.slot.question],)
        elif isinstance(placed_slot.slot, DrawSlot):
            possible = candidates(course, session.module_keys.get(placed_slot.table.file.partition("/")[0], ""), quiz, placed_slot.slot)
        reserved = [question.key for question in possible if question.selection.is_reserved_from(key)]
        if reserved:
            _report_slot(session, placed_slot.table, reserved)


def _report_slot(session: ReadingSession, table: MappingCursor, keys: Sequence[str]) -> None:
    table.report(
        "C511",
        N_("The quiz could give what is reserved for other quizzes: %(keys)s (%(reserved)s)."),
        N_("Choose another question or bank, or add the quiz to “only”."),
        at="question" if table.has("question") else "draw",
        keys=", ".join([*keys[:MOST_NAMED], *("…" for _rest in keys[MOST_NAMED : MOST_NAMED + 1])]),
        reserved=_place_of(session, keys[0]),
    )


def _place_of(session: ReadingSession, key: str) -> str:
    """Return the file and the line in which a question is reserved."""
    location = session.questions[key].place_at("only")
    return f"{location.file}:{location.line}"


def check_reserved(session: ReadingSession, course: CourseFolder) -> None:
    """Report quizzes that are not there, and texts that show a reserved question (spec/content-format C203, C511)."""
    known, questions = quiz_keys(course), questions_of(course)
    for key, question in questions.items():
        for quiz in question.selection.only:
            if quiz not in known and key in session.questions:
                session.questions[key].report("C203", N_("There is no quiz “%(key)s”."), at="only", key=quiz)
    for location, key in session.embedded:
        if key in questions and questions[key].selection.only:
            session.report(
                location,
                "C511",
                N_("The question “%(key)s” is shown in a text, but it is reserved for quizzes (%(reserved)s)."),
                N_("Show another question."),
                key=key,
                reserved=_place_of(session, key),
            )
