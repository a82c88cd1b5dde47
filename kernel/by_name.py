"""The only door by which modules are imported by their names: lazy commands, formats, child processes and the sandbox.

Tests of the contracts read the names that stand in the code of whoever calls it, so that such an import is no way around the floors.
"""

from importlib import import_module
from typing import Any


def load_by_name(module: str, name: str) -> Any:
    """Return an attribute of a module, which is imported now if it was not yet. Raise ImportError or AttributeError."""
    return getattr(import_module(module), name)
