"""Run the tests of what was changed since a branch, chosen by the names of the changed files, and say what is left out.

changed_tests.py             what differs from `main`, with what is not committed yet
changed_tests.py BASE        what differs from another branch or commit
changed_tests.py --list      only say what would be run

Other arguments go to pytest.
"""

import ast
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import run_tests  # noqa: E402 - the checkout comes first
from tests.support import house_rules, matrix, program_starts  # noqa: E402 - after the path is set
from tests.support.programs import find_program  # noqa: E402 - after the path is set
from tests.support.project import PACKAGES, modules_of_tests  # noqa: E402 - after the path is set

STRUCTURE = "tests/structure"
OF_DOCUMENTS = tuple(
    f"{STRUCTURE}/test_{name}.py" for name in ("documents", "developer_pages", "references", "glossary", "manuals", "wording")
)
OF_WORKSHOP = tuple(
    f"{STRUCTURE}/test_{name}.py" for name in ("workshop", "front_door", "floors", "run_tests", "changed_tests", "what_lacks")
)
BY_FOLDER: dict[str, tuple[str, ...]] = {
    "changelog.d": (f"{STRUCTURE}/test_workshop.py", f"{STRUCTURE}/test_documents.py"),
    "content": ("tests/content",),
    "deploy": (f"{STRUCTURE}/test_deploy.py", "tests/lms/test_new_machine.py"),
    "docs": OF_DOCUMENTS,
    "examples": (f"{STRUCTURE}/test_developer_examples.py",),
    "migrations": (
        "tests/kernel/test_migrations.py",
        "tests/kernel/test_upgrades.py",
        f"{STRUCTURE}/test_schema.py",
        "tests/lms/test_upgrading.py",
        "tests/lms/test_upgraded_pages.py",
    ),
    "static": (
        f"{STRUCTURE}/test_templates.py",
        f"{STRUCTURE}/test_vendored.py",
        f"{STRUCTURE}/test_plain_zero.py",
        "tests/lms/test_looks.py",
    ),
    "translations": (
        "tests/kernel/test_i18n.py",
        f"{STRUCTURE}/test_documents.py",
        f"{STRUCTURE}/test_wording.py",
        f"{STRUCTURE}/test_glossary.py",
        f"{STRUCTURE}/test_integrity_words.py",
        f"{STRUCTURE}/test_guide.py",
        "tests/lms/test_audit_words.py",
    ),
}
"""Folder -> the tests of every file in it."""
SHARED_TEMPLATES = (
    "tests/kernel/test_templating.py",
    "tests/kernel/test_forms.py",
    "tests/lms/test_looks.py",
    "tests/lms/test_site_header.py",
    "tests/lms/test_team_bar.py",
    "tests/journeys/test_learner_completes_a_course.py",
)
"""Tests of layouts, macros and parts that pages of more than FEW packages use."""
BY_NAME = {"models": "schema", "views": "routes", "permissions": "routes", "access": "routes", "errors": "errors", "notices": "wording"}
"""Word in the path of a package's module -> the structure test that reads such modules."""
CHECKS_OF_FOLDER = {"translations": "translations", "migrations": "migrations", "docs": "documents"}
"""Folder -> the script whose `check` is run besides."""
FEW = 3
FEW_MODULES = 12
"""A module of tests/support that more modules use is left to `make test`."""


