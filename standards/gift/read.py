"""Read GIFT (docs.moodle.org, "GIFT format"): a file cut into questions, the grammar of one, and what it is as a question of ours."""

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import cache

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError

from kernel.errors import N_
from questions.rules import definitions
from standards.files import decode, is_like_html, plain_to_markdown, to_markdown, with_own_formulas
from standards.model import ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.texts import (
    GAP_NAME,
    KeyAllocator,
    WeightedOption,
    credit,
    gap_placeholder,
    matched,
    multiple_choice,
    one_line,
    single_choice,
    to_fraction,
    with_common_tolerance,
    with_gap_blanks,
    with_gap_names,
    without_gap_placeholders,
)
from standards.xml import remark_left_category, tags_and_family


class GiftTextFormat(StrEnum):
    """The format of a GIFT text; MOODLE, the usual one, is plain words in which HTML may stand."""

    HTML = "html"
    MOODLE = "moodle"
    PLAIN = "plain"
    MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class GiftText:
    """A text with the format written before it, None where it takes that of the question."""

    text: str
    format: GiftTextFormat | None = None


@dataclass(frozen=True, slots=True)
class GiftAnswer:
    """An answer between braces: `=` or `~` (or nothing), weight in per cent, text, match after `->`, feedback."""

    sign: str
    weight: str | None
    text: GiftText
    match: str | None = None
    feedback: GiftText | None = None

    @property
    def whole(self) -> GiftText:
        """Return the text with what stands after `->`, where the sign is part of an answer and not of a matching."""
        return self.text if self.match is None else replace(self.text, text=f"{self.text.text}->{self.match}")


@dataclass(frozen=True, slots=True)
class GiftTrueFalse:
    """`{T#for the wrong one#for the right one}`."""

    value: bool
    feedbacks: tuple[GiftText, ...] = ()


@dataclass(frozen=True, slots=True)
class GiftAnswers:
    """The content between braces: numerical after `#`, or answers; nothing for an essay."""

    numerical: bool = False
    truth: GiftTrueFalse | None = None
    answers: tuple[GiftAnswer, ...] = ()
    general: GiftText | None = None


@dataclass(frozen=True, slots=True)
class GiftQuestion:
    """One question: name, text before and after the braces; `answers` None for a description."""

    name: str
    before: GiftText
    answers: GiftAnswers | None
    after: str
    line: int
    tags: tuple[str, ...] = ()
    identifier: str = ""


_GRAMMAR = r"""
start: TITLE? stem_format? STEM? (body STEM?)?

body: OPEN content? general? CLOSE
?content: truth | numerical | answers
truth: TRUTH feedback*
numerical: NUMERICAL first_number? answer*
first_number: INNER feedback? | feedback
answers: bare answer* | answer+
bare: INNER match? feedback?
answer: SIGN WEIGHT? text_format? INNER? match? feedback?
match: ARROW FREE?
feedback: HASH free_format? FREE?
general: GENERAL free_format? FREE?
text_format: FORMAT
stem_format: FORMAT
free_format: FORMAT

TITLE: /\s*::(?:\\.|[^:\\]|:(?!:))*::/s
FORMAT.5: /\s*\[(?:html|moodle|plain|markdown)\]/
STEM: /(?:\\.|[^{}\\])+/s
OPEN: /\{\s*/
CLOSE: /\}/
TRUTH.4: /(?:TRUE|FALSE|T|F)\s*(?=[#}])/i
NUMERICAL.4: /#(?!###)/
GENERAL.6: /\s*####/
SIGN.3: /[=~]/
WEIGHT.3: /\s*%-?[0-9]+(?:\.[0-9]*)?%/
ARROW.3: /->/
HASH.2: /#/
FREE.1: /(?:\\.|[^~=#{}\\])+/s
INNER.1: /(?:\\.|-(?!>)|[^~=#{}\\-])+/s
"""
_ESCAPED = "~=#{}:"


