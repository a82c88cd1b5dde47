"""A course folder with a calculated question of which variants are made, for tests."""

from tests.support.builders import folder
from tests.support.selection_folders import BANK, FILE, HEAD

PATTERN = """questions:
  - key: tasa
    kind: calculated
    text: ¿Cuánto es {parte} de {total} en porcentaje?
    variables:
      parte: {from: 10, to: 90, step: 1}
      total: {from: 100, to: 900, step: 10}
    conditions: [parte < total]
    answers:
      - right: 100 * parte / total
      - wrong: 100 * total / parte
        why: Al revés.
    decimals: 1
    explanation: Se divide.
"""
TABLE = "parte;total\n12;100\n30,5;250\n"


def a_folder_with_a_pattern(bank: str = PATTERN, lesson: str = "") -> dict[str, bytes]:
    """Return a course of one module whose bank has the pattern; `lesson` is added to its lesson."""
    files = folder(modules=1)
    files[BANK] = bank.encode()
    files[FILE] = f"{HEAD}slots:\n  - draw: 1\nattempts: 1\n".encode()
    name = next(name for name in files if name.endswith(".es.md"))
    files[name] += lesson.encode()
    return files
