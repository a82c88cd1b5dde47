"""The gain of a class between an initial and a final test, in plain words (spec/selection 7.3 and 7.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean

from kernel.i18n import _, ngettext, number
from quizzes.pages.decisions import DecisionFigure, digits, points
from quizzes.pages.figures import percentage
from quizzes.queries.paired_results import PairedClass
from quizzes.rules.gain import LEAST_PEOPLE, LEAST_ROOM, CrossedGain, Estimate, PairedScores, ShareOfRoom, crossed_gain, share_of_room


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
    """Say what is missing before a gain can be told; '' where nothing is."""
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
    """Say how many took the initial test alone, and how they did (7.5)."""
    if not paired.only_first:
        return _("Everyone who took the initial test took the final one too.")
    return ngettext(
        "%(count)s person took the initial test and has no final one. Their result there was %(mean)s.",
        "%(count)s people took the initial test and have no final one. Their mean there was %(mean)s.",
        len(paired.only_first),
        mean=share(fmean(paired.only_first)),
    )
