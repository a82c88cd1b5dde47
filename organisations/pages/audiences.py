"""Views of audiences: the mark of each condition for one person, and how many have no value."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from kernel.i18n import _, format_date, ngettext
from organisations.audience_rules.tree import AllOf, AnyOf, LeafFinding, LeafNames, Negation, RuleExplanation
from organisations.queries.audience_preview import MissingCount


@dataclass(frozen=True, slots=True)
class RuleLineView:
    """A condition of a rule as it is for one person: how deep it stands, what it says, whether it is so, and the fact."""

    depth: int
    text: str
    holds: bool
    fact: str = ""


def explanation_lines(why: RuleExplanation, names: LeafNames, depth: int = 0) -> Iterator[RuleLineView]:
    """Yield the conditions of a rule from above, each with its mark and its fact."""
    node = why.node
    if isinstance(node, AllOf | AnyOf | Negation):
        label = _("All of these:") if isinstance(node, AllOf) else _("At least one of these:") if isinstance(node, AnyOf) else _("Not:")
        yield RuleLineView(depth, label, why.holds)
        for part in why.parts:
            yield from explanation_lines(part, names, depth + 1)
        return
    assert why.finding is not None
    text = node.describe(names, negated=False)
    yield RuleLineView(depth, text[:1].upper() + text[1:], why.holds, _fact(why.finding))


def _fact(finding: LeafFinding) -> str:
    if finding.is_missing:
        return _("There is no value on record.")
    if not finding.fact:
        return ""
    fact = _fact_day(finding.fact) or finding.fact
    return (
        _("On record: %(fact)s, since %(day)s", fact=fact, day=format_date(finding.since))
        if finding.since
        else _("On record: %(fact)s", fact=fact)
    )


def _fact_day(text: str) -> str:
    try:
        return format_date(date.fromisoformat(text)) if len(text) == len("2026-07-01") else ""
    except ValueError:
        return ""


def missing_lines(missing: Sequence[MissingCount], names: LeafNames) -> list[str]:
    """Say of each condition how many have no value for it, and how many of these come in all the same (spec/compulsory 3.3)."""
    return [
        ngettext(
            "“%(condition)s”: %(count)s person has no value on record; %(let_in)s of them come in all the same.",
            "“%(condition)s”: %(count)s people have no value on record; %(let_in)s of them come in all the same.",
            count.people,
            condition=count.leaf.describe(names, negated=False),
            let_in=count.let_in,
        )
        for count in missing
    ]
