"""Work out again every sum and answer of courses: runs scripts/calculos_*.py of each course folder; any difference stops it with its place.

Run: python content/scripts/calculos.py [COURSE …]   (all courses when none is named). Needs ruamel.yaml.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

CONTENT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Check the courses named on the command line, or all."""
    named = [Path(name).resolve() for name in sys.argv[1:]]
    for course in named or sorted(path.parent for path in CONTENT.glob("*/course.yaml")):
        for script in sorted((course / "scripts").glob("calculos_*.py")):
            print(f"{course.name}: {script.name}")
            runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main()
