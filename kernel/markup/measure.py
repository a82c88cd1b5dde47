"""Count the words of a lesson (spec/content-format C316): what is read, folded answers included, without tables,
formulas and lists of sources.
"""

from __future__ import annotations

import re

from kernel.markup.source import mask, normalise

_TABLE_RULE = re.compile(
    r"^[ >]*+\|?[ ]*+:?-++:?[ ]*+(?:\|[ ]*+:?-++:?[ ]*+)++\|?[ ]*+$|^[ >]*+\|[ ]*+:?-++:?[ ]*+\|[ ]*+$",
)
_DROPPED = (
    re.compile(r"(?s)\$\$.*?\$\$"),
    re.compile(r"(?<![\\$])\$(?!\s)(?:\\.|[^\\$])+?(?<!\s)\$"),
    re.compile(r"!\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^()\s]*\)"),
    re.compile(r"(?m)^\[\^[^\[\]]*\]:|\[\^[^\[\]]*\]"),
    re.compile(r"\[@[^\[\]\n]*\]"),
    re.compile(r"(?m)^[ >]*\[![^\]\n]*\]"),
    re.compile(r"\]\([^()\s]*\)"),
    re.compile(r"\{(?:#|lang=)[^{}\n]*\}"),
    re.compile(r"</?[a-zA-Z][^<>]*>"),
)
_PARAMETER = re.compile(r"\{\{[^{}\n]*\}\}")
_LABELLED = re.compile(r"\[\[[^\[\]|]*\\?\|")
_WORD = re.compile(r"[^\W_](?:[\w.,'’\-]*[^\W_])?")


def count_words(source: str) -> int:
    """Count the words that are read: code, comments, tables with their titles, formulas, marks and addresses do not count.

    A parameter counts as one word; a number counts as one word.
    """
    text = _without_tables(mask(normalise(source)))
    for pattern in _DROPPED:
        text = pattern.sub(" ", text)
    text = _LABELLED.sub(" ", _PARAMETER.sub(" parametro ", text))
    return len(_WORD.findall(text))


def _without_tables(text: str) -> str:
    """Take out tables and the title in the next paragraph."""
    blocks: list[str] = []
    after_table = False
    for block in re.split(r"\n[ >]*\n", text):
        lines = block.strip("\n").split("\n")
        is_table = len(lines) > 1 and "|" in lines[0] and _TABLE_RULE.match(lines[1]) is not None
        is_title = after_table and lines[0].lstrip(" >").startswith(": ")
        if not is_table and not is_title:
            blocks.append(block)
        after_table = is_table
    return "\n\n".join(blocks)
