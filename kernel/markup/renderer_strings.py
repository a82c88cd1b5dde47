"""Say the few words that the renderer itself puts into a text, in the language of that text (gettext is for the interface)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RendererStrings:
    """The renderer's own words in one language; `%s` stands for a number or a title."""

    figure: str
    table: str
    formula: str
    code: str
    definition: str
    example: str
    warning: str
    summary: str
    check: str
    notes: str
    note: str
    back: str
    terms: str
    sources: str
    source: str
    recording: str
    begins: str


_ES = RendererStrings(
    figure="Figura",
    table="Tabla",
    formula="Fórmula",
    code="Código",
    definition="Definición",
    example="Ejemplo",
    warning="Atención",
    summary="En resumen",
    check="Compruebe",
    notes="Notas",
    note="Nota %s",
    back="Volver al texto de la nota %s",
    terms="Términos de esta lección",
    sources="Fuentes",
    source="Fuente %s",
    recording="Grabación: %s",
    begins="Desde %s",
)
_EN = RendererStrings(
    figure="Figure",
    table="Table",
    formula="Formula",
    code="Code",
    definition="Definition",
    example="Example",
    warning="Warning",
    summary="In short",
    check="Check yourself",
    notes="Notes",
    note="Note %s",
    back="Back to the text of note %s",
    terms="Terms of this lesson",
    sources="Sources",
    source="Source %s",
    recording="Recording: %s",
    begins="From %s",
)
_BY_LANGUAGE = {"es": _ES, "en": _EN}


def words_in(language: str) -> RendererStrings:
    """Answer the words of a language; English where it is not one of ours."""
    return _BY_LANGUAGE.get(language, _EN)
