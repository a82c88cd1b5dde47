"""A course folder with a choice whose options are calculated, for tests."""

from quizzes.rules.definitions import Option
from quizzes.rules.question_variables import ChoiceNumbers, QuestionVariable, VariableRange
from tests.support.builders import folder
from tests.support.questions import f
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

NUMBERS = ChoiceNumbers((QuestionVariable("a", VariableRange(f(1), f(4), f(1))), QuestionVariable("b", VariableRange(f(1), f(4), f(1)))))


def calculated_options(*texts: str) -> tuple[Option, ...]:
    """Return options with these texts, of which the first is right."""
    return tuple(Option(f"o{at}", {"es": text, "en": text}, at == 0, f(int(at == 0))) for at, text in enumerate(texts))


def a_folder_with_a_choice(bank: str = CHOICE) -> dict[str, bytes]:
    """Return a course of one module with a quiz of one choice whose options are calculated."""
    files = folder(modules=1)
    files[BANK] = bank.encode()
    files[FILE] = f"{HEAD}slots:\n  - question: cuota\nattempts: 0\n".encode()
    return files
