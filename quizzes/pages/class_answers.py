"""Names for the parts and answers of a question, as the statistics of a class show them: plain words, never keys of the folder."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from kernel.i18n import _, choose, language
from kernel.markup.model import SafeHtml
from quizzes.pages.figures import figure
from quizzes.pages.question import MARKERS, plain
from quizzes.rules.analysis import ResponseClass
from quizzes.rules.definitions import (
    Body,
    CalculatedBody,
    Gap,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalBody,
    OrderingBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TrueFalseBody,
)
from quizzes.rules.numbers import convention_for, write_number
from quizzes.rules.results import MarkState
from quizzes.rules.text_marking import TIMES

LONGEST = 160


def parts_of(question: QuestionDefinition) -> Mapping[str, str]:
    """Return the parts of a question in its order, with their names; none where it is answered as a whole."""
    match question.body:
        case MatchingBody(pairs):
            return {pair.key: plain(pair.item) for pair in pairs}
        case MatrixBody(_, rows):
            return {row.key: plain(row.text) for row in rows}
        case OrderingBody(items):
            return {item.key: plain(item.text) for item in items}
        case GapsBody(gaps):
            return {gap.name: _gap_name(at) for at, gap in enumerate(gaps, 1)}
        case MultipleChoiceBody(options):
            return {option.key: plain(option.text) for option in options}
        case _:
            return {}


def part_name(question: QuestionDefinition, part: str) -> str:
    """Name a part of a question; "" for the whole."""
    return parts_of(question).get(part, part)[:LONGEST]


def question_text(question: QuestionDefinition) -> SafeHtml:
    """Return what is asked, with gaps as numbers."""
    places = {gap.name: at for at, gap in enumerate(question.body.gaps, 1)} if isinstance(question.body, GapsBody) else {}
    return SafeHtml.stored(MARKERS.sub(lambda match: f"<strong>[{places.get(match[1], 0)}]</strong>", choose(question.text)))


def _gap_name(at: int) -> str:
    return _("Gap %(number)s", number=at)


def answer_name(question: QuestionDefinition, part: str, matched: str) -> str:
    """Name an answer to a part: an option, a match, what was typed (a number as it is written)."""
    return _named(question.body, part, matched)[:LONGEST]


def _named(body: Body, part: str, matched: str) -> str:
    match body:
        case GapsBody(gaps, drag, choices):
            gap: Gap | None = next((gap for gap in gaps if gap.name == part), None)
            if gap is None:
                return matched
            return {choice.key: plain(choice.text) for choice in choices}.get(matched, matched) if drag else _named(gap.body, "", matched)
        case SingleChoiceBody(options) | MultipleChoiceBody(options):
            return {option.key: plain(option.text) for option in options}.get(matched, matched)
        case MatchingBody(pairs, extra):
            labels = {pair.match_key: plain(pair.match) for pair in pairs} | {label.key: plain(label.text) for label in extra}
            return labels.get(matched, matched)
        case MatrixBody(columns):
            return {column.key: plain(column.text) for column in columns}.get(matched, matched)
        case NumericalBody():
            return _number(matched)
        case CalculatedBody() if matched.startswith(TIMES):
            return _("%(share)s times the right number", share=_number(matched.removeprefix(TIMES)))
        case CalculatedBody() if " " in matched:
            return _value_of(matched)
        case TrueFalseBody(answer) if not matched:
            return _("False") if answer else _("True")
        case _:
            return matched


def _value_of(variable: str) -> str:
    """Name a variable and the value at which its attempts were parted."""
    name, _space, value = variable.partition(" ")
    return _("“%(name)s” (split at %(value)s)", name=name, value=_number(value))


def _number(text: str) -> str:
    """Write a number that was kept as a fraction."""
    try:
        return write_number(Fraction(text), convention_for(language()), 6, keep_zeros=False)
    except (ValueError, ZeroDivisionError):
        return text


def class_name(question: QuestionDefinition, response_class: ResponseClass) -> str:
    """Name a class of answers as the table of a question shows it."""
    states: Mapping[MarkState, Callable[[], str]] = {
        MarkState.NOT_ANSWERED: lambda: _("(not answered)"),
        MarkState.INVALID: lambda: _("(cannot be read)"),
        MarkState.NEEDS_GRADING: lambda: _("(marked by a person)"),
    }
    if response_class.state in states:
        return states[response_class.state]()
    return _class_of(question.body, response_class)[:LONGEST]


def _class_of(body: Body, response_class: ResponseClass) -> str:
    match body:
        case TrueFalseBody(answer):
            return _("True") if (response_class.credit > 0) is answer else _("False")
        case MultipleChoiceBody():
            return _named(body, "", response_class.part)
        case OrderingBody():
            return (
                _("in its place")
                if response_class.credit >= 1
                else _("elsewhere")
                if response_class.credit <= 0
                else _("partly in its place")
            )
        case GapsBody(gaps, False):
            gap = next((gap for gap in gaps if gap.name == response_class.part), None)
            return response_class.matched if gap is None else _class_of(gap.body, response_class)
        case ShortAnswerBody(answers) if response_class.matched.isdigit():
            return " / ".join(dict.fromkeys(answers[int(response_class.matched)].patterns.values()))
        case NumericalBody(answers) if response_class.matched.isdigit():
            value = answers[int(response_class.matched)].value
            return _("any other number") if value is None else _number(str(value))
        case CalculatedBody(answers=answers) if response_class.matched.isdigit():
            return answers[int(response_class.matched)].expression
        case ShortAnswerBody() | NumericalBody() | CalculatedBody():
            return _("(other answers)")
        case _:
            return _named(body, response_class.part, response_class.matched) or _("Credit %(credit)s", credit=figure(response_class.credit))
