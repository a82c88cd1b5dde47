"""Texts of Moodle in several languages (its filters multilang and multilang2): one reading of the file for each, put together."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from kernel.errors import N_
from kernel.i18n import LANGUAGES
from kernel.left_out import LeftOutCollector
from questions.rules.definitions import QuestionState
from standards.model import ImportedQuestions, SourceQuestion, left_out_remark

OTHER_LANGUAGES = N_("Texts in languages that the course does not have")
_LT, _GT, _QUOTE = rb"(?:<|&lt;)", rb"(?:>|&gt;)", rb"(?:\"|'|&quot;|&#39;|)"
_LANG = rb"\s+lang\\?=" + _QUOTE + rb"([A-Za-z_-]+)" + _QUOTE
_CLASS = rb"\s+class\\?=" + _QUOTE + rb"multilang" + _QUOTE
_SPAN = re.compile(
    _LT + rb"span(?:" + _LANG + _CLASS + rb"|" + _CLASS + _LANG + rb")\s*" + _GT + rb"(.*?)" + _LT + rb"/span\s*" + _GT,
    re.IGNORECASE | re.DOTALL,
)
_MLANG = re.compile(rb"\\?\{\s*mlang\s+([A-Za-z0-9_,\s-]+)\\?\}(.*?)\\?\{\s*mlang\s*\\?\}", re.IGNORECASE | re.DOTALL)
"""The marks of both filters, also as GIFT escapes them."""
_GAP = re.compile(rb"\s*\Z")
_TAG = re.compile(r"<[^>]*>")
_Node = TypeVar("_Node")


def read_languages(read: Callable[[bytes, str], ImportedQuestions], content: bytes, languages: Sequence[str]) -> ImportedQuestions:
    """Return the questions of a file in all languages of a course, the first one first; texts in others are counted as left out."""
    first, *others = languages
    if not _MLANG.search(content) and not _SPAN.search(content):
        return read(content, first)
    imported, missing = read(_in_language(content, first), first), _others(content, languages)
    for language in others:
        other = read(_in_language(content, language), language)
        if len(other.sources) == len(imported.sources):
            sources = tuple(_joined(first_source, two) for first_source, two in zip(imported.sources, other.sources, strict=True))
            remarks = (*imported.remarks, *(remark for remark in other.remarks if remark not in imported.remarks))
            imported = ImportedQuestions(sources, remarks, {**imported.media, **other.media})
        else:
            missing = _others(content, (first,))
    return replace(imported, remarks=(*imported.remarks, *map(left_out_remark, missing.result())))


def _codes(written: bytes) -> list[str]:
    """Return the languages of a mark without their countries: `es_mx, en` are es and en."""
    return [re.split(r"[-_]", code.strip().lower())[0] for code in written.decode().split(",")]


def _in_language(content: bytes, language: str) -> bytes:
    """Return a file with its texts in one language alone: of a row of texts the first where that is missing, as in Moodle."""
    return _chosen(_chosen(content, _SPAN, language), _MLANG, language)


def _chosen(content: bytes, pattern: re.Pattern[bytes], language: str) -> bytes:
    pieces, row, at = list[bytes](), list[tuple[list[str], bytes]](), 0
    for match in (*pattern.finditer(content), None):
        between = content[at : match.start() if match else len(content)]
        if row and (match is None or not _GAP.match(between)):
            pieces.append(_of_row(row, language))
            row = []
        if not row or match is None:
            pieces.append(between)
        if match is not None:
            *codes, text = match.groups()
            row.append((_codes(next(filter(None, codes))), text))
            at = match.end()
    return b"".join(pieces)


def _of_row(row: Sequence[tuple[list[str], bytes]], language: str) -> bytes:
    for code in (language, "other"):
        if texts := [text for codes, text in row if code in codes]:
            return b" ".join(texts)
    return row[0][1]


def _others(content: bytes, languages: Sequence[str]) -> LeftOutCollector:
    """Count the texts in languages that are not read."""
    left_out = LeftOutCollector()
    for pattern in (_SPAN, _MLANG):
        for match in pattern.finditer(content):
            *codes, text = match.groups()
            named = _codes(next(filter(None, codes)))
            if "other" not in named and not set(named) & set(languages):
                left_out.add(OTHER_LANGUAGES, f"{named[0]}: {_TAG.sub('', html.unescape(text.decode('utf-8', 'replace')))}")
    return left_out


def _joined(source: SourceQuestion, two: SourceQuestion) -> SourceQuestion:
    """Return a question with its texts in a further language, where it has any."""
    if source.question.kind is not two.question.kind or set(source.question.text.values()) == set(two.question.text.values()):
        return source
    question = _join(source.question, two.question)
    is_draft = two.question.state is QuestionState.DRAFT
    return replace(source, question=replace(question, state=QuestionState.DRAFT) if is_draft else question)


def _join(part: _Node, two: object) -> _Node:
    """Return a part of a question with the texts of another reading beside its own; keys and figures are those of the first."""
    if isinstance(part, tuple) and isinstance(two, tuple) and len(part) == len(two):
        return cast("_Node", tuple(_join(mine, theirs) for mine, theirs in zip(part, two, strict=True)))
    if isinstance(part, Mapping) and isinstance(two, Mapping) and part.keys() <= set(LANGUAGES):
        return cast("_Node", {**part, **{language: text for language, text in two.items() if language not in part}})
    if is_dataclass(part) and not isinstance(part, type) and type(part) is type(two):
        joined = {entry.name: _join(getattr(part, entry.name), getattr(two, entry.name)) for entry in fields(part)}
        return cast("_Node", replace(part, **joined))
    return part