def _piece(parts: list[object]) -> GiftText:
    form = next((part for part in parts if isinstance(part, GiftTextFormat)), None)
    text = next((str(part) for part in parts if isinstance(part, Token) and part.type in ("INNER", "STEM", "FREE")), "")
    return GiftText(text, form)


def _first(parts: list[object], kind: str) -> str | None:
    return next((str(part) for part in parts if isinstance(part, Token) and part.type == kind), None)


class _Feedback(GiftText):
    """Feedback inside an answer, distinct from its text."""


class _GiftModelBuilder(Transformer[Token, GiftQuestion]):
    """Makes the model of the tree."""

    def text_format(self, parts: list[Token]) -> GiftTextFormat:
        return GiftTextFormat(str(parts[0]).strip()[1:-1])

    stem_format = text_format
    free_format = text_format

    def feedback(self, parts: list[object]) -> _Feedback:
        piece = _piece(parts)
        return _Feedback(piece.text, piece.format)

    def general(self, parts: list[object]) -> tuple[str, GiftText]:
        return "general", _piece(parts)

    def match(self, parts: list[object]) -> tuple[str, str]:
        return "match", _first(parts, "FREE") or ""

    def truth(self, parts: list[object]) -> GiftTrueFalse:
        value = str(parts[0]).strip().upper() in ("T", "TRUE")
        return GiftTrueFalse(value, tuple(part for part in parts if isinstance(part, GiftText)))

    def answer(self, parts: list[object]) -> GiftAnswer:
        match = next((part[1] for part in parts if isinstance(part, tuple)), None)
        feedback = next((part for part in parts if isinstance(part, _Feedback)), None)
        weight = _first(parts, "WEIGHT")
        return GiftAnswer(_first(parts, "SIGN") or "", weight.strip().strip("%") if weight else None, _piece(parts), match, feedback)

    bare = answer
    first_number = answer

    def numerical(self, parts: list[object]) -> GiftAnswers:
        return GiftAnswers(True, None, tuple(part for part in parts if isinstance(part, GiftAnswer)))

    def answers(self, parts: list[object]) -> GiftAnswers:
        return GiftAnswers(False, None, tuple(part for part in parts if isinstance(part, GiftAnswer)))

    def body(self, parts: list[object]) -> GiftAnswers:
        general = next((part[1] for part in parts if isinstance(part, tuple)), None)
        truth = next((part for part in parts if isinstance(part, GiftTrueFalse)), None)
        held = next((part for part in parts if isinstance(part, GiftAnswers)), GiftAnswers())
        return GiftAnswers(held.numerical, truth, held.answers, general)

    def start(self, parts: list[object]) -> GiftQuestion:
        answers = next((part for part in parts if isinstance(part, GiftAnswers)), None)
        cut = parts.index(answers) if answers is not None else len(parts)
        title = _first(parts, "TITLE") or ""
        after = _first(parts[cut + 1 :], "STEM") or ""
        return GiftQuestion(title.strip()[2:-2], _piece(parts[:cut]), answers, after, 0)


@cache
def _parser() -> Lark:
    """Return the parser, made when the first question is read: no start should wait for it."""
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=False)


def parse(text: str) -> GiftQuestion:
    """Parse one question; raises NotTranslatable with the line inside the text (from 1) where it breaks the grammar.

    Its texts are still escaped.
    """
    try:
        return _GiftModelBuilder().transform(_parser().parse(text))
    except UnexpectedInput as error:
        line = getattr(error, "line", -1)
        raise _refusal(text, line if line > 0 else text.count("\n") + 1) from error
    except VisitError as error:
        raise NotTranslatable(N_("The question breaks the rules of GIFT."), line=1) from error


def _refusal(text: str, line: int) -> NotTranslatable:
    bare = unescaped_braces(text)
    if bare.count("{") > bare.count("}"):
        return NotTranslatable(N_("A brace { is opened and not closed."), N_("Close it, or write \\{ for the sign itself."), line=line)
    if bare.count("}") > bare.count("{"):
        return NotTranslatable(N_("A brace } closes nothing."), N_("Write \\} for the sign itself."), line=line)
    return NotTranslatable(
        N_("The question breaks the rules of GIFT here."),
        N_("The signs ~ = # { } : need a backslash when they are not part of the format."),
        line=line,
    )


