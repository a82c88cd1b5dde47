"""Regrades: when another version may be used, and which mark then counts (spec/quiz-engine 5.11)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from questions.rules import definitions
from questions.rules.marking import Marking, MarkState
from quizzes.rules.grades import Grade, ItemResult, grade_attempt
from quizzes.rules.settings import QuizSettings

_NOTHING = Fraction(0)


class RegradeKind(StrEnum):
    """The kind of a regrade: a question of all attempts is judged by its own or another version, or made void."""

    SAME = "same"
    OTHER = "other"
    FULL_CREDIT = "full_credit"
    REMOVED = "removed"
    UNLESS_LOWER = "void_unless_lower"

    @property
    def voids(self) -> bool:
        """Return whether the question becomes void: full credit to all, or left out of the total (spec/quiz-engine 5.11.4), for
        everyone or only where that lowers nobody (spec/selection 5.7).
        """
        return self in (RegradeKind.FULL_CREDIT, RegradeKind.REMOVED, RegradeKind.UNLESS_LOWER)

    @property
    def holds_later(self) -> bool:
        """Return whether it also holds for attempts that are submitted after it was committed: every one but a repetition."""
        return self is not RegradeKind.SAME


class RegradePolicy(StrEnum):
    """The effect of a regrade on the old mark.

    The better one of each question stays, the new one replaces it, or an attempt takes its new marks together and only
    where they raise its total (spec/quiz-engine 5.11.3).
    """

    KEEP_BEST = "keep_best"
    REPLACE = "replace"
    ONLY_RAISE = "only_raise"


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """A list whose keys differ between two versions: its name, the keys missing from the other, and those it adds."""

    part: str
    lacking: tuple[str, ...]
    added: tuple[str, ...]


def differences(answered: definitions.QuestionDefinition, other: definitions.QuestionDefinition) -> tuple[KeyDifference, ...]:
    """Return why answers to one version cannot be judged by another: another kind, or other keys in a list (spec/quiz-engine 5.11.2)."""
    if answered.kind is not other.kind:
        return (KeyDifference("kind", (answered.kind.value,), (other.kind.value,)),)
    old, new = _structure(answered), _structure(other)
    nothing: frozenset[str] = frozenset()
    return tuple(
        KeyDifference(part, tuple(sorted(before - after)), tuple(sorted(after - before)))
        for part in {**old, **new}
        if (before := old.get(part, nothing)) != (after := new.get(part, nothing))
    )


def can_regrade(answered: definitions.QuestionDefinition, other: definitions.QuestionDefinition) -> bool:
    """Tell whether answers to one version can be judged by another: same kind, and the same keys in every list.

    spec/quiz-engine 5.11.2.
    """
    return not differences(answered, other)


def regraded(policy: RegradePolicy, old: Fraction | None, new: Fraction | None) -> Fraction | None:
    """Return the share of a question that counts after a regrade; one that has no mark yet takes the new one."""
    if policy is RegradePolicy.KEEP_BEST and old is not None and (new is None or old >= new):
        return old
    return new


def corrected(policy: RegradePolicy, earned: Marking, judged: Marking) -> Marking:
    """Return the marking of an answer that is submitted while a regrade is in force: an attempt then has no total to raise yet."""
    keeps = RegradePolicy.KEEP_BEST if policy is RegradePolicy.ONLY_RAISE else policy
    return judged if regraded(keeps, earned.fraction, judged.fraction) == judged.fraction else earned


def takes_new_marks(policy: RegradePolicy, before: Fraction | None, after: Fraction | None) -> bool:
    """Return whether an attempt takes its new marks, by the percentages before and after; None: not graded."""
    if policy is not RegradePolicy.ONLY_RAISE or before is None:
        return True
    return after is not None and after > before


def void_marking(effect: str) -> Marking | None:
    """Return a void question's marking for everyone: all of its mark, or no part in the total (spec/quiz-engine 5.11.4); None: not void,
    or void for those whom that does not lower.
    """
    match effect:
        case RegradeKind.FULL_CREDIT:
            return Marking(MarkState.RIGHT, Fraction(1))
        case RegradeKind.REMOVED:
            return LEFT_OUT
        case _:
            return None


@dataclass(frozen=True, slots=True)
class PresentMark:
    """A question of a submitted attempt: its present share (None: waits or has no mark), state, worth and section."""

    fraction: Fraction | None
    state: MarkState
    maximum: Fraction
    section: int = 0
    earned: Marking | None = None
    """The marking of the answer itself, where the question is void unless that lowers its learner (spec/selection 5.7)."""

    @property
    def mark(self) -> Fraction:
        """Return the points; none while they are not given."""
        return (self.fraction or _NOTHING) * self.maximum

    @property
    def is_earned(self) -> bool:
        """Return whether the answer itself has its points already."""
        return self.earned is not None and self.earned.fraction is not None

    @property
    def earned_mark(self) -> Fraction:
        """Return the points that the answer itself earned."""
        share = self.earned.fraction if self.earned is not None else None
        return (share or _NOTHING) * self.maximum


def void_unless_lower(items: Mapping[int, PresentMark]) -> Mapping[int, Marking]:
    """Return the marking of each question that is void unless that lowers its learner (spec/selection 5.7).

    It is left out where the percentage is greater without it: the greatest over all subsets of these questions, found by leaving out
    each that earned less than the share that holds, until the share stands. Where all questions are void they get their full marks.
    """
    void = {key: item for key, item in items.items() if item.earned is not None}
    marked = [item for key, item in items.items() if key not in void and item.state is not MarkState.NOT_MARKED]
    raw, maximum = sum((item.mark for item in marked), _NOTHING), sum((item.maximum for item in marked), _NOTHING)
    if not maximum:
        return {key: Marking(MarkState.RIGHT, Fraction(1)) for key in void}
    staying_void = dict(void)
    while True:
        held = maximum + sum((item.maximum for item in staying_void.values()), _NOTHING)
        share = (raw + sum((item.earned_mark for item in staying_void.values()), _NOTHING)) / held
        staying = {key: item for key, item in void.items() if item.is_earned and item.earned_mark >= share * item.maximum}
        if staying.keys() == staying_void.keys():
            return {key: item.earned if key in staying_void and item.earned else LEFT_OUT for key, item in void.items()}
        staying_void = staying


LEFT_OUT = Marking(MarkState.NOT_MARKED, None)
"""The marking of a question that has no part in the total."""


@dataclass(frozen=True, slots=True)
class RegradeResult:
    """The result of regrading an attempt: the marks that change, by item, and the total with them."""

    marks: Mapping[int, Marking]
    after: Grade


def regrade_attempt(
    items: Mapping[int, PresentMark], new: Mapping[int, Marking], policy: RegradePolicy, percent: Fraction | None, settings: QuizSettings
) -> RegradeResult:
    """Decide which new marks an attempt takes, given its present marks and its percentage (spec/quiz-engine 5.11.3).

    A mark that comes out as it is does not change. While some marks are missing, the points that there are say whether the total rises.
    """
    changed = {key: marking for key, marking in new.items() if _replaces(policy, items[key], marking)}
    before, after = total_of(items, {}, settings), total_of(items, with_voids(items, changed), settings)
    rises = after.raw > before.raw if before.pending and policy is RegradePolicy.ONLY_RAISE else True
    if changed and not (rises and takes_new_marks(policy, percent, after.percent)):
        return RegradeResult({}, before)
    return RegradeResult(changed, after)


def with_voids(items: Mapping[int, PresentMark], changed: Mapping[int, Marking]) -> Mapping[int, Marking]:
    """Return changed marks with those of the questions that are void unless that lowers their learner, as these changes make them."""
    if not any(item.earned for item in items.values()):
        return changed
    held = {
        key: replace(item, fraction=changed[key].fraction, state=changed[key].state) if key in changed else item
        for key, item in items.items()
    }
    return {**changed, **void_unless_lower(held)}


def _replaces(policy: RegradePolicy, present: PresentMark, marking: Marking) -> bool:
    """Return whether a new marking of a question differs from the present one and counts."""
    if marking.fraction == present.fraction:
        return marking.state is not present.state
    return regraded(policy, present.fraction, marking.fraction) == marking.fraction


def total_of(items: Mapping[int, PresentMark], changed: Mapping[int, Marking], settings: QuizSettings) -> Grade:
    """Return the total of an attempt with its present marks, some of them replaced."""
    results = []
    for key, present in items.items():
        held = changed.get(key, present)
        results.append(ItemResult(held.fraction, present.maximum, held.state, present.section))
    return grade_attempt(results, settings)


def _structure(question: definitions.QuestionDefinition) -> Mapping[str, frozenset[str]]:
    """Return the keys that stored answers hold, by list."""
    match question.body:
        case definitions.SingleChoiceBody(options, _, numbers):
            variables = () if numbers is None else numbers.variables
            return {"options": frozenset(option.key for option in options), "variables": frozenset(variable.name for variable in variables)}
        case definitions.MultipleChoiceBody(options):
            return {"options": frozenset(option.key for option in options)}
        case definitions.MatchingBody(pairs, extra):
            matches = {pair.match_key for pair in pairs} | {label.key for label in extra}
            return {"pairs": frozenset(pair.key for pair in pairs), "matches": frozenset(matches)}
        case definitions.OrderingBody(items):
            return {"items": frozenset(item.key for item in items)}
        case definitions.MatrixBody(columns, rows):
            return {"columns": frozenset(column.key for column in columns), "rows": frozenset(row.key for row in rows)}
        case definitions.CalculatedBody(variables):
            return {"variables": frozenset(variable.name for variable in variables)}
        case definitions.GapsBody() as body:
            return _gaps(body)
        case _:
            return {}


def _gaps(body: definitions.GapsBody) -> Mapping[str, frozenset[str]]:
    """Return the gaps with the kind of each, the choices that are dragged, and the options of each gap that has them."""
    options = {
        f"gap:{gap.name}": frozenset(option.key for option in gap.body.options)
        for gap in body.gaps
        if isinstance(gap.body, definitions.SingleChoiceBody)
    }
    return {
        "gaps": frozenset(f"{gap.name} ({gap.body.kind})" for gap in body.gaps),
        "choices": frozenset(label.key for label in body.choices),
        **options,
    }
