"""The place of a gap in a text while it is translated: a sign of its own, which no text of an outside file keeps."""

import re

GAP_MARK = "\ue000"
"""Stands for the first gap; the following ones are GAP_MARK with their number between two of it."""
GAP_NAME = "gap"
GAP_BLANK = "\\_\\_\\_\\_\\_"
"""What stands for a gap where the question has it no longer."""


def gap_placeholder(number: int) -> str:
    """Return the sign for the gap with a number, counted from 1."""
    return f"{GAP_MARK}{number}{GAP_MARK}"


def without_gap_placeholders(text: str) -> str:
    """Return an outside text without signs that could be taken for gaps."""
    return text.replace(GAP_MARK, "")


def gap_name(number: int, count: int) -> str:
    """Return the name of a gap: `gap` where there is one, else numbered."""
    return GAP_NAME if count == 1 else f"{GAP_NAME}{number}"


def with_gap_names(markdown: str, count: int) -> str:
    """Return a text with the names of its gaps in braces."""
    return re.sub(f"{GAP_MARK}([0-9]+){GAP_MARK}", lambda match: "{" + gap_name(int(match[1]), count) + "}", markdown)


def with_gap_blanks(markdown: str) -> str:
    """Return a text with a line to write on for each gap."""
    return re.sub(f"{GAP_MARK}[0-9]+{GAP_MARK}", lambda _match: GAP_BLANK, markdown)


def split_at_gaps(markdown: str, names: list[str]) -> list[str]:
    """Return the pieces of a text before, between and after its gaps, which are in the order of the text."""
    pattern = "|".join(re.escape("{" + name + "}") for name in names)
    return re.split(rf"(?<![\\{{])(?:{pattern})(?!\}})", markdown) if names else [markdown]
