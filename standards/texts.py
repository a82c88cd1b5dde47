"""Texts, keys, numbers, gaps and options that several formats share, read and written, with remarks on what a format leaves out."""

import html
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from types import MappingProxyType
from typing import TypeVar, cast

from courses.content.mapping_cursor import slug
from courses.content.scalars import MAXIMUM_KEY
from kernel.errors import N_
from kernel.filetypes import media_type
from kernel.i18n import LANGUAGES, _, language_name
from kernel.left_out import LeftOutCollector
from kernel.markup.model import MarkupContext, MediaReference
from kernel.markup.plain import without_markup
from kernel.markup.render import render_inline, render_markdown
from kernel.markup.source import mask, normalise
from questions.content.question_fields import KINDS
from questions.rules import definitions
from standards.model import ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector, left_out_remark

ENTRY, QUESTION = "entrada", "pregunta"
_MARKUP = re.compile(r"[`*_\\\[\]{}$<>]|\]\([^)]*\)")


def as_key(name: str) -> str:
    """Return a name if it is a key already, else its slug."""
    return name if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) and len(name) <= MAXIMUM_KEY else slug(name)


class KeyAllocator:
    """Gives each entry of one list a key of its own: the slug of its text, with a number where that is taken or empty.

    Outside formats only name questions, by their name or text, and entries of a list, by their text.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, text: str) -> str:
        """Return the key of an entry with this text."""
        return self._free(slug(text) or ENTRY)

    def of_question(self, name: str, text: str) -> str:
        """Return the key of a question: its name if that is a key already, else its slug, else that of its text."""
        return self._free(as_key(name) or slug(_MARKUP.sub(" ", text)) or QUESTION)

    def _free(self, key: str) -> str:
        candidate, number = key, 2
        while candidate in self._taken:
            candidate, number = f"{key[: MAXIMUM_KEY - 6]}-{number}", number + 1
        self._taken.add(candidate)
        return candidate


def derived(text: definitions.Texts) -> str:
    """Return the key that a text gives by itself."""
    return slug(next(iter(text.values()), ""))


def matched(matches: Iterable[str]) -> dict[str, str]:
    """Return a key for each match of a matching; equal texts are one choice."""
    keys = KeyAllocator()
    return {match: keys.of(match) for match in dict.fromkeys(matches)}


MAXIMUM = 10**15
MAXIMUM_LENGTH = 40
MAXIMUM_EXPONENT = 15
LARGEST_DENOMINATOR = 20
NEARNESS = Fraction(5, 10**6)
CREDIT_DIGITS = 5
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,4}))?\Z")


def to_fraction(text: str) -> Fraction:
    """Read a number with a decimal point, exactly; raises NotTranslatable for anything else and for huge ones."""
    written = text.strip().replace("−", "-")
    match = _NUMBER.match(written) if len(written) <= MAXIMUM_LENGTH else None
    if match is None:
        raise NotTranslatable(
            N_("“%(text)s” is not a number."), N_("Write digits with a decimal point."), text=text.strip()[:MAXIMUM_LENGTH]
        )
    if abs(int(match[1] or 0)) > MAXIMUM_EXPONENT or abs(value := Fraction(written)) > MAXIMUM:
        raise NotTranslatable(N_("The number %(text)s is too large or too small."), text=written)
    return value


def is_number(text: str) -> bool:
    """Return whether a text is a number that is read here."""
    try:
        to_fraction(text)
    except NotTranslatable:
        return False
    return True


def whole(text: str, usual: int) -> int:
    """Read a whole number up to a thousand, or the usual one where there is none."""
    written = text.strip()
    return int(written) if re.fullmatch(r"[0-9]{1,3}", written) else usual


def credit(percent: Fraction) -> Fraction:
    """Return a percentage as a share: 33.33333 is 1/3, as an author who wrote five digits meant."""
    share = percent / 100
    near = share.limit_denominator(LARGEST_DENOMINATOR)
    value = near if abs(near - share) <= NEARNESS else share
    if not -1 <= value <= 1:
        raise NotTranslatable(N_("The weight %(weight)s %% is outside −100 to 100."), weight=decimal(percent))
    return value


def percent(share: Fraction) -> str:
    """Write a share as a percentage, cut to five decimals where it has no end."""
    return decimal(share * 100, CREDIT_DIGITS)


def decimal(value: Fraction, digits: int = 20) -> str:
    """Write a fraction with a decimal point and without zeros at the end, cut to so many decimals."""
    scale = 10**digits
    whole_part, rest = divmod(abs(round(value * scale)), scale)
    sign = "-" if value < 0 and (whole_part or rest) else ""
    decimals = f"{rest:0{digits}d}".rstrip("0")
    return f"{sign}{whole_part}.{decimals}" if decimals else f"{sign}{whole_part}"


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
    is_draft = two.question.state is definitions.QuestionState.DRAFT
    return replace(source, question=replace(question, state=definitions.QuestionState.DRAFT) if is_draft else question)


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


NOWHERE: Mapping[str, str] = MappingProxyType({})
_SIGNS = re.compile(r"[\\`*\[{<$]|(?<!\w)_|_(?!\w)")
_BLOCK_SIGNS = re.compile(r"(?m)^([ \t]*)([#>:=+~-])|^([ \t]*[0-9]+)([.)])(?=\s|$)|(\|)")
_HOST = re.compile(r"(</a>) \([^()<>]*\)")
_BREAK = re.compile(r"</(?:p|li|tr|pre|blockquote)>|<br>")
FILE = re.compile(r"(?<=\]\()(?:\.\./)*media/[^()<>\s]+(?=\s*\))")
"""The address of a file of the course in a Markdown text."""
_OURS = (
    (re.compile(r"(?<!\\)\[\["), N_("a glossary term")),
    (re.compile(r"(?<!\\)\{\{"), N_("a course parameter")),
    (re.compile(r"(?<!\\)\[@"), N_("a citation")),
    (re.compile(r"\]\((?:course|resource|question):"), N_("a link within the course")),
    (re.compile(r"(?<!\\)\$[^$\n]+(?<!\\)\$|^\$\$$", re.MULTILINE), N_("a formula")),
)


def escape_markdown(text: str, shape: definitions.TextShape = definitions.TextShape.MARKDOWN) -> str:
    """Return Markdown that shows plain words as they are."""
    escaped = _SIGNS.sub(lambda sign: "\\" + sign[0], text)
    return escaped if shape is definitions.TextShape.INLINE else _BLOCK_SIGNS.sub(_escaped_block, escaped)


def _escaped_block(match: re.Match[str]) -> str:
    if match[5]:
        return "\\|"
    before, sign = (match[1], match[2]) if match[2] else (match[3], match[4])
    return f"{before}\\{sign}"


def from_plain(text: str, shape: definitions.TextShape) -> str:
    """Return plain words of an outside file as Markdown: one line where the field has only one, else with their line breaks."""
    if shape is definitions.TextShape.INLINE:
        return escape_markdown(one_line(text), shape)
    lines = [line.strip() for line in text.strip().split("\n")]
    return escape_markdown(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


def one_line(text: str) -> str:
    """Return a text with every run of white space as one space."""
    return " ".join(text.split())


def literal(text: str) -> str:
    """Return whole words of a format without wildcards as a pattern of ours: a star is a star."""
    return text.replace("*", "\\*")


def clean(text: str) -> str:
    """Return a text in NFC without control signs and without the line separators that YAML would read as line ends."""
    return normalise(text).replace("\u2028", "\n").replace("\u2029", "\n\n")


def rendered(markdown: str, shape: definitions.TextShape, language: str, addresses: Mapping[str, str] = NOWHERE) -> str:
    """Return the HTML of a Markdown text, as far as possible without the course around it; as it is written where it is refused.

    `addresses` are those under which its files are shown, by address as written.
    """

    def media_of(path: str) -> MediaReference | None:
        return MediaReference(addresses[path], media_type(path), 0) if path in addresses else None

    draw = render_inline if shape is definitions.TextShape.INLINE else render_markdown
    return str(draw(markdown, MarkupContext(language, media=media_of)).html) or html.escape(markdown.strip(), quote=False)


def to_plain(markdown: str, shape: definitions.TextShape, language: str) -> tuple[str, bool]:
    """Return the plain words of a Markdown text, and whether it had markup that is lost."""
    if not _SIGNS.search(markdown) and not _BLOCK_SIGNS.search(markdown) and "\n" not in markdown:
        return markdown, False
    shown = rendered(markdown, shape, language).removeprefix("<p>").removesuffix("</p>")
    bare = html.unescape(_TAG.sub("", _BREAK.sub("\n", without_markup(shown)))).replace("\u00a0", " ").strip()
    return bare, "<" in shown.replace("</p>\n<p>", "")


def noted_for_graders(texts: Iterable[str], language: str, remarks: TransferRemarkCollector) -> str:
    """Return another tool's notes to graders as plain words, for the note to colleagues: no learner ever reads it."""
    note = "\n".join(filter(None, (to_plain(text, definitions.TextShape.MARKDOWN, language)[0] for text in texts)))
    if note:
        remarks.note(
            N_("The information for graders became the note to colleagues."), N_("A model answer, which learners read, is written apart.")
        )
    return note


