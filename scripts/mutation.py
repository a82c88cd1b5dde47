"""Change the rules of questions, quizzes, analysis and enrolments in small ways, and say which changes no test notices.

python scripts/mutation.py [MODULE …]    all rules, or those of some modules (marking saving enrolments …)

Exits with 1 where a module, or all of them together, are under the bar. mutmut makes the mutants in mutants/ and says which tests reach
which function; here each mutant gets a process of its own, forked when every test is loaded, in which those tests run until one fails.
A mutant that only its limits of time or memory end is noticed. The counts are recorded in docs/figures; docs/developer/22-quality.md
explains what may stay unnoticed, `.venv/bin/mutmut results` lists it, and `.venv/bin/mutmut show NAME` shows one.
"""

import gc
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

MUTANTS = ROOT / "mutants"
STATS = MUTANTS / "mutmut-stats.json"
RULES = {
    path.stem: path.relative_to(ROOT)
    for package in ("questions", "quizzes", "analysis")
    for path in sorted(ROOT.glob(f"{package}/rules/[!_]*.py"))
}
RULES["enrolments"] = Path("enrolments", "rules.py")
RULES["expressions"] = Path("kernel", "expressions.py")
"""Files of rules by the name they are asked for with."""
BAR = 0.95
"""The share of mutants that the tests have to notice, in every module."""
NOTICED, SURVIVED, ENDLESS, NO_TEST = 1, 0, 24, 33
"""What mutmut calls a mutant that a test noticed, that all its tests let pass, that was stopped, and that no test reaches."""
CHILDREN = 2
SECONDS = 3
"""Processor time that a test of a mutant gets, besides five times what it takes without."""
MEMORY = 4_000_000_000
TESTS = ["tests/kernel", "tests/enrolments", "tests/questions", "tests/quizzes", "tests/analysis"]
ARGUMENTS = [
    "-q",
    "-s",
    "--assert=plain",
    "--noconftest",
    "-o",
    "python_files=test_*_rules.py",
    "-m",
    "not slow",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
]
"""Slow tests draw thousands of classes: for each mutant that nothing else notices they would take a quarter of an hour."""


def make_mutants() -> None:
    """Let mutmut write the mutants and which tests reach them; it finds no mutant of the name it is given, and tries none."""
    STATS.unlink(missing_ok=True)
    made = subprocess.run([Path(sys.executable).with_name("mutmut"), "run", "none"], cwd=ROOT, check=False, capture_output=True, text=True)
    if not STATS.is_file():
        sys.exit(f"mutmut made no mutants:\n{made.stdout[-3000:]}\n{made.stderr[-3000:]}")


class Trial:
    """A plugin of pytest that, instead of running the tests, tries each mutant with those that reach it."""

    def __init__(self, sources: Sequence[Path]) -> None:
        stats = json.loads(STATS.read_text("utf-8"))
        self.reach: Mapping[str, list[str]] = stats["tests_by_mangled_function_name"]
        self.seconds: Mapping[str, float] = stats["duration_by_test"]
        self.metas = [MUTANTS / source.with_suffix(".py.meta") for source in sources]
        self.running: dict[int, tuple[dict[str, Any], str]] = {}

    def pytest_sessionstart(self) -> None:
        """Let failing properties fail at once, without looking for the smallest example."""
        from hypothesis import Phase, settings  # noqa: PLC0415 - pytest wants to be the first to import it

        settings.register_profile("mutation", phases=(Phase.explicit, Phase.generate), database=None, deadline=None)
        settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> None:
        """End the mutant's process with its first failure, before anybody puts it into words."""
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
            os._exit(NOTICED)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all mutants of the modules that were asked for."""
        items = {item.nodeid: item for item in session.items if item.nodeid in self.seconds}
        if self._ended(self._fork("", list(items.values()))) != SURVIVED:
            sys.exit("The tests fail without any mutant.")
        gc.freeze()  # what is loaded stays shared with the processes of the mutants
        for path in self.metas:
            meta = json.loads(path.read_text("utf-8"))
            for name in meta["exit_code_by_key"]:
                reached = [test for test in self.reach.get(name.rsplit("__mutmut_", 1)[0], ()) if test in items]
                reached.sort(key=self.seconds.__getitem__)
                self._try(meta, name, [items[test] for test in reached])
            while self.running:
                self._wait()
            path.write_text(json.dumps(meta), "utf-8")
            sys.stderr.write(f"{path.stem} ")
        return True

    def _try(self, meta: dict[str, Any], name: str, items: Sequence[pytest.Item]) -> None:
        if not items:
            meta["exit_code_by_key"][name] = NO_TEST
            return
        while len(self.running) >= CHILDREN:
            self._wait()
        self.running[self._fork(name, items)] = (meta, name)

    def _wait(self) -> None:
        process, status = os.wait()
        meta, name = self.running.pop(process)
        meta["exit_code_by_key"][name] = os.waitstatus_to_exitcode(status)

    @staticmethod
    def _ended(process: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def _fork(self, name: str, items: Sequence[pytest.Item]) -> int:
        process = os.fork()
        if process:
            return process
        os.environ["MUTANT_UNDER_TEST"] = name
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, lambda _signal, _frame: os._exit(ENDLESS))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        try:  # whatever a mutant breaks is noticed
            for item in items:
                signal.setitimer(signal.ITIMER_PROF, SECONDS + 5 * self.seconds[item.nodeid])
                item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            os._exit(SURVIVED)
        finally:
            os._exit(NOTICED)


def try_mutants(sources: Sequence[Path]) -> None:
    """Load every test of the rules over the mutated code, and try the mutants."""
    os.environ["MUTANT_UNDER_TEST"] = ""
    os.chdir(MUTANTS)
    sys.path[:] = [str(MUTANTS), *(place for place in sys.path if Path(place).resolve() != ROOT)]
    ended = pytest.main([*ARGUMENTS, *TESTS], plugins=[Trial(sources)])
    if ended != pytest.ExitCode.OK:
        sys.exit(int(ended))


def outcomes(source: Path) -> list[int]:
    """Return the outcome of each mutant of a file."""
    found: dict[str, int] = json.loads((MUTANTS / source.with_suffix(".py.meta")).read_text("utf-8"))["exit_code_by_key"]
    return list(found.values())


def row(name: str, mutants: int, standing: int) -> str:
    """Return a line of the table."""
    return f"| {name} | {mutants} | {standing} | {1 - standing / mutants:.1%} |"


def main(asked: list[str]) -> int:
    """Run the command."""
    sources = {name: RULES[name] for name in asked or RULES}
    make_mutants()
    try_mutants(list(sources.values()))
    found = {name: codes for name, source in sources.items() if (codes := outcomes(source))}
    left = {name: sum(code in (SURVIVED, NO_TEST) for code in codes) for name, codes in found.items()}
    print("\n| Module | Mutants | Standing | Noticed |\n|---|---|---|---|")
    for name, codes in found.items():
        print(row(f"`{name}`", len(codes), left[name]))
    counts = {name: {"mutants": len(codes), "standing": left[name]} for name, codes in found.items()}
    from scripts.figures import record  # noqa: PLC0415 - it imports `kernel`, which is to be the mutated one while mutants are tried

    record("mutation", "rules", counts, whole=not asked, folder=ROOT / "docs" / "figures")
    print(row("**all of these**", sum(map(len, found.values())), sum(left.values())))
    under = [name for name, codes in found.items() if left[name] > (1 - BAR) * len(codes)]
    if under:
        print(f"\nUnder {BAR:.0%}: {' '.join(under)}")
    return int(bool(under))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
