"""One bank with every kind of question, whose keys, feedback and models are words that a page must not say before it may.

Its quiz needs `weight: 0`, because a survey may not stand among what counts.
"""

from __future__ import annotations

import re

KINDS = (
    "single",
    "multiple",
    "true_false",
    "short",
    "numerical",
    "units",
    "matching",
    "ordering",
    "gaps",
    "dragged",
    "calculated",
    "matrix",
    "survey",
    "essay",
    "file",
    "description",
)
"""The keys of the questions, in the order of `slots`."""

MARKED = KINDS[:12]
"""Those that a rule marks."""

BANK = """questions:
  - key: single
    kind: single
    text: Elija la letra.
    shuffle: false
    options:
      - {first}: Alfa
        key: clave-alfa
        why: PORQUE-single-1
      - {second}: Beta
        key: clave-beta
        why: PORQUE-single-2
      - wrong: Gama
        key: clave-gama
        why: PORQUE-single-3
    explanation: EXPLICA-single
  - key: multiple
    kind: multiple
    text: Elija letras.
    shuffle: false
    options:
      - {first}: Delta
        key: clave-delta
        why: PORQUE-multiple-1
      - {second}: Kapa
        key: clave-kapa
        why: PORQUE-multiple-2
      - {second}: Iota
        key: clave-iota
        why: PORQUE-multiple-3
    explanation: EXPLICA-multiple
  - key: true-false
    kind: true_false
    text: El agua moja.
    answer: {truth}
    explanation: EXPLICA-truefalse
  - key: short
    kind: short
    text: Escriba la palabra.
    answers:
      - right: {word}
        why: PORQUE-short-1
      - wrong: nada
        why: PORQUE-short-2
    explanation: EXPLICA-short
  - key: numerical
    kind: numerical
    text: Escriba el número.
    answers:
      - right: {number}
        why: PORQUE-numerical-1
      - wrong: 5
        why: PORQUE-numerical-2
    explanation: EXPLICA-numerical
  - key: units
    kind: numerical
    text: Escriba la longitud.
    answers:
      - right: {length}
    units: {{km: 1, m: 0.001}}
    unit_penalty: 1/2
    explanation: EXPLICA-units
  - key: matching
    kind: matching
    text: Una cada animal con su voz.
    pairs:
      - {{item: Perro, match: {dog}, key: clave-perro, match_key: {dog_key}, why: PORQUE-matching-1}}
      - {{item: Gato, match: {cat}, key: clave-gato, match_key: {cat_key}, why: PORQUE-matching-2}}
    extra:
      - {{text: Canta, key: clave-canta}}
    explanation: EXPLICA-matching
  - key: ordering
    kind: ordering
    text: Ordene los elementos.
    items:
{items}
    explanation: EXPLICA-ordering
  - key: gaps
    kind: gaps
    text: "El cielo es {{color}}, hay {{cuantos}} y la nieve es {{otro}}."
    gaps:
      color:
        answers:
          - right: {word}
            why: PORQUE-gaps-1
      cuantos:
        kind: numerical
        answers:
          - right: {number}
      otro:
        kind: single
        shuffle: false
        options:
          - {first}: blanca
            key: clave-blanca
            why: PORQUE-gaps-2
          - {second}: negra
            key: clave-negra
            why: PORQUE-gaps-3
    explanation: EXPLICA-gaps
  - key: dragged
    kind: gaps
    drag: true
    text: "El {{uno}} calienta y la {{dos}} alumbra."
    gaps:
      uno:
        answers:
          - right: {sun}
      dos:
        answers:
          - right: {moon}
    extra:
      - {{text: piedra, key: clave-piedra}}
    explanation: EXPLICA-dragged
  - key: calculated
    kind: calculated
    text: "¿Cuánto es {{a}} por {factor_said}?"
    variables:
      a: {{from: 2, to: 9, step: 1}}
    answers:
      - right: a * {factor}
        why: PORQUE-calculated-1
      - wrong: a * 100
        why: PORQUE-calculated-2
    explanation: EXPLICA-calculated
  - key: matrix
    kind: matrix
    text: Diga de cada una.
    columns:
      - {{text: Sí, key: clave-si}}
      - {{text: No, key: clave-no}}
    rows:
      - {{text: Salud, key: clave-salud, answer: {yes}, why: PORQUE-matrix-1}}
      - {{text: Vejez, key: clave-vejez, answer: {no}, why: PORQUE-matrix-2}}
    explanation: EXPLICA-matrix
  - key: survey
    kind: matrix
    survey: true
    text: ¿Qué le pareció?
    columns: [Poco, Mucho]
    rows: [El curso, El horario]
  - key: essay
    kind: essay
    text: Explique la brecha.
    words: {{min: 3, max: 50}}
    template: Empiece por el porqué.
    model: MODELO-{word}
    explanation: EXPLICA-essay
    files: 1
  - key: file
    kind: file
    text: Entregue su informe.
    accept: [pdf, txt]
    explanation: EXPLICA-file
  - key: description
    kind: description
    text: Lea con calma lo que sigue.
"""
ORDER = ("Aries", "Tauro", "Leo", "Virgo")
WORDS = {
    "first": "right",
    "second": "wrong",
    "truth": "true",
    "word": "SECRETA",
    "number": "70707",
    "length": "50505",
    "dog": "Ladra",
    "dog_key": "clave-ladra",
    "cat": "Maúlla",
    "cat_key": "clave-maulla",
    "sun": "sol",
    "moon": "luna",
    "factor_said": "el factor del curso",
    "factor": "333",
    "yes": "clave-si",
    "no": "clave-no",
}
TURNED = {
    "first": "wrong",
    "second": "right",
    "truth": "false",
    "word": "OCULTA",
    "number": "80808",
    "length": "60606",
    "dog": "Maúlla",
    "dog_key": "clave-maulla",
    "cat": "Ladra",
    "cat_key": "clave-ladra",
    "sun": "luna",
    "moon": "sol",
    "factor": "444",
    "yes": "clave-no",
    "no": "clave-si",
}
"""What else is right, with everything that a learner may see the same."""


