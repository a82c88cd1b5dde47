"""Quizzes whose results are used outside the course, in their file, and what such a quiz needs (spec/selection 0)."""

from collections.abc import Sequence

from courses.content.mapping_cursor import MappingCursor
from courses.content.model import CourseFolder
from courses.content.objectives import objectives_of
from kernel.errors import N_
from quizzes.content.banks import questions_of
from quizzes.content.model import DrawSlot, FixedSlot, QuizSource
from quizzes.content.pools import candidates
from quizzes.rules.decision_analysis import DecisionRule
from quizzes.rules.definitions import DescriptionBody, QuestionDefinition, is_marked
from quizzes.rules.review import explains_early
from quizzes.rules.selection import ResultUse
from quizzes.rules.settings import Behaviour, QuizSettings

FEWEST_QUESTIONS = 30
"""With fewer questions the check warns that another set of them would often decide otherwise (spec/selection 0.3)."""
MOST_NAMED = 5


def selecting_table(table: MappingCursor, name: str, code: str, message: str, hint: str) -> MappingCursor | None:
    """Return the table of a field that only a selecting quiz has; None where it is absent or is no table.

    Read it after `selection`. In other quizzes the field is reported, and read all the same.
    """
    value = table.get(name)
    if value is None:
        return None
    table.flows.add(name)
    if not table.has("selection"):
        table.report(code, message, hint, at=name)
    return value.table()


def read_selection(table: MappingCursor) -> ResultUse | None:
    """Read `selection`: what the results are used for outside the course, and whom to ask, in every language of the course."""
    value = table.get("selection")
    inner = value.table() if value is not None else None
    if inner is None:
        return None
    use, contact = inner.text("use", required=True), inner.text("contact", required=True)
    for name, text in (("use", use), ("contact", contact)):
        lacking = [language for language in table.session.languages if text and language not in text]
        if lacking:
            inner.report(
                "C514",
                N_("The text is missing in: %(languages)s. Learners read it before they begin."),
                N_("Write it in every language of the course."),
                at=name,
                languages=", ".join(lacking),
            )
    return ResultUse(use, contact)


def check_selecting(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    """Report what a selecting quiz lacks, and what makes its results less sure (spec/content-format C514, C515, C517, C522)."""
    if quiz.selection is None:
        return
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    pools = [(slot, candidates(course, module, quiz, slot)) for slot in quiz.slots if isinstance(slot, DrawSlot)]
    _check_rules(table, quiz, varies=any(len(pool) > slot.count for slot, pool in pools))
    _check_questions(table, quiz, list_questions(course, module, quiz))
    _check_objectives(table, quiz, course)
    _check_length(table, quiz, course)
    _check_attempts(table, quiz)


def _check_rules(table: MappingCursor, quiz: QuizSource, *, varies: bool) -> None:
    settings = quiz.settings
    if not quiz.blueprint:
        table.report(
            "C514",
            N_("A quiz whose results are used outside the course needs a blueprint."),
            N_("Add “blueprint:”: what share of the marks each objective has."),
            at="selection",
        )
    if varies and quiz.balance is None:
        table.report(
            "C514",
            N_("Learners get different questions, and nothing makes them equally hard. Results used outside the course need that."),
            N_("Add “balance: {within: 1}”, or give everybody the same questions."),
            at="selection",
        )
    if settings.behaviour is not Behaviour.DEFERRED:
        table.report(
            "C514",
            N_("Results used outside the course need answers that are marked after submitting."),
            N_("Write “behaviour: deferred”."),
            at="behaviour",
        )
    if explains_early(settings.review, Behaviour.DEFERRED):
        table.report(
            "C514",
            N_("Right answers, explanations or feedback on answers are shown before the quiz is closed, while others still answer."),
            N_("Choose “review: exam” or “review: hidden”."),
            at="review",
        )


def list_questions(course: CourseFolder, module: str, quiz: QuizSource) -> list[QuestionDefinition]:
    """Return the questions that an attempt may get, once each; `module` is the key of the quiz's module."""
    known = questions_of(course)
    fixed = [known[slot.question] for slot in quiz.slots if isinstance(slot, FixedSlot) and slot.question in known]
    pools = [candidates(course, module, quiz, slot) for slot in quiz.slots if isinstance(slot, DrawSlot)]
    return list({question.key: question for pool in (fixed, *pools) for question in pool}.values())


def _check_questions(table: MappingCursor, quiz: QuizSource, questions: Sequence[QuestionDefinition]) -> None:
    marked = [question for question in questions if is_marked(question)]
    no_source = [question.key for question in marked if not question.source]
    if no_source:
        table.report(
            "C514",
            N_("Results used outside the course need questions with a source. These have none: %(keys)s."),
            N_("Add “source:” to each."),
            at="selection",
            keys=_named(no_source),
        )
    unverified = [question.key for question in marked if question.unverified]
    if unverified and not quiz.settings.is_graded:  # of a graded quiz C410 says it
        table.report(
            "C514",
            N_("Results used outside the course need verified questions. These are not: %(keys)s."),
            N_("Verify them, or leave them out."),
            at="selection",
            keys=_named(unverified),
        )


def _named(keys: Sequence[str]) -> str:
    return ", ".join([*keys[:MOST_NAMED], *("…" for _rest in keys[MOST_NAMED : MOST_NAMED + 1])])


def _check_objectives(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    named = {line.objective for line in quiz.blueprint}
    missing = [key for key in objectives_of(course) if key not in named]
    if quiz.blueprint and missing:
        table.report(
            "C515",
            N_("No line of the blueprint names these objectives of the course: %(keys)s."),
            N_("Add lines for them, or be ready to explain why the quiz leaves them out."),
            at="blueprint",
            keys=_named(missing),
        )


def count_positions(quiz: QuizSource, course: CourseFolder) -> int:
    """Count the questions that an attempt asks, words between them left out."""
    known = questions_of(course)
    drawn = sum(slot.count for slot in quiz.slots if isinstance(slot, DrawSlot))
    fixed = [known[slot.question] for slot in quiz.slots if isinstance(slot, FixedSlot) and slot.question in known]
    return drawn + sum(not isinstance(question.body, DescriptionBody) for question in fixed)


def _check_length(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    number = count_positions(quiz, course)
    if number < FEWEST_QUESTIONS:
        table.report(
            "C517",
            N_(
                "The quiz asks %(number)s questions. With 14, about one person in four would pass or fail differently "
                "with another set of questions; with 30 or more it is fewer."
            ),
            N_("Ask at least %(least)s questions."),
            at="slots",
            number=number,
            least=FEWEST_QUESTIONS,
        )


def counts_best_of_several(settings: QuizSettings) -> bool:
    """Return whether a quiz lets people pass by the best of several attempts (spec/selection 3.8)."""
    return settings.pass_mark is not None and DecisionRule(settings.pass_mark, settings.attempts, settings.grading).counts_best


def _check_attempts(table: MappingCursor, quiz: QuizSource) -> None:
    if counts_best_of_several(quiz.settings):
        table.report(
            "C522",
            N_(
                "Several attempts are allowed and the best counts. "
                "With three, usually more than twice as many people pass by luck as with one."
            ),
            N_("Allow one attempt, let the mean of all attempts count, or ask more questions."),
            at="attempts",
        )
