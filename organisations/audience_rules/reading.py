"""Reading a rule from plain values or YAML, with every mistake in words, and writing it again (spec/compulsory 3.1 and 3.5)."""

from dataclasses import dataclass

from kernel import yaml_tree
from kernel.errors import N_
from organisations.audience_rules.faults import FaultCollector, RuleFault
from organisations.audience_rules.tree import (
    MOST_LEAVES,
    MOST_LEVELS,
    AllOf,
    AnyOf,
    LeafClasses,
    Negation,
    PlainValue,
    RuleNode,
    leaves,
)

JOINTS = ("all", "any", "not")


@dataclass(frozen=True, slots=True)
class RuleReading:
    """A rule that was read, or what is wrong with it."""

    rule: RuleNode | None
    faults: tuple[RuleFault, ...]


def read_rule(value: PlainValue, kinds: LeafClasses) -> RuleReading:
    """Read a rule from lists and mappings, as JSON and YAML give them; report every mistake."""
    faults = FaultCollector()
    rule = _read_node(value, kinds, faults, 1)
    if rule is not None and not faults.faults:
        count = sum(1 for _leaf in leaves(rule))
        if count > MOST_LEAVES:
            faults.add(N_("The rule has %(count)s conditions; at most %(most)s are allowed."), count=count, most=MOST_LEAVES)
    return RuleReading(None if faults.faults else rule, tuple(faults.faults))


def _read_node(value: PlainValue, kinds: LeafClasses, faults: FaultCollector, level: int) -> RuleNode | None:
    if level > MOST_LEVELS:
        faults.add(N_("The rule is nested deeper than %(most)s levels."), most=MOST_LEVELS)
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
            return None if part is None else Negation(part)
        if word in JOINTS:
            return _read_parts(word, inner, kinds, faults, level)
        return kinds[word].read(inner, faults)


def _read_parts(word: str, value: PlainValue, kinds: LeafClasses, faults: FaultCollector, level: int) -> RuleNode | None:
    if not isinstance(value, list | tuple) or not value:
        faults.add(N_("An empty rule is a mistake: list at least one condition here."))
        return None
    parts = list[RuleNode]()
    for number, inner in enumerate(value, 1):
        with faults.within(str(number)):
            part = _read_node(inner, kinds, faults, level + 1)
        if part is not None:
            parts.append(part)
    if len(parts) < len(value):
        return None
    return AllOf(tuple(parts)) if word == "all" else AnyOf(tuple(parts))


def read_yaml(text: str, kinds: LeafClasses) -> RuleReading:
    """Read a rule from YAML as it is typed."""
    parsed = yaml_tree.parse(text)
    if parsed.troubles:
        faults = FaultCollector()
        for trouble in parsed.troubles:
            with faults.within(f"{trouble.line}:{trouble.column}"):
                faults.add(trouble.template, **({"name": trouble.name} if trouble.name else {}))
        return RuleReading(None, tuple(faults.faults))
    return read_rule(None if parsed.root is None else _plain(parsed.root), kinds)


def _plain(node: yaml_tree.YamlNode) -> PlainValue:
    if isinstance(node, yaml_tree.YamlMapping):
        return {word: _plain(pair.value) for word, pair in node.entries.items()}
    if isinstance(node, yaml_tree.YamlSequence):
        return [_plain(item) for item in node.items]
    assert isinstance(node, yaml_tree.YamlScalar)
    return node.text


def write_rule(rule: RuleNode) -> dict[str, PlainValue]:
    """Return a rule as lists and mappings that `read_rule` reads into an equal one."""
    if isinstance(rule, AllOf | AnyOf):
        return {"all" if isinstance(rule, AllOf) else "any": [write_rule(part) for part in rule.parts]}
    return {"not": write_rule(rule.part)} if isinstance(rule, Negation) else {rule.kind: rule.write()}
