"""Between a form and an answer: a response travels and is stored as `{part: [text, …]}`, the form's own shape.

`answer` is the part of whatever has one; matching, ordering, gaps and matrices have one part a row, named by its place from 1;
`unit` goes with numbers (`2-unit` with that of the second gap), `files` names what was uploaded, `certainty` says how sure the
learner is; `objection` says that they object to the question and `objection-reason` why, neither of them part of the answer.
`payload_of` gives it the fields of its kind, still in places, which `places` turns into keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from quizzes.rules.answer_positions import answer_from_page
from quizzes.rules.answers import MalformedAnswer, as_typed
from quizzes.rules.definitions import GapsBody, MatchingBody, MatrixBody, QuestionDefinition, QuestionKind
from quizzes.rules.item_layout import ItemLayout
from quizzes.rules.marking import is_unanswered, mark_answer
from quizzes.rules.navigation import SummaryState, summary_state
from quizzes.rules.numbers import Convention

Parts: TypeAlias = Mapping[str, Sequence[str]]
ANSWER, UNIT, CONFIRMED, CERTAINTY, FILES = "answer", "unit", "confirmed", "certainty", "files"
GAP_UNIT = f"-{UNIT}"
"""Behind the number of a gap: its unit."""
OBJECTION, OBJECTION_REASON = "objection", "objection-reason"
OBJECTING = frozenset({OBJECTION, OBJECTION_REASON})
BESIDE = frozenset({ANSWER, UNIT, CONFIRMED, CERTAINTY, FILES}) | OBJECTING
"""Parts that are no row of the question."""
MAX_PARTS, MAX_VALUES, MAX_NAME = 120, 120, 40


def clean_parts(response: object) -> dict[str, list[str]]:
    """Keep of a response what has the shape of a form's parts, within bounds and as a database can hold it; never raises."""
    if not isinstance(response, Mapping):
        return {}
    parts: dict[str, list[str]] = {}
    for name, values in list(response.items())[:MAX_PARTS]:
        listed = [values] if isinstance(values, str) else values
        if isinstance(name, str) and len(name) <= MAX_NAME and isinstance(listed, list):
            parts[as_typed(name)] = [as_typed(value) for value in listed[:MAX_VALUES] if isinstance(value, str)]
    return parts


def filled_parts(parts: Parts) -> dict[str, list[str]]:
    """Return the parts without empty values: two responses that show alike are equal."""
    return {name: [value for value in values if value] for name, values in parts.items() if any(values)}


def says_the_same(response: object, other: object) -> bool:
    """Return whether two stored responses answer the same; pages with and without a script send the ends of lines differently.

    An objection is no part of the answer: a mark that a person gave stays whether or not there is one.
    """
    return _response_parts(response) == _response_parts(other)


def _response_parts(response: object) -> Parts:
    parts = filled_parts(clean_parts(response))
    return {name: [value.replace("\r\n", "\n") for value in values] for name, values in parts.items() if name not in OBJECTING}


@dataclass(frozen=True, slots=True)
class ObjectionNote:
    """A learner's word while answering that they object to a question, and why, as far as they have said so (spec/selection 5.2)."""

    reason: str = ""


def objection_in(response: object) -> ObjectionNote | None:
    """Return the objection that came with a stored response; None where there is none."""
    parts = clean_parts(response)
    return ObjectionNote("".join(parts.get(OBJECTION_REASON, ())[:1]).strip()) if any(parts.get(OBJECTION, ())) else None


def payload_of(question: QuestionDefinition, parts: Parts) -> dict[str, object]:
    """Give a form's parts the fields of the answer of this kind, places instead of keys."""
    first = next(iter(parts.get(ANSWER, ())), "")
    others = {name: values[0] for name, values in parts.items() if name not in BESIDE and values and values[0]}
    match question.kind:
        case QuestionKind.SINGLE:
            return {"choice": first}
        case QuestionKind.MULTIPLE:
            return {"choices": [value for value in parts.get(ANSWER, ()) if value]}
        case QuestionKind.TRUE_FALSE:
            return {"value": first}
        case QuestionKind.NUMERICAL | QuestionKind.CALCULATED:
            return {"text": first, "unit": next(iter(parts.get(UNIT, ())), "")}
        case QuestionKind.MATCHING:
            return {"matches": others}
        case QuestionKind.ORDERING:
            return {"positions": others, "confirmed": "true"} if others else {}
        case QuestionKind.GAPS:
            units = {name.removesuffix(GAP_UNIT): value for name, value in others.items() if name.endswith(GAP_UNIT)}
            values = {name: value for name, value in others.items() if not name.endswith(GAP_UNIT)}
            return {"values": values, **({"units": units} if units else {})}
        case QuestionKind.MATRIX:
            return {"rows": others}
        case QuestionKind.ESSAY | QuestionKind.FILE:
            return {"text": first, "files": list(dict.fromkeys(value for value in parts.get(FILES, ()) if value))}
        case _:
            return {"text": first}


def parts_of(question: QuestionDefinition, fields: Mapping[str, object]) -> dict[str, list[str]]:
    """Return the form's parts that stand for the fields of an answer in places: the inverse of `payload_of`."""
    parts: dict[object, object]
    match question.kind:
        case QuestionKind.SINGLE:
            parts = {ANSWER: [fields.get("choice")]}
        case QuestionKind.MULTIPLE:
            parts = {ANSWER: fields.get("choices")}
        case QuestionKind.TRUE_FALSE:
            parts = {ANSWER: ["true" if fields.get("value") in (True, "true") else "false"]}
        case QuestionKind.GAPS:
            values, units = (_rows(fields.get(name)) for name in ("values", "units"))
            parts = {**{name: [value] for name, value in values.items()}, **{f"{name}{GAP_UNIT}": [value] for name, value in units.items()}}
        case QuestionKind.MATCHING | QuestionKind.MATRIX:
            rows = next((rows for rows in fields.values() if isinstance(rows, Mapping) and rows), {})
            parts = {name: [value] for name, value in rows.items()}
        case QuestionKind.ORDERING:
            order = fields.get("order")
            parts = {str(item): [str(at)] for at, item in enumerate(order if isinstance(order, list) else (), 1)}
        case _:
            parts = {ANSWER: [fields.get("text")], UNIT: [fields.get("unit")]}
    return {name: values for name, values in clean_parts(parts).items() if any(values)}


def _rows(sent: object) -> Mapping[object, object]:
    return sent if isinstance(sent, Mapping) else {}


def answer_state(question: QuestionDefinition, layout: ItemLayout, parts: Parts | None, convention: Convention) -> str:
    """Say whether a question is answered: `answered`, `partial`, `invalid` or `unanswered`."""
    if not parts:
        return "unanswered"
    answer = answer_from_page(question, layout, payload_of(question, parts))
    if isinstance(answer, MalformedAnswer):
        return "invalid"
    if is_unanswered(question, answer, layout):
        return "unanswered"
    if summary_state(mark_answer(question, answer, layout, convention)) is SummaryState.INVALID:
        return "invalid"
    filled = sum(1 for name, values in parts.items() if name.isdigit() and values and values[0])
    return "partial" if filled and filled < _parts_needed(question) else "answered"


def _parts_needed(question: QuestionDefinition) -> int:
    """Count the rows that may be answered one by one; an ordering of which some places are missing cannot be read at all."""
    match question.body:
        case MatchingBody(pairs):
            return len(pairs)
        case GapsBody(gaps):
            return len(gaps)
        case MatrixBody(_, rows):
            return len(rows)
        case _:
            return 0
