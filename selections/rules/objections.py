"""Objections to the questions of a selection: term, reason, outcomes, and how well it went (spec/selection 5)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from questions.rules.definitions import QuestionKind
from quizzes.rules.regrade import RegradeKind
from quizzes.rules.result_use import ObjectionRules

SHORTEST_REASON, LONGEST_REASON = 20, 2000
_TAGS = re.compile(r"<[a-zA-Z/!][^<>]*>?")


class ObjectionGround(StrEnum):
    """The ground on which a learner objects to a question."""

    TWO_RIGHT = "two_right"
    NONE_RIGHT = "none_right"
    UNCLEAR = "unclear"
    LAW_CHANGED = "law_changed"
    NOT_TAUGHT = "not_taught"
    MARKED_WRONGLY = "marked_wrongly"
    TECHNICAL = "technical"


class ObjectionState(StrEnum):
    """The states of objections to one version of a question, which are decided together; withdrawn where no objection is left."""

    OPEN = "open"
    PROPOSED = "proposed"
    DECIDED = "decided"
    TOLD = "told"
    WITHDRAWN = "withdrawn"

    @property
    def is_undecided(self) -> bool:
        """Return whether the objections wait for a decision."""
        return self.value in UNDECIDED_STATES


UNDECIDED_STATES = (ObjectionState.OPEN.value, ObjectionState.PROPOSED.value)


class ObjectionOutcome(StrEnum):
    """The outcome of objections; actas name them by these words."""

    UPHOLD = "uphold"
    """The marks stand."""
    RESCORE = "rescore"
    FULL_CREDIT = "full_credit"
    VOID = "void"
    REMOVED = "removed"
    REOPEN = "reopen"
    """What was decided is taken back, and the objections are decided again."""

    @property
    def regrade_kind(self) -> RegradeKind | None:
        """Return the kind of regrade that carries the outcome out; None where no mark changes."""
        return _KINDS.get(self)


_KINDS = {
    ObjectionOutcome.RESCORE: RegradeKind.OTHER,
    ObjectionOutcome.FULL_CREDIT: RegradeKind.FULL_CREDIT,
    ObjectionOutcome.VOID: RegradeKind.UNLESS_LOWER,
    ObjectionOutcome.REMOVED: RegradeKind.REMOVED,
}


def midnight_after(day: date, zone: tzinfo) -> datetime:
    """Return the moment at which a day of the calendar ends in a zone: its 24:00."""
    return datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)


def day_that_ends(moment: datetime, zone: tzinfo) -> date:
    """Return the day whose 24:00 a moment is in a zone."""
    return (moment - timedelta(seconds=1)).astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class ObjectionTerm:
    """The time in which an attempt's questions may be objected to, and until when that is decided; ends are exclusive."""

    begins_at: datetime
    ends_at: datetime
    due_at: datetime
    last_day: date
    due_day: date

    def is_running(self, now: datetime) -> bool:
        """Return whether one may object now."""
        return self.begins_at <= now < self.ends_at


def term_of(published_at: datetime, visible_at: datetime, rules: ObjectionRules, zone: tzinfo) -> ObjectionTerm:
    """Return the term that begins when the provisional acta is published or marks become visible, whichever is later (spec/selection 5.1).

    It is counted in days of the calendar after the day of its beginning, and ends at 24:00 of the last one.
    """
    begins = max(published_at, visible_at)
    last_day = begins.astimezone(zone).date() + timedelta(days=rules.term)
    due_day = last_day + timedelta(days=rules.decide)
    return ObjectionTerm(begins, midnight_after(last_day, zone), midnight_after(due_day, zone), last_day, due_day)


def next_due(now: datetime, rules: ObjectionRules, zone: tzinfo) -> datetime:
    """Return the new date of a decision that is late: as many days again (spec/selection 5.9)."""
    return midnight_after(now.astimezone(zone).date() + timedelta(days=rules.decide), zone)


def words_in(reason: str) -> int:
    """Count the characters of a reason that say something: neither markup nor the space around it."""
    return len(_TAGS.sub("", reason).strip())


def is_of_own_hand(kind: QuestionKind) -> bool:
    """Return whether objections are about a person's own handwriting or file, so that names are seen (spec/selection 5.5)."""
    return kind is QuestionKind.FILE


@dataclass(frozen=True, slots=True)
class DeciderHindrances:
    """The hindrances of a person: they take the quiz, wrote the version, or marked it by hand (spec/selection 5.4)."""

    takes_part: bool = False
    is_author: bool = False
    marked_by_hand: bool = False
    proposed: bool = False
    """Their own proposal waits for a decision."""

    @property
    def is_independent(self) -> bool:
        """Return whether the person may propose."""
        return not (self.takes_part or self.is_author or self.marked_by_hand)

    @property
    def may_decide(self) -> bool:
        """Return whether the person may decide on the proposal that stands."""
        return self.is_independent and not self.proposed


FEWEST_DECIDERS = 2


@dataclass(frozen=True, slots=True)
class ObjectionRecord:
    """An objection as statistics count it: when it was opened and decided, and whether the decision changed marks."""

    opened_at: datetime
    decided_at: datetime | None = None
    has_effect: bool = False


@dataclass(frozen=True, slots=True)
class ObjectionFigures:
    """Statistics of objections: how many, for a thousand answers, the share of the decided that changed marks, mean days to decision."""

    objections: int
    answers: int
    decided: int
    per_thousand: float | None
    share_with_effect: float | None
    days: float | None


def figures_of(records: Iterable[ObjectionRecord], answers: int) -> ObjectionFigures:
    """Compute the statistics of objections (spec/selection 5.12); None where there is nothing to divide by."""
    objections: Sequence[ObjectionRecord] = list(records)
    lengths = [
        (objection.decided_at - objection.opened_at).total_seconds() / 86_400
        for objection in objections
        if objection.decided_at is not None
    ]
    effects = sum(objection.has_effect for objection in objections if objection.decided_at is not None)
    return ObjectionFigures(
        objections=len(objections),
        answers=answers,
        decided=len(lengths),
        per_thousand=1000 * len(objections) / answers if answers else None,
        share_with_effect=effects / len(lengths) if lengths else None,
        days=sum(lengths) / len(lengths) if lengths else None,
    )


def find_block(text: str, key: str) -> str:
    """Return the lines of a bank's text that hold a question: from its key to the next entry as far to the left; '' where it is not."""
    lines = text.splitlines()
    start = next(
        (at for at, line in enumerate(lines) if re.fullmatch(rf"\s*-\s+(?:.*\b)?key:\s*['\"]?{re.escape(key)}(?![\w-]).*", line)), None
    )
    if start is None:
        return ""
    indent = len(lines[start]) - len(lines[start].lstrip())
    rest = lines[start + 1 :]
    end = next((at for at, line in enumerate(rest) if line.strip() and len(line) - len(line.lstrip()) <= indent), len(rest))
    return "\n".join([lines[start], *rest[:end]]).rstrip()
