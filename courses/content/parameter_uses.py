"""List the consequences of another value of a figure: figures calculated from it, and every line of a folder that names one of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from courses.content import layout
from courses.content.model import ParameterSource
from courses.content.parameters import solve


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """A figure with its digits before and after; `after` is empty where it could not be calculated any more."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ParameterUse:
    """A line of a file that names a figure; `line` counts from 1."""

    path: str
    line: int
    text: str


def changed_parameters(parameters: Sequence[ParameterSource], values: Mapping[str, tuple[Fraction, str]]) -> list[ParameterChange]:
    """Return the figures that would change, in the order of the file; `values` gives number and digits by name."""
    given = [
        replace(parameter, value=values[parameter.name][0], written=values[parameter.name][1], formula="")
        if parameter.name in values
        else parameter
        for parameter in parameters
    ]
    after = solve(given)
    changes = ((parameter, after.get(parameter.name)) for parameter in parameters)
    return [
        ParameterChange(parameter.name, parameter.written, new.written if new else "")
        for parameter, new in changes
        if new is None or new.value != parameter.value
    ]


def list_uses(files: Mapping[str, bytes], names: Sequence[str]) -> Iterator[ParameterUse]:
    """Yield every line that names one of the figures: in braces in any text, bare in the expressions of a YAML file."""
    alternatives = "|".join(map(re.escape, names)) or "(?!)"
    in_braces, bare = re.compile(rf"\{{\{{ *(?:{alternatives})\b"), re.compile(rf"\b(?:{alternatives})\b")
    for path, content in sorted(files.items()):
        if path == layout.PARAMETERS or not path.endswith((".md", ".yaml")):
            continue
        pattern = bare if path.endswith(".yaml") else in_braces
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
            if pattern.search(line):
                yield ParameterUse(path, number, line.strip())
