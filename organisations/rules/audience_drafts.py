"""Rules of audiences read from plain values or YAML with every mistake, written again, edited as drafts (spec/compulsory 3.1, 3.5)."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from kernel import yaml_tree
from kernel.errors import N_
from organisations.rules import audiences

JOINTS = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class RuleReading:
    """A rule that was read, or what is wrong with it."""

    rule: audiences.RuleNode | None
    faults: tuple[audiences.RuleFault, ...]


def read_rule(value: audiences.PlainValue, kinds: audiences.LeafClasses) -> RuleReading:
    """Read a rule from lists and mappings, as JSON and YAML give them; report every mistake."""
    faults = audiences.FaultCollector()
    rule = _read_node(value, kinds, faults, 1)
    if rule is not None and not faults.faults:
        count = sum(1 for _leaf in audiences.leaves(rule))
        if count > audiences.MOST_LEAVES:
            faults.add(N_("The rule has %(count)s conditions; at most %(most)s are allowed."), count=count, most=audiences.MOST_LEAVES)
    return RuleReading(None if faults.faults else rule, tuple(faults.faults))


def _read_node(
    value: audiences.PlainValue, kinds: audiences.LeafClasses, faults: audiences.FaultCollector, level: int
) -> audiences.RuleNode | None:
    if level > audiences.MOST_LEVELS:
        faults.add(N_("The rule is nested deeper than %(most)s levels."), most=audiences.MOST_LEVELS)
        return None
    if not isinstance(value, dict) or not value:
        faults.add(N_("A condition is missing here: write one such as “unit: GYE”."))
        return None
    if len(value) > 1:
        faults.add(N_("Several conditions stand side by side here. Put each into a list under “all” or “any”."))
        return None
    ((word, inner),) = value.items()
    if word not in JOINTS and word not in kinds:
        faults.add_unknown(str(word), (*JOINTS, *kinds))
        return None
    with faults.within(word):
        if word == "not":
            part = _read_node(inner, kinds, faults, level + 1)
            return None if part is None else audiences.Negation(part)
        if word in JOINTS:
            return _read_parts(word, inner, kinds, faults, level)
        return kinds[word].read(inner, faults)


def _read_parts(
    word: str, value: audiences.PlainValue, kinds: audiences.LeafClasses, faults: audiences.FaultCollector, level: int
) -> audiences.RuleNode | None:
    if not isinstance(value, list | tuple) or not value:
        faults.add(N_("An empty rule is a mistake: list at least one condition here."))
        return None
    parts = list[audiences.RuleNode]()
    for number, inner in enumerate(value, 1):
        with faults.within(str(number)):
            part = _read_node(inner, kinds, faults, level + 1)
        if part is not None:
            parts.append(part)
    if len(parts) < len(value):
        return None
    return audiences.AllOf(tuple(parts)) if word == "all" else audiences.AnyOf(tuple(parts))


def read_yaml(text: str, kinds: audiences.LeafClasses) -> RuleReading:
    """Read a rule from YAML as it is typed."""
    parsed = yaml_tree.parse(text)
    if parsed.troubles:
        faults = audiences.FaultCollector()
        for trouble in parsed.troubles:
            with faults.within(f"{trouble.line}:{trouble.column}"):
                faults.add(trouble.template, **({"name": trouble.name} if trouble.name else {}))
        return RuleReading(None, tuple(faults.faults))
    return read_rule(None if parsed.root is None else _plain(parsed.root), kinds)


def _plain(node: yaml_tree.YamlNode) -> audiences.PlainValue:
    if isinstance(node, yaml_tree.YamlMapping):
        return {word: _plain(pair.value) for word, pair in node.entries.items()}
    if isinstance(node, yaml_tree.YamlSequence):
        return [_plain(item) for item in node.items]
    assert isinstance(node, yaml_tree.YamlScalar)
    return node.text


def write_rule(rule: audiences.RuleNode) -> dict[str, audiences.PlainValue]:
    """Return a rule as lists and mappings that `read_rule` reads into an equal one."""
    if isinstance(rule, audiences.AllOf | audiences.AnyOf):
        return {"all" if isinstance(rule, audiences.AllOf) else "any": [write_rule(part) for part in rule.parts]}
    return {"not": write_rule(rule.part)} if isinstance(rule, audiences.Negation) else {rule.kind: rule.write()}


_PLAIN = re.compile(r"[A-Za-z0-9ÁÉÍÓÚÜÑáéíóúüñ][A-Za-z0-9ÁÉÍÓÚÜÑáéíóúüñ_./-]*(?: [A-Za-z0-9ÁÉÍÓÚÜÑáéíóúüñ_./-]+)*\Z")
"""Texts that need no quotes, in lists too."""


def write_yaml(rule: audiences.RuleNode) -> str:
    """Write a rule as YAML."""
    return "\n".join(_lines(write_rule(rule))) + "\n"


def _lines(value: dict[str, audiences.PlainValue]) -> Iterator[str]:
    """Yield the lines of a condition: joints below each other, what stands behind a leaf's word on its line."""
    ((word, inner),) = value.items()
    if word in ("all", "any"):
        yield f"{word}:"
        for part in inner:
            yield from _indented(_lines(part), "  - ", "    ")
    elif word == "not":
        yield "not:"
        yield from _indented(_lines(inner), "  ", "  ")
    else:
        yield f"{word}: {_flow(inner)}"


