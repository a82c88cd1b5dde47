"""Signs that no font of our documents has; apart from the fonts, which take ReportLab."""

from kernel.errors import N_

UNPRINTABLE = N_("Documents cannot print these signs: %(signs)s. Write it with Latin letters.")


def unprintable(text: str) -> str:
    """Return the signs of a text that no font of our documents has, each once: empty for Latin, Greek and Cyrillic letters."""
    if max(text, default="") < "\u0180":
        return ""
    from kernel.pdf import pen  # noqa: PLC0415 - ReportLab: no start should wait for it

    return pen.unprintable(text)
