"""The blueprint of a quiz in its file, and the checks of it and of families and enemies (spec/selection 1.1 to 1.8, 1.29)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from courses.content import scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from courses.content.model import CourseFolder
from courses.content.objectives import objectives_of
from courses.content.reading_session import ReadingSession
from kernel.errors import N_
from quizzes.content.banks import questions_of
from quizzes.content.model import DrawSlot, FixedSlot, QuizSource
from quizzes.content.pools import candidates
from quizzes.content.slots import PlacedSlot
from quizzes.rules.apart import may_not_meet
from quizzes.rules.blueprint import BlueprintDraw, BlueprintItem, BlueprintWeight, ShareRange, share_range, sums_off
from quizzes.rules.definitions import DescriptionBody, QuestionDefinition
from quizzes.rules.layout import Candidate, PoolTooSmall, SlotEntry, lay_out
from quizzes.rules.selection import CognitiveLevel, Difficulty
from quizzes.rules.value_variants import variants_of

NO_SEED = 0


@dataclass(frozen=True, slots=True)
class PlacedWeight:
    """A line of a blueprint and where it stands."""

    line: BlueprintWeight
    table: MappingCursor


def read_line(value: LocatedValue) -> PlacedWeight | None:
    """Read one line: an objective, a level, a difficulty or several of them, with its weight."""
    table = value.table()
    if table is None:
        return None
    weight = table.value("weight", scalars.percent, required=True)
    objective = table.value("objective", scalars.key, "")
    level, difficulty = table.value("level", scalars.one_of(CognitiveLevel)), table.value("difficulty", scalars.one_of(Difficulty))
    tolerance = table.value("tolerance", scalars.percent, Fraction(0))
    if not (objective or level or difficulty):
        table.report("C110", N_("The line names neither an objective nor a level nor a difficulty."), N_("Add one of the three."))
        return None
    if weight is None:
        return None
    return PlacedWeight(BlueprintWeight(weight, objective, level or "", difficulty or "", tolerance), table)


def blueprint_draws(course: CourseFolder, module: str, quiz: QuizSource) -> tuple[BlueprintDraw, ...]:
    """Return the draws of a quiz as its blueprint sees them, fixed questions included; what has no mark is left out."""
    questions, draws = questions_of(course), list[BlueprintDraw]()
    for slot in quiz.slots:
        if isinstance(slot, FixedSlot) and slot.question in questions:
            pool: Sequence[QuestionDefinition] = [questions[slot.question]]
        elif isinstance(slot, DrawSlot):
            pool = candidates(course, module, quiz, slot)
        else:
            continue
        items = tuple(_item(question, slot.mark) for question in pool if not isinstance(question.body, DescriptionBody))
        if items:
            draws.append(BlueprintDraw(slot.count if isinstance(slot, DrawSlot) else 1, items))
    return tuple(draws)


def _item(question: QuestionDefinition, mark: Fraction | None) -> BlueprintItem:
    own = question.selection
    return BlueprintItem(question.key, question.mark if mark is None else mark, own.objective, own.level or "", question.difficulty or "")


def candidate_of(question: QuestionDefinition, version: int = 1) -> Candidate:
    """Return a question as draws see it."""
    return Candidate(
        question.key,
        version,
        question.mark,
        not isinstance(question.body, DescriptionBody),
        question.selection.family,
        frozenset(question.selection.enemies),
        (variants_of(question) or ()) if question.selection.by_variant else (),
    )


def check_blueprint(
    table: MappingCursor, quiz: QuizSource, placed: tuple[PlacedSlot, ...], lines: tuple[PlacedWeight, ...], course: CourseFolder
) -> None:
    """Report what keeps the blueprint from being held by every question set, and families and enemies that cannot be parted."""
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    known = objectives_of(course)
    for cursor, objective in [
        *((placed_line.table, placed_line.line.objective) for placed_line in lines),
        *((placed_slot.table, placed_slot.slot.pool.objective) for placed_slot in placed if isinstance(placed_slot.slot, DrawSlot)),
    ]:
        _check_objective(cursor, objective, known)
    _check_apart(table, course, module, quiz, placed)
    if lines:
        _check_lines(table, blueprint_draws(course, module, quiz), lines, narrowed=is_narrowed(course, module, quiz))


def _check_objective(table: MappingCursor, objective: str, known: Mapping[str, object]) -> None:
    if objective and objective not in known:
        table.report("C203", N_("The course has no objective “%(key)s”."), at="objective", key=objective)


def _check_lines(table: MappingCursor, draws: Sequence[BlueprintDraw], lines: Sequence[PlacedWeight], *, narrowed: bool) -> None:
    for off in sums_off([placed_line.line for placed_line in lines]):
        table.report(
            "C513",
            N_("The weights of the lines by “%(kind)s” add up to %(total)s%%, not to 100%%."),
            N_("Change the weights, or give the lines a tolerance."),
            at="blueprint",
            kind=", ".join(off.kind),
            total=decimal(off.total),
        )
    for placed_line in lines:
        if not any(placed_line.line.fits(item) for draw in draws for item in draw.items):
            placed_line.table.report(
                "C513", N_("No question of the quiz fits this line of the blueprint."), N_("Add questions, or delete the line.")
            )
            continue
        range_of_share = share_range(draws, placed_line.line)
        if range_of_share is not None and range_of_share.breaks(placed_line.line):
            _report_line(placed_line, range_of_share, narrowed=narrowed)


def _report_line(placed_line: PlacedWeight, range_of_share: ShareRange, *, narrowed: bool) -> None:
    facts = {"weight": decimal(placed_line.line.weight), "least": decimal(range_of_share.least), "most": decimal(range_of_share.most)}
    placed_line.table.report(
        "C513",
        N_("The line asks for %(weight)s%% of the marks; attempts would possibly have from %(least)s%% to %(most)s%%. Example: %(keys)s.")
        if narrowed
        else N_("The line asks for %(weight)s%% of the marks; attempts would have from %(least)s%% to %(most)s%%. Example: %(keys)s."),
        N_("Draw by objective, level or difficulty so that every attempt has the same share, or give the line a tolerance."),
        keys=", ".join(range_of_share.breaks(placed_line.line)),
        **facts,
    )


def decimal(value: Fraction) -> str:
    """Write a percentage with at most two decimals."""
    return f"{float(value):.2f}".rstrip("0").rstrip(".")


def _entries(course: CourseFolder, module: str, quiz: QuizSource, placed: Sequence[PlacedSlot]) -> list[tuple[PlacedSlot, SlotEntry]]:
    questions, entries = questions_of(course), list[tuple[PlacedSlot, SlotEntry]]()
    for placed_slot in placed:
        if isinstance(placed_slot.slot, FixedSlot) and placed_slot.slot.question in questions:
            entries.append((placed_slot, SlotEntry((candidate_of(questions[placed_slot.slot.question]),))))
        elif isinstance(placed_slot.slot, DrawSlot):
            pool = tuple(candidate_of(question) for question in candidates(course, module, quiz, placed_slot.slot))
            entries.append((placed_slot, SlotEntry(pool, placed_slot.slot.count, by_family=placed_slot.slot.by_family)))
    return entries


def is_narrowed(course: CourseFolder, module: str, quiz: QuizSource) -> bool:
    """Return whether families or enemies exclude some question sets, so that bounds found without them may be too wide."""
    questions = questions_of(course)
    return any(
        questions[item.key].selection.family or questions[item.key].selection.enemies
        for draw in blueprint_draws(course, module, quiz)
        for item in draw.items
    )


def _check_apart(table: MappingCursor, course: CourseFolder, module: str, quiz: QuizSource, placed: tuple[PlacedSlot, ...]) -> None:
    entries = _entries(course, module, quiz, placed)
    if not any(candidate_there.family or candidate_there.enemies for _placed, entry in entries for candidate_there in entry.pool):
        return
    fixed = [(placed_slot, entry.pool[0]) for placed_slot, entry in entries if isinstance(placed_slot.slot, FixedSlot)]
    for at, (placed_slot, candidate) in enumerate(fixed):
        other = next((before for _place, before in fixed[:at] if may_not_meet(before, candidate)), None)
        if other is not None:
            placed_slot.table.report(
                "C512",
                N_("The questions “%(key)s” and “%(other)s” may not be in the same attempt, but the quiz fixes both."),
                N_("Delete one of them from the quiz."),
                at="question",
                key=candidate.question,
                other=other.question,
            )
            return
    if all(len(entry.pool) >= entry.count for _placed, entry in entries):
        _check_fillable(table, entries)


def _check_fillable(table: MappingCursor, entries: Sequence[tuple[PlacedSlot, SlotEntry]]) -> None:
    if not isinstance(lay_out([entry for _placed, entry in entries], NO_SEED, seen={}), PoolTooSmall):
        return
    least = list(entries)
    for entry_there in entries:
        rest = [other for other in least if other is not entry_there]
        if isinstance(lay_out([entry for _placed, entry in rest], NO_SEED, seen={}), PoolTooSmall):
            least = rest
    table.report(
        "C512",
        N_("Because of families and questions that may not meet, these slots cannot be filled together: %(slots)s."),
        N_("Add questions of other families, or draw fewer."),
        at="slots",
        slots=", ".join(_name(placed) for placed, _entry in least),
    )


def _name(placed: PlacedSlot) -> str:
    """Name a slot by its place in the list and what it gives."""
    index = placed.table.field.partition("[")[2].partition("]")[0]
    slot = placed.slot
    return f"{index} ({slot.question if isinstance(slot, FixedSlot) else slot.count if isinstance(slot, DrawSlot) else ''})"


def check_selection(session: ReadingSession, course: CourseFolder) -> None:
    """Report objectives, families and enemies of questions that are not there (spec/content-format C203, C415)."""
    questions, known = questions_of(course), objectives_of(course)
    for key, question in questions.items():
        own, table = question.selection, session.questions.get(key)
        if table is None:
            continue
        _check_objective(table, own.objective, known)
        for enemy in own.enemies:
            if enemy == key:
                table.report("C415", N_("A question cannot exclude itself."), N_("Delete its own key from “enemies”."), at="enemies")
            elif enemy not in questions:
                table.report("C415", N_("There is no question “%(key)s” that this one could exclude."), at="enemies", key=enemy)
