"""The grammar of one GIFT question.

Source: docs.moodle.org, "GIFT format", and what Moodle's importer accepts beyond it. A backslash before ``~ = # { } : \\ n`` takes
its meaning away; questions stand between blank lines, which is decided before this grammar.
"""

from functools import cache

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, VisitError

from kernel.errors import N_
from standards.gift.model import GiftAnswer, GiftAnswers, GiftQuestion, GiftText, GiftTextFormat, GiftTrueFalse
from standards.model import NotTranslatable

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
    """Return what one question says; raises NotTranslatable with the line inside the text (from 1) where it breaks the grammar."""
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
