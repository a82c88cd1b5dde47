"""Actions of an invented person inside one attempt."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from random import Random
from uuid import UUID

from kernel.permissions import Actor
from lms.demo.answers import answer_all
from lms.demo.people import DemoLearner, DemoOutcome
from lms.demo.timeline import DemoTimeline
from questions import question_bank
from quizzes import answering, attempts
from quizzes.attempts import LoadedAttempt
from quizzes.rules import states
from quizzes.saves import SaveRequest
from quizzes.snapshots import QuizSnapshot

LEASE = 1000


@dataclass(frozen=True, slots=True)
class AttemptTarget:
    """The share of the marks that an attempt is meant to reach, and whether it has to stay below the pass mark."""

    share: float
    fails: bool = False


def meant(learner: DemoLearner, snapshot: QuizSnapshot, chance: Random, *, last: bool) -> AttemptTarget:
    """Draw how an attempt is to end; those who have to get on pass their last one at the latest."""
    share = min(1.0, max(0.1, chance.gauss(learner.ability - 0.06, 0.14)))
    needed = float(snapshot.settings.pass_mark or 0) / 100
    if last and learner.fate in (DemoOutcome.FINISHED, DemoOutcome.OPEN):
        share = max(share, needed)
    return AttemptTarget(share, fails=share < needed)


def hand_in(stage: DemoTimeline, actor: Actor, attempt: UUID, plan: AttemptTarget, chance: Random, *, now: datetime) -> bool | None:
    """Answer everything and hand the attempt in; return whether it passed, or nothing where that is not asked."""
    loaded = locked(stage, actor, attempt)
    batch = SaveRequest(LEASE, tuple(_answers(stage, loaded, plan, chance)), "submit")
    answering.submit_attempt(stage.session, actor, loaded, [batch], now=now)
    return loaded.row.passed


def leave_half(stage: DemoTimeline, actor: Actor, attempt: UUID, share: float, chance: Random, *, now: datetime) -> None:
    """Answer the first half of an attempt and flag its last question."""
    loaded = locked(stage, actor, attempt)
    answers = _answers(stage, loaded, AttemptTarget(share), chance)
    half = tuple(event for event in answers if event.position <= (len(loaded.items) + 1) // 2)
    answering.save_answers(stage.session, loaded, [SaveRequest(LEASE, half, "autosave")], now=now)
    answering.set_flag(stage.session, loaded, loaded.items[-1].position, flagged=True)


def locked(stage: DemoTimeline, actor: Actor, attempt: UUID) -> LoadedAttempt:
    """Return an attempt, locked, as an actor who changes it finds it."""
    return attempts.load_attempt(stage.session, attempts.lock_attempt(stage.session, actor, attempt).id)


def _answers(stage: DemoTimeline, loaded: LoadedAttempt, plan: AttemptTarget, chance: Random) -> list[states.AnswerSave]:
    questions = question_bank.get_questions(stage.session, [item.question_version_id for item in loaded.items])
    total = sum((item.maximum for item in loaded.items), Fraction(0))
    below = (loaded.snapshot.settings.pass_mark or 0) * total / 100 if plan.fails else None
    given = answer_all(loaded.items, questions, loaded.row.language, chance, share=plan.share, below=below)
    return [states.AnswerSave(answer.item.position, states.AnswerSequence(LEASE, 1), answer.parts) for answer in given if answer.parts]
