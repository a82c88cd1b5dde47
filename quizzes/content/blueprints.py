"""The blueprint, the balanced draws and the paired tests of a quiz in its file, and their checks (spec/selection 1 and 7)."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from courses.content import scalars
from courses.content.course_file import objectives_of
from courses.content.mapping_cursor import LocatedValue, MappingCursor, ReadingSession
from courses.content.model import ActivitySource, CourseFolder, ModuleSource
from kernel.errors import N_
from questions.content import parts
from questions.content.banks import questions_of
from questions.rules.definitions import CognitiveLevel, DescriptionBody, Difficulty, QuestionDefinition
from questions.rules.variants import variants_of
from quizzes.content.pools import DrawSlot, FixedSlot, PlacedSlot, QuizSource, candidates
from quizzes.rules import balanced_draw
from quizzes.rules.blueprint import BlueprintDraw, BlueprintItem, BlueprintWeight, ShareRange, share_range, sums_off
from quizzes.rules.layout import Candidate, PoolTooSmall, SlotEntry, lay_out, may_not_meet
from quizzes.rules.settings import Behaviour, shows_key_closed

NO_SEED = 0


PlacedWeight = tuple[BlueprintWeight, MappingCursor]
"""A line of a blueprint and where it stands."""


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
    return BlueprintWeight(weight, objective, level or "", difficulty or "", tolerance), table


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
        numbered=not isinstance(question.body, DescriptionBody),
        family=question.selection.family,
        enemies=frozenset(question.selection.enemies),
        variants=(variants_of(question) or ()) if question.selection.by_variant else (),
    )


def check_blueprint(
    table: MappingCursor, quiz: QuizSource, placed: tuple[PlacedSlot, ...], lines: tuple[PlacedWeight, ...], course: CourseFolder
) -> None:
    """Report what keeps the blueprint from being held by every question set, and families and enemies that cannot be parted."""
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    known = objectives_of(course)
    for cursor, objective in [
        *((cursor, line.objective) for line, cursor in lines),
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
    for kind, total in sums_off([line for line, _cursor in lines]).items():
        table.report(
            "C513",
            N_("The weights of the lines by “%(kind)s” add up to %(total)s%%, not to 100%%."),
            N_("Change the weights, or give the lines a tolerance."),
            at="blueprint",
            kind=", ".join(kind),
            total=decimal(total),
        )
    for line, cursor in lines:
        if not any(line.fits(item) for draw in draws for item in draw.items):
            if draws:  # a quiz whose banks are not read, or that has no question, says nothing of its lines
                cursor.report(
                    "C513", N_("No question of the quiz fits this line of the blueprint."), N_("Add questions, or delete the line.")
                )
            continue
        range_of_share = share_range(draws, line)
        if range_of_share is not None and range_of_share.breaks(line):
            _report_line(cursor, line, range_of_share, narrowed=narrowed)


def _report_line(cursor: MappingCursor, line: BlueprintWeight, range_of_share: ShareRange, *, narrowed: bool) -> None:
    facts = {"weight": decimal(line.weight), "least": decimal(range_of_share.least), "most": decimal(range_of_share.most)}
    cursor.report(
        "C513",
        N_("The line asks for %(weight)s%% of the marks; attempts would possibly have from %(least)s%% to %(most)s%%. Example: %(keys)s.")
        if narrowed
        else N_("The line asks for %(weight)s%% of the marks; attempts would have from %(least)s%% to %(most)s%%. Example: %(keys)s."),
        N_("Draw by objective, level or difficulty so that every attempt has the same share, or give the line a tolerance."),
        keys=", ".join(range_of_share.breaks(line)),
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


TRIED_SEEDS = 1_000
"""Draws that the check tries where questions of several draws may not meet; one in a hundred has to pass."""


def read_balance(table: MappingCursor) -> balanced_draw.Balance | None:
    """Read `balance`: how near the expected scores of attempts are to each other."""
    value = table.get("balance")
    if value is None:
        return None
    table.flows.add("balance")
    inner = value.table()
    if inner is None:
        return None
    return balanced_draw.Balance(inner.value("within", scalars.percent, Fraction(1)), inner.value("target", scalars.percent))


def read_forms(table: MappingCursor) -> int:
    """Read `forms`: how many parallel forms the quiz has, 0 for none."""
    return table.value("forms", scalars.either("none", 0, scalars.whole(balanced_draw.FEWEST, balanced_draw.MOST)), 0)


def draw_entries(course: CourseFolder, module: str, quiz: QuizSource) -> list[SlotEntry]:
    """Return the slots of a quiz as its draws see them; empty where one of them cannot be filled."""
    questions, entries = questions_of(course), list[SlotEntry]()
    for slot in quiz.slots:
        if isinstance(slot, FixedSlot) and slot.question in questions:
            entries.append(SlotEntry((candidate_of(questions[slot.question]),), mark=slot.mark))
        elif isinstance(slot, DrawSlot):
            pool = tuple(candidate_of(question) for question in candidates(course, module, quiz, slot))
            entries.append(SlotEntry(pool, slot.count, slot.mark))
    return entries if all(len(entry.pool) >= entry.count for entry in entries) else []


def planned_draws(course: CourseFolder, quiz: QuizSource, entries: Sequence[SlotEntry]) -> balanced_draw.DrawPlan:
    """Return the draws of a quiz with the facilities that its authors expect."""
    questions = questions_of(course)
    facilities = {
        balanced_draw.facility_key(candidate.question, variant): foreseen_facility(questions[candidate.question])
        for entry in entries
        for candidate in entry.pool
        for variant in candidate.variants or ("",)
    }
    return balanced_draw.plan_draws(entries, facilities, quiz.balance or balanced_draw.Balance())


def foreseen_facility(question: QuestionDefinition) -> int:
    """Return the facility of a question without answers (spec/selection 1.9)."""
    return balanced_draw.known_facility(0, Fraction(0), question.difficulty or "", question.selection.expected)


def check_balance(table: MappingCursor, quiz: QuizSource, course: CourseFolder) -> None:
    """Report what keeps attempts from having nearly the same expected score (spec/content-format C505, C509)."""
    if quiz.balance is None:
        return
    if quiz.settings.build_on_last:
        table.report(
            "C505",
            N_("An attempt of a balanced quiz cannot start with the last answers, because it has other questions."),
            N_("Delete “balance” or “build_on_last”."),
            at="balance",
        )
    module = table.session.module_keys.get(table.file.partition("/")[0], "")
    entries = draw_entries(course, module, quiz)
    if entries:
        _check_draws(table, quiz, course, entries)


def _check_draws(table: MappingCursor, quiz: QuizSource, course: CourseFolder, entries: Sequence[SlotEntry]) -> None:
    if not all(balanced_draw.has_even_marks(entry) for entry in entries):
        table.report("C509", N_("The questions of a balanced draw need the same mark."), N_("Give the draw a mark."), at="balance")
        return
    plan = planned_draws(course, quiz, entries)
    try:
        sets = balanced_draw.QuestionSets(plan)
    except balanced_draw.TooManySums:
        table.report(
            "C509",
            N_("These draws have too many sums of marks and facilities to be balanced."),
            N_("Draw fewer questions, or from smaller pools."),
            at="balance",
        )
        return
    if not sets.total:
        _report_unbalanced(table, plan)
    elif balanced_draw.reaches_over_cells(plan) and sum(_passes(sets, seed) for seed in range(TRIED_SEEDS)) * 100 < TRIED_SEEDS:
        table.report(
            "C509",
            N_("Almost every balanced set of questions has two that may not meet."),
            N_("Let draws take from banks, objectives or levels of their own."),
            at="balance",
        )
    elif quiz.forms:
        _check_forms(table, quiz, entries, planned_draws(course, quiz, balanced_draw.without_variants(entries)))


def _check_forms(table: MappingCursor, quiz: QuizSource, entries: Sequence[SlotEntry], plan: balanced_draw.DrawPlan) -> None:
    seed = balanced_draw.forms_seed(quiz.pairs_with or parts.peek(table, "key"), entries)
    if balanced_draw.assemble_forms(plan, quiz.balance or balanced_draw.Balance(), seed, quiz.forms) is None:
        table.report(
            "C510",
            N_("There are no %(number)s parallel forms: sets without a common question or family, and about equally hard."),
            N_("Ask for fewer forms, allow more points, or add questions."),
            at="forms",
            number=quiz.forms,
        )


def _passes(sets: balanced_draw.QuestionSets, seed: int) -> bool:
    return balanced_draw.draw_set(sets, seed, tries=1) is not None


def _report_unbalanced(table: MappingCursor, plan: balanced_draw.DrawPlan) -> None:
    reachable = balanced_draw.sum_counts(plan.cells)
    if not reachable or not plan.whole:
        table.report("C509", N_("The draws cannot be balanced: they cannot be filled, or give no marks."), at="balance")
        return
    nearest = min(reachable, key=lambda total: (max(plan.low - total, total - plan.high), total))
    table.report(
        "C509",
        N_("No set of questions has an expected score between %(low)s and %(high)s. The nearest has %(nearest)s."),
        N_("Allow more points, change the target, or add questions."),
        at="balance",
        low=decimal(plan.expected(plan.low)),
        high=decimal(plan.expected(plan.high)),
        nearest=decimal(plan.expected(nearest)),
    )


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
    if {initial.settings.forms, final.settings.forms} != {balanced_draw.FORMS}:
        yield N_("To be compared with “%(key)s”, both tests need two parallel forms."), N_("Write “forms: 2” in both."), {}
    entries = [draw_entries(course, module_of(course, activity), activity.settings) for activity in (initial, final)]
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


def pair_of(course: CourseFolder, activity: ActivitySource) -> balanced_draw.PairedTests | None:
    """Return the pair of tests to which a quiz belongs, with the objectives of its questions; None for any other quiz."""
    for final in course.activities():
        if isinstance(final.settings, QuizSource) and activity.key in (final.key, final.settings.pairs_with) and final.settings.pairs_with:
            known = questions_of(course)
            keys = {question.key for question in _drawn(course, final)}
            objectives = {key: known[key].selection.objective for key in sorted(keys) if known[key].selection.objective}
            titles = {key: dict(text) for key, text in objectives_of(course).items() if key in set(objectives.values())}
            return balanced_draw.PairedTests(final.settings.pairs_with, final.key, objectives, titles)
    return None


def _drawn(course: CourseFolder, final: ActivitySource) -> Iterator[QuestionDefinition]:
    module = module_of(course, final)
    for slot in final.settings.slots:
        if isinstance(slot, DrawSlot):
            yield from candidates(course, module, final.settings, slot)
