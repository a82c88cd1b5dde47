"""The page and the command that make variants of a calculated question: a table of them, and remarks in sentences (spec/selection 1.22)."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.i18n import _, ngettext
from quizzes.content.variants import VariantPlan
from quizzes.pages.figures import figure
from quizzes.rules.definitions import CalculatedBody
from quizzes.rules.variants import Variant, VariantRemark, VariantRemarkKind

MOST_REMARKS = 50
DECIMALS_OF_VARIANTS = 6


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant in the table: its key in the bank, the values of its variables, its right answer, and typical wrong answers."""

    name: str
    values: tuple[str, ...]
    key: str
    mistakes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VariantsView:
    """Variants that would be written: names of the variables, formulas of wrong answers, the rows, and what is to be looked at."""

    family: str
    variables: tuple[str, ...]
    mistakes: tuple[str, ...]
    rows: tuple[VariantRow, ...]
    remarks: tuple[str, ...]
    more_remarks: int
    pattern: str


def variants_view(plan: VariantPlan) -> VariantsView:
    """Return variants as their page shows them."""
    body = plan.pattern.body
    assert isinstance(body, CalculatedBody)
    names = [variable.name for variable in body.variables]
    mistakes = [answer.expression for answer in body.answers if not answer.right]
    return VariantsView(
        plan.family,
        tuple(names),
        tuple(mistakes),
        tuple(_row(variant, names, mistakes, body.decimals) for variant in plan.variants),
        tuple(remark_words(remark) for remark in plan.remarks[:MOST_REMARKS]),
        max(0, len(plan.remarks) - MOST_REMARKS),
        pattern_words(plan),
    )


def _row(variant: Variant, names: Sequence[str], mistakes: Sequence[str], decimals: int | None) -> VariantRow:
    wrong = dict(variant.mistakes)
    shown = DECIMALS_OF_VARIANTS if decimals is None else decimals
    return VariantRow(
        variant.name,
        tuple(figure(variant.values[name], DECIMALS_OF_VARIANTS) for name in names),
        figure(variant.key, shown),
        tuple(figure(wrong.get(expression), shown) for expression in mistakes),
    )


def remark_words(remark: VariantRemark) -> str:
    """Say what is to be looked at, and why."""
    first, last = remark.names[0], remark.names[-1]
    match remark.kind:
        case VariantRemarkKind.SAME_VALUES:
            return _("%(first)s and %(last)s have the same values: they are one question.", first=first, last=last)
        case VariantRemarkKind.SAME_KEY:
            return _(
                "The right answer of %(first)s is also right in %(last)s: anyone who has heard it passes both.", first=first, last=last
            )
        case VariantRemarkKind.NEAR_KEY:
            return _("The right answers of %(first)s and %(last)s are so near that some numbers pass in both.", first=first, last=last)
        case VariantRemarkKind.MISTAKE:
            return _("%(first)s takes the typical mistake “%(detail)s” for right.", first=first, detail=remark.detail)
        case VariantRemarkKind.LESSON:
            return _(
                "The numbers of %(first)s stand in the lesson “%(detail)s”: it may be its worked example.",
                first=first,
                detail=remark.detail,
            )


def pattern_words(plan: VariantPlan) -> str:
    """Say what becomes of the pattern."""
    if plan.retires_pattern:
        return _("“%(key)s” stays in the bank as a draft, so that it is not drawn beside its variants.", key=plan.pattern.key)
    return _("“%(key)s” stays as it is, because a quiz asks it; it belongs to the family from now on.", key=plan.pattern.key)


def count_words(plan: VariantPlan) -> str:
    """Say how many variants there are, and of which family."""
    return ngettext(
        "%(count)s variant of the family “%(family)s”.",
        "%(count)s variants of the family “%(family)s”.",
        len(plan.variants),
        family=plan.family,
    )
