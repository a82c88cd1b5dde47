"""The state of an attempt's questions: what was checked, what is locked, what waits for another (spec/quiz-engine 5.5, 5.6)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from quizzes.queries import attempts as queries
from quizzes.queries.attempts import LoadedAttempt, LoadedItem
from quizzes.rules import definitions
from quizzes.rules.behaviours import AnsweringState
from quizzes.rules.navigation import locked_places
from quizzes.rules.numbers import convention_for
from quizzes.rules.question_marker import QuestionMarker, can_be_checked, is_finished
from quizzes.rules.responses import Parts, clean_parts
from quizzes.rules.review import GIVES_FEEDBACK_AT_ONCE


@dataclass(frozen=True, slots=True)
class QuestionChecks:
    """Where the questions of an open attempt stand; empty where the quiz gives no feedback at once."""

    answering_states: Mapping[int, AnsweringState]
    """By place, of the questions that can be checked."""
    locked: frozenset[int] = frozenset()
    """Places that take no more answers."""
    waiting: frozenset[int] = frozenset()
    """Places that open when the question before them is finished."""

    @property
    def closed(self) -> frozenset[int]:
        """Return the places that take no answers now."""
        return self.locked | self.waiting


def marker_of(loaded: LoadedAttempt, item: LoadedItem, question: definitions.QuestionDefinition) -> QuestionMarker:
    """Return what decides about the answers to an item."""
    return QuestionMarker(loaded.snapshot.settings.behaviour, question, item.layout, convention_for(loaded.row.language))


def checked_parts(loaded: LoadedAttempt, item: LoadedItem) -> list[Parts]:
    """Return the responses to an item that the learner had checked, in their order."""
    return [clean_parts(answer.payload) for answer in loaded.checked(item.id)]


def checks_of(loaded: LoadedAttempt, questions: Mapping[int, definitions.QuestionDefinition]) -> QuestionChecks:
    """Return where the questions of an attempt stand, of questions that are read already."""
    behaviour = loaded.snapshot.settings.behaviour
    if behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return QuestionChecks({})
    responses = {item_id: clean_parts(answer.payload) for item_id, answer in loaded.responses.items()}
    answering_states, finished = dict[int, AnsweringState](), list[int]()
    for item in loaded.items:
        marker, checked = marker_of(loaded, item, questions[item.question_version_id]), checked_parts(loaded, item)
        if can_be_checked(behaviour, marker.question):
            answering_states[item.position] = marker.after(checked)
        if is_finished(marker, checked, responses.get(item.id)):
            finished.append(item.position)
    return QuestionChecks(
        answering_states,
        locked=frozenset(position for position, answering in answering_states.items() if answering.locked),
        waiting=locked_places(loaded.items, finished, behaviour),
    )


def get_checks(session: Session, loaded: LoadedAttempt) -> QuestionChecks:
    """Return where the questions of an attempt stand; one statement where a question is not in memory, none without checks."""
    if loaded.snapshot.settings.behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return QuestionChecks({})
    return checks_of(loaded, queries.get_questions(session, [item.question_version_id for item in loaded.items]))
