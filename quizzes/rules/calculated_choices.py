"""Choices whose options are calculated: expressions between `{=` and `=}` in their texts, with the values of an attempt.

spec/selection 1.23.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from html import unescape

from kernel.expressions import evaluate
from quizzes.rules.definitions import Option, Texts
from quizzes.rules.numbers import Convention, convention_for, write_number
from quizzes.rules.question_variables import ChoiceNumbers

EXPRESSION = re.compile(r"\{=([^{}]*)=\}")
MOST_DECIMALS = 6


def expressions_in(options: Sequence[Option]) -> Iterator[str]:
    """Yield the expressions in the texts of options."""
    for option in options:
        for text in option.text.values():
            yield from (unescape(match[1]).strip() for match in EXPRESSION.finditer(text))


def filled_choice(text: str, numbers: ChoiceNumbers, values: Mapping[str, Fraction], convention: Convention) -> str:
    """Return the text of an option with its expressions calculated; raise ExpressionError."""
    known = {**numbers.parameters, **values}

    def number(match: re.Match[str]) -> str:
        digits = MOST_DECIMALS if numbers.decimals is None else numbers.decimals
        return write_number(evaluate(unescape(match[1]).strip(), known), convention, digits, keep_zeros=numbers.decimals is not None)

    return EXPRESSION.sub(number, text)


def filled_texts(texts: Texts, numbers: ChoiceNumbers, values: Mapping[str, Fraction], convention: Convention) -> Texts:
    """Return the text of an option in every language, with its numbers as the attempt writes them; raise ExpressionError."""
    return {language: filled_choice(text, numbers, values, convention) for language, text in texts.items()}


def are_apart(options: Sequence[Option], numbers: ChoiceNumbers, values: Mapping[str, Fraction]) -> bool:
    """Return whether no two options read the same with these values, in any language; raise ExpressionError."""
    for language in {language for option in options for language in option.text}:
        convention = convention_for(language)
        read = [filled_choice(option.text[language], numbers, values, convention) for option in options if language in option.text]
        if len({" ".join(text.split()) for text in read}) < len(read):
            return False
    return True
