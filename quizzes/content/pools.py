"""The questions that a slot may use, and the checks of a quiz that need all banks (spec/content-format 12, C41x and C50x)."""

from collections.abc import Iterable, Iterator, Mapping

from courses.content.mapping_cursor import MappingCursor
from courses.content.model import ActivitySource, CourseFolder
from courses.content.reading_session import ReadingSession
from kernel.errors import N_
from quizzes.content.banks import banks_of, questions_of
from quizzes.content.model import BankSource, DrawSlot, FixedSlot, QuizSource
from quizzes.content.slots import WHOLE_COURSE, PlacedSlot
from quizzes.rules.definitions import DescriptionBody, QuestionDefinition, QuestionState, is_marked
from quizzes.rules.layout import Candidate, PoolTooSmall, SlotEntry, lay_out
from quizzes.rules.manual_marking import is_self_reviewed
from quizzes.rules.review import shows_key_early

NO_SEED = 0


def candidates(course: CourseFolder, module: str, quiz: QuizSource, slot: DrawSlot) -> tuple[QuestionDefinition, ...]:
    """Return the questions that a draw may take, in the order of the banks; `module` is the key of the quiz's module.

    Only ready ones; in a quiz that counts, neither unverified ones nor those without a mark; never one that the quiz has fixed.
    """
    fixed = {other.question for other in quiz.slots if isinstance(other, FixedSlot)}
    return tuple(
        question
        for bank in _banks(course, module, slot.pool.banks)
        for question in bank.questions
        if question.key not in fixed and _fits(question, slot) and _drawable(question, graded=quiz.settings.is_graded)
    )


def _banks(course: CourseFolder, module: str, names: Iterable[str]) -> Iterator[BankSource]:
    keys = set(names) or {module}
    for bank in banks_of(course):
        if WHOLE_COURSE in keys or bank.key in keys or (bank.module and bank.module in keys):
            yield bank


def _fits(question: QuestionDefinition, slot: DrawSlot) -> bool:
    pool = slot.pool
    return (
        set(pool.tags) <= set(question.tags)
        and (not pool.kinds or question.kind.value in pool.kinds)
        and (not pool.difficulty or question.difficulty == pool.difficulty)
        and (not pool.objective or question.selection.objective == pool.objective)
        and (not pool.level or question.selection.level == pool.level)
    )


def _drawable(question: QuestionDefinition, *, graded: bool) -> bool:
    if question.state is not QuestionState.READY or isinstance(question.body, DescriptionBody):
        return False
    return not graded or (is_marked(question) and not question.unverified)


def graded_questions(course: CourseFolder) -> set[str]:
    """Return the keys of all questions that can decide a mark: fixed or drawn in a quiz that counts."""
    return {key for module in course.modules for activity in module.activities for key in _graded(course, module.key, activity)}


def _graded(course: CourseFolder, module: str, activity: ActivitySource) -> Iterator[str]:
    quiz = activity.settings
    if not isinstance(quiz, QuizSource) or not quiz.settings.is_graded:
        return
    for slot in quiz.slots:
        if isinstance(slot, FixedSlot):
            yield slot.question
        elif isinstance(slot, DrawSlot):
            yield from (question.key for question in candidates(course, module, quiz, slot))


def check_quiz(table: MappingCursor, quiz: QuizSource, placed: tuple[PlacedSlot, ...], course: CourseFolder) -> None:
    """Report findings on the slots of a quiz now that all banks are read."""
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    questions = questions_of(course)
    for slot, cursor in ((entry.slot, entry.table) for entry in placed):
        if isinstance(slot, FixedSlot):
            _check_fixed(cursor, slot, questions.get(slot.question), graded=quiz.settings.is_graded)
        elif isinstance(slot, DrawSlot):
            _check_banks(cursor, slot, course)
    _check_pools(course, module, quiz, placed)
    _check_marks(table, quiz, questions)
    _check_grade(table, quiz, course)


def _check_fixed(table: MappingCursor, slot: FixedSlot, question: QuestionDefinition | None, *, graded: bool) -> None:
    facts = {"key": slot.question}
    if question is None:
        table.report("C203", N_("There is no question “%(key)s”."), at="question", **facts)
        return
    if question.state is not QuestionState.READY:
        table.report("C503", N_("The question “%(key)s” is not ready."), at="question", **facts)
    if not graded or isinstance(question.body, DescriptionBody):
        return
    if question.unverified:
        table.report(
            "C410", N_("The question “%(key)s” is based on something unverified and would count towards a grade."), at="question", **facts
        )
    if not is_marked(question) and not is_self_reviewed(question):
        table.report("C507", N_("The question “%(key)s” has no mark but is in a quiz that counts."), at="question", **facts)


