"""Texts of Moodle: their formats, wild cards, formulas and the gaps of Cloze, read as ours and written again."""

import ast
import html
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast
from urllib.parse import unquote

from courses.content.mapping_cursor import slug
from kernel.errors import N_
from kernel.expressions import MAX_LENGTH, names_in
from kernel.markup.model import names
from questions.rules.definitions import (
    CalculatedAnswer,
    CalculatedBody,
    Gap,
    GapsBody,
    NumericalAnswer,
    NumericalBody,
    OrderingRule,
    QuestionDefinition,
    QuestionVariable,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
    Texts,
    TextShape,
    Tolerance,
    ToleranceKind,
    VariableRange,
)
from standards.files import decode, in_markdown, is_like_html, plain_to_markdown, to_markdown, with_mathml, with_own_formulas
from standards.model import ImportedQuestions, NotTranslatable, SourceQuestion, TransferRemarkCollector
from standards.texts import (
    GAP_MARK,
    KeyAllocator,
    WeightedOption,
    clean,
    credit,
    decimal,
    gap_name,
    gap_placeholder,
    in_language,
    lose,
    lose_quantity,
    nominal,
    one_line,
    percent,
    single_choice,
    split_at_gaps,
    to_fraction,
    to_plain,
    whole,
    with_common_tolerance,
    with_gap_names,
    without_gap_placeholders,
)
from standards.xml import Element, child, children, words

HTML, AUTO, PLAIN, MARKDOWN = "html", "moodle_auto_format", "plain_text", "markdown"

ORDERINGS: Mapping[str, OrderingRule] = {
    "ALL_OR_NOTHING": OrderingRule.ALL_OR_NOTHING,
    "ABSOLUTE_POSITION": OrderingRule.ABSOLUTE_POSITION,
    "RELATIVE_NEXT_EXCLUDE_LAST": OrderingRule.RELATIVE_TO_NEXT,
    "RELATIVE_NEXT_INCLUDE_LAST": OrderingRule.RELATIVE_TO_NEXT_AND_LAST,
    "RELATIVE_ONE_PREVIOUS_AND_NEXT": OrderingRule.ONE_PREVIOUS_AND_NEXT,
    "RELATIVE_ALL_PREVIOUS_AND_NEXT": OrderingRule.ALL_PREVIOUS_AND_NEXT,
    "LONGEST_ORDERED_SUBSET": OrderingRule.LONGEST_ORDERED,
    "LONGEST_CONTIGUOUS_SUBSET": OrderingRule.LONGEST_CONTIGUOUS,
    "RELATIVE_TO_CORRECT": OrderingRule.RELATIVE_TO_CORRECT,
}

LOOKS = frozenset(
    [
        "answernumbering",
        "showstandardinstruction",
        "layouttype",
        "showgrading",
        "numberingstyle",
        "shownumcorrect",
        "responsefieldlines",
        "responserequired",
        "unitsleft",
        "instructions",
        "synchronize",
    ]
)
"""Elements that say only how a question looks there; they are not taken over and not told one by one."""

CALCULATED = frozenset({"calculated", "calculatedsimple"})
"""Types with wild cards whose answer is a number; those with choices that are computed are not read."""
COMBINED = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
READ = frozenset(
    [
        "name",
        "questiontext",
        "generalfeedback",
        "defaultgrade",
        "penalty",
        "hidden",
        "idnumber",
        "tags",
        "hint",
        "single",
        "shuffleanswers",
        "answer",
        "usecase",
        "units",
        "unitgradingtype",
        "unitpenalty",
        "showunits",
        "subquestion",
        "responseformat",
        "minwordlimit",
        "maxwordlimit",
        "attachments",
        "attachmentsrequired",
        "maxbytes",
        "filetypeslist",
        "graderinfo",
        "responsetemplate",
        "gradingtype",
        "selecttype",
        "selectcount",
        "selectoption",
        "dragbox",
        "dataset_definitions",
    ]
)
"""Elements that the reader looks at."""
INSIDE = names(
    "text file feedback tag tolerance tolerancetype correctanswerformat correctanswerlength unit unit_name multiplier group infinite "
    "shownumcorrect clearwrong options"
)
"""Elements inside those that the reader looks at, or that only say how a question behaves there."""


