"""The state of one question of one attempt: its tries read from what was stored, judged by the quiz's behaviour (spec/quiz-engine 5.6).

The same function serves the page after a check, the end of the attempt, the review and a regrade: given the same question, layout
and answers it gives the same mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quizzes.rules.answer_positions import answer_from_page
from quizzes.rules.behaviours import AnsweringState, AnswerTry, answering_state, counted_tries
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.item_layout import ItemLayout
from quizzes.rules.manual_marking import BY_HAND
from quizzes.rules.marking import has_rule, mark_answer
from quizzes.rules.numbers import Convention
from quizzes.rules.responses import CERTAINTY, Parts, payload_of
from quizzes.rules.results import Marking, MarkState
from quizzes.rules.review import GIVES_FEEDBACK_AT_ONCE
from quizzes.rules.settings import Behaviour

_LEVELS = {"1": 1, "2": 2, "3": 3}


@dataclass(frozen=True, slots=True)
class QuestionMarker:
    """The marker of the answers to one question in one attempt."""

    behaviour: Behaviour
    question: QuestionDefinition
    layout: ItemLayout
    convention: Convention

    def marking(self, parts: Parts | None) -> Marking:
        """Mark one response; an absent one is not answered."""
        return self._try(parts).marking

    def after(self, checked: Sequence[Parts]) -> AnsweringState:
        """Return where the question stands after the answers that the learner had checked, in their order."""
        return answering_state(self.behaviour, self.question, self._tries(checked))

    def at_end(self, checked: Sequence[Parts], response: Parts | None) -> AnsweringState:
        """Return what the question is finally worth: what stands in the page when the attempt ends is its last try."""
        tries = self._tries([*checked, response or {}])
        return answering_state(self.behaviour, self.question, tries, certainty=certainty_of(response), final=True)

    def is_readable(self, parts: Parts) -> bool:
        """Return whether a response is an answer that can be judged: neither blank nor unreadable."""
        return self.marking(parts).state not in (MarkState.NOT_ANSWERED, MarkState.INVALID)

    def costs_a_try(self, checked: Sequence[Parts], parts: Parts) -> bool:
        """Return whether checking a response would count: not blank, readable, and no repetition that the behaviour discards."""
        before, after = self._tries(checked), self._tries([*checked, parts])
        return len(counted_tries(self.behaviour, after)) > len(counted_tries(self.behaviour, before))

    def _tries(self, responses: Sequence[Parts]) -> list[AnswerTry]:
        return [self._try(parts) for parts in responses]

    def _try(self, parts: Parts | None) -> AnswerTry:
        answer = answer_from_page(self.question, self.layout, payload_of(self.question, parts or {}))
        return AnswerTry(answer, mark_answer(self.question, answer, self.layout, self.convention))


def is_judged_by_rule(question: QuestionDefinition) -> bool:
    """Return whether a rule alone decides: not texts and files that a person marks, nor surveys, self-checks and descriptions."""
    return has_rule(question) and question.kind not in BY_HAND


def can_be_checked(behaviour: Behaviour, question: QuestionDefinition) -> bool:
    """Return whether a learner may have answers to a question checked during the attempt."""
    return behaviour in GIVES_FEEDBACK_AT_ONCE and is_judged_by_rule(question)


def asks_certainty(behaviour: Behaviour, question: QuestionDefinition) -> bool:
    """Return whether a learner states how sure they are of the answer to a question."""
    return behaviour is Behaviour.CERTAINTY and is_judged_by_rule(question)


def certainty_of(parts: Parts | None) -> int | None:
    """Return the certainty that came with a response, 1 to 3; None where none was chosen."""
    return _LEVELS.get(next(iter((parts or {}).get(CERTAINTY, ())), ""))


def is_finished(marker: QuestionMarker, checked: Sequence[Parts], response: Parts | None) -> bool:
    """Return whether what waits for a question may open: it is locked, or it is answered where no rule can lock it (spec/quiz-engine
    5.5).
    """
    if can_be_checked(marker.behaviour, marker.question):
        return marker.after(checked).locked
    return _says_something(marker, response)


def _says_something(marker: QuestionMarker, response: Parts | None) -> bool:
    if has_rule(marker.question):
        return marker.marking(response).state is not MarkState.NOT_ANSWERED
    return any(any(values) for values in (response or {}).values())
