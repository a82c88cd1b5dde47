"""A small made-up course around a text, for the tests of the renderer."""

from decimal import Decimal

from kernel.markup.model import EmbeddedRecording, MarkupContext, MediaReference, Parameter, Resource, SafeHtml, TermReference, fold

DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 100 20"><title>Barras</title><desc>Dos barras.</desc>'
    b'<rect class="b1" x="0" y="0" width="60" height="20"/></svg>'
)
_TERMS = {
    "piso-proteccion-social": ("Piso de protección social", "Garantías <em>básicas</em> de salud e ingreso.", ("piso", "los pisos")),
    "subsidiariedad": ("Subsidiariedad", "Deber del Estado de completar el financiamiento.", ()),
}
_PARAMETERS = {
    "sbu": Parameter(Decimal("470"), "USD", "2025"),
    "cobertura": Parameter(Decimal("34.80"), "%", "2019"),
    "poblacion": Parameter(Decimal("16938986"), "none", "2022"),
    "plazo": Parameter(Decimal("12"), "meses", "2024"),
    "tasa": Parameter(Decimal("9.445"), "%", "2017", 2),
}
_RESOURCES = {
    "ley-ss": Resource("Ley de Seguridad Social", "Registro Oficial", "https://example.org/ley", "law", "es"),
    "estudio": Resource("Coverage study", "OIT", "https://example.org/study?a=1&b=2", "report", "en", title_language="en"),
    "guia": Resource("Guía <de> lectura", "IESS", "/files/guia.pdf", "document", "es", media_type="application/pdf", size=1_240_000),
}
_MEDIA = {
    "media/brecha.svg": MediaReference("/files/brecha.svg", "image/svg+xml", len(DRAWING), DRAWING),
    "media/foto.jpg": MediaReference("/files/foto.jpg", "image/jpeg", 84_000, width=640, height=480),
    "media/guia.pdf": MediaReference("/files/guia.pdf", "application/pdf", 1_240_000),
    "../media/audio.mp3": MediaReference("/files/audio.mp3", "audio/mpeg", 900),
}


def _term(form: str) -> TermReference | None:
    for key, (text, definition, also) in _TERMS.items():
        if form in {fold(written) for written in (key, text, *also)}:
            return TermReference(key, text, SafeHtml(definition))
    return None


def _link(key: str, fragment: str) -> str | None:
    if key not in ("pisos", "grabacion") or fragment == "nada":
        return None
    return f"/courses/c/activities/{key}" + (f"#{fragment}" if fragment else "")


def a_context(language: str = "es", **fields: object) -> MarkupContext:
    """Make the context of a course with two terms, five parameters, three resources, four files, a question and a recording."""
    given: dict[str, object] = {
        "term": _term,
        "parameter": _PARAMETERS.get,
        "resource": _RESOURCES.get,
        "link": _link,
        "media": _MEDIA.get,
        "question": {"repaso": SafeHtml("<p>¿Cuánto?</p>")}.get,
        "recording": {"grabacion": EmbeddedRecording("Grabación", duration="18:20", host="Ejemplo")}.get,
    }
    return MarkupContext(language, **(given | fields))  # type: ignore[arg-type]  # fields by name
