"""Spanish words that the interface, the guide and the glossary's terms no longer use: one idea has one word (docs/glossary.md)."""

import re

import pytest
from babel.messages.pofile import read_po

from tests.support.project import ROOT

RETIRED = {
    r"\bavisos?\b": "notificación, anuncio, reporte de error, recuadro, política de datos personales",
    r"\bnovedad(es)?\b": "notificaciones",
    r"\bexpedientes?\b": "récord académico",
    r"\bgenuin[oa]s?\b": "auténtico",
    r"\bañad[aeioáéíó]|\bañád": "agregar",
    r"\bsacarl[ao]s?\b|\bsacar del equipo\b": "exportar, quitar",
    r"\b(sumar|sume|sumarme)\b(?= (a|al|o|colegas)\b)": "agregar, unirme",
}


def retired_in(text: str) -> list[str]:
    """Return the retired words of a text, each with what is said instead."""
    matches = ((re.search(pattern, text, re.IGNORECASE), instead) for pattern, instead in RETIRED.items())
    return [f"{match[0]} → {instead}" for match, instead in matches if match]


@pytest.mark.parametrize("text", ["Sus avisos", "Novedades", "Mi expediente", "Genuino", "Añadir", "Añádalo", "Sacarla", "Sumar o invitar"])
def test_each_retired_word_is_recognised(text: str) -> None:
    assert retired_in(text)


def test_words_that_only_look_alike_stay() -> None:
    assert retired_in("Le avisaremos: está dañado, sume los minutos y haga que sumen 1.") == []


def test_no_message_of_the_interface_uses_a_retired_word() -> None:
    with (ROOT / "translations" / "es" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        texts = [
            text
            for message in read_po(file)
            if message.id
            for text in (message.string if isinstance(message.string, tuple) else [message.string])
        ]

    assert len(texts) > 4000
    assert [f"{words}: {text}" for text in texts for words in retired_in(text)] == []


def test_no_page_of_the_guide_uses_a_retired_word() -> None:
    pages = sorted((ROOT / "lms" / "guide" / "text" / "es").rglob("*.md"))
    texts = {path.name: re.sub(r"\[\[[^\]]*\]\]", "", path.read_text("utf-8")) for path in pages}

    assert len(texts) > 30
    assert [f"{name}: {words}" for name, text in texts.items() for words in retired_in(text)] == []
