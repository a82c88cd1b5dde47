"""Typed answers for tests of item analysis: what was typed, how often, and what is found about it."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.rules.findings import ItemFinding, findings_in, typed_outcomes
from analysis.rules.item_evidence import ItemEvidence, ItemResponses, UnmatchedPart, UnmatchedText
from analysis.rules.significance import Scale
from questions.rules.answers import TextAnswer
from questions.rules.definitions import Body
from tests.support.questions import a_question, a_short, f, marked


def typed(*said: tuple[str, int, int], part: str = "") -> tuple[UnmatchedText, ...]:
    """Return texts with how many typed them and how large their rests are together; numbers are read."""
    return tuple(
        UnmatchedText(UnmatchedPart(part, text, f(text) if text.lstrip("-").replace(".", "").isdigit() else None), count, f(str(rests)))
        for text, count, rests in said
    )


def found_typed(body: Body, said: Sequence[UnmatchedText], scale: Scale, given: Sequence[ItemResponses] = ()) -> list[ItemFinding]:
    """Return what is found about what was typed."""
    return list(findings_in(typed_outcomes(a_question(body), ItemEvidence(scale.count, tuple(given), typed=tuple(said)), scale)))


def wrong(part: str, rest: int, count: int) -> ItemResponses:
    """Return answers to the gap or the whole that got nothing."""
    body = a_short(("sol", "1"))
    marking = marked(body, TextAnswer("nada"))
    return ItemResponses(replace(marking, parts=tuple(replace(one, part=part) for one in marking.parts)), f(str(rest)), count)
