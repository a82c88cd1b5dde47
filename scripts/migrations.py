"""Keep migrations and models in step.

python scripts/migrations.py check             exit with 1 where an upgraded empty database is not what the models say
python scripts/migrations.py write "add x"     write the next migration from the difference
"""

import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernel import clock, migrations  # noqa: E402 - the checkout comes first
from kernel.db import Database  # noqa: E402 - after the path is set
from lms.app import FEATURES  # noqa: E402 - imports every table

VERSIONS = ROOT / "migrations" / "versions"


def next_identifier() -> str:
    """Return today's date and the next number of the day."""
    day = f"{clock.now():%Y_%m_%d}"
    return f"{day}_{len(list(VERSIONS.glob(f'{day}_*.py'))) + 1}"


def main() -> int:
    """Run the command."""
    assert FEATURES
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.sqlite")
        migrations.upgrade(database)
        if sys.argv[1:2] == ["write"] and re.fullmatch(r"[a-z0-9 ._-]+", " ".join(sys.argv[2:])):
            migrations.write_revision(database, sys.argv[2], next_identifier())
            found = []
        else:
            found = migrations.differences(database)
        database.dispose()
    for difference in found:
        print(f"migrations: not in the schema's history: {difference}. Write it: make migration MESSAGE='…'")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
