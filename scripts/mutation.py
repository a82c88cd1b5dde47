"""Change the rules of quizzes in small ways, and say which changes no test notices.

python scripts/mutation.py [MODULE …]    all rules, or those of some modules (marking saving …); exits with 1 under the bar

mutmut makes the mutants in mutants/ and asks for each the tests that reach its function. A mutant that only a timeout ends is noticed.
What is left standing is explained in docs/mutation.md.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = Path("quizzes", "rules")
BAR = 0.95
"""The share of mutants that the tests have to notice, over all modules."""
SURVIVED, NOT_ASKED = (0, 33), None
"""What mutmut notes for a mutant that all its tests, or no test at all, let pass; and for one that was not tried."""
CHILDREN = 2


def outcomes(module: str) -> dict[str, int | None]:
    """Return what became of each mutant of a module, by its name."""
    noted = ROOT / "mutants" / RULES / f"{module}.py.meta"
    found: dict[str, int | None] = json.loads(noted.read_text("utf-8"))["exit_code_by_key"] if noted.is_file() else {}
    return {name: code for name, code in found.items() if code is not NOT_ASKED}


def main(asked: list[str]) -> int:
    """Run the command."""
    modules = asked or sorted(path.stem for path in (ROOT / RULES).glob("[!_]*.py"))
    names = [f"quizzes.rules.{module}.*" for module in modules]
    ran = subprocess.run([Path(sys.executable).with_name("mutmut"), "run", "--max-children", str(CHILDREN), *names], cwd=ROOT, check=False)
    if ran.returncode:
        return ran.returncode
    total = standing = 0
    print("\n| Module | Mutants | Noticed | Share |\n|---|---|---|---|")
    for module in modules:
        found = outcomes(module)
        left = [name for name, code in found.items() if code in SURVIVED]
        total, standing = total + len(found), standing + len(left)
        if found:
            print(f"| `{module}` | {len(found)} | {len(found) - len(left)} | {1 - len(left) / len(found):.1%} |")
    share = 1 - standing / total if total else 0
    print(f"| **all** | {total} | {total - standing} | {share:.1%} |")
    print("\n.venv/bin/mutmut results lists those left standing, mutmut show NAME one.")
    return int(share < BAR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
