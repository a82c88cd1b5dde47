"""A rule as YAML text, one condition a line, that reads back into an equal rule (spec/compulsory 3.5)."""

import json
import re
from collections.abc import Iterator

from organisations.audience_rules.reading import write_rule
from organisations.audience_rules.tree import PlainValue, RuleNode

_PLAIN = re.compile(r"[A-Za-z0-9ÁÉÍÓÚÜÑáéíóúüñ][A-Za-z0-9ÁÉÍÓÚÜÑáéíóúüñ_./-]*(?: [A-Za-z0-9ÁÉÍÓÚÜÑáéíóúüñ_./-]+)*\Z")
"""Texts that need no quotes, in lists too."""


def write_yaml(rule: RuleNode) -> str:
    """Write a rule as YAML."""
    return "\n".join(_lines(write_rule(rule))) + "\n"


def _lines(value: dict[str, PlainValue]) -> Iterator[str]:
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


def _flow(value: PlainValue) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{word}: {_flow(inner)}" for word, inner in value.items()) + "}"
    if isinstance(value, list):
        return _flow(value[0]) if len(value) == 1 else "[" + ", ".join(_flow(inner) for inner in value) + "]"
    if isinstance(value, bool | int):
        return json.dumps(value)
    return str(value) if _PLAIN.match(value) else json.dumps(value, ensure_ascii=False)
