"""A course folder with a choice whose options are calculated, for tests."""

from tests.support.builders import folder
from tests.support.selection_folders import BANK, FILE, HEAD

CHOICE = """questions:
  - key: cuota
    kind: single
    text: El salario es {salario} y la tasa {tasa}. ¿Cuánto es el aporte?
    variables:
      salario: {from: 400, to: 900, step: 25}
      tasa: {values: [5, 10, 20]}
    conditions: [salario > 400]
    decimals: 2
    options:
      - right: '{= salario * tasa/100 =} dólares'
        why: Eso es.
        key: bien
      - wrong: '{= salario*tasa/10 =} dólares'
        why: Son centésimas.
        key: decimas
      - wrong: '{= salario / tasa =} dólares'
        why: Se multiplica.
        key: cociente
    explanation: Se multiplica.
"""


def a_folder_with_a_choice(bank: str = CHOICE) -> dict[str, bytes]:
    """Return a course of one module with a quiz of one choice whose options are calculated."""
    files = folder(modules=1)
    files[BANK] = bank.encode()
    files[FILE] = f"{HEAD}slots:\n  - question: cuota\nattempts: 0\n".encode()
    return files
