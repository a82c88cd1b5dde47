"""Starts of programs in the code: which program each starts, which break the rule of `programs.py`, and which tests reach one.

A start is of this Python or the project's own `lms`, or of a path that `program()` or `find_program()` returned.
`python -m tests.support.program_starts` prints the tests that touch programs, servers and browsers of the machine.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import PurePath

from tests.support.project import modules, modules_of_tests, text

STARTERS = {
    "subprocess": {"run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"},
    "os": {
        *("system", "popen", "posix_spawn", "posix_spawnp"),
        *(f"exec{kind}" for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        *(f"spawn{kind}" for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    },
    "asyncio": {"create_subprocess_exec", "create_subprocess_shell"},
    "pty": {"spawn"},
    "pexpect": {"spawn", "run"},
    "ctypes": {"CDLL", "PyDLL"},
    "ctypes.util": {"find_library"},
    "shutil": {"which"},
    "webbrowser": {"open"},
    "playwright.sync_api": {"sync_playwright"},
}
"""Modules, and the functions of each that start a program, load a library of the machine or look for a program."""
ASKING = frozenset({"program", "find_program"})
"""Functions of `programs.py`, whose result may be started."""
SERVERS = frozenset({"require", "a_database", "session"})
"""Functions of `postgres.py` that skip a test where no server answers."""
OWN = re.compile(r"(sys\.executable|Path\(sys\.executable\)|LMS|VENV)(?!\w)")
"""Beginnings of expressions that name this Python, what is installed beside it, and the project's own program."""
ASKED_BEFORE = {
    "tests/browser/conftest.py": "the fixture `playwright` asks for Chromium before the driver is started",
    "tests/bench/certificates_in_bulk.py": "`make bench` has Chromium, and no test calls it",
    "tests/bench/peers.py": "the commands of an environment that it makes, and no test calls it",
    "tests/faults/own_postgres.py": "`own_postgres` asks for initdb, beside which the others lie",
    "tests/lms/test_new_machine.py": "the commands of a manual, found on the machine that the test makes of `lms` and stand-ins",
    "tests/lms/test_wheel.py": "the programs of an environment that the test makes of this one",
    "tests/simulators/test_script.py": "the Node that Playwright's package holds",
    "tests/support/programs.py": "looks for every program",
    "scripts/bare_tests.py": "looks for the tools that every machine has, and starts none of them",
    "scripts/commit_message.py": "reads commits with git, which has made them; no test asks for a range",
    "scripts/guide_pictures.py": "takes pictures with Chromium by hand; no test calls it",
    "scripts/spelling.py": "`make spelling` says by itself what is missing; the test of it asks first",
}
"""Modules whose starts are not seen to be asked for, each with its reason."""


@dataclass(frozen=True, slots=True)
class Start:
    """A line that starts a program, with the expression that names the program."""

    line: int
    program: str
    is_asked: bool


