"""Find the folder of shared material beside the checkout; its files are read in place and never copied."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the folder ../shared is not beside this checkout")
"""Stands beside `pytest.mark.shared` on every test that reads SHARED."""
