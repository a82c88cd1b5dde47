"""Course folders for tests of selection: questions with the fields of draws in one quiz, and what the check says."""

from tests.support import folders
from tests.support.builders import folder
from tests.support.folders import MODULE, QUIZ_FILE, Files

SAMPLE_BANK = """questions:
{questions}  - key: repaso
    kind: true_false
    state: ready
    unverified: true
    text: Verdad.
    answer: true
    explanation: Lo es.
"""
QUESTION = """  - key: {key}
    kind: true_false
    {fields}text: ¿Es cierto {key}?
    answer: true
    explanation: Lo es.
    source: [manual]
"""
SAMPLE_QUIZ = """key: cuestionario-contar
title:
  es: Cuestionario de contar
  en: Counting quiz
slots:
{slots}{more}attempts: 1
"""


def a_sample(questions: dict[str, str], slots: str, more: str = "") -> Files:
    """Return the sample course with these questions, each with fields on lines, in one quiz."""
    bank = "".join(
        QUESTION.format(key=key, fields="".join(f"{line}\n    " for line in own.split("; ") if line)) for key, own in questions.items()
    )
    own = folders.with_file(folders.BANK, SAMPLE_BANK.format(questions=bank))
    own = folders.with_file(QUIZ_FILE, SAMPLE_QUIZ.format(slots=slots, more=more), own)
    return folders.changed(
        MODULE, "objectives:\n  - es: Sumar los litros de un día.\n    en: Add up the litres of a day.\n", OBJECTIVES, own
    )


OBJECTIVES = """objectives:
  - key: sumar
    text:
      es: Sumar los litros de un día.
      en: Add up the litres of a day.
  - es: Cuidar el agua.
    en: Save water.
"""
FOUR = {"a": "objective: sumar", "b": "objective: sumar", "c": "objective: sumar", "d": "objective: cuidar-el-agua"}


def messages(files: Files, code: str) -> list[str]:
    """Return what the findings with a code say, without their places."""
    return [finding.message.partition(": ")[2] for finding in folders.findings(files, code)]


PAGE = "/teaching/prueba/parts/cuestionario-1/blueprint"
FILE = "01-parte/03-cuestionario.quiz.yaml"
BANK = "01-parte/banco.yaml"
HEAD = "key: cuestionario-1\ntitle: {es: Cuestionario 1, en: Quiz 1}\n"
EXPECTED = {"a": 90, "b": 50, "c": 85, "d": 45}


def a_balanced_folder(quiz: str, **expected: int) -> dict[str, bytes]:
    """Return a course of one module whose bank has true or false questions with these expected facilities."""
    files = folder(modules=1)
    bank = "questions:\n"
    for key, percent in (expected or EXPECTED).items():
        bank += f"  - key: {key}\n    kind: true_false\n    expected: {percent}\n    text: ¿Es cierto {key}?\n    answer: true\n"
        bank += "    explanation: Lo es.\n"
    files[BANK] = bank.encode()
    files[FILE] = f"{HEAD}{quiz}attempts: 0\n".encode()
    return files


def findings_of(quiz: str, code: str, **expected: int) -> int:
    """Return how many findings with a code the check has."""
    return len(folders.findings(a_balanced_folder(quiz, **expected), code))


def questions(**fields: str) -> str:
    """Return a bank of true or false questions with these fields, each on a line."""
    text = "questions:\n"
    for key, own in fields.items():
        lines = "".join(f"    {line}\n" for line in own.split("; ") if line)
        text += f"  - key: {key}\n    kind: true_false\n{lines}    text: ¿Es cierto {key}?\n    answer: true\n    explanation: Lo es.\n"
    return text