@dataclass(frozen=True, slots=True)
class ClozeAnswer:
    """An answer of a gap: sign, weight in per cent, words and feedback, their backslashes resolved."""

    right: bool
    weight: str | None
    words: str
    feedback: str


INLINE, BLOCKS = TextShape.INLINE, TextShape.MARKDOWN


class MoodleTextReader:
    """A reader of texts in one language; attached files are reported as losses."""

    def __init__(self, language: str, remarks: TransferRemarkCollector) -> None:
        self.language, self.remarks = language, remarks

    def raw(self, element: Element | None) -> str:
        """Return the content of `<text>`, cleaned of control signs."""
        return clean(words(child(element, "text"))) if element is not None else ""

    def plain(self, element: Element | None) -> str:
        """Return a text that has no markup, on one line."""
        return one_line(without_gap_placeholders(self.raw(element)))

    def markdown(self, element: Element | None, shape: TextShape, usual: str = HTML) -> str:
        """Return a text as Markdown, '' where it is not there."""
        return self.converted(without_gap_placeholders(self.raw(element)), element, shape, usual)

    def converted(self, written: str, element: Element | None, shape: TextShape, usual: str = HTML) -> str:
        """Return words as Markdown by the format that their element names."""
        if element is None:
            return ""
        for file in children(element, "file"):
            name = file.get("name", "")[:80]
            if f"@@PLUGINFILE@@/{file.get('name', '')}" in unquote(written):
                self._offer(file)
                continue  # shown, or told, where the text names it
            self.remarks.loss(N_("The file “%(name)s” is left out."), N_("Put it into media/ and refer to it in the text."), name=name)
        form = element.get("format") or usual
        plain, written = written, with_mathml(written)
        if written != plain:
            form = HTML
        if form == MARKDOWN:
            written = with_own_formulas(in_markdown(written, self.remarks), self.remarks)
            return one_line(written) if shape is INLINE else written.strip("\n").rstrip()
        if form == HTML or (form == AUTO and is_like_html(written)):
            return to_markdown(written, shape, self.remarks)
        return plain_to_markdown(written, shape, self.remarks)

    def _offer(self, file: Element) -> None:
        """Offer a file that was attached to a text to those who show it; what is no base64 is not there."""
        try:
            self.remarks.offered[file.get("name", "")] = b64decode(words(file), validate=False)
        except ValueError:
            return

    def texts(self, element: Element | None, shape: TextShape, usual: str = HTML) -> Texts | None:
        """Return a text by language, None where nothing is written."""
        text = self.markdown(element, shape, usual)
        return {self.language: text} if text else None

    def needed(self, element: Element | None, shape: TextShape, usual: str = HTML) -> Texts:
        """Return a text by language; empty words where nothing is written."""
        return {self.language: self.markdown(element, shape, usual)}


WILD = re.compile(r"\{([A-Za-z][^{}<>=]{0,60})\}")
_COMPUTED = re.compile(r"\{=")
_TOLERANCES = {"1": ToleranceKind.RELATIVE, "2": ToleranceKind.NOMINAL, "3": ToleranceKind.GEOMETRIC}
_SAME = frozenset({"abs", "min", "max", "round", "floor", "ceil", "sqrt", "exp", "log10"})
_ALLOWED = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.expr_context)
_PI = "3.14159265358979"
MOST_DECIMALS = 7
MOST_STEPS = 1_000_000
MOST_VALUES = 100


def variable_names(element: Element) -> Mapping[str, str]:
    """Return the names of the wild cards, each with the name that it has here: lower case, digits and _."""
    names: dict[str, str] = {}
    for definition in children(child(element, "dataset_definitions"), "dataset_definition"):
        written = words(child(definition, "name", "text")).strip()
        bare = slug(written).replace("-", "_")[:36]
        name = bare if bare[:1].isalpha() else f"v_{bare}".rstrip("_")
        number = 2
        free = name
        while free in names.values():
            free, number = f"{name}_{number}", number + 1
        names[written] = free
    return names


def with_marks(written: str, names: Mapping[str, str]) -> str:
    """Return a text with signs for its wild cards; raises NotTranslatable where it computes inside the text."""
    if _COMPUTED.search(written):
        raise NotTranslatable(N_("The text computes a formula, {=…}."), N_("Texts can show only variables. Write the formula in words."))
    places = {name: at for at, name in enumerate(names, start=1)}
    return WILD.sub(lambda match: gap_placeholder(places[match[1].strip()]) if match[1].strip() in places else match[0], written)