def bank(*, turned: bool = False) -> str:
    """Return the bank; `turned` changes only what is right."""
    words = WORDS | TURNED if turned else WORDS
    order = ORDER[::-1] if turned else ORDER
    items = "\n".join(f"      - {{text: {word}, key: clave-{word.lower()}}}" for word in order)
    return BANK.format(**words, items=items)


def key_of(kind: str) -> str:
    """Return the key of the question of a kind."""
    return kind.replace("_", "-")


SLOTS = tuple(key_of(kind) for kind in KINDS)
WRONG = {
    "p1": "3",
    "p2": ["2", "3"],
    "p3": "false",
    "p4": "nada",
    "p5": "5",
    "p6": "5",
    "p7-1": "3",
    "p7-2": "3",
    "p8-1": "1",
    "p8-2": "2",
    "p8-3": "3",
    "p8-4": "4",
    "p9-1": "nada",
    "p9-2": "5",
    "p9-3": "2",
    "p10-1": "3",
    "p10-2": "3",
    "p11": "1",
    "p12-1": "2",
    "p12-2": "1",
    "p13-1": "1",
    "p14": "Un ensayo.",
}
"""Answers of every kind by places of the page, none of them wholly right."""
ALWAYS_SECRET = re.compile(r"clave-|data-right|data-key|data-correct|\"right\"|credit")
"""What never reaches a page: keys of options, and anything that would tell which are right."""
SIGNS = {
    "specific": re.compile("PORQUE-"),
    "general": re.compile("EXPLICA-"),
    "right_answer": re.compile(r"SECRETA|OCULTA|\b(?:70707|80808|50505|60606)\b|MODELO|Respuesta correcta|Faltó marcarla"),
    "correctness": re.compile(r'class="choice (?:ok|bad)"|Su respuesta, (?:in)?correcta|>(?:Correcta|Incorrecta|En parte correcta)<'),
}
"""By flag, what a page says only where it is on."""
