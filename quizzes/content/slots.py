"""Read the slots of a quiz (spec/content-format 9)."""

from dataclasses import dataclass
from fractions import Fraction

from courses.content import scalars
from courses.content.mapping_cursor import LocatedValue, MappingCursor
from courses.content.read_collector import MarkupLevel
from kernel.errors import N_
from quizzes.content.model import DrawSlot, FixedSlot, PageBreak, Pool, SectionSlot, SlotSource, TextSlot
from quizzes.rules.definitions import QuestionKind
from quizzes.rules.selection import CognitiveLevel, Difficulty

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
    pool = Pool(banks, tags, kept_kinds, difficulty.value if difficulty else "", objective, level.value if level else "")
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