def _indented(lines: Iterator[str], first: str, rest: str) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield (rest if number else first) + line


def _flow(value: audiences.PlainValue) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{word}: {_flow(inner)}" for word, inner in value.items()) + "}"
    if isinstance(value, list):
        return _flow(value[0]) if len(value) == 1 else "[" + ", ".join(_flow(inner) for inner in value) + "]"
    if isinstance(value, bool | int):
        return json.dumps(value)
    return str(value) if _PLAIN.match(value) else json.dumps(value, ensure_ascii=False)


DraftPath: TypeAlias = tuple[int, ...]
"""Where a part stands: its number in each group from the outermost one on; () is that group itself."""


@dataclass(frozen=True, slots=True)
class LeafDraft:
    """A condition as it was filled in so far."""

    kind: str
    fields: audiences.LeafFields = field(default_factory=audiences.LeafFields)
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


def draft_of(rule: audiences.RuleNode) -> GroupDraft:
    """Return a rule as the form shows it: a group outermost, also around a single condition."""
    draft = _draft(rule)
    return draft if isinstance(draft, GroupDraft) else GroupDraft(parts=(draft,), is_bare=True)


def _draft(rule: audiences.RuleNode) -> RuleDraft:
    nots = 0
    while isinstance(rule, audiences.Negation):
        rule, nots = rule.part, nots + 1
    if isinstance(rule, audiences.AllOf | audiences.AnyOf):
        return GroupDraft("all" if isinstance(rule, audiences.AllOf) else "any", tuple(_draft(part) for part in rule.parts), nots)
    return LeafDraft(rule.kind, rule.fields(), nots)


def plain_of(draft: RuleDraft, kinds: audiences.LeafClasses) -> audiences.PlainValue:
    """Return a draft as lists and mappings, which `read_rule` judges and reads."""
    if isinstance(draft, LeafDraft):
        value: audiences.PlainValue = plain_leaf(draft, kinds)
    elif draft.is_bare and len(draft.parts) == 1:
        value = plain_of(draft.parts[0], kinds)
    else:
        value = {draft.joint: [plain_of(part, kinds) for part in draft.parts]}
    for _number in range(draft.nots):
        value = {"not": value}
    return value


def plain_leaf(draft: LeafDraft, kinds: audiences.LeafClasses) -> audiences.PlainValue:
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


def find_excess(draft: GroupDraft) -> audiences.RuleFault | None:
    """Return the excess of a draft over the limits of a rule: levels, where an empty group counts as a condition, or conditions."""
    if _levels(draft) > audiences.MOST_LEVELS:
        return audiences.RuleFault("", N_("The rule is nested deeper than %(most)s levels."), {"most": audiences.MOST_LEVELS})
    count = sum(isinstance(part, LeafDraft) for _path, part in walk(draft))
    if count > audiences.MOST_LEAVES:
        return audiences.RuleFault(
            "", N_("The rule has %(count)s conditions; at most %(most)s are allowed."), {"count": count, "most": audiences.MOST_LEAVES}
        )
    return None


def _levels(draft: RuleDraft) -> int:
    if isinstance(draft, LeafDraft):
        return 1 + draft.nots
    inner = max((_levels(part) for part in draft.parts), default=1)
    return draft.nots + inner + (0 if draft.is_bare and len(draft.parts) == 1 else 1)
