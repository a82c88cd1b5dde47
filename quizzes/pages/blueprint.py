"""The page of a quiz's blueprint: what each line asks for, what attempts can have, and which questions are there for it."""

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from courses.content.model import ActivitySource, CourseFolder, LocalisedText, ModuleSource
from courses.content.objectives import objectives_of
from kernel.i18n import _, choose, ngettext
from quizzes.content.balanced import draw_entries, planned_draws
from quizzes.content.banks import questions_of
from quizzes.content.blueprints import blueprint_draws, is_narrowed
from quizzes.content.model import DrawSlot, QuizSource
from quizzes.content.wording import DIFFICULTIES, LEVELS
from quizzes.pages.figures import percentage
from quizzes.rules.balanced_draw import has_even_marks, spread_of
from quizzes.rules.blueprint import BlueprintDraw, BlueprintItem, BlueprintWeight, ShareRange, counts_by_weight, share_range, sums_off

MOST_DRAWN = 200


@dataclass(frozen=True, slots=True)
class BlueprintLineView:
    """A line: what it names, its weight, what attempts have of it, and the questions for it."""

    name: str
    asked: str
    given: str
    holds: bool
    example: tuple[str, ...]
    ready: int
    lacking: str


@dataclass(frozen=True, slots=True)
class QuestionCountRow:
    """The number of ready questions of an objective and a level that the quiz can give, by difficulty."""

    objective: str
    level: str
    counts: tuple[int, ...]
    reserved: int
    """Of these, those that are reserved for quizzes and that nobody saw elsewhere."""

    @property
    def total(self) -> int:
        """Return how many they are together."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class BlueprintPageView:
    """The blueprint of a quiz of the draft."""

    lines: tuple[BlueprintLineView, ...]
    sums: tuple[str, ...]
    """Kinds of lines whose weights are no whole, as sentences."""
    rows: tuple[QuestionCountRow, ...]
    columns: tuple[str, ...]
    objectives: tuple[tuple[str, str, bool], ...]
    """Key, text, and whether a line names it."""
    lone_families: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    """The kinds of lines from which draws can be made: names and words."""
    number: int
    possibly: bool
    balance: tuple[str, ...]
    """What balanced draws give, as sentences; empty where draws are not balanced."""
    seen: tuple[str, ...]
    """The reserved questions that people saw elsewhere, as sentences."""


def find_quiz(folder: CourseFolder | None, key: str) -> tuple[ModuleSource, ActivitySource, QuizSource] | None:
    """Return a quiz of a folder with its module; None where the folder cannot be read or has none such."""
    for module in folder.modules if folder is not None else ():
        for activity in module.activities:
            if activity.key == key and isinstance(activity.settings, QuizSource):
                return module, activity, activity.settings
    return None


def blueprint_page(folder: CourseFolder, module: ModuleSource, quiz: QuizSource, seen: Mapping[str, int]) -> BlueprintPageView:
    """Return the blueprint of a quiz as its page shows it; `seen` counts who saw reserved questions outside their quizzes."""
    draws, known = blueprint_draws(folder, module.key, quiz), objectives_of(folder)
    items = {item.key: item for draw in draws for item in draw.items}
    named = {line.objective for line in quiz.blueprint}
    number = sum(slot.count for slot in quiz.slots if isinstance(slot, DrawSlot)) or 10
    places = sum(draw.count for draw in draws) or number
    kinds = {line.kind: ", ".join(_kind(name) for name in line.kind) for line in quiz.blueprint}
    families = Counter(questions_of(folder)[key].selection.family for key in items)
    reserved = {key for key in items if questions_of(folder)[key].selection.only} - seen.keys()
    return BlueprintPageView(
        lines=tuple(_line(line, draws, items, known, places) for line in quiz.blueprint),
        sums=tuple(
            _("The lines by %(kind)s add up to %(total)s, not to 100%%.", kind=kinds[off.kind], total=percentage(off.total, 2))
            for off in sums_off(quiz.blueprint)
        ),
        rows=tuple(_rows(items.values(), known, reserved)),
        columns=(*(_(label) for label in DIFFICULTIES.values()), _("Not set")),
        objectives=tuple((key, choose(text), key in named) for key, text in known.items()),
        lone_families=tuple(sorted(name for name, count in families.items() if name and count == 1)),
        kinds=tuple((" ".join(kind), label) for kind, label in kinds.items()),
        number=number,
        possibly=is_narrowed(folder, module.key, quiz),
        balance=_balance(folder, module, quiz),
        seen=tuple(
            ngettext("%(key)s: already seen by %(count)s person.", "%(key)s: already seen by %(count)s people.", seen[key], key=key)
            for key in sorted(seen.keys() & items.keys())
        ),
    )


def _balance(folder: CourseFolder, module: ModuleSource, quiz: QuizSource) -> tuple[str, ...]:
    entries = draw_entries(folder, module.key, quiz)
    if quiz.balance is None or not entries or not all(has_even_marks(entry) for entry in entries):
        return ()
    plan = planned_draws(folder, quiz, entries)
    balanced, free = spread_of(plan, balanced=True), spread_of(plan, balanced=False)
    if balanced is None or free is None:
        return ()
    return (
        _(
            "Of 100 attempts, 95 have an expected score between %(low)s and %(high)s. "
            "Drawn freely, it would be between %(least)s and %(most)s.",
            low=percentage(balanced.low),
            high=percentage(balanced.high),
            least=percentage(free.low),
            most=percentage(free.high),
        ),
        _("This uses the difficulty and the expected facility that authors gave. When the quiz is published, first answers count too."),
    )


def _kind(name: str) -> str:
    return {"objective": _("objective"), "level": _("level"), "difficulty": _("difficulty")}[name]


def line_name(line: BlueprintWeight, known: Mapping[str, LocalisedText]) -> str:
    """Return what a line names, in words."""
    objective = choose(known[line.objective]) if line.objective in known else line.objective
    named = [objective, _(LEVELS[line.level]) if line.level else "", _(DIFFICULTIES[line.difficulty]) if line.difficulty else ""]
    return " · ".join(part for part in named if part)


def _line(
    line: BlueprintWeight,
    draws: Sequence[BlueprintDraw],
    items: Mapping[str, BlueprintItem],
    known: Mapping[str, LocalisedText],
    places: int,
) -> BlueprintLineView:
    range_of_share = share_range(draws, line)
    ready = sum(line.fits(item) for item in items.values())
    lacking = max(0, ceil(line.weight * places / 100) - ready)
    required = percentage(line.weight, 2)
    return BlueprintLineView(
        name=line_name(line, known),
        asked=f"{required} ± {percentage(line.tolerance, 2)}" if line.tolerance else required,
        given=_range_in_words(range_of_share),
        holds=range_of_share is not None and ready > 0 and not range_of_share.breaks(line),
        example=range_of_share.breaks(line) if range_of_share is not None else (),
        ready=ready,
        lacking=ngettext("%(count)s more question is needed.", "%(count)s more questions are needed.", lacking) if lacking else "",
    )


def _range_in_words(range_of_share: ShareRange | None) -> str:
    if range_of_share is None:
        return _("The draws cannot be filled.")
    least, most = percentage(range_of_share.least, 2), percentage(range_of_share.most, 2)
    return least if range_of_share.least == range_of_share.most else _("%(least)s to %(most)s", least=least, most=most)


def _rows(items: Collection[BlueprintItem], known: Mapping[str, LocalisedText], reserved: Container[str]) -> list[QuestionCountRow]:
    counts = Counter((item.objective, item.level, item.difficulty) for item in items)
    unseen = Counter((item.objective, item.level) for item in items if item.key in reserved)
    pairs = sorted(
        {(objective, level) for objective, level, _difficulty in counts},
        key=lambda pair: ([*known, pair[0]].index(pair[0]) if pair[0] else len(known) + 1, [*LEVELS, ""].index(pair[1])),
    )
    return [
        QuestionCountRow(
            choose(known[objective]) if objective in known else objective or _("No objective"),
            _(LEVELS[level]) if level else _("No level"),
            tuple(counts[objective, level, difficulty] for difficulty in (*DIFFICULTIES, "")),
            unseen[objective, level],
        )
        for objective, level in pairs
    ]


def draws_of(quiz: QuizSource, kind: str, number: int) -> list[dict[str, str]]:
    """Return the draws that lines of a kind make of so many questions, as the fields of a slot."""
    lines = [line for line in quiz.blueprint if " ".join(line.kind) == kind]
    counts = counts_by_weight([Fraction(line.weight) for line in lines], number)
    return [
        {"draw": str(count), **{name: str(getattr(line, name)) for name in line.kind}}
        for line, count in zip(lines, counts, strict=True)
        if count
    ]
