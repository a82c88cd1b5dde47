"""The contents of a quiz file and a bank as frozen values; the questions are those of `quizzes.rules.definitions`."""

from dataclasses import dataclass
from fractions import Fraction

from courses.content.model import NO_TEXT, LocalisedText
from quizzes.rules.balanced_draw import Balance
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.integrity import IntegrityRules
from quizzes.rules.pass_marks import PassBasis
from quizzes.rules.selection import ResultUse
from quizzes.rules.settings import QuizSettings


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

    def has_fixed(self, key: str) -> bool:
        """Return whether a question stands in a slot of its own."""
        return any(isinstance(slot, FixedSlot) and slot.question == key for slot in self.slots)


@dataclass(frozen=True, slots=True)
class BankSource:
    """One bank with its questions in order; `module` is the key of the module it stands in, '' for a course-wide one."""

    key: str
    path: str
    module: str
    questions: tuple[QuestionDefinition, ...]
    title: LocalisedText = NO_TEXT