def to_html(texts: definitions.Texts | None, shape: definitions.TextShape, language: str, addresses: Mapping[str, str] = NOWHERE) -> str:
    """Return a text as HTML for other products: without the host, or the kind and size of a file, that our pages show behind a link."""
    html_text = rendered(in_language(texts, language), shape, language, addresses).replace("\u00a0", " ")
    return _HOST.sub(r"\1", html_text.replace("&nbsp;", " "))


def file_names(addresses: Iterable[str]) -> dict[str, str]:
    """Return a name of its own for each file that goes along, made of the end of its address."""
    names: dict[str, str] = {}
    for address in addresses:
        name, dot, ending = address.rpartition("/")[2].rpartition(".")
        names[address] = f"{name}-{len(names) + 1}{dot}{ending}" if f"{name}{dot}{ending}" in names.values() else f"{name}{dot}{ending}"
    return names


def remark_lost_files(
    question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector, carried: Collection[str] = ()
) -> None:
    """Report as lost the files of the course that texts show or link to and that are not exported."""
    for text in texts_of(question, language):
        for address in dict.fromkeys(FILE.findall(text)):
            if address not in carried:
                remarks.loss(
                    N_("The file “%(name)s” is left out."),
                    N_("The format cannot include files, or the file is not in the course."),
                    name=address.rpartition("/")[2],
                )


