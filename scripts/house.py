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


WALKS = {
    "starting an attempt": ("quizzes/views/attempts.py", "start", "subject"),
    "publishing a folder": ("lms/publishing.py", "publish_folder", "folder"),
}
"""Ways of one value through the code that a newcomer has to follow."""


@dataclass
class Walk:
    """The way of one parameter through product functions, as the calls that pass it on are written; each function is entered once."""

    modules: Mapping[str, Module]
    stays: list[str] = field(default_factory=list)
    """The modules it comes through, one after the other."""
    names: set[str] = field(default_factory=set)
    """The names that it and its parts have on the way."""
    entered: set[tuple[str, str]] = field(default_factory=set)

    def enter(self, path: str, name: str, parameters: set[str]) -> None:
        """Go through a function from some of its parameters on."""
        function = self._functions(path).get(name)
        if function is None or (path, name) in self.entered:
            return
        self.entered.add((path, name))
        self._stay(path)
        known = set(parameters)
        written = (part for part in ast.walk(function) if isinstance(part, ast.Assign | ast.Call))
        for node in sorted(written, key=lambda part: (part.lineno, part.col_offset)):
            if isinstance(node, ast.Assign) and _root(node.value) in known:
                known.update(part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name))
            elif isinstance(node, ast.Call):
                self._follow(path, node, known)
        self.names |= known

    def _follow(self, path: str, call: ast.Call, known: set[str]) -> None:
        place = self._resolve(path, call.func)
        function = self._functions(place[0]).get(place[1]) if place else None
        if place is None or function is None:
            return
        parameters = [one.arg for one in function.args.args]
        given = [*zip(parameters, call.args, strict=False), *((one.arg, one.value) for one in call.keywords if one.arg)]
        if passed := {name for name, value in given if _root(value) in known}:
            self.enter(*place, passed)
            self._stay(path)

    def _stay(self, path: str) -> None:
        if self.stays[-1:] != [path]:
            self.stays.append(path)

    def _functions(self, path: str) -> Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        return {node.name: node for node in self.modules[path].functions()} if path in self.modules else {}

    def _resolve(self, path: str, called: ast.expr) -> tuple[str, str] | None:
        """Return the module and name of what is called: of this module, imported by name, or an attribute of an imported module."""
        imports = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in self.modules[path].nodes
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        if isinstance(called, ast.Name):
            package, name = imports.get(called.id, ("", called.id))
            return (f"{package.replace('.', '/')}.py" if package else path, name)
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in imports:
            return ("/".join(imports[called.value.id]).replace(".", "/") + ".py", called.attr)
        return None


def _root(value: ast.expr) -> str | None:
    """Return the name of which an expression is a part, such as `a` of `a.b.c`; None of anything that is computed."""
    while isinstance(value, ast.Attribute):
        value = value.value
    return value.id if isinstance(value, ast.Name) else None


def count_walks(modules: Sequence[Module]) -> Mapping[str, Figure]:
    """Return of each walk how often the value changes its module and how many names it has."""
    by_path = {module.path: module for module in modules}
    figures: dict[str, Figure] = {}
    for title, (path, name, parameter) in WALKS.items():
        walk = Walk(by_path)
        walk.enter(path, name, {parameter})
        figures[f"{title}: changes of module, names"] = (len(walk.stays) - 1, len(walk.names))
    return figures


def main() -> None:
    """Print the figures."""
    chosen = sys.argv[1:]
    modules = read_modules(chosen or PACKAGES)
    figures = count_modules(modules)
    for title, figure in (figures if chosen else {**figures, **count_walks(modules), **count_other_files()}).items():
        print(f"{title}: {figure}")


if __name__ == "__main__":
    main()
