"""Options with weights, as GIFT, Moodle and QTI have them, and our named rules: which weights mean which rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from kernel.errors import N_
from questions.rules.definitions import MultipleChoiceBody, MultipleRule, Option, SingleChoiceBody, Texts
from standards._keys import KeyAllocator
from standards.model import NotTranslatable, TransferRemarkCollector

FULL_CREDIT = Fraction(1)
NO_CREDIT = Fraction(0)


@dataclass(frozen=True, slots=True)
class WeightedOption:
    """An option as it came: its text and feedback by language, its weight as a share, whether it keeps its place."""

    text: Texts
    credit: Fraction
    why: Texts | None = None
    fixed: bool = False


def single_choice(weighted: Sequence[WeightedOption], *, shuffle: bool = True) -> SingleChoiceBody:
    """Return a choice of one option; right is what has full credit."""
    return SingleChoiceBody(
        tuple(_option(option, keys, option.credit == FULL_CREDIT) for keys in (KeyAllocator(),) for option in weighted), shuffle
    )


def multiple_choice(weighted: Sequence[WeightedOption], *, shuffle: bool = True) -> MultipleChoiceBody:
    """Return a choice of several options; the weights of a named rule become that rule, which gives the same marks."""
    keys = KeyAllocator()
    options = tuple(_option(option, keys, option.credit > 0) for option in weighted)
    rule = rule_of_options(options)
    if rule is MultipleRule.FRACTIONS:
        return MultipleChoiceBody(options, rule, shuffle)
    return MultipleChoiceBody(
        tuple(replace(option, credit=FULL_CREDIT if option.right else NO_CREDIT) for option in options), rule, shuffle
    )


def _option(weighted: WeightedOption, keys: KeyAllocator, right: bool) -> Option:
    text = required_text(next(iter(weighted.text.values()), ""))
    return Option(keys.of(text), weighted.text, right, weighted.credit, weighted.why, weighted.fixed)


def required_text(text: str) -> str:
    """Return a text that must not be empty; raises NotTranslatable."""
    if not text:
        raise NotTranslatable(
            N_("An option or item has no text."), N_("A picture on its own is not imported. Describe in words what it shows.")
        )
    return text


def rule_of_options(options: Sequence[Option]) -> MultipleRule:
    """Return the rule whose marks the credits give: a share each and as much off is right minus wrong; everything off is right only."""
    right = [option.credit for option in options if option.right]
    wrong = {option.credit for option in options if not option.right}
    if not right or set(right) != {Fraction(1, len(right))} or len(wrong) != 1:
        return MultipleRule.FRACTIONS
    if wrong == {Fraction(-1, len(right))}:
        return MultipleRule.RIGHT_MINUS_WRONG
    return MultipleRule.RIGHT_ONLY if wrong == {-FULL_CREDIT} else MultipleRule.FRACTIONS


_NEAREST = {
    MultipleRule.ALL_OR_NOTHING: MultipleRule.RIGHT_ONLY,
    MultipleRule.PROPORTIONAL: MultipleRule.RIGHT_MINUS_WRONG,
    MultipleRule.HALVES: MultipleRule.RIGHT_MINUS_WRONG,
}


def option_weights(body: MultipleChoiceBody, remarks: TransferRemarkCollector) -> list[Fraction]:
    """Return each option's weight for a format that sums weights and cuts below nothing; a missing rule is reported as a loss."""
    rule = _NEAREST.get(body.rule, body.rule)
    if rule is not body.rule:
        remarks.loss(
            N_("The rule “%(rule)s” becomes “%(other)s”."),
            N_("The format adds up the weights of options and has no other rule."),
            rule=body.rule.value,
            other=rule.value,
        )
    if rule is MultipleRule.FRACTIONS:
        weights = [option.credit for option in body.options]
        if any(option.right is not (option.credit > 0) for option in body.options):
            remarks.loss(N_("Only the credits show which options are right."), N_("The format cannot express it."))
    else:
        share = Fraction(1, max(sum(option.right for option in body.options), 1))
        weights = [share if option.right else -FULL_CREDIT if rule is MultipleRule.RIGHT_ONLY else -share for option in body.options]
    comes_back = rule_of_options([replace(option, credit=credit) for option, credit in zip(body.options, weights, strict=True)])
    if comes_back is not rule:
        remarks.note(N_("When imported again, the question has the rule “%(rule)s”, which gives the same marks."), rule=comes_back.value)
    return weights
