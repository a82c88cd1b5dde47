"""The page on the quality of a quiz's decisions at its pass mark, and the people near it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from flask import Blueprint, Response

from accounts import access_log
from accounts.privacy import PeopleListKind
from analysis import statistics
from analysis.access import AnalysisAction
from analysis.rules.decision_quality import (
    LEAST_ATTEMPTS,
    LEAST_POSITIONS,
    MOST_POSITIONS,
    BestOf,
    DecisionAnalysis,
    DecisionModel,
    SuretyStep,
)
from analysis.rules.statistics import CountedAttempts
from analysis.statistics import FAIR, FIRM
from analysis.views.statistics import StatisticsSelection, about_attempts, selected_statistics
from courses.models import Course
from enrolments.course_context import activity_header
from kernel.errors import NotFound
from kernel.i18n import _, ngettext, number
from kernel.web.request import current_session, page, requires
from kernel.web.table import requested_page
from questions.question_page import figure, percentage
from quizzes import reports, teaching
from quizzes.access import QuizContext
from quizzes.report_page import OUTCOMES, REPORT
from quizzes.rules.settings import MOST_COMPARED, DecisionRule

LITTLE = -5
"""Points from the pass mark of the true level that the sentence on several attempts is about."""


@dataclass(frozen=True, slots=True)
class DecisionFigure:
    """A figure about decisions: its title, what it says, what can be done, and how it is computed."""

    key: str
    title: str
    said: str
    advice: str
    formulas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionShare:
    """A group of people in the chart of decisions: its letter, name, share in % as a number and in words, and class of its bar."""

    letter: str
    name: str
    share: float
    words: str
    bar: str


@dataclass(frozen=True, slots=True)
class RepeatedAttempts:
    """A row of the table of attempts: how many, the shares in words; `here` where the quiz allows as many."""

    attempts: str
    false_pass: str
    passes_below: str
    false_fail: str
    here: bool


def of_hundred(share: float) -> str:
    """Write a share as so many of a hundred people."""
    rounded = round(share * 100)
    if rounded == 0 and share > 0:
        return _("fewer than 1")
    return _("more than 99") if rounded == 100 and share < 1 else number(rounded)


def about(share: float) -> str:
    """Write a share as about so many of a hundred people, in a sentence."""
    shown = of_hundred(share)
    return _("about %(count)s", count=shown) if shown == number(round(share * 100)) else shown


def digits(value: float, places: int = 3) -> str:
    """Write a float with at most so many decimals."""
    return figure(_exact(value), places)


def _exact(value: float) -> Fraction:
    return Fraction(value).limit_denominator(10**9)


def hundredths(share: float) -> str:
    """Write a share of at least 0 in whole percent."""
    return percentage(Fraction(max(0.0, share)) * 100, 0)


def points(value: float) -> str:
    """Write a difference in percent of the maximum."""
    return digits(value, 1)


def lacking(attempts: int, positions: int) -> list[str]:
    """Describe what is missing before anything can be told (3.1)."""
    reasons = []
    if attempts < LEAST_ATTEMPTS:
        reasons.append(
            ngettext(
                "At least %(least)s fully marked attempts are needed; so far there is %(count)s.",
                "At least %(least)s fully marked attempts are needed; so far there are %(count)s.",
                attempts,
                least=LEAST_ATTEMPTS,
            )
        )
    if positions < LEAST_POSITIONS:
        reasons.append(
            ngettext(
                "At least %(least)s questions with a mark are needed; this quiz has %(count)s.",
                "At least %(least)s questions with a mark are needed; this quiz has %(count)s.",
                positions,
                least=LEAST_POSITIONS,
            )
        )
    return reasons or [_("All attempts have the same result, or the questions say nothing in common: there is nothing to compare.")]


def doubts_of(analysis: DecisionAnalysis, *, best_counted: bool) -> list[str]:
    """Describe what these figures do not tell, and why."""
    doubts = []
    if analysis.rule.pass_mark is None:
        doubts.append(
            _("This quiz has no pass mark, so it makes no decisions. Below: how much of the results is knowledge, and how much is chance.")
        )
    elif analysis.model is None:
        doubts.append(
            _("The results do not allow an estimate of wrong decisions: the questions contradict one another, or differ too little.")
        )
    elif not analysis.model.fits:
        doubts.append(
            _(
                "The model does not fit these results: it expects %(expected)s of every 100 people to pass, and %(observed)s passed. "
                "Therefore only the precision of the results is shown.",
                expected=about(analysis.model.quality.passing),
                observed=of_hundred(analysis.passed / analysis.attempts),
            )
        )
    if best_counted:
        doubts.append(
            _(
                "You are looking at each person's best attempt, which chance has already helped. "
                "To see how sure one attempt is, choose the first attempts above."
            )
        )
    return doubts


def figures_of(analysis: DecisionAnalysis) -> list[DecisionFigure]:
    """Return every figure that these results carry, the most useful first."""
    model = analysis.model if analysis.model and analysis.model.fits else None
    return [
        *(_of_model(analysis, model) if model else ()),
        *([_near(analysis)] if analysis.error_at_mark is not None else ()),
        _reliability(analysis),
    ]


def _of_model(analysis: DecisionAnalysis, model: DecisionModel) -> Iterator[DecisionFigure]:
    quality = model.quality
    yield DecisionFigure(
        "consistency",
        _("The same decision again"),
        _(
            "With another set of questions like these, %(share)s of every 100 people would get the same decision, "
            "and the rest another one.",
            share=about(quality.consistency),
        ),
        _consistency_advice(quality.consistency),
        (
            _(
                "Livingston and Lewis: this quiz discriminates like %(length)s equal questions, of which %(needed)s must be right to pass.",
                length=number(model.length),
                needed=number(model.needed),
            ),
            _("True results follow a beta distribution with a = %(a)s and b = %(b)s (Huynh).", a=digits(model.a), b=digits(model.b)),
            _(
                "Consistency: P(both results pass or both fail) = %(share)s. By chance alone: %(chance)s; κ = %(kappa)s.",
                share=digits(quality.consistency),
                chance=digits(quality.chance),
                kappa="–" if quality.kappa is None else digits(quality.kappa),
            ),
        ),
    )
    yield DecisionFigure(
        "errors",
        _("Wrong decisions"),
        _(
            "Of every 100 people, %(passed)s pass although their true level (the one that very many tests like this would show) "
            "is below the pass mark, and %(failed)s fail although they reach it.",
            passed=about(quality.false_pass),
            failed=about(quality.false_fail),
        ),
        _error_advice(quality.false_pass, quality.false_fail),
        (
            _("The true level is the mean result over endless sets of questions like these."),
            _("P(result ≥ mark, true level < mark) = %(share)s.", share=digits(quality.false_pass)),
            _("P(result < mark, true level ≥ mark) = %(share)s.", share=digits(quality.false_fail)),
            _("Accuracy = 1 − both = %(share)s.", share=digits(quality.accuracy)),
        ),
    )
    yield _length(analysis, model)


def _consistency_advice(consistency: float) -> str:
    if consistency >= FIRM:
        return _("That is firm. If much depends on the result, still look at the people near the pass mark.")
    if consistency >= FAIR:
        return _("That is fair. Do not let the result alone decide about the people near the pass mark.")
    return _(
        "That is too little: at least 80 are needed for the result alone to decide about a person. "
        "Add questions, or use another form of assessment that the rules foresee."
    )


def _error_advice(false_pass: float, false_fail: float) -> str:
    if false_pass > 1.5 * false_fail:
        return _(
            "Most errors let people pass who should not. For the next sitting, add questions, or foresee another form of assessment. "
            "To require more than the level that is needed lets fewer of them pass, but fails more people who reach that level. "
            "Do not change the pass mark for people who have already taken the quiz."
        )
    if false_fail > 1.5 * false_pass:
        return _(
            "Most errors fail people who should pass. If that is the worse error, add questions for the next sitting, "
            "or let its rules foresee another way to prove it."
        )
    return _("Both errors are about as frequent. More questions make both of them rarer.")


def _length(analysis: DecisionAnalysis, model: DecisionModel) -> DecisionFigure:
    fair, firm = (length.positions for length in model.lengths)
    here = ngettext("The quiz has %(count)s question.", "The quiz has %(count)s questions.", analysis.positions)
    if firm is not None and firm <= analysis.positions:
        sentence = _("The quiz is long enough for 85 of every 100 people to get the same decision again.")
    else:
        sentence = _(
            "For 80 of every 100 people to get the same decision again, the least where much depends on it, it needs %(fair)s questions "
            "like these; for 85, %(firm)s.",
            fair=_positions(fair),
            firm=_positions(firm),
        )
    advice = _(
        "“Like these” means of the same quality. With questions that better tell who knows, fewer are needed: see “%(page)s”.",
        page=_("Statistics and item analysis"),
    )
    formula = _("The least length from which ten in a row reach the goal, with the same people; the effective length grows in proportion.")
    return DecisionFigure("length", _("How many questions it needs"), f"{here} {sentence}", advice, (formula,))


def _positions(count: int | None) -> str:
    return _("more than %(number)s", number=number(MOST_POSITIONS)) if count is None else number(count)


def _near(analysis: DecisionAnalysis) -> DecisionFigure:
    assert analysis.error_at_mark is not None
    assert analysis.rule.pass_mark is not None
    mark = percentage(analysis.rule.pass_mark)
    return DecisionFigure(
        "near",
        _("Near the pass mark"),
        _(
            "With other questions like these, a person whose result is %(mark)s would get between %(low)s and %(high)s "
            "two times out of three.",
            mark=mark,
            low=percentage(max(Fraction(0), analysis.rule.pass_mark - _exact(analysis.error_at_mark)), 1),
            high=percentage(min(Fraction(100), analysis.rule.pass_mark + _exact(analysis.error_at_mark)), 1),
        )
        + " "
        + ngettext(
            "%(count)s of %(total)s attempts is as near as that: the quiz cannot tell on which side it is.",
            "%(count)s of %(total)s attempts are as near as that: the quiz cannot tell on which side they are.",
            analysis.near,
            total=number(analysis.attempts),
        ),
        _(
            "For these people another form of assessment, such as an oral or a practical test, is worth the effort "
            "where the rules foresee it. Nothing is decided by this list."
        ),
        (
            _(
                "Standard error of measurement at a result x: SEM · √(x·(100 − x) ÷ mean of x·(100 − x)); at the pass mark %(error)s.",
                error=digits(analysis.error_at_mark),
            ),
            _("SEM = standard deviation · √(1 − α) = %(error)s points.", error=digits(analysis.error)),
        ),
    )


def _reliability(analysis: DecisionAnalysis) -> DecisionFigure:
    return DecisionFigure(
        "reliability",
        _("What the results measure"),
        _(
            "About %(share)s of the differences between people's results come from what they know; the rest is chance. "
            "From 75%% it is good enough for decisions about people; below 65%% it is weak. This figure is itself an estimate: "
            "the true one lies between %(low)s and %(high)s, 95 times out of 100.",
            share=hundredths(analysis.alpha),
            low=hundredths(analysis.alpha_low),
            high=hundredths(analysis.alpha_high),
        ),
        _("The figure rises with more questions, and with questions that people who know the subject get right more often."),
        (
            _(
                "Cronbach's α = %(alpha)s; Feldt's interval, which is right 95 of 100 times: %(low)s to %(high)s.",
                alpha=digits(analysis.alpha),
                low=digits(analysis.alpha_low),
                high=digits(analysis.alpha_high),
            ),
            _("SEM = standard deviation · √(1 − α) = %(error)s points.", error=digits(analysis.error)),
        ),
    )


def decision_shares(model: DecisionModel) -> list[DecisionShare]:
    """Return the four groups of people, from those who rightly fail to those who rightly pass."""
    quality = model.quality
    passed, failed = quality.passing - quality.false_pass, 1 - quality.passing - quality.false_fail
    groups = (
        ("A", _("Fail, and are below the mark"), failed, "b0"),
        ("B", _("Fail, although they reach the mark"), quality.false_fail, "b2"),
        ("C", _("Pass, although they are below the mark"), quality.false_pass, "b3"),
        ("D", _("Pass, and reach the mark"), passed, "b1"),
    )
    return [DecisionShare(letter, name, max(0.0, share) * 100, of_hundred(max(0.0, share)), bar) for letter, name, share, bar in groups]


def curve_path(curve: Sequence[SuretyStep]) -> str:
    """Return the line of the curve in the coordinates of its chart."""
    return "M" + "L".join(f"{60 + step.score * 5.6:.1f} {220 - step.sure * 100 * 2:.1f}" for step in curve)


def repeated_lines(model: DecisionModel, rule: DecisionRule) -> list[RepeatedAttempts]:
    """Return the errors by the number of attempts of which the best counts."""
    allowed = min(rule.attempts or MOST_COMPARED, MOST_COMPARED) if rule.counts_best else 1
    return [
        RepeatedAttempts(
            _("without limit, after %(count)s", count=number(repeated.attempts))
            if repeated.attempts == allowed and not rule.attempts and rule.counts_best
            else number(repeated.attempts),
            of_hundred(repeated.false_pass),
            of_hundred(repeated.passes_below),
            of_hundred(repeated.false_fail),
            repeated.attempts == allowed,
        )
        for repeated in model.repeated
    ]


def attempt_headings(model: DecisionModel) -> list[str]:
    """Return the headings of the table of true levels, one for each number of attempts."""
    return [ngettext("%(count)s attempt", "%(count)s attempts", repeated.attempts) for repeated in model.repeated]


def level_lines(model: DecisionModel) -> list[tuple[str, list[str]]]:
    """Return true levels, each with how many of 100 people with it pass, by the number of attempts of which the best counts."""
    return [(percentage(Fraction(chance.level), 0), list(map(of_hundred, chance.by_attempts))) for chance in model.chances]


def level_words(model: DecisionModel) -> str:
    """Describe what three attempts do for a person a little below the pass mark; nothing where the mark leaves no level there."""
    for chance in model.chances:
        if chance.apart == LITTLE:
            by_attempts = dict(zip((best.attempts for best in model.repeated), chance.by_attempts, strict=True))
            return _(
                "A person whose true level is %(level)s, just below the pass mark, passes %(once)s times in 100 with one attempt, "
                "and %(several)s times with the best of three.",
                level=percentage(Fraction(chance.level), 0),
                once=about(by_attempts[1]),
                several=of_hundred(by_attempts[3]),
            )
    return ""


def repeated_words(model: DecisionModel, rule: DecisionRule) -> str:
    """Describe what several attempts do, of this quiz if it allows them."""
    by_attempts: dict[int, BestOf] = {repeated.attempts: repeated for repeated in model.repeated}
    once = of_hundred(by_attempts[1].false_pass)
    if not rule.counts_best:
        return _(
            "If the best of three attempts counted, %(several)s of every 100 people would pass by luck, instead of %(once)s with one.",
            several=about(by_attempts[3].false_pass),
            once=once,
        )
    allowed = max(count for count in by_attempts if not rule.attempts or count <= rule.attempts)
    if not rule.attempts:
        return _(
            "This quiz allows attempts without limit and the best counts: after %(attempts)s, %(several)s of every 100 people pass "
            "by luck, instead of %(once)s with one attempt.",
            attempts=number(allowed),
            several=about(by_attempts[allowed].false_pass),
            once=once,
        )
    return _(
        "This quiz allows %(attempts)s attempts and the best counts: %(several)s of every 100 people pass by luck, "
        "instead of %(once)s with one attempt.",
        attempts=number(rule.attempts),
        several=about(by_attempts[allowed].false_pass),
        once=once,
    )


bp = Blueprint("analysis_decisions", __name__)

ROWS = 50
NO_CHARTS = {"shares": (), "curve": (), "curve_path": "", "mark": None, "repeated": (), "repeated_words": "", "levels": ()}
"""Where the model does not fit the results."""


@bp.get("/courses/<slug>/quizzes/<key>/decisions")
@requires(AnalysisAction.DECISIONS, teaching.get_taught_quiz)
def quiz(subject: QuizContext) -> Response:
    """Show how sure the decisions of a quiz are."""
    selection = selected_statistics(subject)
    return page(
        "quizzes/decisions.html",
        **activity_header(subject.outline, subject.key),
        **about_attempts(selection),
        **_values(selection),
    )


def _values(selection: StatisticsSelection) -> dict[str, object]:
    """Return the figures; what is lacking where there are none."""
    rule, examination = selection.found.rule, selection.examination
    shared = {"pass_mark": percentage(rule.pass_mark), "rule": rule}
    if examination is None or examination.decisions is None:
        positions = len(selection.found.composition.positions if examination is None else examination.positions)
        counted = examination is not None or selection.found.attempts < LEAST_ATTEMPTS
        return {**shared, "figures": None, "lacking": lacking(selection.found.attempts, positions) if counted else []}
    figures = examination.decisions
    model = figures.model if figures.model and figures.model.fits else None
    return {
        **shared,
        "figures": {figure.key: figure for figure in figures_of(figures)},
        "doubts": doubts_of(figures, best_counted=selection.found.which is CountedAttempts.HIGHEST and rule.attempts != 1),
        "near": figures.near,
        **(NO_CHARTS if model is None else _charts(selection, model)),
    }


def _charts(selection: StatisticsSelection, model: DecisionModel) -> dict[str, object]:
    rule = selection.found.rule
    return {
        "shares": decision_shares(model),
        "curve": [(step.score, of_hundred(step.sure)) for step in model.curve],
        "curve_path": curve_path(model.curve),
        "mark": None if rule.pass_mark is None else float(rule.pass_mark),
        "repeated": repeated_lines(model, rule),
        "repeated_words": repeated_words(model, rule),
        "levels": level_lines(model),
        "level_words": level_words(model),
        "attempt_headings": attempt_headings(model),
    }


@bp.get("/courses/<slug>/quizzes/<key>/decisions/people")
@requires(AnalysisAction.DECISIONS, teaching.get_taught_quiz)
def people(subject: QuizContext) -> Response:
    """List the people so near the pass mark that the quiz cannot tell on which side they are (spec/selection 3.8)."""
    selection, session, paging = selected_statistics(subject), current_session(), requested_page(ROWS)
    decisions = None if selection.examination is None else selection.examination.decisions
    if decisions is None or decisions.error_at_mark is None or decisions.rule.pass_mark is None:
        raise NotFound
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, subject.course_id)
    mark, error = Decimal(float(decisions.rule.pass_mark)), Decimal(decisions.error_at_mark)
    near = statistics.marked_between(selection.found, mark - error, mark + error)
    rows = reports.list_marked(session, near, offset=paging.offset, limit=paging.size + 1)
    return page(
        "quizzes/decisions_people.html",
        **activity_header(subject.outline, subject.key),
        query=selection.query,
        pass_mark=percentage(decisions.rule.pass_mark),
        error=points(decisions.error_at_mark),
        columns=REPORT.page_columns("name", "number", "finished", "grade"),
        outcomes=OUTCOMES,
        page=paging.of(rows),
    )
