"""The contents of a quiz file, its slots, the questions that each slot may use, and those that are reserved for some quizzes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from courses.content import kinds, scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor, MarkupLevel, ReadingSession
from courses.content.model import NO_TEXT, ActivitySource, CourseFolder, LocalisedText
from kernel.errors import N_
from questions.content.banks import BankSource, banks_of, questions_of
from questions.rules.definitions import (
    CognitiveLevel,
    DescriptionBody,
    Difficulty,
    QuestionDefinition,
    QuestionKind,
    QuestionState,
    is_marked,
)
from questions.rules.marking import is_self_reviewed
from quizzes.rules.balanced_draw import Balance
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.layout import Candidate, PoolTooSmall, SlotEntry, lay_out
from quizzes.rules.result_use import PassBasis, ResultUse
from quizzes.rules.settings import QuizSettings, shows_key_early
from quizzes.rules.states import IntegrityRules


@dataclass(frozen=True, slots=True)
class Pool:
    """The questions a draw takes from; `banks` are keys of banks or modules, `course` for all (empty = the own module's)."""

    banks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    difficulty: str = ""
    objective: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class FixedSlot:
    """One question by key; `mark` replaces the question's own."""

    question: str
    mark: Fraction | None = None
    require_previous: bool = False


@dataclass(frozen=True, slots=True)
class DrawSlot:
    """A random draw of so many questions; `quizzes.content.pools.candidates` returns the eligible ones.

    `by_family`: families are counted and equally likely, whatever the number of their variants.
    """

    count: int
    pool: Pool
    mark: Fraction | None = None
    require_previous: bool = False
    by_family: bool = False


@dataclass(frozen=True, slots=True)
class SectionSlot:
    """The title of what follows, up to the next section; `shuffle` mixes the questions inside."""

    title: LocalisedText
    shuffle: bool = False
    text: LocalisedText = NO_TEXT


@dataclass(frozen=True, slots=True)
class PageBreak:
    """A new page."""


@dataclass(frozen=True, slots=True)
class TextSlot:
    """Words between questions (Markdown)."""

    text: LocalisedText


SlotSource = FixedSlot | DrawSlot | SectionSlot | PageBreak | TextSlot


@dataclass(frozen=True, slots=True)
class QuizSource:
    """A quiz: what is shown before the start (Markdown), its slots in order, and its settings."""

    slots: tuple[SlotSource, ...]
    settings: QuizSettings
    instructions: LocalisedText = NO_TEXT
    blueprint: tuple[BlueprintWeight, ...] = ()
    balance: Balance | None = None
    forms: int = 0
    """How many parallel forms it has; 0 where every attempt is drawn."""
    pairs_with: str = ""
    """The key of the initial test that it is compared with; '' where there is none."""
    integrity: IntegrityRules | None = None
    """What is recorded beside the answers; None where the file says nothing."""
    selection: ResultUse | None = None
    """What its results are used for outside the course; None where they are not."""
    basis: PassBasis | None = None
    """What its pass mark goes by; None where nothing is said."""
    is_final: bool = False
    """It is the final assessment of the course, and certificates say so."""

    def has_fixed(self, key: str) -> bool:
        """Return whether a question stands in a slot of its own."""
        return any(isinstance(slot, FixedSlot) and slot.question == key for slot in self.slots)


WHOLE_COURSE = "course"
SORTS = ("question", "draw", "section", "page", "text")


@dataclass(frozen=True, slots=True)
class PlacedSlot:
    """A slot and where it stands."""

    slot: SlotSource
    table: MappingCursor


def read_slot(value: LocatedValue) -> PlacedSlot | None:
    """Read one entry: a question, a draw, a section, a page break or a text."""
    table = value.table()
    if table is None:
        return None
    slot = _slot(table)
    return PlacedSlot(slot, table) if slot is not None else None


def _slot(table: MappingCursor) -> SlotSource | None:
    sort = next((name for name in SORTS if table.has(name)), None)
    if sort == "question":
        return _fixed(table)
    if sort == "draw":
        return _draw(table)
    if sort == "section":
        return SectionSlot(table.text("section"), table.flag("shuffle", False), table.text("text", MarkupLevel.MARKDOWN))
    if sort == "page":
        table.value("page", scalars.word_of("new"))
        return PageBreak()
    if sort == "text":
        return TextSlot(table.text("text", MarkupLevel.MARKDOWN))
    table.report("C110", N_("The slot must be one of: %(words)s."), N_("Begin it with one of them."), words=", ".join(SORTS))
    return None


def _fixed(table: MappingCursor) -> FixedSlot | None:
    key = table.value("question", scalars.key, required=True)
    mark, previous = _mark(table), table.flag("require_previous", False)
    return FixedSlot(key, mark, previous) if key else None


def _draw(table: MappingCursor) -> DrawSlot | None:
    count = table.value("draw", scalars.whole(1), required=True)
    banks = _from(table)
    tags = table.keys("tags")
    kinds = table.listed("kinds", lambda value: value.read(scalars.one_of(QuestionKind)), flow=True)
    difficulty = table.value("difficulty", scalars.one_of(Difficulty))
    objective = table.value("objective", scalars.key, "")
    level = table.value("level", scalars.one_of(CognitiveLevel))
    by_family = table.value("every", scalars.word_of("family")) is not None
    mark, previous = _mark(table), table.flag("require_previous", False)
    kept_kinds = tuple(kind.value for kind in kinds)
    pool = Pool(
        banks, tags, kept_kinds, difficulty=difficulty.value if difficulty else "", objective=objective, level=level.value if level else ""
    )
    return DrawSlot(count, pool, mark, previous, by_family) if count else None


def _mark(table: MappingCursor) -> Fraction | None:
    return table.value("mark", scalars.number_between(0))


def _from(table: MappingCursor) -> tuple[str, ...]:
    """Read keys of banks or modules; the word `course` stands for all and may stand alone."""
    value = table.get("from")
    if value is None:
        return ()
    if value.as_text() == WHOLE_COURSE:
        return (WHOLE_COURSE,)
    table.flows.add("from")
    return tuple(key for key in (item.read(_bank_key) for item in value.items()) if key)


def _bank_key(text: str) -> str:
    folder, slash, bank = text.partition("/")
    scalars.key(folder)
    if slash:
        scalars.key(bank)
    return text


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


def check_quiz(table: MappingCursor, key: str, quiz: QuizSource, placed: tuple[PlacedSlot, ...], course: CourseFolder) -> None:
    """Report findings on the slots of a quiz now that all banks are read."""
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    questions = questions_of(course)
    for slot, cursor in ((entry.slot, entry.table) for entry in placed):
        if isinstance(slot, FixedSlot):
            _check_fixed(cursor, slot, questions.get(slot.question), graded=quiz.settings.is_graded)
        elif isinstance(slot, DrawSlot):
            _check_banks(cursor, slot, course)
    _check_pools(course, module, quiz, placed)
    if any(_asks(slot, questions) for slot in quiz.slots):
        _check_marks(table, quiz, questions)
    elif key not in kinds.draft_keys(course):
        table.report("C523", N_("The quiz has no questions."), N_("Add one, or hide the quiz."), at="slots")
    _check_grade(table, quiz, course)


def _asks(slot: SlotSource, questions: Mapping[str, QuestionDefinition]) -> bool:
    """Return whether a slot gives something to answer; a question that does not exist is reported by itself."""
    if isinstance(slot, FixedSlot):
        question = questions.get(slot.question)
        return question is None or not isinstance(question.body, DescriptionBody)
    return isinstance(slot, DrawSlot)


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
    if quiz.settings.is_graded and not markable:
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
