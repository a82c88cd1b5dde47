"""Keep this version's schema with demo data in tests/samples/schemas/VERSION/, for the upgrade tests of later versions.

    python scripts/dump_schema.py [DATABASE]    default: a fresh instance of the demo

The file is what SQLite's own `.dump` writes, compressed where it is large; rows.json says how many rows each table holds.
"""

import gzip
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "tests" / "samples" / "schemas" / version("aulario")
LARGE = 200_000


def fill(folder: Path) -> Path:
    """Make the demo's instance without serving it and return its database."""
    command = [str(Path(sys.executable).with_name("lms")), "demo", "--fill-only", "--learners", "12"]
    subprocess.run(command, cwd=folder, env={**os.environ, "LMS_DATA_DIR": str(folder)}, check=True)
    return folder / "aulario.sqlite"


def dump(database: Path) -> tuple[str, dict[str, int]]:
    """Return the statements that make the database again, and its rows by table."""
    connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)
    script = "\n".join(connection.iterdump()) + "\n"
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in sorted(names)}  # noqa: S608 - names are our own
    connection.close()
    return script, rows


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