def remark_changed_text(question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    """Report as lost what a text in HTML shows as plain words, because it means something only inside a course of ours."""
    for text in texts_of(question, language):
        masked = mask(text)
        for pattern, name in _OURS:
            if pattern.search(masked):
                remarks.loss(
                    N_("A text contains %(thing)s, which becomes plain text."), N_("Only this product understands it."), thing=name
                )


def remark_own_markup(question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    """Note what other products will show as it is written, because it means something only inside a course of ours."""
    for text in texts_of(question, language):
        masked = mask(text)
        for pattern, name in _OURS:
            if pattern.search(masked):
                remarks.note(
                    N_("A text contains %(thing)s, which only this product understands."),
                    N_("Elsewhere it is shown as it is written."),
                    thing=name,
                )


def texts_of(question: definitions.QuestionDefinition, language: str) -> list[str]:
    """Return all Markdown texts of a question in one language."""
    texts: list[str] = []

    def note(text: str, of: str, _shape: definitions.TextShape) -> str:
        if of == language:
            texts.append(text)
        return text

    definitions.map_texts(question, note)
    return texts


def in_language(texts: definitions.Texts | None, language: str) -> str:
    """Return a text in a language, in its first one where that is missing, '' where nothing is written."""
    if not texts:
        return ""
    return texts.get(language) or next(iter(texts.values()))


_RELATIVE = N_("The tolerance in proportion to the number is written as an amount.")
_GEOMETRIC = N_("The tolerance by a factor is written as an amount.")
_USUAL = definitions.QuestionDefinition("", {}, definitions.DescriptionBody())
_FIELDS = ("former_keys", "state", "unverified", "tags", "difficulty", "mark", "hints", "penalty", "explanation", "source", "see", "note")

SELECTION_FIELDS = ("objective", "level", "family", "enemies", "only", "expected", "by_variant", "origin")
"""The fields that say where a question is drawn (spec/selection 1)."""


def remark_lost_fields(question: definitions.QuestionDefinition, names: Iterable[str], remarks: TransferRemarkCollector) -> None:
    """Report the common fields that are written and that the format does not keep."""
    keeps = frozenset(names)
    for name in _FIELDS:
        if name not in keeps and getattr(question, name) != getattr(_USUAL, name):
            lose(remarks, name)
    for name in SELECTION_FIELDS:
        if name not in keeps and getattr(question.selection, name) != getattr(definitions.NOT_SELECTED, name):
            lose(remarks, name)


def lose(remarks: TransferRemarkCollector, field: str) -> None:
    """Report one field that is left out."""
    remarks.loss(N_("The field “%(field)s” is left out."), N_("The format has no place for it."), field=field)


def remark_lost_languages(question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
    """Report the languages that stay behind: the formats have one text for everybody."""
    others = sorted(set(question.text) - {language})
    if language in question.text and others:
        remarks.loss(
            N_("The texts in %(others)s are left out."),
            N_("The format has one language. Export each language separately."),
            others=", ".join(map(language_name, others)),
        )
    elif others:
        remarks.note(N_("There is no text in %(language)s; the first language was used."), language=language_name(language))


def remark_lost_keys(question: definitions.QuestionDefinition, remarks: TransferRemarkCollector) -> None:
    """Report keys of entries that are not those of their texts: they are made anew when the question is imported again."""
    for entries in _keyed(question):
        keys = KeyAllocator()
        if any(key != keys.of(next(iter(text.values()), "")) for key, text in entries):
            remarks.loss(
                N_("The keys of options or items are left out."), N_("They are made from the texts when the question is imported again.")
            )


def _keyed(question: definitions.QuestionDefinition) -> list[list[tuple[str, definitions.Texts]]]:
    """Return the lists of keys that a reader gives anew, each key with its text."""
    match question.body:
        case definitions.SingleChoiceBody(options) | definitions.MultipleChoiceBody(options):
            return [[(option.key, option.text) for option in options]]
        case definitions.MatchingBody(pairs, extra):
            matches = {pair.match_key: pair.match for pair in pairs}
            return [[(pair.key, pair.item) for pair in pairs], [*matches.items(), *((label.key, label.text) for label in extra)]]
        case definitions.OrderingBody(items):
            return [[(label.key, label.text) for label in items]]
        case definitions.MatrixBody(columns, rows):
            return [[(label.key, label.text) for label in columns], [(row.key, row.text) for row in rows]]
        case definitions.GapsBody(gaps):
            return [
                [(option.key, option.text) for option in gap.body.options]
                for gap in gaps
                if isinstance(gap.body, definitions.SingleChoiceBody)
            ]
        case _:
            return []


def lose_quantity(body: definitions.NumericalBody, remarks: TransferRemarkCollector) -> None:
    """Report the fields of units and decimals, for which a format with bare numbers has no place."""
    usual = definitions.NumericalBody(())
    for name in ("unit", "units", "unit_penalty", "decimals"):
        if getattr(body, name) != getattr(usual, name):
            lose(remarks, name)


def refuse_kind(question: definitions.QuestionDefinition) -> NotTranslatable:
    """Return the refusal of a kind that a format does not have, or of a choice with calculated options."""
    if isinstance(question.body, definitions.SingleChoiceBody) and question.body.numbers is not None:
        return NotTranslatable(N_("A choice whose options are calculated cannot be exported."), N_("The format has nothing like it."))
    return NotTranslatable(
        N_("A question of the kind “%(kind)s” cannot be exported."), N_("The format has nothing like it."), kind=_(KINDS[question.kind])
    )


def nominal(answer: definitions.NumericalAnswer, usual: definitions.Tolerance, remarks: TransferRemarkCollector) -> definitions.Tolerance:
    """Return an answer's tolerance as an amount; a relative one is exact, a geometric one is reported as a loss."""
    tolerance = answer.tolerance or usual
    if tolerance.kind is definitions.ToleranceKind.NOMINAL or answer.value is None:
        return definitions.Tolerance(definitions.ToleranceKind.NOMINAL, tolerance.amount)
    weight, message = (remarks.note, _RELATIVE) if tolerance.kind is definitions.ToleranceKind.RELATIVE else (remarks.loss, _GEOMETRIC)
    weight(message, N_("The format supports only absolute amounts."))
    return definitions.Tolerance(definitions.ToleranceKind.NOMINAL, abs(answer.value) * tolerance.amount)


def with_common_tolerance(
    answers: Iterable[definitions.NumericalAnswer],
) -> tuple[tuple[definitions.NumericalAnswer, ...], definitions.Tolerance]:
    """Return answers without their tolerances and that tolerance, where all numbers have the same; else as they are."""
    numbers = tuple(answers)
    own = {answer.tolerance or definitions.Tolerance() for answer in numbers if answer.value is not None}
    if len(own) != 1:
        return numbers, definitions.Tolerance()
    bare = tuple(definitions.NumericalAnswer(answer.value, answer.right, answer.credit, answer.why) for answer in numbers)
    return bare, next(iter(own))


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


FULL_CREDIT = Fraction(1)
NO_CREDIT = Fraction(0)


@dataclass(frozen=True, slots=True)
class WeightedOption:
    """An option as it came: its text and feedback by language, its weight as a share, whether it keeps its place."""

    text: definitions.Texts
    credit: Fraction
    why: definitions.Texts | None = None
    fixed: bool = False


def single_choice(weighted: Sequence[WeightedOption], *, shuffle: bool = True) -> definitions.SingleChoiceBody:
    """Return a choice of one option; right is what has full credit."""
    return definitions.SingleChoiceBody(
        tuple(_option(option, keys, option.credit == FULL_CREDIT) for keys in (KeyAllocator(),) for option in weighted), shuffle
    )


def multiple_choice(weighted: Sequence[WeightedOption], *, shuffle: bool = True) -> definitions.MultipleChoiceBody:
    """Return a choice of several options; the weights of a named rule become that rule, which gives the same marks."""
    keys = KeyAllocator()
    options = tuple(_option(option, keys, option.credit > 0) for option in weighted)
    rule = rule_of_options(options)
    if rule is definitions.MultipleRule.FRACTIONS:
        return definitions.MultipleChoiceBody(options, rule, shuffle)
    return definitions.MultipleChoiceBody(
        tuple(replace(option, credit=FULL_CREDIT if option.right else NO_CREDIT) for option in options), rule, shuffle
    )


def _option(weighted: WeightedOption, keys: KeyAllocator, right: bool) -> definitions.Option:
    text = required_text(next(iter(weighted.text.values()), ""))
    return definitions.Option(keys.of(text), weighted.text, right, weighted.credit, weighted.why, weighted.fixed)


def required_text(text: str) -> str:
    """Return a text that must not be empty; raises NotTranslatable."""
    if not text:
        raise NotTranslatable(
            N_("An option or item has no text."), N_("A picture on its own is not imported. Describe in words what it shows.")
        )
    return text


def rule_of_options(options: Sequence[definitions.Option]) -> definitions.MultipleRule:
    """Return the rule whose marks the credits give: a share each and as much off is right minus wrong; everything off is right only."""
    right = [option.credit for option in options if option.right]
    wrong = {option.credit for option in options if not option.right}
    if not right or set(right) != {Fraction(1, len(right))} or len(wrong) != 1:
        return definitions.MultipleRule.FRACTIONS
    if wrong == {Fraction(-1, len(right))}:
        return definitions.MultipleRule.RIGHT_MINUS_WRONG
    return definitions.MultipleRule.RIGHT_ONLY if wrong == {-FULL_CREDIT} else definitions.MultipleRule.FRACTIONS


_NEAREST = {
    definitions.MultipleRule.ALL_OR_NOTHING: definitions.MultipleRule.RIGHT_ONLY,
    definitions.MultipleRule.PROPORTIONAL: definitions.MultipleRule.RIGHT_MINUS_WRONG,
    definitions.MultipleRule.HALVES: definitions.MultipleRule.RIGHT_MINUS_WRONG,
}


def option_weights(body: definitions.MultipleChoiceBody, remarks: TransferRemarkCollector) -> list[Fraction]:
    """Return each option's weight for a format that sums weights and cuts below nothing; a missing rule is reported as a loss."""
    rule = _NEAREST.get(body.rule, body.rule)
    if rule is not body.rule:
        remarks.loss(
            N_("The rule “%(rule)s” becomes “%(other)s”."),
            N_("The format adds up the weights of options and has no other rule."),
            rule=body.rule.value,
            other=rule.value,
        )
    if rule is definitions.MultipleRule.FRACTIONS:
        weights = [option.credit for option in body.options]
        if any(option.right is not (option.credit > 0) for option in body.options):
            remarks.loss(N_("Only the credits show which options are right."), N_("The format cannot express it."))
    else:
        share = Fraction(1, max(sum(option.right for option in body.options), 1))
        weights = [
            share if option.right else -FULL_CREDIT if rule is definitions.MultipleRule.RIGHT_ONLY else -share for option in body.options
        ]
    comes_back = rule_of_options([replace(option, credit=credit) for option, credit in zip(body.options, weights, strict=True)])
    if comes_back is not rule:
        remarks.note(N_("When imported again, the question has the rule “%(rule)s”, which gives the same marks."), rule=comes_back.value)
    return weights
