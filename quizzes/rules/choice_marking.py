"""The named rules of a multiple choice (spec/quiz-engine 5.7). c right options, w wrong ones; r and x of them chosen."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from quizzes.rules.definitions import MultipleRule, Option

_NOTHING = Fraction(0)
_ALL = Fraction(1)
_HALVES = {0: (0, _ALL), 1: (3, Fraction(1, 2)), 2: (5, Fraction(1, 4))}


@dataclass(frozen=True, slots=True)
class ChosenOptions:
    """The choice among right and wrong options, and the sum of the chosen options' credits."""

    right: int
    wrong: int
    chosen_right: int
    chosen_wrong: int
    credit: Fraction


def share_of_choices(rule: MultipleRule, options: Sequence[Option], chosen: Collection[str]) -> Fraction:
    """Return the share in [0, 1]; choosing nothing is 0 under every rule, unknown keys count for nothing."""
    selection = select(options, chosen)
    if selection.chosen_right + selection.chosen_wrong == 0:
        return _NOTHING
    return _CHOICE_RULES[rule](selection)


def select(options: Sequence[Option], chosen: Collection[str]) -> ChosenOptions:
    """Count what was chosen."""
    taken = [option for option in options if option.key in chosen]
    right = sum(option.right for option in options)
    chosen_right = sum(option.right for option in taken)
    credit = sum((option.credit for option in taken), _NOTHING)
    return ChosenOptions(right, len(options) - right, chosen_right, len(taken) - chosen_right, credit)


def _all_or_nothing(selection: ChosenOptions) -> Fraction:
    return _ALL if selection.chosen_right == selection.right and selection.chosen_wrong == 0 else _NOTHING


def _fractions(selection: ChosenOptions) -> Fraction:
    return min(_ALL, max(_NOTHING, selection.credit))


def _right_minus_wrong(selection: ChosenOptions) -> Fraction:
    return max(_NOTHING, _share(selection.chosen_right - selection.chosen_wrong, selection.right))


def _proportional(selection: ChosenOptions) -> Fraction:
    judged_right = selection.chosen_right + selection.wrong - selection.chosen_wrong
    return _share(judged_right, selection.right + selection.wrong)


def _right_only(selection: ChosenOptions) -> Fraction:
    return _share(selection.chosen_right, selection.right) if selection.chosen_wrong == 0 else _NOTHING


def _halves(selection: ChosenOptions) -> Fraction:
    errors = selection.right - selection.chosen_right + selection.chosen_wrong
    options_needed, share = _HALVES.get(errors, (0, _NOTHING))
    return share if selection.right + selection.wrong >= options_needed else _NOTHING


def _share(part: int, whole: int) -> Fraction:
    return Fraction(part, whole) if whole else _NOTHING


_CHOICE_RULES: Mapping[MultipleRule, Callable[[ChosenOptions], Fraction]] = {
    MultipleRule.ALL_OR_NOTHING: _all_or_nothing,
    MultipleRule.FRACTIONS: _fractions,
    MultipleRule.RIGHT_MINUS_WRONG: _right_minus_wrong,
    MultipleRule.PROPORTIONAL: _proportional,
    MultipleRule.RIGHT_ONLY: _right_only,
    MultipleRule.HALVES: _halves,
}
