"""Write questions as GIFT (docs.moodle.org, "GIFT format"), texts as Markdown; what the format has no place for is reported."""

from collections.abc import Sequence
from fractions import Fraction

from kernel.errors import N_
from questions.content.answers import names_in_text
from questions.rules import definitions
from standards.gift.read import escape
from standards.model import NO_FILES, ExportedFile, Files, NotTranslatable, TransferRemarkCollector
from standards.texts import (
    GAP_BLANK,
    GAP_NAME,
    credit,
    decimal,
    in_language,
    lose,
    lose_quantity,
    nominal,
    one_line,
    option_weights,
    percent,
    refuse_kind,
    remark_lost_fields,
    remark_lost_files,
    remark_lost_keys,
    remark_lost_languages,
    remark_own_markup,
    split_at_gaps,
    to_fraction,
    to_plain,
)
from standards.xml import tags_with_family

_KEPT = ("tags", "family", "explanation")
_TAIL_SIGNS = (".", "?", "!", ":", "…", ">")


def write(questions: Sequence[definitions.QuestionDefinition], language: str = "es", _files: Files = NO_FILES) -> ExportedFile:
    """Return a GIFT file with the questions in one language; those of other kinds are problems."""
    remarks = TransferRemarkCollector()
    entries: list[str] = []
    for question in questions:
        remarks.begin_question(question.key)
        try:
            entries.append(_GiftWriter(question, language, remarks).entry())
        except NotTranslatable as refusal:
            remarks.refuse(refusal)
    return ExportedFile("\n\n".join([*entries, ""]).lstrip("\n").encode(), len(entries), tuple(remarks.remarks))


