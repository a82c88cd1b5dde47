"""Write the access matrix from what the packages declare in their `access` modules: who may do what, by role, action and state.

python scripts/access_matrix.py            write docs/spec/access-matrix.csv
python scripts/access_matrix.py --check    exit with 1 where it is not what the packages declare
"""

import csv
import sys
from collections.abc import Mapping
from functools import cache
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernel.permissions import AllowedRoles, cells_of  # noqa: E402 - the checkout comes first
from lms.app import FEATURES  # noqa: E402 - after the path is set

MATRIX = ROOT / "docs" / "spec" / "access-matrix.csv"


@cache
def declared_cells() -> Mapping[tuple[str, str], AllowedRoles]:
    """Return the roles of all packages by action and state; raise ValueError where two permissions declare the same."""
    cells: dict[tuple[str, str], AllowedRoles] = {}
    for feature in FEATURES:
        own = {action: permission.states for action, permission in feature.permissions.items()}
        for action, states in (*own.items(), *feature.cells.items()):
            if twice := cells.keys() & cells_of(action, states).keys():
                raise ValueError(f"{sorted(twice)} stands in two permissions")
            cells |= cells_of(action, states)
    return cells


def access_matrix() -> str:
    """Return the matrix as it is written: one line for each role in each state."""
    text = StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("role", "action", "object_state", "expect", "why"))
    for (action, state), allowed in sorted(declared_cells().items(), key=lambda cell: cell[0]):
        lines.writerows((role, action, state, expected, allowed.why) for role, expected in allowed.expectations().items())
    return text.getvalue()


def main() -> int:
    """Run the command."""
    if sys.argv[1:] != ["--check"]:
        MATRIX.write_text(access_matrix(), "utf-8")
        return 0
    is_stale = MATRIX.read_text("utf-8") != access_matrix()
    if is_stale:
        print(f"{MATRIX.relative_to(ROOT)} is not what the packages declare: make fix")
    return is_stale


if __name__ == "__main__":
    sys.exit(main())
