"""Read GIFT (docs.moodle.org, "GIFT format"): text in, questions of ours and remarks out."""

import re
from fractions import Fraction

from kernel.errors import N_
from questions.rules.definitions import (
    Body,
    DescriptionBody,
    EssayBody,
    Gap,
    GapsBody,
    KeyedLabel,
    MatchingBody,
    MultipleChoiceBody,
    NumericalAnswer,
    NumericalBody,
    Pair,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    TextShape,
    Tolerance,
    TrueFalseBody,
)
from standards._choices import WeightedOption, multiple_choice, single_choice
from standards._decoding import decode
from standards._fields import with_common_tolerance
from standards._gap import GAP_NAME, gap_placeholder, with_gap_blanks, with_gap_names, without_gap_placeholders
from standards._html import is_like_html, to_markdown
from standards._keys import KeyAllocator, matched
from standards._numbers import credit, number
from standards._tags import tags_and_family
from standards._texts import from_plain, one_line
from standards.gift.blocks import GiftBlock, blocks
from standards.gift.grammar import parse, unescape
from standards.gift.model import GiftAnswer, GiftAnswers, GiftQuestion, GiftText, GiftTextFormat
from standards.model import ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector

_ENDS = (".", "?", "!", ":", "…", ">")
INLINE, MARKDOWN = TextShape.INLINE, TextShape.MARKDOWN


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
    """Return what a question is called in remarks: its name, or the beginning of its text."""
    match = re.match(r"\s*::((?:\\.|[^\\:])+)::", line)
    return one_line(unescape(match[1] if match else re.sub(r"^\s*\[[a-z]+\]|<[^>]*>", "", line)))[:60]


class _GiftReader:
    """Makes one question of what the grammar found."""

    def __init__(self, entry: GiftQuestion, block: GiftBlock, language: str, keys: KeyAllocator, remarks: TransferRemarkCollector) -> None:
        self.entry, self.block, self.language, self.keys, self.remarks = entry, block, language, keys, remarks
        self.default_format = entry.before.format or GiftTextFormat.MOODLE

    def question(self) -> QuestionDefinition:
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
        return QuestionDefinition(
            self.keys.of_question(name, text),
            {self.language: text},
            body,
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

    def _text(self, body: Body) -> tuple[str, Body]:
        """Return the text of the question, and its body: inside a gap where words stand after the braces."""
        before, after = self.entry.before.text, self.entry.after.strip()
        if after and not any(sign.isalnum() for sign in after) and before.rstrip().endswith(_ENDS):
            self.remarks.note(N_("“%(text)s” after the answers is left out."), text=after)
            after = ""
        if not after:
            return self._markdown(GiftText(before, self.default_format), MARKDOWN), body
        whole = self._markdown(GiftText(before + gap_placeholder(1) + self.entry.after, self.default_format), MARKDOWN)
        if isinstance(body, ShortAnswerBody | NumericalBody | SingleChoiceBody):
            return with_gap_names(whole, 1), GapsBody((Gap(GAP_NAME, body),))
        return with_gap_blanks(whole), body

    def _markdown(self, piece: GiftText, shape: TextShape) -> str:
        form = piece.format or self.default_format
        written = piece.text.strip()
        if form is GiftTextFormat.MARKDOWN:
            text = unescape(written).replace("-\\>", "->")
            return one_line(text) if shape is INLINE else text.strip()
        text = unescape(" ".join(line.strip() for line in written.split("\n")))
        if form is GiftTextFormat.HTML or (form is GiftTextFormat.MOODLE and is_like_html(text)):
            return to_markdown(text, shape, self.remarks)
        return from_plain(text, shape)

    def _plain(self, text: str) -> str:
        return one_line(unescape(text.strip()))

    def _why(self, answer: GiftAnswer) -> dict[str, str] | None:
        feedback = self._markdown(answer.feedback, INLINE) if answer.feedback is not None else ""
        return {self.language: feedback} if feedback else None

    def _body(self, answers: GiftAnswers | None) -> Body:
        if answers is None:
            return DescriptionBody()
        if answers.truth is not None:
            return TrueFalseBody(answers.truth.value)
        if answers.numerical:
            return self._numerical(answers.answers)
        if not answers.answers:
            return EssayBody()
        if any(answer.sign == "~" for answer in answers.answers):
            return self._choice(answers.answers)
        is_matching = any(answer.match is not None and answer.sign == "=" for answer in answers.answers)
        return self._matching(answers.answers) if is_matching else self._short(answers.answers)

    def _credit(self, answer: GiftAnswer) -> Fraction:
        return credit(number(answer.weight)) if answer.weight is not None else Fraction(answer.sign != "~")

    def _choice(self, answers: tuple[GiftAnswer, ...]) -> SingleChoiceBody | MultipleChoiceBody:
        weighted = [
            WeightedOption({self.language: self._markdown(answer.whole, INLINE)}, self._credit(answer), self._why(answer))
            for answer in answers
        ]
        return single_choice(weighted) if any(answer.sign == "=" for answer in answers) else multiple_choice(weighted)

    def _short(self, answers: tuple[GiftAnswer, ...]) -> ShortAnswerBody:
        read_answers = [(self._plain(answer.whole.text), self._credit(answer), self._why(answer)) for answer in answers]
        patterns = tuple(TextPattern({self.language: text}, share > 0, share, why) for text, share, why in read_answers)
        return ShortAnswerBody(patterns, ignore_accents=self.language == "es")

    def _matching(self, answers: tuple[GiftAnswer, ...]) -> MatchingBody:
        pairs_read = [(self._markdown(answer.text, INLINE), self._match(answer), self._why(answer)) for answer in answers]
        keys = KeyAllocator()
        choices = matched([match for _, match, _ in pairs_read])
        pairs = tuple(
            Pair(keys.of(item), {self.language: item}, choices[match], {self.language: match}, why)
            for item, match, why in pairs_read
            if item
        )
        used = {pair.match_key for pair in pairs}
        extra = dict.fromkeys(match for item, match, _ in pairs_read if not item and choices[match] not in used)
        return MatchingBody(pairs, tuple(KeyedLabel(choices[match], {self.language: match}) for match in extra))

    def _match(self, answer: GiftAnswer) -> str:
        if answer.match is None or not answer.match.strip():
            raise NotTranslatable(N_("A matching item has nothing after ->."))
        return from_plain(unescape(answer.match.strip()), INLINE)

    def _numerical(self, answers: tuple[GiftAnswer, ...]) -> NumericalBody:
        written = [answer for answer in answers if answer.sign or answer.text.text.strip() or answer.feedback is not None]
        answers_read, tolerance = with_common_tolerance(self._number(answer) for answer in written)
        return NumericalBody(answers_read, tolerance)

    def _number(self, answer: GiftAnswer) -> NumericalAnswer:
        text = unescape(answer.text.text.strip())
        share = self._credit(answer)
        if text in ("", "*"):
            return NumericalAnswer(None, share > 0, share, self._why(answer))
        low, dots, high = text.partition("..")
        value, _colon, amount = text.partition(":")
        if dots:
            ends = sorted((number(low), number(high)))
            return NumericalAnswer((ends[0] + ends[1]) / 2, share > 0, share, self._why(answer), Tolerance(amount=(ends[1] - ends[0]) / 2))
        return NumericalAnswer(number(value), share > 0, share, self._why(answer), Tolerance(amount=abs(number(amount or "0"))))
