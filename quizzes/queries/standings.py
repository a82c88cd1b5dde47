"""How the questions of an attempt stand: what was checked, what is locked, what waits for another (5.5, 5.6)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from quizzes.queries import sittings as queries
from quizzes.queries.sittings import Item, Sitting
from quizzes.rules import definitions
from quizzes.rules.behaviours import Standing
from quizzes.rules.judging import Judge, can_be_checked, is_finished
from quizzes.rules.navigation import locked_places
from quizzes.rules.numbers import convention_for
from quizzes.rules.responses import Parts, clean_parts
from quizzes.rules.review import GIVES_FEEDBACK_AT_ONCE


@dataclass(frozen=True, slots=True)
class Checks:
    """Where the questions of an open attempt stand; empty where the quiz gives no feedback at once."""

    standings: Mapping[int, Standing]
    """By place, of the questions that can be checked."""
    locked: frozenset[int] = frozenset()
    """Places that take no more answers."""
    waiting: frozenset[int] = frozenset()
    """Places that open when the question before them is finished."""

    @property
    def closed(self) -> frozenset[int]:
        """Return the places that take no answers now."""
        return self.locked | self.waiting


def judge_of(sitting: Sitting, item: Item, question: definitions.Question) -> Judge:
    """Return what decides about the answers to an item."""
    return Judge(sitting.paper.settings.behaviour, question, item.layout, convention_for(sitting.row.language))


def checked_parts(sitting: Sitting, item: Item) -> list[Parts]:
    """Return the responses to an item that the learner had checked, in their order."""
    return [clean_parts(answer.payload) for answer in sitting.checked(item.id)]


def checks_of(sitting: Sitting, questions: Mapping[int, definitions.Question]) -> Checks:
    """Return where the questions of an attempt stand, of questions that are read already."""
    behaviour = sitting.paper.settings.behaviour
    if behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return Checks({})
    responses = {item_id: clean_parts(answer.payload) for item_id, answer in sitting.responses.items()}
    standings, finished = dict[int, Standing](), list[int]()
    for item in sitting.items:
        judge, checked = judge_of(sitting, item, questions[item.question_version_id]), checked_parts(sitting, item)
        if can_be_checked(behaviour, judge.question):
            standings[item.position] = judge.after(checked)
        if is_finished(judge, checked, responses.get(item.id)):
            finished.append(item.position)
    return Checks(
        standings,
        locked=frozenset(place for place, found in standings.items() if found.locked),
        waiting=locked_places(sitting.items, finished, behaviour),
    )


def get_checks(session: Session, sitting: Sitting) -> Checks:
    """Return where the questions of an attempt stand; one statement where a question is not in memory, none without checks."""
    if sitting.paper.settings.behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return Checks({})
    return checks_of(sitting, queries.get_questions(session, [item.question_version_id for item in sitting.items]))