def unescaped_braces(text: str) -> str:
    """Return the braces that open and close, in order."""
    braces, escaped = [], False
    for sign in text:
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign in "{}":
            braces.append(sign)
    return "".join(braces)


def unescape(text: str) -> str:
    """Return a text with the backslashes of GIFT resolved; one before any other sign stays."""
    parts: list[str] = []
    signs = iter(range(len(text)))
    for at in signs:
        following = text[at + 1 : at + 2]
        if text[at] != "\\" or following not in (*_ESCAPED, "\\", "n") or not following:
            parts.append(text[at])
            continue
        parts.append("\n" if following == "n" else following)
        next(signs, None)
    return "".join(parts)


def escape(text: str) -> str:
    """Return a text for GIFT on one line: its signs after backslashes, its line ends as \\n."""
    escaped = text.replace("\\", "\\\\")
    for sign in _ESCAPED:
        escaped = escaped.replace(sign, "\\" + sign)
    return escaped.replace("\n", "\\n")


_MARK = re.compile(r"\[(id|tag):((?:\\.|[^\]\\])+)\]")
_CATEGORY = "$CATEGORY:"


@dataclass(slots=True)
class GiftBlock:
    """The lines of one question, and for each the line of the file on which it stood."""

    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    identifier: str = ""
    category: str = ""

    @property
    def text(self) -> str:
        """Return the whole text."""
        return "\n".join(self.lines)

    @property
    def line(self) -> int:
        """Return the line of the file on which it begins."""
        return self.numbers[0]

    def line_at(self, inside: int) -> int:
        """Return the line of the file for a line of the text, from 1."""
        return self.numbers[min(max(inside, 1), len(self.numbers)) - 1]


def blocks(text: str, remarks: TransferRemarkCollector) -> list[GiftBlock]:
    """Split a file into questions; comments and categories are reported."""
    complete, block, comments, category = [], GiftBlock(), 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if bare.startswith("//"):
            comments += not _note_marks(block, bare)
        elif bare.upper().startswith(_CATEGORY):
            category = bare[len(_CATEGORY) :].strip()
            remark_left_category(category, remarks, number)
        elif bare:
            block.category = category
            block.lines.append(line)
            block.numbers.append(number)
        elif block.lines:
            complete.append(block)
            block = GiftBlock()
    if comments:
        remarks.note(N_("Comment lines that are left out: %(count)s."), count=comments)
    return [*complete, block] if block.lines else complete


def _note_marks(block: GiftBlock, comment: str) -> bool:
    """Take `[id:…]` and `[tag:…]` out of a comment; say whether there were any."""
    marks = _MARK.findall(comment)
    for kind, value in marks:
        if kind == "id":
            block.identifier = unescape(value)
        else:
            block.tags.append(unescape(value))
    return bool(marks)


_ENDS = (".", "?", "!", ":", "…", ">")
INLINE, MARKDOWN = definitions.TextShape.INLINE, definitions.TextShape.MARKDOWN


def read(content: bytes, language: str = "es") -> ImportedQuestions:
    """Return the questions of a GIFT file with what could not be imported; raises FileRefused for what is no text."""
    remarks = TransferRemarkCollector()
    text = without_gap_placeholders(decode(content, remarks).words)
    keys = KeyAllocator()
    sources: list[SourceQuestion] = []
    for block in blocks(text, remarks):
        remarks.begin_question(_name(block.lines[0]), block.line)
        try:
            sources.append(
                SourceQuestion(_GiftReader(parse(block.text), block, language, keys, remarks).question(), block.line, block.category)
            )
        except NotTranslatable as refusal:
            refusal.line = block.line_at(refusal.line) if refusal.line else block.line
            remarks.refuse(refusal)
    return ImportedQuestions(tuple(sources), remarks.result())