def with_variables(markdown: str, names: Mapping[str, str]) -> str:
    """Return a text with its variables in braces."""
    own = list(names.values())
    return re.sub(f"{GAP_MARK}([0-9]+){GAP_MARK}", lambda match: "{" + own[int(match[1]) - 1] + "}", markdown)


def calculated(
    element: Element, texts: MoodleTextReader, remarks: TransferRemarkCollector, names: Mapping[str, str], units: Mapping[str, Fraction]
) -> CalculatedBody:
    """Return the body; raises NotTranslatable for formulas that cannot be said here."""
    definitions = children(child(element, "dataset_definitions"), "dataset_definition")
    variables = tuple(_variable(definition, name) for definition, name in zip(definitions, names.values(), strict=True))
    if not variables:
        raise NotTranslatable(N_("The question gives no values for its wild cards."))
    remarks.note(
        N_("Each learner's values are drawn again from the ranges of the wild cards."), N_("The prepared sets of values are left out.")
    )
    answers = tuple(_answer(answer, texts, names) for answer in children(element, "answer"))
    tolerances = {answer.tolerance for answer in answers}
    usual = tolerances.pop() if len(tolerances) == 1 else None
    if usual is not None:
        answers = tuple(CalculatedAnswer(answer.expression, answer.right, answer.credit, answer.why) for answer in answers)
    return CalculatedBody(variables, answers, tolerance=usual or Tolerance(), units=units)


def _variable(definition: Element, name: str) -> QuestionVariable:
    decimals = min(whole(words(child(definition, "decimals", "text")), 0), MOST_DECIMALS)
    low, high = (words(child(definition, bound, "text")).strip() for bound in ("minimum", "maximum"))
    step = Fraction(1, 10**decimals)
    if low and high and to_fraction(low) <= to_fraction(high) and (to_fraction(high) - to_fraction(low)) / step < MOST_STEPS:
        return QuestionVariable(name, VariableRange(to_fraction(low), to_fraction(high), step), decimals)
    items = children(child(definition, "dataset_items"), "dataset_item")
    values = tuple(dict.fromkeys(to_fraction(words(child(item, "value"))) for item in items))[:MOST_VALUES]
    if not values:
        raise NotTranslatable(N_("The wild card “%(name)s” has neither a range nor values."), name=name)
    return QuestionVariable(name, values, decimals)


def _answer(answer: Element, texts: MoodleTextReader, names: Mapping[str, str]) -> CalculatedAnswer:
    worth = credit(to_fraction(answer.get("fraction", "0")))
    why: Texts | None = texts.texts(child(answer, "feedback"), INLINE)
    kind = _TOLERANCES.get(words(child(answer, "tolerancetype")).strip() or "1", ToleranceKind.RELATIVE)
    tolerance = Tolerance(kind, abs(to_fraction(words(child(answer, "tolerance")) or "0")))
    return CalculatedAnswer(expression(texts.raw(answer), names), worth > 0, worth, why, tolerance)


def expression(formula: str, names: Mapping[str, str]) -> str:
    """Return a formula of Moodle as an expression; raises NotTranslatable for what cannot be said here."""
    unknown = [match[1] for match in WILD.finditer(formula) if match[1].strip() not in names]
    if unknown or len(formula) > MAX_LENGTH:
        raise NotTranslatable(N_("The formula “%(formula)s” cannot be read."), formula=formula.strip()[:80])
    try:
        tree = ast.parse(WILD.sub(lambda match: f"({names[match[1].strip()]})", formula).strip(), mode="eval")
        written = ast.unparse(_Translator().visit(tree))
        names_in(written)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise NotTranslatable(N_("The formula “%(formula)s” cannot be read."), formula=formula.strip()[:80]) from error
    return written


