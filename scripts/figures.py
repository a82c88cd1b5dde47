"""Record what a command measured: the newest figures of each part, and one line of history for each run.

python scripts/figures.py NAME PART KEY FILE    record the JSON of a file as one figure

Figures lie in docs/figures, a file for each name; scripts/documents.py renders them.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from kernel import clock  # noqa: E402 - the checkout comes first

FOLDER = ROOT / "docs" / "figures"


def newest(name: str, folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Return the newest figures by part, nothing where none were recorded."""
    path = folder / f"{name}.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def record(
    name: str, part: str, figures: Mapping[str, Any], *, whole: bool = False, run: Mapping[str, Any] | None = None, folder: Path = FOLDER
) -> None:
    """Store the figures of a part, in place of those of the same key or of all, and append them to the history.

    `run`: what was measured, where it is not all of `figures`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    every = newest(name, folder)
    every[part] = {**({} if whole else every.get(part, {})), **figures}
    (folder / f"{name}.json").write_text(json.dumps(every, indent=1, ensure_ascii=False) + "\n", "utf-8")
    line = {"at": clock.now().isoformat(timespec="minutes"), "name": name, "part": part, "figures": figures if run is None else run}
    with (folder / "history.jsonl").open("a", encoding="utf-8") as history:
        history.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    _name, _part, _key, _file = sys.argv[1:]
    record(_name, _part, {_key: json.loads(Path(_file).read_text("utf-8"))})
