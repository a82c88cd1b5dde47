"""An initial and a final test that are compared, in their files (spec/selection 7.1): what both need to be two forms of one test."""

from collections.abc import Iterator, Sequence

from courses.content.mapping_cursor import MappingCursor
from courses.content.model import ActivitySource, CourseFolder, ModuleSource
from courses.content.objectives import objectives_of
from kernel.errors import N_
from quizzes.content import parts
from quizzes.content.balanced import draw_entries
from quizzes.content.banks import questions_of
from quizzes.content.model import DrawSlot, QuizSource
from quizzes.content.pools import candidates
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.layout import SlotEntry
from quizzes.rules.paired_tests import FORMS, PairedTests
from quizzes.rules.review import shows_key_closed
from quizzes.rules.settings import Behaviour

MOST_NAMED = 5


def check_pair(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    """Report what keeps a final test from being compared with the initial one that it names (spec/content-format C203, C518)."""
    if not quiz.pairs_with:
        return
    quizzes = {activity.key: activity for activity in course.activities() if isinstance(activity.settings, QuizSource)}
    initial, final = quizzes.get(quiz.pairs_with), quizzes.get(parts.peek(table, "key"))
    if initial is None:
        table.report("C203", N_("There is no quiz “%(key)s”."), at="pairs_with", key=quiz.pairs_with)
    elif final is not None:
        for what, advice, facts in _faults(course, initial, final):
            table.report("C518", what, advice, at="pairs_with", key=initial.key, **facts)


Fault = tuple[str, str, dict[str, str]]


def _faults(course: CourseFolder, initial: ActivitySource, final: ActivitySource) -> Iterator[Fault]:
    order = [activity.key for activity in course.activities()]
    if order.index(initial.key) >= order.index(final.key) or initial.settings.pairs_with:
        yield N_("“%(key)s” is not a test before this one."), N_("Name the quiz that learners take first."), {}
        return
    if any(_names(activity, initial.key) for activity in course.activities() if activity is not final):
        yield N_("Another quiz is compared with “%(key)s” too."), N_("An initial test has one final test."), {}
        return
    yield from _faults_of_initial(course, initial)
    if final.settings.settings.attempts != 1 and shows_key_closed(initial.settings.settings.review):
        yield (
            N_("“%(key)s” shows right answers or explanations after this test, whose other attempts ask the same questions."),
            N_("Hide its review, or allow one attempt in this test."),
            {},
        )
    if {initial.settings.forms, final.settings.forms} != {FORMS}:
        yield N_("To be compared with “%(key)s”, both tests need two parallel forms."), N_("Write “forms: 2” in both."), {}
    entries = [_entries_of_activity(course, activity) for activity in (initial, final)]
    if entries[0] != entries[1] or initial.settings.balance != final.settings.balance:
        yield (
            N_("The draws of “%(key)s” are not those of this test, so that its forms are not the same."),
            N_("Write the same “slots” and “balance” in both."),
            {},
        )
    elif any(len(entry.pool) <= entry.count and entry.pool[0].numbered for entry in entries[0]):
        yield N_("Some questions of “%(key)s” would come again in this test."), N_("Draw every question from a pool."), {}
    else:
        yield from _unreserved(course, initial, final, entries[1])


def _names(activity: ActivitySource, key: str) -> bool:
    return isinstance(activity.settings, QuizSource) and activity.settings.pairs_with == key


def _faults_of_initial(course: CourseFolder, initial: ActivitySource) -> Iterator[Fault]:
    """An initial test never counts and never blocks (7.2), and tells nothing before the final one."""
    settings = initial.settings.settings
    if initial.required or settings.is_graded or settings.pass_mark is not None:
        yield (
            N_("“%(key)s” counts or has to be passed. An initial test only shows where one begins."),
            N_("Do not require it, and give it neither weight nor pass mark."),
            {},
        )
    parts_of_course: list[ModuleSource | ActivitySource] = [*course.modules, *course.activities()]
    waiting = [part.key for part in parts_of_course if initial.key in part.requires]
    if waiting:
        yield N_("“%(waiting)s” can only be opened after “%(key)s”. An initial test blocks nothing."), "", {"waiting": waiting[0]}
    if settings.behaviour is not Behaviour.DEFERRED:
        yield N_("“%(key)s” marks answers while learners answer."), N_("Write “behaviour: deferred” in it."), {}


def _entries_of_activity(course: CourseFolder, activity: ActivitySource) -> list[SlotEntry]:
    return draw_entries(course, module_of(course, activity), activity.settings)


def module_of(course: CourseFolder, activity: ActivitySource) -> str:
    """Return the key of the module in which an activity stands."""
    return next(module.key for module in course.modules if activity in module.activities)


def _unreserved(course: CourseFolder, initial: ActivitySource, final: ActivitySource, entries: Sequence[SlotEntry]) -> Iterator[Fault]:
    known, tests = questions_of(course), {initial.key, final.key}
    keys = [
        candidate.question
        for entry in entries
        for candidate in entry.pool
        if not _is_reserved_for(known[candidate.question].selection.only, tests)
    ]
    if keys:
        named = ", ".join([*keys[:MOST_NAMED], *("…" for _rest in keys[MOST_NAMED : MOST_NAMED + 1])])
        yield (
            N_("Questions of both tests may come in other quizzes before the final test: %(keys)s."),
            N_("Write in each: “only: [%(key)s, %(final)s]”."),
            {"keys": named, "final": final.key},
        )


def _is_reserved_for(only: Sequence[str], tests: set[str]) -> bool:
    return bool(only) and set(only) <= tests


def pair_of(course: CourseFolder, activity: ActivitySource) -> PairedTests | None:
    """Return the pair of tests to which a quiz belongs, with the objectives of its questions; None for any other quiz."""
    for final in course.activities():
        if isinstance(final.settings, QuizSource) and activity.key in (final.key, final.settings.pairs_with) and final.settings.pairs_with:
            known = questions_of(course)
            keys = {question.key for question in _drawn(course, final)}
            objectives = {key: known[key].selection.objective for key in sorted(keys) if known[key].selection.objective}
            titles = {key: dict(text) for key, text in objectives_of(course).items() if key in set(objectives.values())}
            return PairedTests(final.settings.pairs_with, final.key, objectives, titles)
    return None


def _drawn(course: CourseFolder, final: ActivitySource) -> Iterator[QuestionDefinition]:
    module = module_of(course, final)
    for slot in final.settings.slots:
        if isinstance(slot, DrawSlot):
            yield from candidates(course, module, final.settings, slot)
