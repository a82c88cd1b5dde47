"""Cloze, the text with gaps of Moodle (docs.moodle.org, "Embedded Answers (Cloze) question type"), read and written."""

import html
import re
from fractions import Fraction

from kernel.errors import N_
from questions.rules.definitions import (
    Gap,
    GapsBody,
    NumericalAnswer,
    NumericalBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Texts,
    TextShape,
    Tolerance,
)
from standards._choices import WeightedOption, single_choice
from standards._decoding import decode
from standards._fields import lose, lose_quantity, nominal, with_common_tolerance
from standards._gap import gap_name, gap_placeholder, split_at_gaps, with_gap_names, without_gap_placeholders
from standards._html import is_like_html, to_markdown
from standards._keys import KeyAllocator
from standards._numbers import credit, decimal, number, percent, whole
from standards._texts import from_plain, in_language, one_line, to_plain
from standards.model import ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.moodle_xml.model import ClozeAnswer, ClozeGap

_START = re.compile(r"\{([0-9]{0,3}):([A-Z_]{2,20}):")
_SHORT = frozenset({"SHORTANSWER", "SA", "MW"})
_SHORT_CASE = frozenset({"SHORTANSWER_C", "SAC", "MWC"})
_NUMERICAL = frozenset({"NUMERICAL", "NM"})
_CHOICE = frozenset({"MULTICHOICE", "MC", "MULTICHOICE_V", "MCV", "MULTICHOICE_H", "MCH"})
_CHOICE_SHUFFLED = frozenset({"MULTICHOICE_S", "MCS", "MULTICHOICE_VS", "MCVS", "MULTICHOICE_HS", "MCHS"})


def read(content: bytes, language: str = "es") -> ImportedQuestions:
    """Read a file that is one Cloze question as plain text; it has no name."""
    remarks = TransferRemarkCollector()
    text = without_gap_placeholders(decode(content, remarks).words).strip()
    remarks.begin_question(one_line(text)[:60], 1)
    if not _START.search(text):
        remarks.refuse(NotTranslatable(N_("The text has no gap.")))
        return ImportedQuestions((), remarks.result())
    try:
        marked, gaps = gaps_of(text, language, remarks)
        lines = to_markdown(marked, TextShape.MARKDOWN, remarks) if is_like_html(marked) else from_plain(marked, TextShape.MARKDOWN)
        question_text = with_gap_names(lines, len(gaps.gaps))
        mark = sum((gap.weight for gap in gaps.gaps), Fraction(0))
        source = SourceQuestion(
            QuestionDefinition(KeyAllocator().of_question("", question_text), {language: question_text}, gaps, mark=mark), 1
        )
    except NotTranslatable as refusal:
        remarks.refuse(refusal)
        return ImportedQuestions((), remarks.result())
    return ImportedQuestions((source,), remarks.result())


def gaps_of(text: str, language: str, remarks: TransferRemarkCollector) -> tuple[str, GapsBody]:
    """Return the text with a sign for each gap, and the gaps."""
    pieces, parsed, at = [], [], 0
    while match := _START.search(text, at):
        end = _end(text, match.end())
        parsed.append(_parsed(match, text[match.end() : end]))
        pieces += [text[at : match.start()], gap_placeholder(len(parsed))]
        at = end + 1
    reader = _ClozeReader(language, remarks)
    gaps = tuple(Gap(gap_name(at, len(parsed)), reader.body(gap), Fraction(gap.weight)) for at, gap in enumerate(parsed, start=1))
    return "".join([*pieces, text[at:]]), GapsBody(gaps)


def _end(text: str, start: int) -> int:
    escaped = False
    for at in range(start, len(text)):
        if text[at] == "}" and not escaped:
            return at
        escaped = text[at] == "\\" and not escaped
    raise NotTranslatable(N_("A brace { is opened and not closed."), line=text.count("\n", 0, start) + 1)


def _parsed(match: re.Match[str], inside: str) -> ClozeGap:
    answers = tuple(_answer(part) for part in _split(inside, "~") if part.strip())
    return ClozeGap(whole(match[1], 1), match[2], answers)


def _split(text: str, sign: str, most: int = -1) -> list[str]:
    """Part a text at a sign that no backslash stands before."""
    parts, start, escaped = [], 0, False
    for at, letter in enumerate(text):
        if letter == sign and not escaped and most:
            parts.append(text[start:at])
            start, most = at + 1, most - 1
        escaped = letter == "\\" and not escaped
    return [*parts, text[start:]]


def _answer(text: str) -> ClozeAnswer:
    content, *rest = _split(text, "#", 1)
    match = re.match(r"\s*(=)?\s*(?:%(-?[0-9]+(?:[.,][0-9]*)?)%)?(.*)\Z", content, re.DOTALL)
    sign, weight, bare = match.groups() if match else (None, None, content)
    return ClozeAnswer(bool(sign), _pointed(weight) if weight else None, _unescaped(bare), _unescaped("".join(rest)))