def _name(line: str) -> str:
    """Return the name of a question in remarks: its name, or the beginning of its text."""
    match = re.match(r"\s*::((?:\\.|[^\\:])+)::", line)
    return one_line(unescape(match[1] if match else re.sub(r"^\s*\[[a-z]+\]|<[^>]*>", "", line)))[:60]


class _GiftReader:
    """Makes one question of what the grammar found."""

    def __init__(self, entry: GiftQuestion, block: GiftBlock, language: str, keys: KeyAllocator, remarks: TransferRemarkCollector) -> None:
        self.entry, self.block, self.language, self.keys, self.remarks = entry, block, language, keys, remarks
        self.default_format = entry.before.format or GiftTextFormat.MOODLE

    def question(self) -> definitions.QuestionDefinition:
        """Return the question."""
        name = one_line(unescape(self.entry.name)) or self.block.identifier
        if self.block.identifier and name != self.block.identifier:
            self.remarks.loss(
                N_("The identifier “%(name)s” is left out."), N_("The key is made from the name."), name=self.block.identifier
            )
        answers = self.entry.answers
        body = self._body(answers)
        text, body = self._text(body)
        if not text:
            raise NotTranslatable(N_("The question has no text."))
        general = self._markdown(answers.general, MARKDOWN) if answers is not None and answers.general is not None else ""
        explanation = "\n\n".join(part for part in (general, *self._truth_feedback(answers)) if part)
        tags, selection = tags_and_family(self.block.tags, self.remarks)
        return definitions.QuestionDefinition(
            self.keys.of_question(name, text),
            {self.language: text},
            body,
            state=definitions.QuestionState.DRAFT if self.remarks.lacks_file else definitions.QuestionState.READY,
            tags=tags,
            explanation={self.language: explanation} if explanation else None,
            selection=selection,
        )

    def _truth_feedback(self, answers: GiftAnswers | None) -> list[str]:
        pieces = answers.truth.feedbacks if answers is not None and answers.truth is not None else ()
        texts = [self._markdown(piece, MARKDOWN) for piece in pieces]
        if any(texts):
            self.remarks.note(N_("The feedback for true and false became part of the explanation."))
        return list(dict.fromkeys(texts))

    def _text(self, body: definitions.Body) -> tuple[str, definitions.Body]:
        """Return the text of the question, and its body: inside a gap where words stand after the braces."""
        before, after = self.entry.before.text, self.entry.after.strip()
        if after and not any(sign.isalnum() for sign in after) and before.rstrip().endswith(_ENDS):
            self.remarks.note(N_("“%(text)s” after the answers is left out."), text=after)
            after = ""
        if not after:
            return self._markdown(GiftText(before, self.default_format), MARKDOWN), body
        whole = self._markdown(GiftText(before + gap_placeholder(1) + self.entry.after, self.default_format), MARKDOWN)
        if isinstance(body, definitions.ShortAnswerBody | definitions.NumericalBody | definitions.SingleChoiceBody):
            return with_gap_names(whole, 1), definitions.GapsBody((definitions.Gap(GAP_NAME, body),))
        return with_gap_blanks(whole), body

    def _markdown(self, piece: GiftText, shape: definitions.TextShape) -> str:
        form = piece.format or self.default_format
        written = piece.text.strip()
        if form is GiftTextFormat.MARKDOWN:
            text = with_own_formulas(unescape(written).replace("-\\>", "->"), self.remarks)
            return one_line(text) if shape is INLINE else text.strip()
        text = unescape(" ".join(line.strip() for line in written.split("\n")))
        if form is GiftTextFormat.HTML or (form is GiftTextFormat.MOODLE and is_like_html(text)):
            return to_markdown(text, shape, self.remarks)
        return plain_to_markdown(text, shape, self.remarks)

    def _plain(self, text: str) -> str:
        return one_line(unescape(text.strip()))

    def _why(self, answer: GiftAnswer) -> dict[str, str] | None:
        feedback = self._markdown(answer.feedback, INLINE) if answer.feedback is not None else ""
        return {self.language: feedback} if feedback else None

    def _body(self, answers: GiftAnswers | None) -> definitions.Body:
        if answers is None:
            return definitions.DescriptionBody()
        if answers.truth is not None:
            return definitions.TrueFalseBody(answers.truth.value)
        if answers.numerical:
            return self._numerical(answers.answers)
        if not answers.answers:
            return definitions.EssayBody()
        if any(answer.sign == "~" for answer in answers.answers):
            return self._choice(answers.answers)
        is_matching = any(answer.match is not None and answer.sign == "=" for answer in answers.answers)
        return self._matching(answers.answers) if is_matching else self._short(answers.answers)

    def _credit(self, answer: GiftAnswer) -> Fraction:
        return credit(to_fraction(answer.weight)) if answer.weight is not None else Fraction(answer.sign != "~")

    def _choice(self, answers: tuple[GiftAnswer, ...]) -> definitions.SingleChoiceBody | definitions.MultipleChoiceBody:
        weighted = [
            WeightedOption({self.language: self._markdown(answer.whole, INLINE)}, self._credit(answer), self._why(answer))
            for answer in answers
        ]
        return single_choice(weighted) if any(answer.sign == "=" for answer in answers) else multiple_choice(weighted)

    def _short(self, answers: tuple[GiftAnswer, ...]) -> definitions.ShortAnswerBody:
        read_answers = [(self._plain(answer.whole.text), self._credit(answer), self._why(answer)) for answer in answers]
        patterns = tuple(definitions.TextPattern({self.language: text}, share > 0, share, why) for text, share, why in read_answers)
        return definitions.ShortAnswerBody(patterns, ignore_accents=self.language == "es")

    def _matching(self, answers: tuple[GiftAnswer, ...]) -> definitions.MatchingBody:
        pairs_read = [(self._markdown(answer.text, INLINE), self._match(answer), self._why(answer)) for answer in answers]
        keys = KeyAllocator()
        choices = matched([match for _, match, _ in pairs_read])
        pairs = tuple(
            definitions.Pair(keys.of(item), {self.language: item}, choices[match], {self.language: match}, why)
            for item, match, why in pairs_read
            if item
        )
        used = {pair.match_key for pair in pairs}
        extra = dict.fromkeys(match for item, match, _ in pairs_read if not item and choices[match] not in used)
        return definitions.MatchingBody(pairs, tuple(definitions.KeyedLabel(choices[match], {self.language: match}) for match in extra))

    def _match(self, answer: GiftAnswer) -> str:
        if answer.match is None or not answer.match.strip():
            raise NotTranslatable(N_("A matching item has nothing after ->."))
        return plain_to_markdown(unescape(answer.match.strip()), INLINE, self.remarks)

    def _numerical(self, answers: tuple[GiftAnswer, ...]) -> definitions.NumericalBody:
        written = [answer for answer in answers if answer.sign or answer.text.text.strip() or answer.feedback is not None]
        answers_read, tolerance = with_common_tolerance(self._number(answer) for answer in written)
        return definitions.NumericalBody(answers_read, tolerance)

    def _number(self, answer: GiftAnswer) -> definitions.NumericalAnswer:
        text = unescape(answer.text.text.strip())
        share = self._credit(answer)
        if text in ("", "*"):
            return definitions.NumericalAnswer(None, share > 0, share, self._why(answer))
        low, dots, high = text.partition("..")
        value, _colon, amount = text.partition(":")
        if dots:
            ends = sorted((to_fraction(low), to_fraction(high)))
            return definitions.NumericalAnswer(
                (ends[0] + ends[1]) / 2, share > 0, share, self._why(answer), definitions.Tolerance(amount=(ends[1] - ends[0]) / 2)
            )
        return definitions.NumericalAnswer(
            to_fraction(value), share > 0, share, self._why(answer), definitions.Tolerance(amount=abs(to_fraction(amount or "0")))
        )
