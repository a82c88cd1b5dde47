"""Two tests that are compared: the gain of a class for its team, and both bands of a learner (spec/selection 7.3 to 7.5)."""

from collections.abc import Mapping
from fractions import Fraction
from uuid import UUID

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from enrolments import learners
from enrolments.access import ActivityContext
from enrolments.editions import list_editions
from enrolments.learner_groups import list_groups
from kernel import clock
from kernel.errors import NotFound
from kernel.web.forms import as_uuid
from kernel.web.request import current_actor, current_session, requires
from quizzes.attempt_review import flags_of
from quizzes.pages import gain
from quizzes.pages.comparison import ComparedBands, ObjectiveMarks, objective_bands, whole_band
from quizzes.pages.introduction import activity_header
from quizzes.permissions import AnalysisAction, QuizAction, QuizContext
from quizzes.queries import attempts, teaching
from quizzes.queries.analysis import StatisticsFilter
from quizzes.queries.attempts import LoadedAttempt
from quizzes.queries.marks import current_events
from quizzes.queries.paired_results import find_first_attempts, find_paired_class, find_precision
from quizzes.rules.composition import composition_of
from quizzes.rules.paired_tests import PairedTests
from quizzes.rules.review import Reader
from quizzes.rules.settings import ReviewFlag

bp = Blueprint("quizzes_paired", __name__)


@bp.get("/courses/<slug>/quizzes/<key>/gain")
@requires(AnalysisAction.STATISTICS, teaching.get_taught_quiz)
def class_gain(subject: QuizContext) -> str:
    """Show what a class gained between the initial and the final test."""
    session = current_session()
    pair = attempts.get_snapshot_of_activity(session, subject.activity_id).pair
    if pair is None:
        raise NotFound
    editions = [(line.edition.uuid, line.edition.name) for line in list_editions(session, subject.course_id)]
    groups = [(group.uuid, group.name) for group in list_groups(session, subject.course_id)]
    edition, group = _chosen("edition", dict(editions)), _chosen("group", dict(groups))
    paired = find_paired_class(session, subject.course_id, pair, StatisticsFilter(edition, group))
    return render_template(
        "quizzes/gain.html",
        **activity_header(subject.outline, subject.key),
        initial=_title(subject, pair.initial),
        final=_title(subject, pair.final),
        figures=gain.figures_of(paired),
        lacking=gain.lacking(paired),
        means=[] if gain.lacking(paired) else gain.group_means(paired),
        left_out=gain.left_out(paired),
        editions=editions,
        groups=groups,
        edition=edition,
        group=group,
    )


def _chosen(name: str, offered: Mapping[UUID, str]) -> UUID | None:
    number = as_uuid(request.args.get(name, ""))
    return number if number in offered else None


def _title(subject: QuizContext, key: str) -> str:
    activity = subject.outline.by_key.get(key)
    return key if activity is None else str(activity_header(subject.outline, key)["activity"]["title"])  # type: ignore[index]  # a header's parts


@bp.get("/courses/<slug>/quizzes/<key>/comparison")
@requires(QuizAction.VIEW_INTRO, learners.get_activity_context)
def comparison(subject: ActivityContext) -> str:
    """Show a learner both tests side by side, once both may be seen."""
    session = current_session()
    pair = attempts.get_snapshot_of_activity(session, subject.activity.id).pair if subject.activity.kind == "quiz" else None
    if pair is None or subject.context.enrolment_id is None:
        raise NotFound
    loaded = _visible_attempts(session, subject.context.enrolment_id, pair)
    both = len(loaded) == 2
    return render_template(
        "quizzes/comparison.html",
        **activity_header(subject.outline, subject.activity.key),
        attempts=loaded,
        whole=_whole(session, pair, loaded, subject.context.course_id) if both else None,
        objectives=_objectives(session, pair, loaded) if both else [],
    )


def _visible_attempts(session: Session, enrolment_id: int, pair: PairedTests) -> dict[str, LoadedAttempt]:
    """Return the learner's first attempts at both tests whose marks they may see now, by 'initial' and 'final'."""
    first, visible = find_first_attempts(session, enrolment_id, pair), {}
    for name, key in (("initial", pair.initial), ("final", pair.final)):
        if key in first:
            loaded = attempts.get_attempt(session, current_actor(), first[key])
            flags = flags_of(loaded, Reader.LEARNER, attempts.history_of(session, loaded), now=clock.now())
            if ReviewFlag.MARKS in flags and loaded.row.percent is not None:
                visible[name] = loaded
    return visible


def _whole(session: Session, pair: PairedTests, loaded: Mapping[str, LoadedAttempt], course_id: int) -> ComparedBands:
    names = {attempt.row.activity_key: composition_of(attempt.snapshot.entries).name for attempt in loaded.values()}
    precision = find_precision(session, course_id, names)
    return ComparedBands("", *(whole_band(loaded[name], precision.get(loaded[name].row.activity_key)) for name in ("initial", "final")))


def _objectives(session: Session, pair: PairedTests, loaded: Mapping[str, LoadedAttempt]) -> list[ComparedBands]:
    marks = [_marks_by_objective(session, pair, loaded[name]) for name in ("initial", "final")]
    return list(objective_bands(pair.titles, *marks))


def _marks_by_objective(session: Session, pair: PairedTests, loaded: LoadedAttempt) -> dict[str, ObjectiveMarks]:
    events = current_events(session, [item.id for item in loaded.items])
    questions = attempts.get_questions(session, [item.question_version_id for item in loaded.items])
    marks: dict[str, ObjectiveMarks] = {}
    for item in loaded.items:
        objective, event = pair.objectives.get(questions[item.question_version_id].key, ""), events.get(item.id)
        if objective and event is not None and event.fraction is not None and not item.void_effect:
            before = marks.get(objective, ObjectiveMarks(0, Fraction(0), Fraction(0)))
            mark = before.mark + event.fraction * item.maximum
            marks[objective] = ObjectiveMarks(before.items + 1, mark, before.maximum + item.maximum)
    return marks
