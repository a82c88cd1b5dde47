"""Rename classes, functions, modules and templates over the syntax trees, from a map.

python scripts/rename.py MAP PACKAGE [PACKAGE ...]    rename what the map lists for these packages; print what has to be settled by hand

The map has a heading `### package`, and lines like `*Modules* — old.py → new.py` and `*Classes* — module: Old → New, Other → Another`,
with `in `folder/`` behind the kind where it lies below the package; ` · ` divides entries. A name is renamed where it is bound to the
definition that the map names: through imports, aliases, re-exports and annotations. What cannot be decided is printed.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".venv", ".git", "build", "dist", "instance", "node_modules", "__pycache__"}
TEXTS = {".py", ".md", ".toml", ".html", ".txt", ".csv", ".cfg", ".yml", ".yaml", ".sh"}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
PAIR = re.compile(r"^(?P<old>[\w./]+) → (?P<new>[\w./]+?)(?: \(\d+(?:\+\d+)?\))?$")


@dataclass
class Plan:
    """The plan of a renaming: modules by path below the root, names by dotted module."""

    paths: dict[str, str] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    unfit: list[str] = field(default_factory=list)


def read_map(text: str, packages: set[str]) -> Plan:
    """Read the entries of the chosen packages; raise nothing, keep what fits no file in `unfit`."""
    plan, package = Plan(), ""
    for line in text.splitlines():
        if line.startswith("### "):
            package = line[4:].strip()
            continue
        if package not in packages or not line.startswith("*"):
            continue
        kind, _, rest = line.partition(" — ")
        folder = "".join(re.findall(r"`([\w/]+)/`", kind))
        where = f"{package}/{folder}".rstrip("/")
        if kind.startswith("*Modules"):
            for entry in rest.split(" · "):
                add_path(plan, where, entry.strip())
        else:
            add_names(plan, where, rest)
    return plan


def add_path(plan: Plan, where: str, entry: str) -> None:
    """Add one module, folder or template."""
    found = PAIR.match(entry)
    if not found:
        plan.unfit.append(f"module: {entry}")
        return
    old, new = f"{where}/{found['old']}", f"{where}/{found['new']}"
    if not (ROOT / old).exists():
        plan.unfit.append(f"no such file: {old}")
        return
    plan.paths[old] = new


def add_names(plan: Plan, where: str, rest: str) -> None:
    """Add the names of one line: `file: Old → New (1+2), Old → New · file: …`."""
    for block in rest.split(" · "):
        module, _, entries = block.strip().partition(": ")
        for entry in entries.split(", "):
            found = PAIR.match(entry.strip())
            if not found:
                plan.unfit.append(f"{where}/{module}: {entry!r}")
                continue
            place = find_definition(f"{where}/{module}", found["old"])
            if place is None:
                plan.unfit.append(f"not defined: {where}/{module}: {found['old']}")
            else:
                plan.names[place, found["old"]] = found["new"]


def find_definition(place: str, name: str) -> str | None:
    """Return the dotted module that defines a name: the file itself, or one below the folder of that name."""
    files = [ROOT / f"{place}.py"] if (ROOT / f"{place}.py").exists() else sorted((ROOT / place).rglob("*.py"))
    for file in files:
        if any(name in _defined(node) for node in ast.parse(file.read_text("utf-8")).body):
            return dotted(file)
    return None


def dotted(file: Path) -> str:
    """Return a file's module name."""
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(suffixes: set[str]) -> list[Path]:
    """Return the files of the checkout that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")  # noqa: S607 - git, by name
    return [ROOT / name for name in listed if name and Path(name).suffix in suffixes and (ROOT / name).is_file()]


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


class Program:
    """Every module's top-level bindings: name → ("def",) | ("module", dotted) | ("name", module, name)."""

    def __init__(self) -> None:
        self.trees = {file: ast.parse(file.read_text("utf-8")) for file in sources({".py"})}
        self.modules = {dotted(file): file for file in self.trees}
        self.bindings = {dotted(file): self._bindings(tree) for file, tree in self.trees.items()}

    def _bindings(self, tree: ast.Module) -> dict[str, tuple[str, ...]]:
        bound: dict[str, tuple[str, ...]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                bound |= {alias.asname or alias.name: self._imported(node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.Import):
                first = [(alias, alias.name.split(".")[0]) for alias in node.names]
                bound |= {alias.asname or top: ("module", alias.name if alias.asname else top) for alias, top in first}
        return bound | {name: ("def",) for node in tree.body for name in _defined(node)}

    def _imported(self, module: str, name: str) -> tuple[str, ...]:
        return ("module", f"{module}.{name}") if f"{module}.{name}" in self.modules else ("name", module, name)

    def origin(self, module: str, name: str, depth: int = 0) -> tuple[str, str] | None:
        """Return where a module's name is defined, following imports."""
        bound = self.bindings.get(module, {}).get(name)
        if bound is None or depth > 9:
            return None
        if bound[0] == "def":
            return module, name
        return self.origin(bound[1], bound[2], depth + 1) if bound[0] == "name" else None

    def module_of(self, module: str, node: ast.expr) -> str | None:
        """Return the module that an expression stands for."""
        if isinstance(node, ast.Name):
            bound = self.bindings.get(module, {}).get(node.id)
            return bound[1] if bound and bound[0] == "module" else None
        if isinstance(node, ast.Attribute):
            above = self.module_of(module, node.value)
            if above is None:
                return None
            if f"{above}.{node.attr}" in self.modules:
                return f"{above}.{node.attr}"
            bound = self.bindings.get(above, {}).get(node.attr)
            return bound[1] if bound and bound[0] == "module" else None
        return None


class Locals(ast.NodeVisitor):
    """The names that a function binds itself, not those of functions within it."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.outside: set[str] = set()

    @classmethod
    def of(cls, node: ast.AST) -> set[str]:
        """Collect a function's or comprehension's own names."""
        found = cls()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            every = node.args
            for argument in [*every.posonlyargs, *every.args, *every.kwonlyargs, every.vararg, every.kwarg]:
                if argument is not None:
                    found.names.add(argument.arg)
            for child in node.body if isinstance(node.body, list) else [node.body]:
                found.visit(child)
        else:
            for generator in node.generators:  # type: ignore[attr-defined]  # a comprehension has them
                found.visit(generator.target)
        return found.names - found.outside

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store | ast.Del):
            self.names.add(node.id)

    def visit_Global(self, node: ast.Global) -> None:
        self.outside |= set(node.names)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.names.add(node.name)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names.add(node.name)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.names.add(node.name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.add(node.name)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        return

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.names.add(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.names.add(node.name)

    def visit(self, node: ast.AST) -> None:
        """Look into a comprehension for what `:=` binds outside it; its own names are its own."""
        if isinstance(node, COMPREHENSIONS):
            assigned = (child.target for child in ast.walk(node) if isinstance(child, ast.NamedExpr))
            self.names |= {target.id for target in assigned if isinstance(target, ast.Name)}
        else:
            super().visit(node)


class Rewriter(ast.NodeVisitor):
    """Collects the replacements of one file as (line, column, old, new), columns in characters."""

    def __init__(self, program: Program, plan: Plan, file: Path) -> None:
        self.program, self.plan, self.file, self.module = program, plan, file, dotted(file)
        self.source = file.read_text("utf-8")
        self.lines = self.source.splitlines(keepends=True)
        self.edits: set[tuple[int, int, str, str]] = set()
        self.problems: set[str] = set()
        self.scopes: list[set[str]] = []
        self.moved = {path_to_module(old): path_to_module(new) for old, new in plan.paths.items() if not old.startswith("templates/")}
        self.renamed = self._renamed_here()

    def _renamed_here(self) -> dict[str, str]:
        """Return the local names of this file that change."""
        changed: dict[str, str] = {}
        bindings = self.program.bindings[self.module]
        for name, bound in bindings.items():
            new = None
            if bound[0] == "module":
                target = self.moved_module(bound[1])
                if target != bound[1] and bound[1].rsplit(".", 1)[-1] == name:
                    new = target.rsplit(".", 1)[-1]
            else:
                origin = self.program.origin(self.module, name)
                if origin is not None and origin[1] == name:
                    new = self.plan.names.get(origin)
            if new is not None and new != name:
                changed[name] = new
        taken = set(bindings) - set(changed)
        for name, new in list(changed.items()):
            if new in taken:
                self.problems.add(f"{self.file.relative_to(ROOT)}: {name} → {new}, which is bound there already")
                del changed[name]
        return changed

    def moved_module(self, module: str) -> str:
        """Return a module's name after the moves."""
        for old, new in sorted(self.moved.items(), key=lambda pair: -len(pair[0])):
            if module == old or module.startswith(f"{old}."):
                return new + module[len(old) :]
        return module

    def edit(self, line: int, column: int, old: str, new: str) -> None:
        text = self.lines[line - 1]
        start = len(text.encode()[:column].decode())
        if text[start : start + len(old)] != old:
            self.problems.add(f"{self.file.relative_to(ROOT)}:{line}: expected {old!r}")
            return
        self.edits.add((line, start, old, new))

    def shadowed(self, name: str) -> bool:
        return any(name in scope for scope in self.scopes)

    def visit_Name(self, node: ast.Name) -> None:
        new = self.renamed.get(node.id)
        if new is not None and not self.shadowed(node.id):
            if self.shadowed(new):
                self.problems.add(f"{self.file.relative_to(ROOT)}:{node.lineno}: {node.id} → {new}, which is a local name there")
            self.edit(node.lineno, node.col_offset, node.id, new)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.visit(node.value)
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and self.shadowed(root.id):
            return
        module = self.program.module_of(self.module, node.value)
        if module is None:
            return
        if f"{module}.{node.attr}" in self.program.modules:
            target = self.moved_module(f"{module}.{node.attr}").rsplit(".", 1)[-1]
        else:
            origin = self.program.origin(module, node.attr)
            target = self.plan.names.get(origin, node.attr) if origin and origin[1] == node.attr else node.attr
        if target != node.attr:
            self.edit(node.end_lineno or 0, (node.end_col_offset or 0) - len(node.attr.encode()), node.attr, target)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not node.module or node.level:
            return
        for alias in node.names:
            if f"{node.module}.{alias.name}" in self.program.modules:
                new = self.moved_module(f"{node.module}.{alias.name}").rsplit(".", 1)[-1]
            else:
                origin = self.program.origin(node.module, alias.name)
                new = self.plan.names.get(origin, alias.name) if origin and origin[1] == alias.name else alias.name
            if alias.asname and alias.asname == new and new != alias.name:
                self.edits.add((alias.lineno, alias.col_offset, f"{alias.name} as {alias.asname}", new))
            elif new != alias.name:
                if not alias.asname and alias.name not in self.renamed:
                    self.edits.add((alias.lineno, alias.col_offset, alias.name, f"{new} as {alias.name}"))
                else:
                    self.edit(alias.lineno, alias.col_offset, alias.name, new)
        module = self.moved_module(node.module)
        if module != node.module:
            self.edit(node.lineno, node.col_offset + len("from "), node.module, module)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            new = self.moved_module(alias.name)
            if new != alias.name:
                self.edit(alias.lineno, alias.col_offset, alias.name, new)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if not self.scopes and node.name in self.renamed and node in self.program.trees[self.file].body:
            text = self.lines[node.lineno - 1]
            self.edit(node.lineno, len(text[: text.index(node.name, node.col_offset + 4)].encode()), node.name, self.renamed[node.name])
        for part in [*node.decorator_list, *node.args.defaults, *[d for d in node.args.kw_defaults if d]]:
            self.visit(part)
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg) and argument.annotation is not None:
                self.annotation(argument.annotation)
        if node.returns is not None:
            self.annotation(node.returns)
        self._inside(node, node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in [*node.args.defaults, *[d for d in node.args.kw_defaults if d]]:
            self.visit(part)
        self._inside(node, [node.body])

    def _inside(self, node: ast.AST, body: Sequence[ast.AST]) -> None:
        self.scopes.append(Locals.of(node))
        for child in body:
            self.visit(child)
        self.scopes.pop()

    def visit(self, node: ast.AST) -> None:
        """Visit a comprehension with its own names in scope."""
        if not isinstance(node, COMPREHENSIONS):
            super().visit(node)
            return
        self.scopes.append(Locals.of(node))
        self.generic_visit(node)
        self.scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not self.scopes and node.name in self.renamed and node in self.program.trees[self.file].body:
            text = self.lines[node.lineno - 1]
            self.edit(node.lineno, len(text[: text.index(node.name, node.col_offset + 5)].encode()), node.name, self.renamed[node.name])
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "cast" and node.args:
            self.annotation(node.args[0])
            for part in [*node.args[1:], *node.keywords]:
                self.visit(part)
        else:
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.annotation(node.annotation)
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def annotation(self, node: ast.expr) -> None:
        """Visit an annotation; words of one that is written as a string follow too."""
        self.visit(node)
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.lineno == part.end_lineno:
                line, start = part.lineno, len(self.lines[part.lineno - 1].encode()[: part.col_offset].decode())
                length = len(ast.get_source_segment(self.source, part) or "")
                old = self.lines[line - 1][start : start + length]
                new = re.sub(r"\b[A-Za-z_]\w*(\.\w+)?\b", lambda found: self.word(found[0]), old)
                if new != old:
                    self.edits.add((line, start, old, new))

    def word(self, word: str) -> str:
        """Return the new spelling of `Name` or `module.Name` in a string."""
        first, dot, rest = word.partition(".")
        module = self.program.module_of(self.module, ast.Name(first)) if dot else None
        origin = self.program.origin(module, rest) if module else None
        return self.renamed.get(first, first) + dot + (self.plan.names.get(origin, rest) if origin else rest)

    def rewrite(self) -> bool:
        """Write the file anew; say whether it changed."""
        self.visit(self.program.trees[self.file])
        for line, column, old, new in sorted(self.edits, reverse=True):
            text = self.lines[line - 1]
            if text[column : column + len(old)] != old:
                self.problems.add(f"{self.file.relative_to(ROOT)}:{line}: two edits meet at {old!r}")
                continue
            self.lines[line - 1] = text[:column] + new + text[column + len(old) :]
        if self.edits:
            self.file.write_text("".join(self.lines), "utf-8")
        return bool(self.edits)


def path_to_module(path: str) -> str:
    """Turn a path below the root into a dotted name."""
    return path.removesuffix(".py").replace("/", ".")


def rename_words(plan: Plan) -> None:
    """Follow the moves in texts: paths, dotted names, and `module.Name` in strings, documents and contracts."""
    pairs: list[tuple[str, re.Pattern[str], str]] = []
    for old, new in plan.paths.items():
        if old.startswith("templates/"):
            short_old, short_new = old.removeprefix("templates/"), new.removeprefix("templates/")
            pairs.append((short_old, re.compile(rf"(?<![\w/.-]){re.escape(short_old)}(?![\w-])"), short_new))
        pairs.append((old, re.compile(rf"(?<![\w./-]){re.escape(old)}(?![\w-])"), new))
        module = path_to_module(old)
        pairs.append((module, re.compile(rf"(?<![\w./-]){re.escape(module)}(?![\w/])"), path_to_module(new)))
        pairs.append((old, re.compile(rf"\.\./{re.escape(old)}(?![\w-])"), f"../{new}"))
    for (module, name), new in plan.names.items():
        pairs.append((name, re.compile(rf"(?<![\w.]){re.escape(module)}([.:]){re.escape(name)}(?!\w)"), rf"{module}\g<1>{new}"))
    pairs.sort(key=lambda pair: -len(pair[1].pattern))
    for file in sources(TEXTS):
        if file.parts[-2:] == ("spec", "vocabulary.md") or "migrations/versions" in str(file):
            continue
        text = changed = file.read_text("utf-8")
        for word, pattern, new in pairs:
            if word in changed:
                changed = pattern.sub(new, changed)
        if changed != text:
            file.write_text(changed, "utf-8")


def move(plan: Plan) -> None:
    """Move the files, those of a folder one by one: some have a new name of their own."""
    for old, new in sorted(plan.paths.items(), key=lambda pair: -pair[0].count("/")):
        place = ROOT / old
        files = [file for file in sources(TEXTS) if file.is_relative_to(place)] if place.is_dir() else [place]
        for file in files:
            target = ROOT / new / file.relative_to(place) if place.is_dir() else ROOT / new
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["git", "mv", str(file), str(target)], cwd=ROOT, check=True)  # noqa: S607 - git, by name


def mentions(plan: Plan) -> dict[str, list[str]]:
    """Return where words of the old names still stand in Python texts, for reading."""
    found = defaultdict(list)
    words = {name for _module, name in plan.names}
    if not words:
        return {}
    pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")\b")
    for file in sources({".py", ".md", ".html", ".toml"}):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            for hit in pattern.findall(line):
                if "`" + hit + "`" in line or "``" in line:
                    found[hit].append(f"{file.relative_to(ROOT)}:{number}: {line.strip()[:140]}")
    return found


def main() -> int:
    """Run the command."""
    text, packages = Path(sys.argv[1]).read_text("utf-8"), set(sys.argv[2:])
    start = text.index("## 2. Renaming map")
    plan = read_map(text[start : text.index("### Persisted or public names", start)], packages)
    program = Program()
    problems: set[str] = set(plan.unfit)
    for file in program.trees:
        rewriter = Rewriter(program, plan, file)
        rewriter.rewrite()
        problems |= rewriter.problems
    rename_words(plan)
    move(plan)
    for problem in sorted(problems):
        print(problem)
    for name, places in sorted(mentions(plan).items()):
        print(f"mentioned: {name}", *places[:8], sep="\n    ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
