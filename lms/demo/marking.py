"""Marking in the demonstration: most essays are marked and the last ones wait; a regrade is done, another is tried."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from courses.models import StaffRole
from courses.rules import Outline, OutlineActivity
from kernel.permissions import Actor
from lms.demo.essays import COMMENTS
from lms.demo.people import STAFF
from lms.demo.timeline import DemoTimeline, Life, sign_in
from questions import question_bank
from questions.rules.marking import rubric_mark, rubric_of
from quizzes import dry_runs, marking, marks, regrades, regrading, teaching
from quizzes.dry_runs import RegradeRequest
from quizzes.marking import ManualMarkValues
from quizzes.marks import MarkingQueue, MarkingQueueRow
from quizzes.rules.regrade import RegradeKind

EVENINGS = (35, 28, 21, 14, 7)
"""Days before the present moment on which essays are marked."""
QUEUE = 500
APPLIED, DRY_RUN = timedelta(days=8), timedelta(hours=30)
"""How long ago a regrade was applied, and another one tried."""


def grader_life(stage: DemoTimeline) -> Life:
    """Mark most of the essays that wait, some evenings; what came in the last week waits."""
    actor = stage.people[STAFF[StaffRole.GRADER].email]
    chance = Random(actor.email)  # noqa: S311 - invented
    for days in EVENINGS:
        moment = stage.now - timedelta(days=days, hours=chance.uniform(0, 4))
        yield moment
        sign_in(stage, actor, chance, now=moment)
        for row in _waiting(stage, actor):
            if chance.random() < 0.85:
                mark_essay(stage, actor, row, chance, now=moment)


def _waiting(stage: DemoTimeline, actor: Actor) -> Iterator[MarkingQueueRow]:
    for outline in stage.outlines:
        for quiz in quizzes_of(outline):
            yield from essays_waiting(stage, actor, outline.slug, quiz.key)


def essays_waiting(stage: DemoTimeline, actor: Actor, slug: str, key: str) -> Sequence[MarkingQueueRow]:
    """List the answers of a quiz that wait for a person."""
    context = teaching.get_taught_quiz(stage.session, actor, slug, key)
    return marks.list_queue(stage.session, context, MarkingQueue(), offset=0, limit=QUEUE)


def quizzes_of(outline: Outline, *, required: bool | None = None) -> list[OutlineActivity]:
    """List the quizzes of a course, those alone that count for completion or that do not."""
    return [activity for activity in outline.activities() if activity.kind == "quiz" and required in (None, activity.required)]


def mark_essay(stage: DemoTimeline, actor: Actor, row: MarkingQueueRow, chance: Random, *, now: datetime) -> None:
    """Choose a level of each criterion of the rubric, or a share of the mark where there is none."""
    subject = marks.lock_marked_item(stage.session, actor, row.attempt, row.place)
    question = question_bank.get_questions(stage.session, [row.question_version_id])[row.question_version_id]
    levels = {criterion.key: _level(len(criterion.levels), chance) for criterion in rubric_of(question)}
    points = rubric_mark(question, levels, row.maximum)
    seen = marks.current_events(stage.session, [row.item_id])[row.item_id].id
    given = ManualMarkValues(row.maximum * chance.randint(5, 10) / 10 if points is None else points, seen, chance.choice(COMMENTS), levels)
    marking.mark_by_hand(stage.session, actor, subject, given, now=now)


def _level(count: int, chance: Random) -> int:
    """Choose a level, a higher one more often."""
    return chance.choices(range(count), range(1, count + 1))[0]


def regrading_life(stage: DemoTimeline) -> Life:
    """Give everybody full marks for a question of the initial test, and try the same for one of the first quiz, not applied yet."""
    owner = stage.people[STAFF[StaffRole.OWNER].email]
    for before, required in ((APPLIED, False), (DRY_RUN, True)):
        moment = stage.now - before
        yield moment
        for outline in stage.outlines[:1]:
            for quiz in quizzes_of(outline, required=required)[:1]:
                _regrade(stage, owner, outline, quiz, applied=not required, now=moment)


def _regrade(stage: DemoTimeline, actor: Actor, outline: Outline, quiz: OutlineActivity, *, applied: bool, now: datetime) -> None:
    context = teaching.get_taught_quiz(stage.session, actor, outline.slug, quiz.key)
    versions = regrades.list_question_versions(stage.session, context)
    if not versions:
        return
    question_versions = max(versions, key=lambda versions_of: versions_of.attempts)
    kind = RegradeKind.FULL_CREDIT if applied else RegradeKind.REMOVED
    reason = "El enunciado se podía leer de dos maneras (motivo inventado)."
    dry_run = dry_runs.begin_dry_run(stage.session, actor, context, RegradeRequest(kind, reason, question_versions.id), now=now)
    if applied:
        regrading.apply_dry_run(stage.session, actor, dry_run, seen=dry_run.seen, now=now)
