"""A rule while it is built by form: groups and conditions that may still be incomplete (spec/compulsory 3.1 and 3.5)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from kernel.errors import N_
from organisations.audience_rules.faults import RuleFault
from organisations.audience_rules.leaf_fields import LeafFields
from organisations.audience_rules.tree import MOST_LEAVES, MOST_LEVELS, AllOf, AnyOf, LeafClasses, Negation, PlainValue, RuleNode

DraftPath: TypeAlias = tuple[int, ...]
"""Where a part stands: its number in each group from the outermost one on; () is that group itself."""


@dataclass(frozen=True, slots=True)
class LeafDraft:
    """A condition as it was filled in so far."""

    kind: str
    fields: LeafFields = field(default_factory=LeafFields)
    nots: int = 0
    """How many *not* stand before it: one is a tick, more come from a typed rule."""
    typed: str = ""
    """What somebody typed to find a value."""


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """Parts of which all hold, or at least one."""

    joint: str = "all"
    parts: tuple["RuleDraft", ...] = ()
    nots: int = 0
    is_bare: bool = False
    """A single part stands for itself, without the joint: the rule is one condition."""


RuleDraft: TypeAlias = LeafDraft | GroupDraft


def draft_of(rule: RuleNode) -> GroupDraft:
    """Return a rule as the form shows it: a group outermost, also around a single condition."""
    draft = _draft(rule)
    return draft if isinstance(draft, GroupDraft) else GroupDraft(parts=(draft,), is_bare=True)


def _draft(rule: RuleNode) -> RuleDraft:
    nots = 0
    while isinstance(rule, Negation):
        rule, nots = rule.part, nots + 1
    if isinstance(rule, AllOf | AnyOf):
        return GroupDraft("all" if isinstance(rule, AllOf) else "any", tuple(_draft(part) for part in rule.parts), nots)
    return LeafDraft(rule.kind, rule.fields(), nots)


def plain_of(draft: RuleDraft, kinds: LeafClasses) -> PlainValue:
    """Return a draft as lists and mappings, which `read_rule` judges and reads."""
    if isinstance(draft, LeafDraft):
        value: PlainValue = plain_leaf(draft, kinds)
    elif draft.is_bare and len(draft.parts) == 1:
        value = plain_of(draft.parts[0], kinds)
    else:
        value = {draft.joint: [plain_of(part, kinds) for part in draft.parts]}
    for _number in range(draft.nots):
        value = {"not": value}
    return value


def plain_leaf(draft: LeafDraft, kinds: LeafClasses) -> PlainValue:
    """Return a condition alone, without what stands before it."""
    return {draft.kind: kinds[draft.kind].plain_of(draft.fields) if draft.kind in kinds else None}


def walk(draft: RuleDraft, path: DraftPath = ()) -> Iterator[tuple[DraftPath, RuleDraft]]:
    """Yield a draft and its parts, each with where it stands, from above."""
    yield path, draft
    if isinstance(draft, GroupDraft):
        for number, part in enumerate(draft.parts):
            yield from walk(part, (*path, number))


def change_at(draft: RuleDraft, path: DraftPath, change: Callable[[RuleDraft], RuleDraft | None]) -> RuleDraft:
    """Return a draft with one of its parts as `change` gives it; None takes the part out. A place that is not there changes nothing."""
    if not path:
        return change(draft) or draft
    if not isinstance(draft, GroupDraft) or not path[0] < len(draft.parts):
        return draft
    first, number = draft.parts[path[0]], path[0]
    changed = change(first) if len(path) == 1 else change_at(first, path[1:], change)
    replacement = () if changed is None else (changed,)
    return replace(draft, parts=(*draft.parts[:number], *replacement, *draft.parts[number + 1 :]))


def add_part(draft: GroupDraft, path: DraftPath, part: RuleDraft) -> GroupDraft:
    """Return a draft with another part at the end of a group."""

    def add(group: RuleDraft) -> RuleDraft:
        return replace(group, parts=(*group.parts, part)) if isinstance(group, GroupDraft) else group

    changed = change_at(draft, path, add)
    assert isinstance(changed, GroupDraft)
    return changed


def remove_part(draft: GroupDraft, path: DraftPath) -> GroupDraft:
    """Return a draft without one of its parts and what stands in it; the outermost group stays."""
    changed = change_at(draft, path, lambda _part: None)
    assert isinstance(changed, GroupDraft)
    return changed


def find_excess(draft: GroupDraft) -> RuleFault | None:
    """Say what of a draft is more than a rule may have: levels, where an empty group counts as if it had a condition, or conditions."""
    if _levels(draft) > MOST_LEVELS:
        return RuleFault("", N_("The rule is nested deeper than %(most)s levels."), {"most": MOST_LEVELS})
    count = sum(isinstance(part, LeafDraft) for _path, part in walk(draft))
    if count > MOST_LEAVES:
        return RuleFault("", N_("The rule has %(count)s conditions; at most %(most)s are allowed."), {"count": count, "most": MOST_LEAVES})
    return None


def _levels(draft: RuleDraft) -> int:
    if isinstance(draft, LeafDraft):
        return 1 + draft.nots
    inner = max((_levels(part) for part in draft.parts), default=1)
    return draft.nots + inner + (0 if draft.is_bare and len(draft.parts) == 1 else 1)
