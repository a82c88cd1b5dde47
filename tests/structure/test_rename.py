"""The program that renames follows a name to its definition, and leaves other words of the same spelling alone."""

import subprocess
from pathlib import Path

import pytest

from scripts import rename

MAP = """### shop
*Modules* — seat.py → context.py (1)
*Classes* — seat: Seat → Context (2+0)
*Functions* — seat: told → was_notified (1+0)
"""
SEAT = """class Seat:
    pass


def told(seat: "Seat") -> bool:
    return bool(seat)
"""
USES = """from typing import cast

from shop import seat
from shop.seat import Seat as Chair, told


def first(row: "seat.Seat") -> bool:
    told_of = [told(one) for one in [row]]
    return cast("seat.Seat", row) is not None and bool(told_of) and seat.told(row)


def second(told: bool) -> bool:
    Seat = 1
    return told and bool(Seat) and Chair is not None
"""
RENAMED = """from typing import cast

from shop import context
from shop.context import Context as Chair, was_notified


def first(row: "context.Context") -> bool:
    told_of = [was_notified(one) for one in [row]]
    return cast("context.Context", row) is not None and bool(told_of) and context.was_notified(row)


def second(told: bool) -> bool:
    Seat = 1
    return told and bool(Seat) and Chair is not None
"""


def test_names_follow_their_definition_and_local_words_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "seat.py").write_text(SEAT, "utf-8")
    (tmp_path / "shop" / "uses.py").write_text(USES, "utf-8")
    (tmp_path / "map.md").write_text(f"## 2. Renaming map\n{MAP}### Persisted or public names", "utf-8")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(rename, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["rename.py", str(tmp_path / "map.md"), "shop"])

    assert rename.main() == 0

    assert (tmp_path / "shop" / "uses.py").read_text("utf-8") == RENAMED
    assert not (tmp_path / "shop" / "seat.py").exists()
    assert "class Context:" in (tmp_path / "shop" / "context.py").read_text("utf-8")
    assert 'def was_notified(seat: "Context")' in (tmp_path / "shop" / "context.py").read_text("utf-8")
