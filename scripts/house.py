"""Count what the product code has too much of; a count is a place to look, never a verdict.

python scripts/house.py            print every figure
python scripts/house.py PACKAGE    those of one package
"""

import ast
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.house_rules import PRIVATE_WORDS  # noqa: E402 - after the path is set
from tests.support.project import PACKAGES  # noqa: E402 - after the path is set

MANY_VALUES = 6
"""Positional values of one call, from which on a reader has to count."""
WIDE = 140
COPIED_FIELDS = 5
"""Fields of a dataclass, from which on one that takes half of them from another object counts as a copy of it."""

Figure = int | float | tuple[float, ...]


@dataclass(frozen=True)
class Module:
    """A product module as it is counted."""

    path: str
    text: str

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """Return every node of the syntax tree."""
        return list(ast.walk(ast.parse(self.text)))

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Yield the functions, methods among them."""
        yield from (node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def imports(self) -> int:
        """Return how many lines the imports take."""
        return sum(_length(node) for node in self.nodes if isinstance(node, ast.Import | ast.ImportFrom))

    def code(self) -> int:
        """Return how many lines are neither empty nor a comment nor a docstring."""
        documented: set[int] = set()
        for node in self.nodes:
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node) is not None:
                documented.update(range(node.body[0].lineno, node.body[0].lineno + _length(node.body[0])))
        lines = enumerate(self.text.splitlines(), 1)
        return sum(1 for number, line in lines if line.strip() and not line.strip().startswith("#") and number not in documented)

    def private_words(self) -> int:
        """Return how many variables and parameters are named by a word that says nothing of what they hold."""
        stored = (node.id for node in self.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        taken = (node.arg for node in self.nodes if isinstance(node, ast.arg))
        return sum(name in PRIVATE_WORDS for names in (stored, taken) for name in names)


@dataclass
class Dataclasses:
    """The dataclasses of all modules by name, with their fields, and the calls of each plain name."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    calls: dict[str, list[ast.Call]] = field(default_factory=lambda: defaultdict(list))

    def add(self, module: Module) -> None:
        """Take in what a module defines and calls."""
        for node in module.nodes:
            if isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(one) for one in node.decorator_list):
                annotated = (part.target for part in node.body if isinstance(part, ast.AnnAssign))
                self.fields[node.name] = [target.id for target in annotated if isinstance(target, ast.Name)]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                self.calls[node.func.id].append(node)

    def positional(self) -> int:
        """Return how many calls give many values by their place."""
        return sum(len(call.args) >= MANY_VALUES for name in self.fields for call in self.calls[name])

    def copies(self) -> int:
        """Return how many mostly take the fields of another object, under the same names."""
        return sum(
            len(fields) >= COPIED_FIELDS and any(_taken_over(call, fields) * 2 >= len(fields) for call in self.calls[name])
            for name, fields in self.fields.items()
        )


def _taken_over(call: ast.Call, fields: Sequence[str]) -> int:
    given = [*zip(fields, call.args, strict=False), *((one.arg, one.value) for one in call.keywords)]
    return sum(isinstance(value, ast.Attribute) and value.attr == name for name, value in given)


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def read_modules(packages: Iterable[str] = PACKAGES) -> list[Module]:
    """Read the modules of some packages."""
    paths = sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))
    return [Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


def count_modules(modules: Sequence[Module]) -> dict[str, Figure]:
    """Return the figures of some modules, by title."""
    data = Dataclasses()
    for module in modules:
        data.add(module)
    lines = [module.text.count("\n") for module in modules]
    lengths = sorted(_length(function) for module in modules for function in module.functions())
    private, single = _private_functions(modules)
    return {
        "product lines": sum(lines),
        "of them code": _sum(modules, Module.code),
        "files": len(modules),
        "median lines of a file": statistics.median(lines),
        "longest file": max(lines),
        "lines of imports": _sum(modules, Module.imports),
        "functions": len(lengths),
        "median, 95th percentile, longest function": (statistics.median(lengths), lengths[int(len(lengths) * 0.95)], lengths[-1]),
        "functions in a file, mean": round(len(lengths) / len(modules), 1),
        "private functions with one caller, %": round(100 * single / private),
        "dataclasses": len(data.fields),
        "dataclasses that mostly copy another object": data.copies(),
        "calls of dataclasses with six or more positional values": data.positional(),
        "casts": sum(call == "cast" for call, nodes in data.calls.items() for _node in nodes),
        "variables and parameters named by a private word": _sum(modules, Module.private_words),
    }


def _sum(modules: Sequence[Module], count: Callable[[Module], int]) -> int:
    return sum(count(module) for module in modules)


def _private_functions(modules: Sequence[Module]) -> tuple[int, int]:
    """Return how many functions are private, and how many of them one place alone calls."""
    uses = Counter(word for module in modules for word in re.findall(r"\b[A-Za-z_]\w*\b", module.text))
    names = [function.name for module in modules for function in module.functions()]
    private = [name for name in names if name.startswith("_") and not name.startswith("__")]
    return len(private), sum(uses[name] <= 2 for name in private)


def count_lines(pattern: str) -> tuple[int, int, int]:
    """Return how many lines the files of a pattern have, how many of them are wide, and how long the longest is."""
    lengths = [len(line) for path in ROOT.glob(pattern) for line in path.read_text("utf-8").splitlines()]
    return len(lengths), sum(length > WIDE for length in lengths), max(lengths)


def count_other_files() -> Mapping[str, Figure]:
    """Return the figures of templates, styles and tests, by title."""
    patterns = {"template": "templates/**/*.html", "CSS": "static/css/*.css", "test": "tests/**/*.py"}
    return {f"{kind} lines, over {WIDE} letters, longest": count_lines(pattern) for kind, pattern in patterns.items()}


def main() -> None:
    """Print the figures."""
    chosen = sys.argv[1:]
    figures = count_modules(read_modules(chosen or PACKAGES))
    for title, figure in (figures if chosen else {**figures, **count_other_files()}).items():
        print(f"{title}: {figure}")


if __name__ == "__main__":
    main()
