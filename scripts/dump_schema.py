"""Keep this version's schema with demo data in tests/samples/schemas/VERSION/, for the upgrade tests of later versions.

    python scripts/dump_schema.py [DATABASE]    default: a fresh instance of the demo

The file is what SQLite's own `.dump` writes, compressed where it is large; rows.json says how many rows each table holds. The tables that
the search's index keeps itself are left out: reading the file makes them anew.
"""

import gzip
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernel.search.index import INDEX  # noqa: E402 - the checkout comes first

TARGET = ROOT / "tests" / "samples" / "schemas" / version("aulario")
LARGE = 200_000
REBUILD = f"INSERT INTO {INDEX} ({INDEX}) VALUES ('rebuild');"  # noqa: S608 - the name is our own
OF_INDEX = re.compile(rf"""(?:CREATE TABLE|INSERT INTO) ["']?{INDEX}|INSERT INTO sqlite_master|PRAGMA writable_schema""")
"""Statements about what the index keeps: SQLite makes it with its virtual table, which Python writes as a row of the schema."""


def fill(folder: Path) -> Path:
    """Make the demo's instance without serving it and return its database."""
    command = [str(Path(sys.executable).with_name("lms")), "demo", "--fill-only", "--learners", "12"]
    subprocess.run(command, cwd=folder, env={**os.environ, "LMS_DATA_DIR": str(folder)}, check=True)
    return folder / "aulario.sqlite"


def dump(database: Path) -> tuple[str, dict[str, int]]:
    """Return the statements that make the database again, and its rows by table."""
    connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    statements = [statement for statement in connection.iterdump() if not OF_INDEX.match(statement)]
    for (made,) in connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", [INDEX]):
        statements[-1:-1] = [f"{made};", REBUILD]
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    kept = sorted(name for name in names if not name.startswith(INDEX))
    rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in kept}  # noqa: S608 - names are our own
    connection.close()
    return "\n".join(statements) + "\n", rows


def main() -> int:
    """Run the command."""
    with tempfile.TemporaryDirectory() as folder:
        script, rows = dump(Path(sys.argv[1]) if len(sys.argv) > 1 else fill(Path(folder)))
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("dump.sql*"):
        old.unlink()
    content = script.encode()
    name = "dump.sql.gz" if len(content) > LARGE else "dump.sql"
    (TARGET / name).write_bytes(gzip.compress(content, 9, mtime=0) if name.endswith(".gz") else content)
    (TARGET / "rows.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    print(f"{(TARGET / name).relative_to(ROOT)}: {sum(rows.values())} rows in {len(rows)} tables")
    return 0


if __name__ == "__main__":
    sys.exit(main())
