"""Choices that the form of a rule offers for a condition, and the meaning of somebody's words."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from accounts.rules import fold
from organisations.queries.audience_kinds import LeafChoice, LeafQuestion

SHOWN_AT_ONCE = 30
"""As many choices are shown as ticks; of more, those that were chosen, and a field to find others."""
MOST_NEAR = 10


@dataclass(frozen=True, slots=True)
class ChoiceSearch:
    """The meaning of some words: choices that they name, choices that they may mean, and words that mean nothing here."""

    found: tuple[LeafChoice, ...] = ()
    near: tuple[LeafChoice, ...] = ()
    unknown: tuple[str, ...] = ()


def list_choices(session: Session, institution: int | None, question: LeafQuestion) -> Sequence[LeafChoice]:
    """List what an institution may choose from for a condition."""
    return question.choices(session, institution) if question.choices is not None and institution is not None else ()


def search_choices(session: Session, institution: int | None, question: LeafQuestion, typed: str) -> ChoiceSearch:
    """Say what somebody's words mean; several stand with semicolons between them."""
    terms = tuple(dict.fromkeys(part for part in (" ".join(part_typed.split()) for part_typed in typed.split(";")) if part))
    if not terms or institution is None:
        return ChoiceSearch(unknown=terms)
    if question.find is not None:
        people = question.find(session, institution, terms)
        unnamed = tuple(word for word in terms if word not in people)
        return ChoiceSearch(tuple(people[word] for word in terms if word in people), unknown=unnamed)
    choices, found_people, near, unknown = list_choices(session, institution, question), list[LeafChoice](), list[LeafChoice](), list[str]()
    for word in terms:
        key = fold(word)
        named = [choice for choice in choices if fold(choice.key) == key] or [
            choice for choice in choices if key == fold(choice.label) or key in choice.words.split("\n")
        ]
        alike = named or [choice for choice in choices if key in choice.words or key in fold(choice.label)]
        if len(named) == 1:
            found_people += named
        elif alike:
            near += alike[:MOST_NEAR]
        else:
            unknown.append(word)
    return ChoiceSearch(tuple(found_people), tuple(near), tuple(unknown))