@dataclass
class _Module:
    """A module's tree, with the names under which it knows the functions that start programs."""

    tree: ast.Module
    starters: dict[str, set[str]] = field(default_factory=dict)
    """The functions that start something, by the name of the module as it is imported here; '' for names imported by themselves."""
    scopes: dict[ast.AST, ast.AST] = field(default_factory=dict)
    """The function or module around each node."""

    def __post_init__(self) -> None:
        self._enter(self.tree, self.tree)
        for node in self.scopes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in STARTERS:
                        self.starters[alias.asname or alias.name] = STARTERS[alias.name]
            elif isinstance(node, ast.ImportFrom) and node.module in STARTERS:
                own = {alias.asname or alias.name for alias in node.names if alias.name in STARTERS[node.module]}
                self.starters[""] = self.starters.get("", set()) | own

    def _enter(self, node: ast.AST, scope: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self.scopes[child] = scope
            self._enter(child, child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else scope)

    def starter(self, call: ast.Call) -> bool:
        """Return whether a call starts a program or looks for one."""
        if isinstance(call.func, ast.Name):
            return call.func.id in self.starters.get("", ())
        return isinstance(call.func, ast.Attribute) and call.func.attr in self.starters.get(ast.unparse(call.func.value), ())

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """Return the functions and methods of the module by name."""
        return {node.name: node for node in self.scopes if isinstance(node, ast.FunctionDef)}

    @cached_property
    def calls(self) -> dict[str, list[ast.Call]]:
        """Return the calls of the module by the name that is called."""
        by_name: defaultdict[str, list[ast.Call]] = defaultdict(list)
        for node in self.scopes:
            if isinstance(node, ast.Call):
                by_name[_called(node)].append(node)
        return by_name

    def values(self, name: str, scope: ast.AST) -> list[ast.expr]:
        """Return the values that a name or attribute is given in a function or, of an attribute, in the whole module."""
        return [value for node in ast.walk(scope) for target, value in _assigned(node) if ast.unparse(target) == name]

    def name_of_class(self, method: ast.AST) -> str:
        """Return the name of the class of a method."""
        return next((node.name for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef) and method in node.body), "")


def _assigned(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """Return what a statement assigns, target and value; each of several beside its own."""
    if isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        return [(node.target, node.value)]
    if not isinstance(node, ast.Assign):
        return []
    [target] = node.targets[:1]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
        return list(zip(target.elts, node.value.elts, strict=True))
    return [(target, node.value)]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _imports(source: str, module: str) -> bool:
    return re.search(rf"^[ ]*(?:import|from) (?:[\w, .]+, )?{re.escape(module)}\b", source, re.MULTILINE) is not None


def starts(source: str) -> list[Start]:
    """Return every start of a program in the text of a module, in order."""
    if not any(name in source and _imports(source, name) and any(function in source for function in STARTERS[name]) for name in STARTERS):
        return []
    module = _Module(ast.parse(source))
    return [
        Start(call.lineno, ast.unparse(_command(call) or call), _is_asked(module, _command(call)))
        for call in module.scopes
        if isinstance(call, ast.Call) and module.starter(call)
    ]


def _command(call: ast.Call) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "args"]
    has_shell = any(keyword.arg == "shell" for keyword in call.keywords)
    return None if has_shell else next(iter([*call.args, *named]), None)


def _is_asked(module: _Module, expression: ast.expr | None, seen: frozenset[ast.AST] = frozenset()) -> bool:
    """Return whether an expression is a command, or its first part, whose program is this Python, the project's own, or was asked for."""
    if expression is None or expression in seen:
        return False
    if OWN.match(ast.unparse(expression)) or (isinstance(expression, ast.Call) and _called(expression) in ASKING):
        return True
    origins = _origins(module, expression)
    return bool(origins) and all(_is_asked(module, origin, seen | {expression}) for origin in origins)


