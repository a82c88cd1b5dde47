"""Answers as invented people give them: right ones, likely mistakes and blanks, in the parts that a form would send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random

from lms.demo.essays import essay_text
from questions.rules.answers import (
    Answer,
    GapsAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    OrderingAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
    page_from_answer,
)
from questions.rules.definitions import (
    CalculatedBody,
    EssayBody,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
)
from questions.rules.feedback import right_answer
from questions.rules.item_layout import LoadedItem
from questions.rules.marking import computed
from questions.rules.numbers import Convention, convention_for, write_number
from quizzes.answering import mark_item

Parts = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """A demonstration answer to an item, and the share of its mark that it earns."""

    item: LoadedItem
    parts: Parts
    worth: Fraction

    @property
    def marks(self) -> Fraction:
        """Return the marks that come of it."""
        return self.worth * self.item.maximum


def answer_all(
    items: Sequence[LoadedItem],
    questions: Mapping[int, QuestionDefinition],
    language: str,
    chance: Random,
    *,
    share: float,
    below: Fraction | None,
) -> list[DemoAnswer]:
    """Answer items so that about `share` of the marks are reached, the easy questions first.

    With `below` the marks stay under that many, otherwise they are at least `share`: an attempt passes or fails as it was meant
    to, whichever questions it drew.
    """
    total = sum((item.maximum for item in items), Fraction(0))
    answers_wanted = Fraction(share).limit_denominator(1000) * total
    order = sorted(items, key=lambda item: _difficulty(questions[item.question_version_id]) + chance.gauss(0, 0.25))
    given: list[DemoAnswer] = []
    marks = Fraction(0)
    for item in order:
        question = questions[item.question_version_id]
        answers = [
            _answer_to(item, question, parts, language)
            for parts in _candidates(item, question, language, chance, right=marks < answers_wanted)
        ]
        chosen = next(candidate for candidate in answers if below is None or marks + candidate.marks < below or not candidate.parts)
        given.append(chosen)
        marks += chosen.marks
    return sorted(given, key=lambda candidate: candidate.item.position)


def _difficulty(question: QuestionDefinition) -> float:
    return Random(question.key).random()  # noqa: S311 - the same question is as hard for everybody


def _answer_to(item: LoadedItem, question: QuestionDefinition, parts: Parts, language: str) -> DemoAnswer:
    return DemoAnswer(item, parts, mark_item(item, question, parts, language).fraction or Fraction(0))


def _candidates(item: LoadedItem, question: QuestionDefinition, language: str, chance: Random, *, right: bool) -> list[Parts]:
    """List what may be answered, the preferred first; the last is nothing at all."""
    if isinstance(question.body, EssayBody):
        return [{"answer": [essay_text(question.body, language, chance)]}, {}]
    if isinstance(question.body, MatrixBody) and question.body.survey:
        return [as_parts(question, item, _opinion(question.body, chance)), {}]
    answer = right_answer(question, item.layout, language, convention_for(language))
    if answer is None:
        return [{}]
    wrong = [_mistake(question, item, answer, chance, convention_for(language), whole=whole) for whole in (False, True)]
    if chance.random() < 0.12:
        wrong = [{}]
    return [*([as_parts(question, item, answer)] if right else []), *wrong, {}]


def _opinion(body: MatrixBody, chance: Random) -> MatrixAnswer:
    """Choose a column of a survey's scale for each row, the better end more often."""
    columns = [column.key for column in body.columns]
    return MatrixAnswer({row.key: chance.choices(columns, range(1, len(columns) + 1))[0] for row in body.rows})


def right_parts(question: QuestionDefinition, item: LoadedItem, language: str = "es") -> Parts:
    """Answer rightly, as the page's form would send it."""
    answer = right_answer(question, item.layout, language, convention_for(language))
    return {} if answer is None else as_parts(question, item, answer)


def likely_mistake(question: QuestionDefinition, item: LoadedItem, chance: Random, language: str = "es") -> Parts:
    """Answer wrongly, with a mistake that is likely."""
    answer = right_answer(question, item.layout, language, convention_for(language))
    return {} if answer is None else _mistake(question, item, answer, chance, convention_for(language), whole=True)