@dataclass
class Plan:
    """Tests and checks to run for some changed files, and what is left out, each with its reason."""

    tests: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return the tests, without those that lie in a folder of them."""
        return sorted(test for test in self.tests if not any(parent.as_posix() in self.tests for parent in PurePosixPath(test).parents))


def plan_for(changed: Iterable[str]) -> Plan:
    """Return the tests to run for changed files, by their paths from the root of the project."""
    plan = Plan()
    for path in sorted(set(changed)):
        folder = path.split("/")[0]
        if folder in PACKAGES:
            _plan_package(plan, path, folder)
        elif folder == "templates":
            _plan_template(plan, path)
        elif folder == "tests":
            _plan_test(plan, path)
        elif folder == "scripts":
            name = PurePosixPath(path).stem
            plan.tests.update(
                (*_tests_naming(rf"\bscripts(?:\.| import .*\b){name}\b|scripts/{name}\.py"), f"{STRUCTURE}/test_workshop.py")
            )
        elif folder in BY_FOLDER:
            plan.tests.update(BY_FOLDER[folder])
        elif "/" not in path or folder.startswith("."):
            plan.tests.update((*OF_WORKSHOP, f"{STRUCTURE}/test_documents.py"))
        else:
            plan.left_out.append(f"{path}: no rule names its tests")
        plan.checks.update([CHECKS_OF_FOLDER[folder]] if folder in CHECKS_OF_FOLDER else [])
        if folder == "static":
            plan.left_out.append(f"{path}: in a browser (make browser)")
    plan.left_out = list(dict.fromkeys(plan.left_out))
    return plan


def _plan_package(plan: Plan, path: str, package: str) -> None:
    plan.tests.add(f"tests/{package}")
    plan.tests.update(f"{STRUCTURE}/test_{test}.py" for word, test in BY_NAME.items() if word in path)
    plan.tests.update(cells_of(package))
    if others := [name for name in PACKAGES if name != package and package in _packages_imported(name)]:
        plan.left_out.append(f"{package}: tests of the packages that import it ({', '.join(others)})")


@cache
def _packages_imported(package: str) -> frozenset[str]:
    text = "\n".join(_text(path) for path in (ROOT / package).rglob("*.py"))
    return frozenset(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))


def cells_of(package: str) -> set[str]:
    """Return the tests outside the folder of a package that try cells of the access matrix of its actions, such as `course:edit`."""
    text = "\n".join(_text(path) for path in (ROOT / package).rglob("*.py"))
    actions = {f"{subject}.{verb}" for subject, verb in re.findall(r'"([a-z_]+)[:.]([a-z_]+)[" ]', text)}
    return {
        test
        for test in matrix.callers_of_the_cast()
        if not test.startswith(f"tests/{package}/") and not actions.isdisjoint(_literals(test.partition("::")[0], test.partition("::")[2]))
    }


def _literals(path: str, name: str) -> frozenset[str]:
    """Return the texts that stand in a test."""
    return next((_texts_in(node) for node in _tree(path).body if isinstance(node, ast.FunctionDef) and node.name == name), frozenset())


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse(_text(ROOT / path))


def _texts_in(body: ast.AST) -> frozenset[str]:
    return frozenset(node.value for node in ast.walk(body) if isinstance(node, ast.Constant) and isinstance(node.value, str))


def _plan_template(plan: Plan, path: str) -> None:
    plan.tests.add(f"{STRUCTURE}/test_templates.py")
    packages = packages_rendering(path.removeprefix("templates/"))
    if 0 < len(packages) <= FEW:
        plan.tests.update(f"tests/{package}" for package in packages)
        return
    plan.tests.update(SHARED_TEMPLATES)
    plan.left_out.append(f"{path}: pages of {', '.join(sorted(packages)) or 'whichever package names it at run time'}")


def packages_rendering(name: str) -> set[str]:
    """Return the packages that name a template, or one that extends, includes or imports it."""
    templates = {template.relative_to(ROOT / "templates").as_posix(): _text(template) for template in _files("templates", "*.*")}
    names, waiting = {name}, [name]
    while waiting:
        used = f'"{waiting.pop()}"'
        new = {template for template, text in templates.items() if used in text} - names
        names |= new
        waiting += new
    sought = {f'"{name}"' for name in names} | {f'"{PurePosixPath(name).stem}"' for name in names if name.startswith("mail/")}
    return {package for package in PACKAGES if any(quoted in _text(path) for path in _files(package, "*.py") for quoted in sought)}


def _plan_test(plan: Plan, path: str) -> None:
    name = PurePosixPath(path).name
    if name == "conftest.py" and path != "tests/conftest.py":
        plan.tests.add(PurePosixPath(path).parent.as_posix())
    elif name.startswith("test_"):
        plan.tests.update([path] if (ROOT / path).exists() else [])
    elif path.endswith(".py"):
        users = _users(path)
        if len(users) <= FEW_MODULES:
            plan.tests.update(users)
        else:
            plan.left_out.append(f"{path}: more than {FEW_MODULES} modules of tests use it (make test)")
    elif path.endswith(".md"):
        plan.tests.update(OF_DOCUMENTS)
        plan.tests.add(f"{STRUCTURE}/test_what_lacks.py")
    else:
        plan.tests.update(_tests_naming(re.escape(PurePosixPath(path).name)))


def _users(path: str) -> set[str]:
    """Return the test modules that use a module of tests, by themselves or through others; more than FEW_MODULES are not all looked for."""
    users, seen, waiting = set[str](), {path}, [path]
    while waiting and len(users) <= FEW_MODULES:
        for user in _importers(waiting.pop()) - seen:
            seen.add(user)
            folder, _slash, name = user.rpartition("/")
            if name.startswith("test_"):
                users.add(user)
            elif name == "conftest.py":
                users |= {test for test in modules_of_tests() if test.startswith(f"{folder}/") and "/test_" in test}
            else:
                waiting.append(user)
    return users


def _importers(path: str) -> set[str]:
    """Return the modules of tests that import another one by themselves."""
    module = path.removesuffix(".py").replace("/", ".")
    package, _dot, name = (re.escape(part) for part in module.rpartition("."))
    pattern = rf"^[ ]*(?:from {re.escape(module)} import|import {re.escape(module)}\b|from {package} import .*\b{name}\b)"
    return {other for other in modules_of_tests() if name in _text(ROOT / other) and re.search(pattern, _text(ROOT / other), re.MULTILINE)}


def _tests_naming(pattern: str) -> set[str]:
    """Return the test modules in whose text a pattern is found."""
    return {path for path in modules_of_tests() if "/test_" in path and re.search(pattern, _text(ROOT / path))}


@cache
def _files(folder: str, pattern: str) -> tuple[Path, ...]:
    return tuple(path for path in (ROOT / folder).rglob(pattern) if path.is_file() and path.suffix in {".py", ".html", ".txt", ".svg"})


@cache
def _text(path: Path) -> str:
    return path.read_text("utf-8")


# --- The rules that look at each module by itself ----------------------------------------------------------------------------------------


def faults_of_rules(changed: Iterable[str]) -> Iterator[str]:
    """Yield the faults against house rules in the changed modules, one line each."""
    of_tests = (house_rules.shares_through_support, house_rules.modules_are_short, house_rules.silenced_checks_say_why)
    for path in changed:
        if not path.endswith(".py") or not (ROOT / path).is_file():
            continue
        text, folder = _text(ROOT / path), path.split("/")[0]
        checks = house_rules.CHECKS if folder in (*PACKAGES, "scripts") else of_tests if folder == "tests" else ()
        yield from house_rules.faults(path, text, *checks)
        if folder in (*PACKAGES, "scripts", "tests"):
            yield from program_starts.faults(path, text)


def _passes(*command: str) -> bool:
    return subprocess.run([str(Path(sys.executable).with_name(command[0])), *command[1:]], cwd=ROOT, check=False).returncode == 0


def perform_checks(plan: Plan, changed: list[str]) -> list[str]:
    """Perform the checks of the changed files; return the names of those that failed."""
    python_files = [path for path in changed if path.endswith(".py") and (ROOT / path).is_file()]
    faults = list(faults_of_rules(changed))
    print(*faults, sep="\n", end="\n" if faults else "")
    failed = ["house rules"] if faults else []
    if python_files and not _passes("ruff", "format", "--check", "--quiet", "--force-exclude", *python_files):
        failed.append("format")
    if python_files and not _passes("ruff", "check", "--quiet", "--output-format", "concise", "--force-exclude", *python_files):
        failed.append("lint")
    return failed + [name for name in sorted(plan.checks) if not _passes("python", f"scripts/{name}.py", "check")]


def changed_files(base: str) -> list[str]:
    """Return the files that differ from where this branch left another one, committed or not, and new ones."""
    git = find_program("git")
    if git is None:
        raise SystemExit("git is missing (apt-get install git): without it nobody knows what was changed. make test runs everything.")
    since = _lines(git, "merge-base", base, "HEAD")
    return sorted({*_lines(git, "diff", "--name-only", *since), *_lines(git, "ls-files", "--others", "--exclude-standard")})


def _lines(git: str, *arguments: str) -> list[str]:
    done = subprocess.run([git, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def main() -> int:
    """Run the command."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--list"]
    base = arguments.pop(0) if arguments and not arguments[0].startswith("-") else "main"
    began, changed = time.monotonic(), changed_files(base)
    plan = plan_for(changed)
    print(f"{len(changed)} files differ from {base}.", *(f"run: {test}" for test in plan.paths()), sep="\n")
    left_out = ["slow tests, those in a browser and on PostgreSQL, types and import contracts (make check)", *plan.left_out]
    if "--list" in sys.argv:
        print(*(f"left out: {line}" for line in left_out), sep="\n")
        return 0
    failed = perform_checks(plan, changed)
    run = run_tests.Run("tests of what was changed", run_tests.FAST.marks)
    if plan.tests and not run_tests.perform(run, [*arguments, *plan.paths()]):
        failed.append(run.title)
    print(*run_tests.closing_lines([run] if plan.tests else [], time.monotonic() - began), sep="\n")
    print(*(f"left out: {line}" for line in left_out), sep="\n")
    print("\nFailed: " + "; ".join(failed) if failed else "\nPassed.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