def _origins(module: _Module, expression: ast.expr) -> list[ast.expr]:
    """Return the expressions from which the program of a command comes; none where that cannot be seen."""
    match expression:
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
            return [first.value if isinstance(first, ast.Starred) else first]
        case ast.BinOp(left=left, op=ast.Add() | ast.Div()):
            return [left]
        case ast.IfExp(body=body, orelse=otherwise):
            return [body, otherwise]
        case ast.Call(func=ast.Name(id="str" | "Path"), args=[argument]):
            return [argument]
        case ast.Call() if function := module.functions.get(_called(expression)):
            return [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
        case ast.Attribute():
            return module.values(ast.unparse(expression), module.tree)
        case ast.Name(id=name):
            return _origins_of_name(module, name, module.scopes[expression])
    return []


def _origins_of_name(module: _Module, name: str, scope: ast.AST) -> list[ast.expr]:
    """Return the values that a name gets in the function around it; those of a parameter, from every call; else those of the module."""
    if values := module.values(name, scope):
        return values
    if isinstance(scope, ast.FunctionDef) and name in (parameters := [argument.arg for argument in scope.args.args]):
        is_method = parameters[0] == "self"
        called = module.name_of_class(scope) if scope.name == "__init__" else scope.name
        return [
            argument
            for call in module.calls[called]
            for argument in (
                *call.args[parameters.index(name) - is_method :][:1],
                *(keyword.value for keyword in call.keywords if keyword.arg == name),
            )
        ]
    return module.values(name, module.tree) if scope is not module.tree else []


def faults(path: str, source: str) -> list[str]:
    """Return the starts of a module that break the rule, one line each."""
    if path in ASKED_BEFORE:
        return []
    return [f"{path}:{start.line} starts {start.program}" for start in starts(source) if not start.is_asked]


def idle_exceptions() -> list[str]:
    """Return the modules of ASKED_BEFORE that are gone, or whose starts are all seen to be asked for."""
    return [path for path in ASKED_BEFORE if path not in _code() or all(start.is_asked for start in starts(text(path)))]


def _code() -> tuple[str, ...]:
    return (*modules("scripts"), *modules_of_tests())


def all_faults() -> list[str]:
    """Return the starts that break the rule in tests, scripts and packages."""
    return [fault for path in _code() for fault in faults(path, text(path))]


# --- Which tests reach one ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, class or value of a module of tests, with the names that it uses and where each comes from."""

    module: str
    name: str
    used: frozenset[tuple[str, str]]


@cache
def _definitions(path: str) -> tuple[Definition, ...]:
    tree = ast.parse(text(path))
    imported: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests"):
            source = (node.module or "").replace(".", "/")
            imported |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}
    return tuple(Definition(path, name, _used(node, path, imported)) for node in tree.body for name in _names_of(node))


def _used(statement: ast.stmt, path: str, imported: dict[str, tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return what a statement uses, each as a module and a name: names, parameters (fixtures), and attributes of imported modules."""
    used = set()
    for node in ast.walk(statement):
        name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else ""
        if name in imported:
            used.add((f"{imported[name][0]}.py", imported[name][1]))
        elif name:
            used.add((path, name))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            used.add((f"{'/'.join(imported[node.value.id])}.py", node.attr))
    return frozenset(used)


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def tests_of_programs() -> list[str]:
    """Return the tests that touch programs, servers and browsers of the machine, by file and name.

    The fixtures of tests/conftest.py are left out: they use a server where `--db postgres` is given, and then every test does.
    """
    texts = {path: text(path) for path in modules_of_tests() if path != "tests/conftest.py"}
    reached = {("tests/support/programs.py", name) for name in ASKING} | {("tests/support/postgres.py", name) for name in SERVERS}
    waiting = list(reached)
    while waiting:
        module, name = waiting.pop()
        for path in (path for path, source in texts.items() if name in source and _may_know(path, source, module)):
            for user in _definitions(path):
                key = (path, user.name)
                if key not in reached and _uses(user, module, name):
                    reached.add(key)
                    waiting.append(key)
    return sorted(f"{module}::{name}" for module, name in reached if _is_test(module, name))


def _may_know(path: str, source: str, module: str) -> bool:
    """Return whether a module may use names of another one: itself, one that is named in it, or a conftest above it."""
    return path == module or PurePath(module).stem in source or module.endswith("/conftest.py")


def _uses(user: Definition, module: str, name: str) -> bool:
    """Return whether a definition uses a name of a module; a name of a conftest is a fixture for its whole folder."""
    is_fixture_above = module.endswith("/conftest.py") and user.module.startswith(module.removesuffix("conftest.py"))
    return (module, name) in user.used or (is_fixture_above and (user.module, name) in user.used)


def _is_test(module: str, name: str) -> bool:
    return PurePath(module).name.startswith("test_") and name.startswith("test_")


if __name__ == "__main__":
    print("\n".join(tests_of_programs()))  # noqa: T201 - the list is what the command is for