def _mistake(
    question: QuestionDefinition, item: LoadedItem, answer: Answer, chance: Random, convention: Convention, *, whole: bool
) -> Parts:
    body = question.body
    match body, answer:
        case SingleChoiceBody(options), SingleChoiceAnswer(key):
            wrong: Answer = SingleChoiceAnswer(_other([option.key for option in options], key, chance))
        case MultipleChoiceBody(options), MultipleChoiceAnswer(keys):
            wrong = _other_choices([option.key for option in options], keys, chance, whole=whole)
        case _, TrueFalseAnswer(value):
            wrong = TrueFalseAnswer(not value)
        case MatchingBody(), MatchingAnswer(matches):
            wrong = MatchingAnswer(_exchanged(matches, chance, whole=whole))
        case MatrixBody(columns), MatrixAnswer(rows):
            wrong = MatrixAnswer(_replaced(rows, [column.key for column in columns], chance, whole=whole))
        case _, OrderingAnswer(order):
            wrong = OrderingAnswer(_disturbed(order, chance, whole=whole), confirmed=True)
        case GapsBody(), GapsAnswer(values):
            spoilt = list(values) if whole else [chance.choice(list(values))]
            wrong = replace(
                answer,
                values={**values, **{name: _other_gap(body, name, value, chance) for name, value in values.items() if name in spoilt}},
            )
        case _, NumberAnswer():
            wrong = replace(answer, text=_other_number(question, item, chance, convention))
        case _, TextAnswer():
            wrong = TextAnswer("no lo sé")
        case _:
            return {}
    return as_parts(question, item, wrong)


def _other(keys: Sequence[str], key: str, chance: Random) -> str:
    """Choose a wrong key; some mistakes are more common than others."""
    others = [candidate for candidate in keys if candidate != key]
    return chance.choices(others, [2**-index for index in range(len(others))])[0] if others else key


def _other_choices(keys: Sequence[str], right: Sequence[str], chance: Random, *, whole: bool) -> MultipleChoiceAnswer:
    wrong = [key for key in keys if key not in right]
    if whole or len(right) < 2:
        return MultipleChoiceAnswer(tuple(sorted(wrong[:2])))
    return MultipleChoiceAnswer(tuple(sorted([*chance.sample(list(right), len(right) - 1), *wrong[: chance.randrange(2)]])))


def _exchanged(matches: Mapping[str, str], chance: Random, *, whole: bool) -> dict[str, str]:
    """Exchange the matches of two items, or of all."""
    items = list(matches) if whole else chance.sample(list(matches), min(2, len(matches)))
    return {**matches, **{item: matches[other] for item, other in zip(items, [*items[1:], items[0]], strict=True)}}


def _replaced(rows: Mapping[str, str], columns: Sequence[str], chance: Random, *, whole: bool) -> dict[str, str]:
    changed = list(rows) if whole else [chance.choice(list(rows))]
    return {row: _other(columns, column, chance) if row in changed else column for row, column in rows.items()}


def _disturbed(order: Sequence[str], chance: Random, *, whole: bool) -> tuple[str, ...]:
    if whole:
        return tuple(reversed(order))
    index = chance.randrange(max(1, len(order) - 1))
    return (*order[:index], *reversed(order[index : index + 2]), *order[index + 2 :])


def _other_gap(body: GapsBody, name: str, value: str, chance: Random) -> str:
    gap = next(gap for gap in body.gaps if gap.name == name)
    if body.drag:
        return _other([choice.key for choice in body.choices], value, chance)
    match gap.body:
        case SingleChoiceBody(options):
            return _other([option.key for option in options], value, chance)
        case NumericalBody():
            return f"{value}9"
        case ShortAnswerBody():
            return "no lo sé"


def _other_number(question: QuestionDefinition, item: LoadedItem, chance: Random, convention: Convention) -> str:
    """Return a number that the author expected as a mistake, else one with a zero too many."""
    match question.body:
        case NumericalBody(answers):
            known = [answer.value for answer in answers if answer.credit < 1]
            right = max(answers, key=lambda answer: answer.credit).value
        case CalculatedBody(answers=answers) as body:
            known = [computed(answer.expression, body, item.layout.variables) for answer in answers if answer.credit < 1]
            right = computed(max(answers, key=lambda answer: answer.credit).expression, body, item.layout.variables)
        case _:
            return ""
    expected = [value for value in known if value is not None]
    value = chance.choice(expected) if expected and chance.random() < 0.7 else (right or Fraction(1)) * 10
    return write_number(value, convention, 2, keep_zeros=False)


def as_parts(question: QuestionDefinition, item: LoadedItem, answer: Answer) -> Parts:
    """Write an answer as the page's form would send it."""
    shown = page_from_answer(question, item.layout, answer)
    match shown:
        case {"choice": str(place)}:
            return {"answer": [place]}
        case {"choices": list() | tuple() as places}:
            return {"answer": [str(place) for place in places]}
        case {"value": value}:
            return {"answer": ["true" if value in (True, "true") else "false"]}
        case {"order": list() | tuple() as order}:
            return {str(place): [str(position)] for position, place in enumerate(order, 1)}
        case {"matches": Mapping() as rows} | {"rows": Mapping() as rows} | {"values": Mapping() as rows}:
            return {str(name): [str(value)] for name, value in rows.items()}
        case {"text": str(text)}:
            unit = next(iter(getattr(question.body, "units", {})), "")
            return {"answer": [text.replace("*", "")], **({"unit": [unit]} if unit else {})}
    return {}