class _Translator(ast.NodeTransformer):
    """Turns PHP's functions into ours; raises ValueError for what is neither number, wild card, sign nor call."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Return a node in our words."""
        if not isinstance(node, _ALLOWED):
            raise ValueError(type(node).__name__)  # noqa: TRY004 - it is the formula that is wrong
        return cast("ast.AST", super().visit(node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Return a call in our words."""
        self.generic_visit(node)
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "pow" and len(node.args) == 2:
            return ast.BinOp(node.args[0], ast.Pow(), node.args[1])
        if name == "pi" and not node.args:
            return ast.Constant(float(_PI))
        if name == "log" and len(node.args) == 1:
            return ast.Call(ast.Name("ln"), node.args, [])
        if name not in _SAME:
            raise NotTranslatable(N_("The formula uses “%(name)s”, which expressions do not support."), name=name[:40] or "?")
        return node


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
        lines = (
            to_markdown(marked, TextShape.MARKDOWN, remarks)
            if is_like_html(marked)
            else plain_to_markdown(marked, TextShape.MARKDOWN, remarks)
        )
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
    """Return the text with a sign for each gap `{1:SHORTANSWER:=answer}`, and the gaps."""
    pieces, parsed, at = [], [], 0
    while match := _START.search(text, at):
        end = _end(text, match.end())
        answers = [_cloze_answer(part) for part in _split(text[match.end() : end], "~") if part.strip()]
        parsed.append((Fraction(whole(match[1], 1)), match[2], answers))
        pieces += [text[at : match.start()], gap_placeholder(len(parsed))]
        at = end + 1
    reader = _ClozeReader(language, remarks)
    gaps = [
        Gap(gap_name(at, len(parsed)), reader.body(kind, answers), weight) for at, (weight, kind, answers) in enumerate(parsed, start=1)
    ]
    return "".join([*pieces, text[at:]]), GapsBody(tuple(gaps))


def _end(text: str, start: int) -> int:
    escaped = False
    for at in range(start, len(text)):
        if text[at] == "}" and not escaped:
            return at
        escaped = text[at] == "\\" and not escaped
    raise NotTranslatable(N_("A brace { is opened and not closed."), line=text.count("\n", 0, start) + 1)


def _split(text: str, sign: str, most: int = -1) -> list[str]:
    """Part a text at a sign that no backslash stands before."""
    parts, start, escaped = [], 0, False
    for at, letter in enumerate(text):
        if letter == sign and not escaped and most:
            parts.append(text[start:at])
            start, most = at + 1, most - 1
        escaped = letter == "\\" and not escaped
    return [*parts, text[start:]]


def _cloze_answer(text: str) -> ClozeAnswer:
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

    def body(self, kind: str, answers: Sequence[ClozeAnswer]) -> ShortAnswerBody | NumericalBody | SingleChoiceBody:
        """Return the body of one gap of a kind in capitals; raises NotTranslatable for kinds that gaps of ours do not have."""
        if kind in _SHORT | _SHORT_CASE:
            return ShortAnswerBody(tuple(map(self._pattern, answers)), kind in _SHORT, self.language == "es")
        if kind in _NUMERICAL:
            return NumericalBody(*with_common_tolerance(map(self._number, answers)))
        if kind in _CHOICE | _CHOICE_SHUFFLED:
            weighted = [WeightedOption(self._texts(answer.words), _worth(answer), self._why(answer)) for answer in answers]
            return single_choice(weighted, shuffle=kind in _CHOICE_SHUFFLED)
        raise NotTranslatable(N_("A gap of the kind “%(kind)s” is not supported."), kind=kind)

    def _texts(self, text: str) -> Texts:
        if is_like_html(text):
            return {self.language: to_markdown(text, TextShape.INLINE, self.remarks)}
        return {self.language: plain_to_markdown(html.unescape(text), TextShape.INLINE, self.remarks)}

    def _why(self, answer: ClozeAnswer) -> Texts | None:
        return self._texts(answer.feedback) if answer.feedback else None

    def _pattern(self, answer: ClozeAnswer) -> TextPattern:
        worth = _worth(answer)
        return TextPattern({self.language: html.unescape(answer.words)}, worth > 0, worth, self._why(answer))

    def _number(self, answer: ClozeAnswer) -> NumericalAnswer:
        worth, why = _worth(answer), self._why(answer)
        if answer.words in ("*", ""):
            return NumericalAnswer(None, worth > 0, worth, why)
        value, _colon, amount = (_pointed(part) for part in answer.words.partition(":"))
        return NumericalAnswer(to_fraction(value), worth > 0, worth, why, Tolerance(amount=abs(to_fraction(amount or "0"))))


def _worth(answer: ClozeAnswer) -> Fraction:
    return credit(to_fraction(answer.weight)) if answer.weight is not None else Fraction(answer.right)


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
        if credit(to_fraction(written)) != share:
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
