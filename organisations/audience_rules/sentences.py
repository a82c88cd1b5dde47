"""The sentence of a rule, made from the tree in the reader's language (spec/compulsory 3.5)."""

from functools import reduce

from kernel.i18n import _
from organisations.audience_rules.tree import AllOf, AnyOf, LeafNames, Negation, RuleNode


def write_sentence(rule: RuleNode, names: LeafNames) -> str:
    """Return the rule as a sentence: «De Guayas o Los Ríos, con el puesto inspector»."""
    text = _phrase(rule, names, negated=False)
    return text[:1].upper() + text[1:]


def _phrase(rule: RuleNode, names: LeafNames, *, negated: bool) -> str:
    if isinstance(rule, Negation):
        return _phrase(rule.part, names, negated=not negated)
    if not isinstance(rule, AllOf | AnyOf):
        return rule.describe(names, negated=negated)
    joins_all = isinstance(rule, AllOf) is not negated  # not (a and b) is (not a) or (not b)
    parts = [_part(part, names, negated=negated, within_all=joins_all) for part in rule.parts]
    if joins_all:
        return ", ".join(parts)
    return reduce(lambda before, part: _("%(before)s, or %(part)s", before=before, part=part), parts)


def _part(rule: RuleNode, names: LeafNames, *, negated: bool, within_all: bool) -> str:
    """Return a part of a joint, in brackets where it is a joint of the other kind with several parts."""
    inner, sign = rule, negated
    while isinstance(inner, Negation):
        inner, sign = inner.part, not sign
    text = _phrase(rule, names, negated=negated)
    if not isinstance(inner, AllOf | AnyOf) or len(inner.parts) == 1:
        return text
    return text if (isinstance(inner, AllOf) is not sign) is within_all else f"({text})"
