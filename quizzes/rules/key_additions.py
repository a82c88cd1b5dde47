"""Another right answer for a question, beside those of its key: what a jury adds after an objection (spec/selection 5.6)."""

from dataclasses import replace
from fractions import Fraction

from quizzes.rules.definitions import (
    NumericalAnswer,
    NumericalBody,
    Option,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TextPattern,
)
from quizzes.rules.numbers import Convention, read_number

LONGEST_ADDITION = 200
_FULL = Fraction(1)


def wrong_options(question: QuestionDefinition) -> tuple[Option, ...]:
    """Return the options of a single choice that its key does not count as right; none of other kinds."""
    return tuple(option for option in question.body.options if not option.right) if isinstance(question.body, SingleChoiceBody) else ()


def takes_text(question: QuestionDefinition) -> bool:
    """Return whether another right answer is typed: a text or a number."""
    body = question.body
    return isinstance(body, NumericalBody) or (isinstance(body, ShortAnswerBody) and bool(body.answers))


def with_right_answer(question: QuestionDefinition, added: str, convention: Convention) -> QuestionDefinition | None:
    """Return the question with another right answer: the key of an option, a text, or a number; None where it cannot be one.

    What the key counted as right before stays right.
    """
    body, typed = question.body, added.strip()
    if len(typed) > LONGEST_ADDITION:
        return None
    match body:
        case SingleChoiceBody(options) if typed in {option.key for option in wrong_options(question)}:
            changed = tuple(replace(option, right=True, credit=_FULL) if option.key == typed else option for option in options)
            return replace(question, body=replace(body, options=changed))
        case ShortAnswerBody(answers) if answers and typed:
            pattern = typed.replace("*", "\\*")
            texts = dict.fromkeys(answers[0].patterns, pattern)
            return replace(question, body=replace(body, answers=(TextPattern(texts, right=True, credit=_FULL), *answers)))
        case NumericalBody(answers) if (read := read_number(typed, convention)) is not None:
            return replace(question, body=replace(body, answers=(NumericalAnswer(read.value, right=True, credit=_FULL), *answers)))
        case _:
            return None
