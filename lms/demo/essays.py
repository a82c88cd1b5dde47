"""Essays of invented people: sentences about how they worked, which say nothing of the subject and say that they are invented."""

from collections.abc import Mapping
from random import Random

from questions.rules.definitions import EssayBody

FIRST: Mapping[str, str] = {
    "es": "Este texto lo inventó la demostración: nadie lo escribió.",
    "en": "The demonstration invented this text: nobody wrote it.",
}
SENTENCES: Mapping[str, tuple[str, ...]] = {
    "es": (
        "Primero separo los datos del caso de lo que solo se supone.",
        "Después comparo cada dato con el requisito que le corresponde.",
        "El plazo me parece el punto más débil de la propuesta.",
        "Con la cifra de la tabla, la segunda opción queda más cerca de lo que se pide.",
        "No estoy de acuerdo con la primera afirmación, porque confunde el año con el mes.",
        "Para decidir haría falta un dato que el enunciado no trae.",
        "Si ese dato fuera la mitad, mi conclusión cambiaría.",
        "Recomiendo empezar por lo que afecta a más personas.",
        "Lo explicaría con un ejemplo corto y una sola cuenta.",
        "En resumen, elijo la segunda opción y digo qué la haría cambiar.",
    ),
    "en": (
        "First I separate the facts of the case from what is only assumed.",
        "Then I compare each fact with the condition it belongs to.",
        "The time limit seems to me the weakest point of the proposal.",
        "With the figure in the table, the second option comes closer to what is asked.",
        "I disagree with the first statement, because it takes the year for the month.",
        "To decide, one more figure would be needed, which the case does not give.",
        "If that figure were half as large, my conclusion would change.",
        "I recommend beginning with what affects most people.",
        "I would explain it with a short example and a single calculation.",
        "In short, I choose the second option and say what would change it.",
    ),
}
LONG, A_PARAGRAPH = 90, 4
"""Words of an essay where the question does not say how many, and sentences of a paragraph."""
COMMENTS = (
    "Ordena bien los datos. Falta decir qué haría cambiar la conclusión.",
    "La conclusión se entiende; muestre también la cuenta que la sostiene.",
    "Buen trabajo: distingue lo que se sabe de lo que se supone.",
    "Revise el segundo apartado de la lección: confundió dos requisitos.",
)
"""What the grader says."""


def essay_text(body: EssayBody, language: str, chance: Random) -> str:
    """Return an essay of about as many words as the question wants."""
    known = language if language in SENTENCES else "es"
    least = body.words.minimum or min(LONG, body.words.maximum or LONG)
    sentences = [FIRST[known]]
    while sum(len(sentence.split()) for sentence in sentences) < least + 10:
        sentences += chance.sample(SENTENCES[known], len(SENTENCES[known]))
    count, chosen = 0, []
    for sentence in sentences:
        if count >= least or (body.words.maximum and count + len(sentence.split()) > body.words.maximum):
            break
        count += len(sentence.split())
        chosen.append(sentence)
    return "\n\n".join(" ".join(chosen[start : start + A_PARAGRAPH]) for start in range(0, len(chosen), A_PARAGRAPH))
