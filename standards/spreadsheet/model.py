"""The columns of a table of questions: their names in both languages, and the words in their cells."""

from collections.abc import Mapping
from dataclasses import dataclass

from courses.content.derived_keys import slug
from questions.rules.definitions import CognitiveLevel, Difficulty, QuestionKind, QuestionState

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": ("clave",),
    "kind": ("tipo",),
    "text": ("texto", "enunciado", "pregunta"),
    "right": ("correctas", "correcta"),
    "rule": ("regla",),
    "shuffle": ("mezclar",),
    "tolerance": ("tolerancia",),
    "unit": ("unidad",),
    "mark": ("puntos",),
    "tags": ("etiquetas",),
    "difficulty": ("dificultad",),
    "objective": ("objetivo",),
    "level": ("nivel",),
    "family": ("familia",),
    "enemies": ("incompatibles",),
    "only": ("reservada",),
    "expected": ("facilidad",),
    "origin": ("origen",),
    "state": ("estado",),
    "hints": ("pistas",),
    "penalty": ("penalización",),
    "explanation": ("explicación",),
    "note": ("apunte",),
}
"""English name -> Spanish names, the first of which is written."""

NUMBERED: Mapping[str, tuple[str, ...]] = {
    "option": ("opción", "respuesta"),
    "match": ("pareja",),
    "feedback": ("comentario",),
    "credit": ("crédito",),
}
"""Columns that are there once for each answer: `option 1`, `option 2` …"""

MAXIMUM_ANSWERS = 30
MAXIMUM_ROWS = 5_000
MAXIMUM_CELL = 30_000

KINDS: Mapping[str, QuestionKind] = {
    **{slug(kind.value): kind for kind in QuestionKind},
    "unica": QuestionKind.SINGLE,
    "opcion-unica": QuestionKind.SINGLE,
    "varias": QuestionKind.MULTIPLE,
    "opcion-multiple": QuestionKind.MULTIPLE,
    "verdadero-falso": QuestionKind.TRUE_FALSE,
    "corta": QuestionKind.SHORT,
    "respuesta-corta": QuestionKind.SHORT,
    "numerica": QuestionKind.NUMERICAL,
    "emparejar": QuestionKind.MATCHING,
    "ordenar": QuestionKind.ORDERING,
    "abierta": QuestionKind.ESSAY,
    "ensayo": QuestionKind.ESSAY,
    "descripcion": QuestionKind.DESCRIPTION,
}
DIFFICULTIES: Mapping[str, Difficulty] = {
    **{word.value: word for word in Difficulty},
    "facil": Difficulty.EASY,
    "media": Difficulty.MEDIUM,
    "dificil": Difficulty.HARD,
}
LEVELS: Mapping[str, CognitiveLevel] = {
    **{word.value: word for word in CognitiveLevel},
    "recordar": CognitiveLevel.RECALL,
    "comprender": CognitiveLevel.UNDERSTAND,
    "aplicar": CognitiveLevel.APPLY,
    "juzgar": CognitiveLevel.JUDGE,
}
STATES: Mapping[str, QuestionState] = {
    **{word.value: word for word in QuestionState},
    "lista": QuestionState.READY,
    "borrador": QuestionState.DRAFT,
    "oculta": QuestionState.HIDDEN,
}
FLAGS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "verdadero", "verdadera", "v", "t", "si", "yes", "1", "x"), True),
    **dict.fromkeys(("false", "falso", "falsa", "f", "no", "0"), False),
}


@dataclass(frozen=True, slots=True)
class SpreadsheetRow:
    """One row: its number in the file, and its words by English name of the column; empty cells are not there."""

    line: int
    cells: Mapping[str, str]

    def get(self, name: str, usual: str = "") -> str:
        """Return the words of a column."""
        return self.cells.get(name, usual)


def column(heading: str) -> str:
    """Return the English name of a column, '' where it is none: `Opción 2` is `option 2`."""
    folded = slug(heading)
    name, _, number = folded.rpartition("-")
    for english, others in NUMBERED.items():
        if name in {slug(word) for word in (english, *others)} and number.isdecimal() and 1 <= int(number) <= MAXIMUM_ANSWERS:
            return f"{english} {int(number)}"
    return next((english for english, others in COLUMNS.items() if folded in {slug(word) for word in (english, *others)}), "")


def heading(name: str, language: str) -> str:
    """Return a column's name in a language."""
    english, _, number = name.partition(" ")
    names = {**COLUMNS, **NUMBERED}[english]
    return f"{names[0] if language == 'es' else english} {number}".strip()
