"""Marking again: when another version may be used, and which mark then holds (5.11)."""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction

from quizzes.rules.definitions import Gaps, Matching, Matrix, Multiple, Ordering, Question, Single


class RegradePolicy(StrEnum):
    """What becomes of the old mark: the better one stays, the new one replaces it."""

    ONLY_RAISE = "only_raise"
    REPLACE = "replace"


def can_regrade(answered: Question, other: Question) -> bool:
    """Tell whether answers to one version can be judged by another: same kind, and the same keys in every list (5.11.2)."""
    return answered.kind is other.kind and _structure(answered) == _structure(other)


def regraded(policy: RegradePolicy, old: Fraction | None, new: Fraction | None) -> Fraction | None:
    """Return the share that holds after marking again; what has no mark yet takes the new one."""
    if policy is RegradePolicy.ONLY_RAISE and old is not None and (new is None or old >= new):
        return old
    return new


def _structure(question: Question) -> Mapping[str, frozenset[str]]:
    """Return the keys that stored answers hold, by list."""
    match question.body:
        case Single(options) | Multiple(options):
            return {"options": frozenset(option.key for option in options)}
        case Matching(pairs, extra):
            matches = {pair.match_key for pair in pairs} | {label.key for label in extra}
            return {"pairs": frozenset(pair.key for pair in pairs), "matches": frozenset(matches)}
        case Ordering(items):
            return {"items": frozenset(item.key for item in items)}
        case Matrix(columns, rows):
            return {"columns": frozenset(column.key for column in columns), "rows": frozenset(row.key for row in rows)}
        case Gaps() as body:
            return _gaps(body)
        case _:
            return {}


def _gaps(body: Gaps) -> Mapping[str, frozenset[str]]:
    choices = frozenset(label.key for label in body.choices)
    options = {gap.name: _options(gap.body) | {gap.body.kind} for gap in body.gaps}
    return {**options, "": choices}


def _options(body: object) -> frozenset[str]:
    return frozenset(option.key for option in body.options) if isinstance(body, Single) else frozenset()
