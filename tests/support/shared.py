"""Find the folder of shared material beside the checkout; its files are read in place and never copied."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder ../shared is not beside this checkout")
"""Stands beside `pytest.mark.shared` on every test that reads SHARED."""


def attacks(name: str) -> list[str]:
    """Return the attacks that a file of `fixtures/security` lists, one a line; none where the folder is not there."""
    path = SHARED / "fixtures" / "security" / name
    return [line for line in path.read_text("utf-8").splitlines() if line] if path.is_file() else []
