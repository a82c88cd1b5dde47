"""Course folders with a quiz whose results are used outside the course, for tests of selection."""

from tests.support.builders import folder
from tests.support.selection_folders import BANK, FILE, HEAD, questions

USE = (
    "selection:\n  use: {es: 'Ascensos 2027, Talento Humano', en: 'Promotions 2027, Personnel'}\n"
    "  contact: {es: talento@example.org, en: staff@example.org}\n"
)
RULES = "blueprint:\n  - {weight: 100, level: apply}\nreview: exam\n"
NORM = "pass_basis:\n  norm: {es: 'Reglamento, art. 12', en: 'Rules, art. 12'}\n"
RECORDED = "pass_basis: {judges: true}\n"
LAW = b"""ley:
  title: {es: Ley, en: Act}
  kind: document
  language: es
  host: Registro
  url: https://example.org/ley
  verified: 2026-01-01
"""


def a_selecting_folder(more: str, attempts: str = "attempts: 1\n") -> dict[str, bytes]:
    """Return a course of one module with a quiz of two questions whose results are used outside it."""
    files = folder(modules=1)
    files["recursos.yaml"] = LAW
    own = "level: apply; source: [ley]"
    files[BANK] = questions(a=own, b=own).encode()
    files[FILE] = f"{HEAD}slots:\n  - question: a\n  - question: b\n{USE}{RULES}{more}{attempts}".encode()
    return files