def _pointed(number: str) -> str:
    """Return a number of Cloze, where a comma may be its decimal sign, with a point."""
    return number.replace(",", ".", 1)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([}#~/\"\\])", r"\1", one_line(text))


class _ClozeReader:
    """Makes gaps of ours."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks

    def body(self, gap: ClozeGap) -> ShortAnswerBody | NumericalBody | SingleChoiceBody:
        """Return what is asked in one gap; raises NotTranslatable for kinds that gaps of ours do not have."""
        if gap.kind in _SHORT | _SHORT_CASE:
            return self._short(gap)
        if gap.kind in _NUMERICAL:
            answers, tolerance = with_common_tolerance(self._number(answer) for answer in gap.answers)
            return NumericalBody(answers, tolerance)
        if gap.kind in _CHOICE | _CHOICE_SHUFFLED:
            weighted = [WeightedOption(self._texts(answer.words), _worth(answer), self._why(answer)) for answer in gap.answers]
            return single_choice(weighted, shuffle=gap.kind in _CHOICE_SHUFFLED)
        raise NotTranslatable(N_("A gap of the kind “%(kind)s” is not supported."), kind=gap.kind)

    def _texts(self, text: str) -> Texts:
        if is_like_html(text):
            return {self.language: to_markdown(text, TextShape.INLINE, self.remarks)}
        return {self.language: from_plain(html.unescape(text), TextShape.INLINE)}

    def _why(self, answer: ClozeAnswer) -> Texts | None:
        return self._texts(answer.feedback) if answer.feedback else None

    def _short(self, gap: ClozeGap) -> ShortAnswerBody:
        answers = []
        for answer in gap.answers:
            worth = _worth(answer)
            answers.append(TextPattern({self.language: html.unescape(answer.words)}, worth > 0, worth, self._why(answer)))
        return ShortAnswerBody(tuple(answers), gap.kind in _SHORT, self.language == "es")

    def _number(self, answer: ClozeAnswer) -> NumericalAnswer:
        worth, why = _worth(answer), self._why(answer)
        if answer.words in ("*", ""):
            return NumericalAnswer(None, worth > 0, worth, why)
        value, _colon, amount = (_pointed(part) for part in answer.words.partition(":"))
        return NumericalAnswer(number(value), worth > 0, worth, why, Tolerance(amount=abs(number(amount or "0"))))


def _worth(answer: ClozeAnswer) -> Fraction:
    return credit(number(answer.weight)) if answer.weight is not None else Fraction(answer.right)


class ClozeWriter:
    """Writes gaps of ours into a text."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks

    def text(self, markdown: str, body: GapsBody) -> str:
        """Return the text with a gap of Cloze in the place of each of ours."""
        order = {gap.name: gap for gap in body.gaps}
        pieces = split_at_gaps(markdown, list(order))
        places = sorted(body.gaps, key=lambda gap: markdown.find("{" + gap.name + "}"))
        if len(pieces) != len(places) + 1:
            raise NotTranslatable(N_("Not every gap appears exactly once in the text."))
        if [gap.name for gap in places] != [gap_name(at, len(places)) for at in range(1, len(places) + 1)]:
            self.remarks.loss(N_("The names of the gaps are left out."), N_("They are numbered when the question is imported again."))
        if any(piece for piece in pieces if _START.search(piece)):
            raise NotTranslatable(N_("The text would be read as a gap."))
        return pieces[0] + "".join(self._gap(gap) + piece for gap, piece in zip(places, pieces[1:], strict=True))

    def _gap(self, gap: Gap) -> str:
        weight = gap.weight
        if weight.denominator != 1 or not 0 < weight < 1000:
            raise NotTranslatable(N_("The weight of a gap must be a whole number in the format."))
        kind, answers = self._answers(gap.body)
        return f"{{{weight}:{kind}:{'~'.join(answers)}}}"

    def _answers(self, body: ShortAnswerBody | NumericalBody | SingleChoiceBody) -> tuple[str, list[str]]:
        match body:
            case SingleChoiceBody(options, shuffle):
                if any(option.fixed for option in options):
                    lose(self.remarks, "fixed")
                kind = "MULTICHOICE_S" if shuffle else "MULTICHOICE"
                return kind, [self._answer(option.credit, self._words(option.text), option.why) for option in options]
            case ShortAnswerBody() as short:
                return "SHORTANSWER" if short.ignore_case else "SHORTANSWER_C", self._short(short)
            case numerical:
                lose_quantity(numerical, self.remarks)
                return "NUMERICAL", [self._number(answer, numerical) for answer in numerical.answers]

    def _short(self, body: ShortAnswerBody) -> list[str]:
        if body.ignore_accents is not (self.language == "es"):
            lose(self.remarks, "ignore_accents")
        patterns = [(answer, one_line(in_language(answer.patterns, self.language))) for answer in body.answers]
        return [self._answer(answer.credit, _escaped(html.escape(text, quote=False)), answer.why) for answer, text in patterns]

    def _number(self, answer: NumericalAnswer, body: NumericalBody) -> str:
        if answer.value is None:
            return self._answer(answer.credit, "*", answer.why)
        tolerance = nominal(answer, body.tolerance, self.remarks)
        return self._answer(answer.credit, f"{decimal(answer.value)}:{decimal(tolerance.amount)}", answer.why)

    def _answer(self, share: Fraction, text: str, why: Texts | None) -> str:
        written = percent(share)
        if credit(number(written)) != share:
            self.remarks.loss(N_("The credit %(credit)s is written as %(percent)s %%."), credit=share, percent=written)
        sign = "=" if share == 1 and not text.startswith("%") else f"%{written}%"
        return f"{sign}{text}" + (f"#{self._words(why)}" if why else "")

    def _words(self, texts: Texts) -> str:
        text, lost = to_plain(in_language(texts, self.language), TextShape.INLINE, self.language)
        if lost:
            self.remarks.loss(N_("Text inside a gap is written without its markup."), N_("Gaps can hold only plain text in the format."))
        return _escaped(html.escape(one_line(text), quote=False))


def _escaped(text: str) -> str:
    return re.sub(r"([}#~/\"\\])", r"\\\1", text)
