"""Pages of two tests that are compared: the gain of a class, and both bands of a learner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from statistics import fmean
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from analysis.access import AnalysisAction
from analysis.gain import PairedClass, find_first_attempts, find_paired_class, find_precision
from analysis.rules.decision_quality import DecisionAnalysis
from analysis.rules.gain import LEAST_PEOPLE, LEAST_ROOM, CrossedGain, Estimate, PairedScores, ShareOfRoom, crossed_gain, share_of_room
from analysis.statistics import StatisticsFilter
from analysis.views.decisions import DecisionFigure, digits, points
from enrolments import learners
from enrolments.access import ActivityContext
from enrolments.course_context import activity_header
from enrolments.editions import list_editions
from enrolments.learner_groups import list_groups
from kernel import clock
from kernel.errors import NotFound, require_found
from kernel.i18n import _, choose, ngettext, number
from kernel.web.forms import as_uuid
from kernel.web.request import current_actor, current_session, page, requires
from questions import question_bank
from questions.question_page import percentage
from questions.rules.feedback import ReviewFlag
from quizzes import attempts, snapshots, teaching
from quizzes.access import QuizAction, QuizContext
from quizzes.attempt_page import flags_of
from quizzes.attempts import LoadedAttempt
from quizzes.marks import current_events
from quizzes.rules.balanced_draw import PairedTests
from quizzes.rules.layout import composition_of
from quizzes.rules.settings import Reader


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """A line of the chart and of its table: a letter, a name, how many people, and the means of both tests in percent."""

    letter: str
    name: str
    people: int
    first: float
    second: float

    @property
    def first_words(self) -> str:
        """Write the mean of the first test."""
        return share(self.first)

    @property
    def second_words(self) -> str:
        """Write the mean of the final test."""
        return share(self.second)


def share(value: float) -> str:
    """Write percent with at most one decimal."""
    return percentage(Fraction(value).limit_denominator(10**9))


def group_means(paired: PairedClass) -> list[GroupMeans]:
    """Return the means of those who began with each form, and of everybody who took both tests."""
    groups = (
        (_("Form A first, then form B"), paired.a_first),
        (_("Form B first, then form A"), paired.b_first),
        (_("Everyone who took both tests"), paired.people),
    )
    return [_means(letter, name, people) for letter, (name, people) in zip("123", groups, strict=True) if people]


def _means(letter: str, name: str, people: Sequence[PairedScores]) -> GroupMeans:
    return GroupMeans(letter, name, len(people), fmean(scores.first for scores in people), fmean(scores.second for scores in people))


def lacking(paired: PairedClass) -> str:
    """Describe what is missing before a gain can be told; '' where nothing is."""
    people = len(paired.a_first) + len(paired.b_first)
    if people < LEAST_PEOPLE:
        return ngettext(
            "The gain is shown from %(least)s people on who took both tests with the forms exchanged; so far there is %(count)s.",
            "The gain is shown from %(least)s people on who took both tests with the forms exchanged; so far there are %(count)s.",
            people,
            least=number(LEAST_PEOPLE),
        )
    return "" if crossed_gain(paired.a_first, paired.b_first) else _("Everyone gained the same, or all began with the same form.")


def figures_of(paired: PairedClass) -> list[DecisionFigure]:
    """Return the gain, the difference of the forms, and the share of what was left to gain."""
    crossed = crossed_gain(paired.a_first, paired.b_first)
    if lacking(paired) or crossed is None:
        return []
    return [_gain(crossed), _forms(crossed), *_second(paired)]


def _interval(estimate: Estimate, times: float = 1) -> dict[str, str]:
    return {"low": points(estimate.low * times), "high": points(estimate.high * times)}


def _gain(crossed: CrossedGain) -> DecisionFigure:
    gain = crossed.gain
    if gain.low > 0:
        advice = _("The class does better at the end than at the beginning, by more than chance. That alone does not say why.")
    elif gain.high < 0:
        advice = _("The class does worse at the end than at the beginning, by more than chance. Look at who left, and at the questions.")
    else:
        advice = _("From no gain to a clear one, everything is possible: this class cannot tell. More people, or longer tests, would.")
    return DecisionFigure(
        "gain",
        _("What the class gained"),
        _(
            "On average, people score %(gain)s points of 100 more in the final test. With other people like them it would be "
            "between %(low)s and %(high)s, 95 times of 100. Those who began with each form count for one half, "
            "so this is not just the difference of the two means below.",
            gain=points(gain.value),
            **_interval(gain),
        ),
        advice,
        (
            _("G = ½ · (mean gain of those with A then B + mean gain of those with B then A) = %(gain)s.", gain=digits(gain.value)),
            _("Variance = ¼ · (s₁² ÷ n₁ + s₂² ÷ n₂); standard error %(error)s.", error=digits(gain.error)),
            _("Degrees of freedom of Welch: %(degrees)s; interval at 95%%: G ± t · standard error.", degrees=digits(gain.degrees)),
        ),
    )


def _forms(crossed: CrossedGain) -> DecisionFigure:
    harder, apart, reach = "B" if crossed.forms > 0 else "A", abs(crossed.forms), crossed.gain.high - crossed.gain.value
    facts = {"form": harder, "points": points(apart), "low": points(apart - reach), "high": points(apart + reach)}
    return DecisionFigure(
        "forms",
        _("Which form was harder"),
        _("Form %(form)s was harder by %(points)s points: between %(low)s and %(high)s, 95 times of 100.", **facts)
        if apart > reach
        else _(
            "It is not known which form was harder: form %(form)s by %(points)s points, which may be chance. "
            "The difference lies between %(low)s and %(high)s, 95 times of 100.",
            **facts,
        ),
        _("The gain above does not depend on it: those who began with A and those who began with B count for one half each."),
        (
            _("½ · (mean gain of B then A − mean gain of A then B) = %(points)s; positive: B is harder.", points=digits(crossed.forms)),
            _("Its standard error is that of the gain, since both are made of the same two means."),
        ),
    )


def _second(paired: PairedClass) -> list[DecisionFigure]:
    """Return the share of the room as a second figure, or why it is not told (spec/compulsory 15.2 to 15.4)."""
    title, formula = (
        _("Share of what was left to gain"),
        (_("G = (final mean − initial mean) ÷ (100 − initial mean)."),),
    )
    room, why = share_of_room(paired.people), ""
    if paired.voided_apart:
        why = _("Not shown: a question was voided in one of the two tests only.")
    elif 100 - fmean(person.first for person in paired.people) < LEAST_ROOM:
        why = _("Not shown: the initial test was so easy that little was left to gain.")
    elif room is None:
        why = _("Not shown: everyone gained the same.")
    if why or room is None:
        return [DecisionFigure("share", title, why, _("The gain in points above holds without it."), formula)]
    return [_share(title, room, formula)]


def _share(title: str, room: ShareOfRoom, formula: tuple[str, ...]) -> DecisionFigure:
    change = (
        [] if room.change is None else [_("Mean of people's own changes, which are never shown: %(change)s.", change=digits(room.change))]
    )
    return DecisionFigure(
        "share",
        title,
        _(
            "Of the points that the initial test left to gain, the class gained %(share)s: from %(low)s to %(high)s, 95 times of 100.",
            share=share(room.share.value * 100),
            low=share(room.share.low * 100),
            high=share(room.share.high * 100),
        ),
        _(
            "It lets you look side by side at whole classes that began at different levels. "
            "It is not for ranking them, nor for comparing people within a class."
        ),
        (
            *formula,
            _(
                "Means %(first)s and %(second)s; difference %(difference)s points, from %(low)s to %(high)s.",
                first=share(room.first),
                second=share(room.second),
                difference=points(room.difference.value),
                **_interval(room.difference),
            ),
            _(
                "Standard error %(error)s with n − 1 = %(degrees)s degrees of freedom.",
                error=digits(room.share.error),
                degrees=number(int(room.share.degrees)),
            ),
            *change,
        ),
    )


def left_out(paired: PairedClass) -> str:
    """Describe how many took the initial test alone, and how they did (7.5)."""
    if not paired.only_first:
        return _("Everyone who took the initial test took the final one too.")
    return ngettext(
        "%(count)s person took the initial test and has no final one. Their result there was %(mean)s.",
        "%(count)s people took the initial test and have no final one. Their mean there was %(mean)s.",
        len(paired.only_first),
        mean=share(fmean(paired.only_first)),
    )


LEAST_ITEMS = 4
"""The questions of an objective in each test from which on it is compared."""


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """A result in percent with the band that the test can tell; no band where its precision is not known."""

    score: float
    low: float | None
    high: float | None

    @property
    def words(self) -> str:
        """Write the result."""
        return share(self.score)

    @property
    def band(self) -> str:
        """Write the band."""
        if self.low is None or self.high is None:
            return "–"
        return _("%(low)s to %(high)s", low=share(self.low), high=share(self.high))


@dataclass(frozen=True, slots=True)
class ComparedBands:
    """Two bands of one learner: of the whole tests, or of an objective; what can be said of both."""

    title: str
    initial: ScoreBand
    final: ScoreBand

    @property
    def conclusion(self) -> str:
        """Describe what the two bands tell, without a gain as a number."""
        bands = [(band.low, band.high) for band in (self.initial, self.final)]
        if any(None in band for band in bands):
            return _("How precise these results are is not known yet: too few people have taken the tests.")
        (first_low, first_high), (second_low, second_high) = bands
        assert first_low is not None
        assert first_high is not None
        assert second_low is not None
        assert second_high is not None
        if first_low <= second_high and second_low <= first_high:
            return _("The bands overlap: one test cannot tell how much you learned.")
        if second_low > first_high:
            return _("The bands do not overlap: you know more than at the beginning.")
        return _("The bands do not overlap: this time you knew less than at the beginning.")


def whole_band(loaded: LoadedAttempt, precision: DecisionAnalysis | None) -> ScoreBand:
    """Return the result of an attempt with its conditional standard error of measurement (3.3)."""
    score = float(loaded.row.percent or 0)
    return _band(score, None if precision is None else precision.error_at(score))


def _band(score: float, error: float | None) -> ScoreBand:
    return ScoreBand(score, None, None) if error is None else ScoreBand(score, max(0.0, score - error), min(100.0, score + error))


@dataclass(frozen=True, slots=True)
class ObjectiveMarks:
    """The marks of the questions of an objective in one attempt: how many there are, what they got, and their maximum."""

    items: int
    mark: Fraction
    maximum: Fraction

    def band(self) -> ScoreBand:
        """Return the result with the standard error of so many equal questions (Lord 1955), which needs no class."""
        score = float(self.mark / self.maximum * 100)
        inside = min(100.0, max(0.0, score))
        return _band(score, sqrt(inside * (100 - inside) / (self.items - 1)))


def objective_bands(
    titles: Mapping[str, Mapping[str, str]], initial: Mapping[str, ObjectiveMarks], final: Mapping[str, ObjectiveMarks]
) -> Sequence[ComparedBands]:
    """Return the objectives that have enough questions in both tests, in the order of their titles."""
    bands = [
        ComparedBands(choose(titles[key]), marks.band(), final[key].band())
        for key, marks in initial.items()
        if key in final and key in titles and min(marks.items, final[key].items) >= LEAST_ITEMS and marks.maximum and final[key].maximum
    ]
    return sorted(bands, key=lambda line: line.title)


bp = Blueprint("analysis_gain", __name__)


@bp.get("/courses/<slug>/quizzes/<key>/gain")
@requires(AnalysisAction.STATISTICS, teaching.get_taught_quiz)
def class_gain(subject: QuizContext) -> Response:
    """Show what a class gained between the initial and the final test."""
    session = current_session()
    pair = require_found(snapshots.get_snapshot_of_activity(session, subject.activity_id).pair)
    editions = [(line.edition.uuid, line.edition.name) for line in list_editions(session, subject.course_id)]
    groups = [(group.uuid, group.name) for group in list_groups(session, subject.course_id)]
    edition, group = _chosen("edition", dict(editions)), _chosen("group", dict(groups))
    paired = find_paired_class(session, subject.course_id, pair, StatisticsFilter(edition, group))
    return page(
        "quizzes/gain.html",
        **activity_header(subject.outline, subject.key),
        initial=_title(subject, pair.initial),
        final=_title(subject, pair.final),
        figures=figures_of(paired),
        lacking=lacking(paired),
        means=[] if lacking(paired) else group_means(paired),
        left_out=left_out(paired),
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
def comparison(subject: ActivityContext) -> Response:
    """Show a learner both tests side by side, once both may be seen."""
    session = current_session()
    pair = snapshots.get_snapshot_of_activity(session, subject.activity.id).pair if subject.activity.kind == "quiz" else None
    if pair is None or subject.context.enrolment_id is None:
        raise NotFound
    loaded = _visible_attempts(session, subject.context.enrolment_id, pair)
    both = len(loaded) == 2
    return page(
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
    questions = question_bank.get_questions(session, [item.question_version_id for item in loaded.items])
    marks: dict[str, ObjectiveMarks] = {}
    for item in loaded.items:
        objective, event = pair.objectives.get(questions[item.question_version_id].key, ""), events.get(item.id)
        if objective and event is not None and event.fraction is not None and not item.void_effect:
            before = marks.get(objective, ObjectiveMarks(0, Fraction(0), Fraction(0)))
            mark = before.mark + event.fraction * item.maximum
            marks[objective] = ObjectiveMarks(before.items + 1, mark, before.maximum + item.maximum)
    return marks