def _check_banks(table: MappingCursor, slot: DrawSlot, course: CourseFolder) -> None:
    known = {bank.key for bank in banks_of(course)} | {module.key for module in course.modules} | {WHOLE_COURSE}
    for name in slot.pool.banks:
        if name not in known:
            table.report("C203", N_("There is no bank or module “%(key)s”."), at="from", key=name)


def _check_pools(course: CourseFolder, module: str, quiz: QuizSource, placed: tuple[PlacedSlot, ...]) -> None:
    draws = [(entry.table, entry.slot) for entry in placed if isinstance(entry.slot, DrawSlot)]
    pools = [candidates(course, module, quiz, slot) for _, slot in draws]
    small = False
    for (table, slot), pool in zip(draws, pools, strict=True):
        available = len({question.selection.family or question.key for question in pool}) if slot.by_family else len(pool)
        facts = {"found": str(available), "wanted": str(slot.count)}
        if available < slot.count and slot.by_family:
            small = True
            table.report("C501", N_("The draw needs %(wanted)s families of questions but finds %(found)s."), at="draw", **facts)
        elif available < slot.count:
            small = True
            table.report("C501", N_("The draw needs %(wanted)s questions but finds %(found)s."), at="draw", **facts)
        elif available < 2 * slot.count:
            table.report(
                "C502", N_("The draw takes %(wanted)s of only %(found)s questions."), N_("Add more questions."), at="draw", **facts
            )
    if not small:
        _check_together(draws, pools)


def _check_together(draws: list[tuple[MappingCursor, DrawSlot]], pools: list[tuple[QuestionDefinition, ...]]) -> None:
    """Report draws that are satisfiable one by one but not together, because they share questions."""
    entries = [
        SlotEntry(tuple(Candidate(question.key, 1) for question in pool), slot.count) for (_, slot), pool in zip(draws, pools, strict=True)
    ]
    result = lay_out(entries, NO_SEED, seen={})
    if isinstance(result, PoolTooSmall):
        table = draws[result.entry - 1][0]
        table.report(
            "C501",
            N_("The draw needs %(wanted)s questions; the other draws of the quiz leave only %(found)s."),
            at="draw",
            wanted=result.wanted,
            found=result.found,
        )


def _check_marks(table: MappingCursor, quiz: QuizSource, questions: Mapping[str, QuestionDefinition]) -> None:
    fixed = (questions.get(slot.question) for slot in quiz.slots if isinstance(slot, FixedSlot))
    markable = any(isinstance(slot, DrawSlot) for slot in quiz.slots) or any(question and is_marked(question) for question in fixed)
    if quiz.settings.is_graded and quiz.slots and not markable:
        table.report("C504", N_("The quiz counts but has nothing to mark."), N_("Add questions, or “weight: 0”."), at="slots")


def _check_grade(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    settings = quiz.settings
    if settings.category and settings.category not in {category.category for category in course.grade}:
        table.report("C203", N_("The course grade has no part “%(key)s”."), at="category", key=settings.category)
    early = settings.is_graded and settings.attempts != 1 and shows_key_early(settings.review, settings.behaviour)
    if early and quiz.selection is None:  # of a selecting quiz it is an error: spec/content-format C514
        table.report(
            "C506",
            N_("Right answers are shown while learners still have attempts."),
            N_("Do not show right answers at that moment, or allow only one attempt."),
            at="review",
        )


def check_questions(session: ReadingSession, course: CourseFolder) -> None:
    """Tell questions without source that decide a mark (spec/content-format C411), and such that a lesson shows besides.

    spec/content-format C410.
    """
    graded = graded_questions(course)
    questions = questions_of(course)
    for key in sorted(graded & questions.keys()):
        question, table = questions[key], session.questions[key]
        if is_marked(question) and not question.source:
            table.report("C411", N_("The question counts towards a grade but names no source."), N_("Add “source:”."))
    for location, key in session.embedded:
        if key in graded:
            session.report(
                location,
                "C410",
                N_("The question “%(key)s” is shown in a text and also counts in a quiz."),
                N_("Show another question, with “mark: 0”."),
                key=key,
            )
