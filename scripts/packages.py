"""Keep the lists of packages in pyproject.toml in step with their floors, `[tool.aulario] floors`, the only list that is written by hand.

python scripts/packages.py update    write the lists whose line ends with a comment `# floors: …`
python scripts/packages.py check     exit with 1 where one of them is out of step

A comment names what its list holds: `all` packages, the `domain` (all but the lowest and the highest floor) or the `floors` themselves;
what follows `without` is left out, and what follows `and` is added.
"""

import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
DERIVED = re.compile(
    r"^(?P<key>\w+) = \[.*\] # floors: (?P<what>all|domain|floors)(?: without (?P<left>[\w ]+?))?(?: and (?P<more>[\w ]+))?$", re.MULTILINE
)


def read_floors(text: str) -> list[str]:
    """Return the floors, the highest first, each with the packages that stand on it."""
    return list(tomllib.loads(text)["tool"]["aulario"]["floors"])


def packages_of(floors: Sequence[str]) -> tuple[str, ...]:
    """Return the packages, the lowest first."""
    return tuple(package for floor in reversed(floors) for package in floor.split(" | "))


def read_packages() -> tuple[str, ...]:
    """Return the packages of the project, the lowest first."""
    return packages_of(read_floors(PYPROJECT.read_text("utf-8")))


def derive(text: str) -> str:
    """Return the text of pyproject.toml with every derived list as the floors say."""
    floors = read_floors(text)
    packages = packages_of(floors)
    lists = {"all": packages, "domain": packages[1:-1], "floors": tuple(floors)}

    def line(match: re.Match[str]) -> str:
        left, more = (match[name].split() if match[name] else [] for name in ("left", "more"))
        names = [*(name for name in lists[match["what"]] if name not in left), *more]
        listed = ", ".join(f'"{name}"' for name in names)
        return f"{match['key']} = [{listed}] # floors: {match[0].rpartition('# floors: ')[2]}"

    return DERIVED.sub(line, text)


def main(arguments: Sequence[str]) -> int:
    """Write the lists, or compare them; return the status of the process."""
    text = PYPROJECT.read_text("utf-8")
    derived = derive(text)
    if arguments == ["update"]:
        PYPROJECT.write_text(derived, "utf-8")
        return 0
    if derived != text:
        print("The lists of packages in pyproject.toml are out of step: python scripts/packages.py update")
    return int(derived != text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
