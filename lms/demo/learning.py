"""A learner's eight weeks: sign up, enrol, read, watch, and take quizzes as the fate says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import cast

from courses.rules import Outline, OutlineActivity
from enrolments import enrolment
from enrolments.access import ActivityContext
from enrolments.rules import GradingMethod
from kernel.permissions import Actor
from lms.demo.attempts import hand_in, leave_half, meant
from lms.demo.editions import enter_course
from lms.demo.people import DemoLearner, DemoOutcome
from lms.demo.tasks import save_draft, submit, submits_task
from lms.demo.timeline import WEEKS, ZONE, DemoTimeline, Life, activity_context_at, join, sign_in
from quizzes import answering, snapshots
from webinars import recordings

LASTS = {
    DemoOutcome.FINISHED: (0.45, 0.97),
    DemoOutcome.STALLED: (0.2, 0.6),
    DemoOutcome.ACTIVE: (0.85, 1.02),
    DemoOutcome.OPEN: (0.8, 0.97),
}
"""Which share of the days since joining somebody studies, from and to."""


@dataclass(frozen=True, slots=True)
class Study:
    """A learner in a course of the demonstration."""

    stage: DemoTimeline
    learner: DemoLearner
    actor: Actor
    outline: Outline

    def context(self, activity: OutlineActivity, *, now: datetime) -> ActivityContext:
        """Return their place before an activity at a moment."""
        return activity_context_at(self.stage, self.actor, self.outline, activity.key, now=now)


def learner_life(stage: DemoTimeline, learner: DemoLearner, password_hash: str) -> Life:
    """Sign up, enrol and study, as far as the fate says."""
    chance = learner.chance("life")
    moment = _arrival(stage, learner, chance)
    yield moment
    actor = join(stage, learner.identity, password_hash, now=moment, confirmed=learner.fate is not DemoOutcome.UNCONFIRMED)
    if learner.fate in (DemoOutcome.UNCONFIRMED, DemoOutcome.NOT_ENROLLED):
        return
    moment += timedelta(minutes=chance.uniform(5, 90))
    yield moment
    outline = stage.outlines[learner.number % len(stage.outlines)]
    sign_in(stage, actor, chance, now=moment)
    enter_course(stage, learner, actor, outline, now=moment)
    if learner.fate is not DemoOutcome.NEVER_STARTED:
        yield from _study(Study(stage, learner, actor, outline), moment)


def second_course_life(stage: DemoTimeline, first: DemoLearner, learner: DemoLearner) -> Life:
    """Let somebody take another course too, from the day after they came for their `first` one."""
    moment = _arrival(stage, first, first.chance("life")) + timedelta(days=1)
    yield moment
    actor, outline = stage.people[learner.identity.email], stage.outlines[learner.number % len(stage.outlines)]
    enter_course(stage, learner, actor, outline, now=moment)
    yield from _study(Study(stage, learner, actor, outline), moment)


def _arrival(stage: DemoTimeline, learner: DemoLearner, chance: Random) -> datetime:
    return stage.start + timedelta(days=_first_day(learner, chance), hours=chance.uniform(7, 21))


def _first_day(learner: DemoLearner, chance: Random) -> int:
    latest = {DemoOutcome.FINISHED: 18, DemoOutcome.STALLED: 30, DemoOutcome.ACTIVE: 35, DemoOutcome.OPEN: 30}.get(
        learner.fate, WEEKS * 7 - 2
    )
    return int(chance.triangular(0, latest, latest * 0.2))


def _study(study: Study, joined: datetime) -> Life:
    """Go through the part of the course that the fate allows, some activities an evening."""
    chance = study.learner.chance("study")
    steps = _steps(study, chance)
    moment = joined
    for evening, todo in _evenings(study, steps, joined, chance):
        moment = max(evening, moment + timedelta(minutes=5))
        yield moment
        sign_in(study.stage, study.actor, chance, now=moment)
        for activity in todo:
            for following in WORK.get(activity.kind, _read)(study, activity, moment):
                moment = following
                yield moment
            moment += timedelta(minutes=chance.uniform(1, 4))
    if study.learner.fate is DemoOutcome.OPEN:
        yield from _leave_open(study, {activity.key for activity in steps}, moment)


def _steps(study: Study, chance: Random) -> list[OutlineActivity]:
    chosen = [activity for activity in study.outline.activities() if activity.required or chance.random() < 0.5]
    share = {DemoOutcome.FINISHED: 1.0, DemoOutcome.STALLED: chance.uniform(0.05, 0.6), DemoOutcome.OPEN: 0.4}.get(
        study.learner.fate, chance.uniform(0.3, 0.9)
    )
    return chosen[: max(1, round(share * len(chosen)))]


def _evenings(
    study: Study, steps: Sequence[OutlineActivity], joined: datetime, chance: Random
) -> list[tuple[datetime, Sequence[OutlineActivity]]]:
    """Spread the steps over days from joining to the last visit."""
    last = int((study.stage.now - joined).days * chance.uniform(*LASTS[study.learner.fate]))
    count = max(1, min(last + 1, -(-len(steps) // chance.randint(2, 5))))
    days = sorted([*chance.sample(range(last), count - 1), last])
    bounds = [round(number * len(steps) / count) for number in range(count + 1)]
    midnight = joined.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    evenings = [midnight + timedelta(days=day, hours=chance.triangular(6, 22.5, 19.5)) for day in days]
    return [(evening, steps[first:after]) for evening, first, after in zip(evenings, bounds, bounds[1:], strict=False)]


def _read(study: Study, activity: OutlineActivity, moment: datetime) -> Life:
    """Open a lesson or recording, and mark it as done after a while; of a film of ours, keep what was seen."""
    chance = study.learner.chance("read", activity.key)
    context = study.context(activity, now=moment)
    if context.closed is not None:
        return
    enrolment.record_visit(study.stage.session, cast("int", context.context.enrolment_id), activity.key, now=moment)
    moment += timedelta(minutes=max(1.0, (activity.minutes or 4) * chance.uniform(0.5, 1.4)))
    yield moment
    seen = 1.0 if study.learner.fate is DemoOutcome.FINISHED or chance.random() < 0.6 else chance.uniform(0.1, 0.7)
    if activity.kind == "recording":
        _watch(study, study.context(activity, now=moment), seen, moment)
    if activity.completion_rule in ("marked", "viewed"):
        enrolment.mark_done(study.stage.session, study.actor, study.context(activity, now=moment), now=moment)


def _watch(study: Study, context: ActivityContext, seen: float, moment: datetime) -> None:
    recording = recordings.get_recording(study.stage.session, context.activity.id, context.outline.version_id)
    if recording.row.seconds:
        spans = [(0, round(seen * recording.row.seconds))]
        recordings.record_watched(study.stage.session, study.actor, context, spans, recording.row.seconds, now=moment)


def _take_quiz(study: Study, activity: OutlineActivity, moment: datetime) -> Life:
    """Take a quiz until it is passed or no attempt is left, with the pauses that it asks for."""
    stage, learner = study.stage, study.learner
    snapshot = snapshots.get_snapshot_of_activity(stage.session, activity.id)
    settings = snapshot.settings
    allowed = settings.attempts or 3
    for number in range(1, allowed + 1):
        chance = learner.chance("quiz", activity.key, number)
        context = study.context(activity, now=moment)
        if context.closed is not None:
            return
        attempt = answering.start_attempt(stage.session, study.actor, context, learner.identity.language, now=moment).uuid
        longest = timedelta(seconds=settings.limit or 3000) * 0.9
        moment += min(longest, timedelta(minutes=(activity.minutes or 10) * chance.uniform(0.6, 1.6)))
        yield moment
        last = number == allowed or settings.grading is GradingMethod.AVERAGE  # a mean is not made good in one attempt
        plan = meant(learner, snapshot, chance, last=last)
        if hand_in(stage, study.actor, attempt, plan, chance, now=moment) is not False or number == allowed:
            return
        pause = settings.pause.first if number == 1 else settings.pause.later
        moment += timedelta(seconds=pause, minutes=chance.uniform(2, 40))
        yield moment


def _work_on_task(study: Study, activity: OutlineActivity, moment: datetime) -> Life:
    """Open a simulator task, and submit it after a while or leave a draft; some do both, to get a better result another day."""
    chance = study.learner.chance("task", activity.key)
    context = study.context(activity, now=moment)
    if context.closed is not None:
        return
    enrolment.record_visit(study.stage.session, cast("int", context.context.enrolment_id), activity.key, now=moment)
    moment += timedelta(minutes=chance.uniform(4, 25))
    yield moment
    context = study.context(activity, now=moment)
    if submits_task(study.learner, chance):
        submit(study.stage, study.learner, study.actor, context, chance, now=moment)
        if chance.random() < 0.6:
            return
        moment += timedelta(minutes=chance.uniform(11, 30))
        yield moment
        context = study.context(activity, now=moment)
    save_draft(study.stage, study.actor, context, now=moment)


WORK: Mapping[str, Callable[[Study, OutlineActivity, datetime], Life]] = {"quiz": _take_quiz, "simulator": _work_on_task}
"""What is done with an activity of each kind; others are read."""


def _leave_open(study: Study, done: set[str], moment: datetime) -> Life:
    """Begin the next quiz in the last days, answer half of it, flag one question, and go away."""
    stage = study.stage
    left = (activity for activity in study.outline.activities() if activity.key not in done and activity.required)
    quiz = next((activity for activity in left if activity.kind == "quiz"), None)
    if quiz is None:
        return
    chance = study.learner.chance("open")
    moment = max(moment, stage.now - timedelta(hours=chance.uniform(2, 40)))
    yield moment
    context = study.context(quiz, now=moment)
    if context.closed is not None:
        return
    sign_in(stage, study.actor, chance, now=moment)
    attempt = answering.start_attempt(stage.session, study.actor, context, study.learner.identity.language, now=moment).uuid
    moment += timedelta(minutes=6)
    yield moment
    leave_half(stage, study.actor, attempt, study.learner.ability, chance, now=moment)