class _GiftWriter:
    """Writes one question."""

    def __init__(self, question: definitions.QuestionDefinition, language: str, remarks: TransferRemarkCollector) -> None:
        self.question, self.language, self.remarks = question, language, remarks

    def entry(self) -> str:
        """Return the question's lines, its tags in a comment above."""
        question, remarks = self.question, self.remarks
        text = self._text(question)
        remark_lost_fields(question, _KEPT, remarks)
        remark_lost_languages(question, self.language, remarks)
        remark_lost_keys(question, remarks)
        remark_own_markup(question, self.language, remarks)
        remark_lost_files(question, self.language, remarks)
        named = tags_with_family(question, remarks)
        tags = "// " + " ".join(f"[tag:{tag}]" for tag in named) + "\n" if named else ""
        return f"{tags}::{escape(question.key)}::[markdown]{text}"

    def _text(self, question: definitions.QuestionDefinition) -> str:
        text = in_language(question.text, self.language)
        if isinstance(question.body, definitions.DescriptionBody):
            if question.explanation:
                lose(self.remarks, "explanation")
            return self._escaped(text)
        if not isinstance(question.body, definitions.GapsBody):
            return f"{self._escaped(text)}{self._braces(question.body)}"
        before, after, body = self._parted(text, question.body)
        return f"{self._escaped(before)}{self._braces(body)}{self._escaped(after)}"

    def _parted(self, text: str, body: definitions.GapsBody) -> tuple[str, str, definitions.Body]:
        if len(body.gaps) != 1 or body.drag:
            raise NotTranslatable(N_("The text has %(count)s gaps; the format has one."), count=len(body.gaps))
        gap = body.gaps[0]
        pieces = split_at_gaps(text, [gap.name])
        if len(pieces) != 2 or not names_in_text(text):
            raise NotTranslatable(N_("The gap “%(name)s” does not appear exactly once in the text."), name=gap.name)
        if gap.name != GAP_NAME or gap.weight != 1:
            self.remarks.loss(N_("The name and weight of the gap are left out."), N_("The format has one gap without a name."))
        if _vanishes(*pieces):
            self.remarks.loss(
                N_("The gap at the end of the text becomes a question below it."), N_("The format has gaps only inside a sentence.")
            )
            pieces = [pieces[0].rstrip() or GAP_BLANK, ""]
        return pieces[0], pieces[1], gap.body

    def _escaped(self, markdown: str) -> str:
        return escape(markdown.replace("->", "-\\>"))

    def _piece(self, texts: definitions.Texts) -> str:
        """Return an option, item or feedback; its format is written where its own words would be read as format or weight."""
        text = self._escaped(one_line(in_language(texts, self.language)))
        return f"[markdown]{text}" if text.startswith("[") else text

    def _plain(self, texts: definitions.Texts, *, pattern: bool = False) -> str:
        text = in_language(texts, self.language)
        if not pattern:
            text, lost = to_plain(text, definitions.TextShape.INLINE, self.language)
            if lost:
                self.remarks.loss(N_("A match is written without its markup."), N_("Matches are plain text in the format."))
        if "->" in text:
            raise NotTranslatable(N_("The format cannot write the sign -> in an answer."))
        return escape(one_line(text))

    def _braces(self, body: definitions.Body) -> str:
        general = self.question.explanation
        closing = f"\n####{self._block(general)}" if general else ""
        lines = self._answers(body)
        if len(lines) < 2 and not closing:
            return "{" + "".join(lines) + "}"
        head = lines[0] if isinstance(body, definitions.TrueFalseBody) or lines[:1] == ["#"] else ""
        rest = lines[1:] if head else lines
        return "{" + head + "".join(f"\n\t{line}" for line in rest) + closing + "\n}"

    def _block(self, texts: definitions.Texts) -> str:
        text = self._escaped(in_language(texts, self.language))
        return f"[markdown]{text}" if text.startswith("[") else text

    def _answers(self, body: definitions.Body) -> list[str]:
        match body:
            case definitions.TrueFalseBody(answer):
                return ["TRUE" if answer else "FALSE"]
            case definitions.SingleChoiceBody(options, shuffle, None):
                return self._single(options, shuffle)
            case definitions.MultipleChoiceBody() as multiple:
                return self._multiple(multiple)
            case definitions.ShortAnswerBody() as short:
                return self._short(short)
            case definitions.NumericalBody() as numerical:
                return ["#", *self._numerical(numerical)]
            case definitions.MatchingBody() as matching:
                return self._matching(matching)
            case definitions.EssayBody() as essay:
                return self._essay(essay)
            case _:
                raise refuse_kind(self.question)

    def _why(self, why: definitions.Texts | None) -> str:
        return f"#{self._piece(why)}" if why else ""

    def _weight(self, share: Fraction, text: str, *, usual: Fraction) -> str:
        written = percent(share)
        if credit(to_fraction(written)) != share:
            self.remarks.loss(N_("The credit %(credit)s is written as %(percent)s %%."), credit=share, percent=written)
        return "" if share == usual and not text.lstrip().startswith("%") else f"%{written}%"

    def _single(self, options: Sequence[definitions.Option], shuffle: bool) -> list[str]:
        if sum(option.credit == 1 for option in options) != 1 or any(option.right is not (option.credit == 1) for option in options):
            raise NotTranslatable(N_("The question does not have exactly one right option with full credit."))
        self._remark_order(options, shuffle)
        return [self._option(option, "=" if option.right else "~", option.credit, Fraction(option.right)) for option in options]

    def _multiple(self, body: definitions.MultipleChoiceBody) -> list[str]:
        self._remark_order(body.options, body.shuffle)
        weights = option_weights(body, self.remarks)
        return [self._option(option, "~", weight, Fraction(0)) for option, weight in zip(body.options, weights, strict=True)]

    def _option(self, option: definitions.Option, sign: str, share: Fraction, usual: Fraction) -> str:
        text = self._piece(option.text)
        return f"{sign}{self._weight(share, text, usual=usual)}{text}{self._why(option.why)}"

    def _remark_order(self, options: Sequence[definitions.Option], shuffle: bool) -> None:
        if not shuffle:
            lose(self.remarks, "shuffle")
        if any(option.fixed for option in options):
            lose(self.remarks, "fixed")

    def _short(self, body: definitions.ShortAnswerBody) -> list[str]:
        if not body.answers:
            raise NotTranslatable(N_("A self-check without patterns cannot be exported."))
        for field, lost in (
            ("ignore_case", not body.ignore_case),
            ("ignore_accents", body.ignore_accents is not (self.language == "es")),
            ("model", bool(body.model)),
            ("criteria", bool(body.criteria)),
        ):
            if lost:
                lose(self.remarks, field)
        lines = []
        for answer in body.answers:
            text = self._plain(answer.patterns, pattern=True)
            lines.append(f"={self._weight(answer.credit, text, usual=Fraction(1))}{text}{self._why(answer.why)}")
        return lines

    def _numerical(self, body: definitions.NumericalBody) -> list[str]:
        lose_quantity(body, self.remarks)
        return [self._number(answer, body) for answer in body.answers]

    def _number(self, answer: definitions.NumericalAnswer, body: definitions.NumericalBody) -> str:
        why = self._why(answer.why)
        if answer.value is None:
            return f"~{self._weight(answer.credit, '', usual=Fraction(0))}*{why}"
        tolerance = nominal(answer, body.tolerance, self.remarks)
        weight = self._weight(answer.credit, "", usual=Fraction(1))
        return f"={weight}{decimal(answer.value)}:{decimal(tolerance.amount)}{why}"

    def _matching(self, body: definitions.MatchingBody) -> list[str]:
        if not body.shuffle:
            lose(self.remarks, "shuffle")
        if any(pair.why for pair in body.pairs):
            lose(self.remarks, "why")
        pairs = [f"={self._piece(pair.item)} -> {self._plain(pair.match)}" for pair in body.pairs]
        return [*pairs, *(f"= -> {self._plain(label.text)}" for label in body.extra)]

    def _essay(self, body: definitions.EssayBody) -> list[str]:
        for field in ("template", "model", "rubric", "files"):
            if getattr(body, field):
                lose(self.remarks, field)
        if body.words.minimum is not None or body.words.maximum is not None:
            lose(self.remarks, "words")
        if body.self_review:
            lose(self.remarks, "review")
        return []


def _vanishes(before: str, after: str) -> bool:
    """Return whether a reader takes what stands after the gap for nothing."""
    signs = after.strip()
    return not signs or (not any(sign.isalnum() for sign in signs) and before.rstrip().endswith(_TAIL_SIGNS))
