"""Findings of the question doctor in words: what was found, the numbers behind it, and what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from kernel.errors import N_
from kernel.i18n import _, number
from quizzes.pages.class_answers import answer_name, part_name
from quizzes.pages.figures import figure, percentage
from quizzes.rules.definitions import MultipleChoiceBody, QuestionDefinition
from quizzes.rules.doctor_power import POWER, ClassPower, Power, power_of
from quizzes.rules.finding_kinds import FindingKind, FindingStrength, ItemFinding

SEVERAL_WRONG_KEY = N_("The best tick “%(answer)s”, which counts as wrong: perhaps it is right.")
SAID: Mapping[FindingKind, str] = {
    FindingKind.WRONG_KEY: N_("The best choose “%(answer)s” more than the key: perhaps the key is wrong."),
    FindingKind.SECOND_KEY: N_("The best are divided between the key and “%(answer)s”: perhaps both are right."),
    FindingKind.RIGHT_AVOIDED: N_("The best leave out “%(answer)s”, which counts as right: perhaps it is wrong."),
    FindingKind.CHANCE: N_("Even the best get it right no more often than by guessing: it may be ambiguous, or nobody was taught it."),
    FindingKind.NEGATIVE: N_("Those who know more get it wrong more often."),
    FindingKind.WEAK: N_("It hardly tells those who know from those who do not."),
    FindingKind.TOO_EASY: N_("Nearly everybody gets it right: it tells little about who knows."),
    FindingKind.TOO_HARD: N_("Hardly anybody gets it right: it tells little about who knows."),
    FindingKind.UNUSED_OPTION: N_("Hardly anybody who is wrong chooses “%(answer)s”: as a wrong option it does no work."),
    FindingKind.NARROW_TOLERANCE: N_("Numbers that are nearly right get nothing, such as %(answer)s: perhaps the tolerance is too narrow."),
    FindingKind.SLIPPED_NUMBER: N_("Right numbers with the decimal sign in another place or another sign get nothing, such as %(answer)s."),
    FindingKind.SPELLING: N_("Spellings close to the right answer get nothing, such as “%(answer)s”."),
    FindingKind.OTHER_ANSWER: N_("Those who know more answer “%(answer)s”, which gets nothing: perhaps it is right too."),
    FindingKind.PLACE: N_("It goes better in the first half of the paper than in the second: tiredness or haste."),
    FindingKind.VALUES: N_("It goes worse with the larger values of %(answer)s."),
    FindingKind.FIRST_PLACE: N_("The option that stands first is taken because it stands there."),
    FindingKind.PASSED_OVER: N_("Many leave it blank and go on: perhaps it is not understood."),
    FindingKind.TOO_LITTLE_TIME: N_("Many do not reach the last questions: perhaps the time is too short."),
}
GOES_BETTER_LATE = N_("It goes better in the second half of the paper than in the first: perhaps another question gives it away.")
GOES_BETTER_LARGE = N_("It goes worse with the smaller values of %(answer)s.")
BEST = N_("Of the %(top)s best, %(top_answer)s gave this answer and %(top_key)s the key; in all, %(count)s of %(answers)s gave it.")
BEST_SEVERAL = N_("Of the %(top)s best, %(top_answer)s ticked it; in all, %(count)s of %(answers)s did.")
COUNTED = N_("%(count)s of %(answers)s answers.")
NUMBERS: Mapping[FindingKind, str] = {
    FindingKind.WRONG_KEY: BEST,
    FindingKind.SECOND_KEY: BEST,
    FindingKind.RIGHT_AVOIDED: BEST_SEVERAL,
    FindingKind.CHANCE: N_("%(top_key)s of the best %(top)s got it right; guessing gives %(guessed)s. %(answers)s answers."),
    FindingKind.NEGATIVE: N_("Discrimination %(percent)s; %(answers)s answers."),
    FindingKind.WEAK: N_("Discrimination %(percent)s; %(answers)s answers."),
    FindingKind.TOO_EASY: N_("Facility %(percent)s; %(answers)s answers."),
    FindingKind.TOO_HARD: N_("Facility %(percent)s; %(answers)s answers."),
    FindingKind.UNUSED_OPTION: COUNTED,
    FindingKind.NARROW_TOLERANCE: N_("%(count)s of %(answers)s answers lie within 5%% of the right number."),
    FindingKind.SLIPPED_NUMBER: COUNTED,
    FindingKind.SPELLING: COUNTED,
    FindingKind.OTHER_ANSWER: COUNTED,
    FindingKind.PLACE: N_("The difference is %(percent)s of the mark; %(answers)s answers."),
    FindingKind.VALUES: N_("The difference is %(percent)s of the mark; %(answers)s answers."),
    FindingKind.FIRST_PLACE: N_("%(count)s of %(answers)s took the first option: %(percent)s of all more than it draws in other places."),
    FindingKind.PASSED_OVER: N_("%(count)s of %(answers)s left it blank and answered a later one."),
    FindingKind.TOO_LITTLE_TIME: N_("%(count)s of %(answers)s attempts end with two or more blank questions."),
}
REGRADE = N_("Look at the key; if it is wrong, mark again with a corrected version: a trial shows first who would be affected.")
ADVICE: Mapping[FindingKind, str] = {
    FindingKind.WRONG_KEY: REGRADE,
    FindingKind.SECOND_KEY: N_("If both are right, annul the question or mark again with a corrected version; then reword one of the two."),
    FindingKind.RIGHT_AVOIDED: REGRADE,
    FindingKind.CHANCE: N_("Read it with somebody who did not write it. If it cannot be answered, annul it for everybody."),
    FindingKind.NEGATIVE: N_("Look for a trap that only those who know see, and at the key. If it misleads, annul it for everybody."),
    FindingKind.WEAK: N_("Reword it, or let it be: its mark says little."),
    FindingKind.TOO_EASY: N_("Keep it if everybody has to know this; otherwise ask for more."),
    FindingKind.TOO_HARD: N_("Look at the key and at whether it was taught; if it could not be known, annul it for everybody."),
    FindingKind.UNUSED_OPTION: N_("Replace it by a mistake that learners really make, or leave it out."),
    FindingKind.NARROW_TOLERANCE: N_("Say in the question how to round, or widen the tolerance and mark again."),
    FindingKind.SLIPPED_NUMBER: N_("Say in the question the unit and how many decimals are wanted."),
    FindingKind.SPELLING: N_("If the spelling should be accepted, add it to the answers and mark again."),
    FindingKind.OTHER_ANSWER: N_("If it is right, add it to the answers and mark again."),
    FindingKind.PLACE: N_("Look at the length of the quiz and at what the questions before it say."),
    FindingKind.VALUES: N_(
        "Work the question out with the least and the largest values: narrow the range, or look at tolerance and rounding."
    ),
    FindingKind.FIRST_PLACE: N_("Who does not know takes what comes first: make the wrong options worth a thought."),
    FindingKind.PASSED_OVER: N_("Read what is asked: is it clear what has to be answered?"),
    FindingKind.TOO_LITTLE_TIME: N_("Give more time, or ask fewer questions."),
}
STRENGTHS: Mapping[FindingStrength, tuple[str, str]] = {
    FindingStrength.CLEAR: (N_("Clear"), "bad"),
    FindingStrength.LIKELY: (N_("Likely"), "lamp"),
    FindingStrength.SIGN: (N_("A sign"), ""),
}
"""The word for a strength and the kind of its tag."""
SURE: Mapping[FindingStrength, str] = {
    FindingStrength.CLEAR: N_("Clear: chance alone would show this in fewer than 1 of 1000 classes."),
    FindingStrength.LIKELY: N_("Likely: chance alone would show this in fewer than 1 of 100 classes."),
    FindingStrength.SIGN: N_("A sign: chance alone would show this in fewer than 1 of 20 classes."),
}

CHANGES_KEY = frozenset(
    {
        FindingKind.WRONG_KEY,
        FindingKind.SECOND_KEY,
        FindingKind.RIGHT_AVOIDED,
        FindingKind.NARROW_TOLERANCE,
        FindingKind.SPELLING,
        FindingKind.OTHER_ANSWER,
    }
)
ANNULS = frozenset({FindingKind.WRONG_KEY, FindingKind.SECOND_KEY, FindingKind.CHANCE, FindingKind.NEGATIVE, FindingKind.TOO_HARD})


DIFFERENCES = frozenset({FindingKind.PLACE, FindingKind.VALUES})
"""What speaks of a difference, whose sign the sentence says."""


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as pages show it; `question` is the question's key, "" where it is about the whole quiz."""

    question: str
    label: str
    said: str
    numbers: str
    advice: str
    strength: str
    tag: str
    changes_key: bool
    annuls: bool
    told: bool
    """Whether it stands out among all tests of the quiz."""
    actions: tuple[tuple[str, str], ...] = ()
    """What can be done at once: words and address."""


def finding_view(finding: ItemFinding, key: str, label: str, question: QuestionDefinition | None) -> FindingView:
    """Write a finding for the reader."""
    word, tag = STRENGTHS[finding.strength]
    facts = _facts(finding, question)
    said = _(_sentence(finding, question), **({"answer": facts["answer"]} if "%(answer)" in _sentence(finding, question) else {}))
    part = part_name(question, finding.part) if question is not None and finding.part else ""
    return FindingView(
        question=key,
        label=label,
        said=_("%(part)s: %(said)s", part=part, said=said) if part else said,
        numbers=_(_numbers(finding, question), **facts),
        advice=_(ADVICE[finding.ailment]),
        strength=_(word),
        tag=tag,
        changes_key=finding.ailment in CHANGES_KEY,
        annuls=finding.ailment in ANNULS,
        told=finding.told,
    )


def _is_of_several(finding: ItemFinding, question: QuestionDefinition | None) -> bool:
    return finding.ailment is FindingKind.WRONG_KEY and question is not None and isinstance(question.body, MultipleChoiceBody)


def _sentence(finding: ItemFinding, question: QuestionDefinition | None) -> str:
    if _is_of_several(finding, question):
        return SEVERAL_WRONG_KEY
    if finding.ailment is FindingKind.PLACE and finding.share is not None and finding.share < 0:
        return GOES_BETTER_LATE
    if finding.ailment is FindingKind.VALUES and finding.share is not None and finding.share < 0:
        return GOES_BETTER_LARGE
    return SAID[finding.ailment]


def _numbers(finding: ItemFinding, question: QuestionDefinition | None) -> str:
    return BEST_SEVERAL if _is_of_several(finding, question) else NUMBERS[finding.ailment]


def _facts(finding: ItemFinding, question: QuestionDefinition | None) -> dict[str, str]:
    share = None if finding.share is None else finding.share * 100
    return {
        "answer": answer_name(question, finding.part, finding.answer) if question is not None else "",
        "answers": number(finding.answers),
        "count": number(finding.count),
        "top": number(finding.top),
        "top_answer": number(finding.top_answer),
        "top_key": number(finding.top_key),
        "percent": percentage(abs(share) if share is not None and finding.ailment in DIFFERENCES else share),
        "share": figure(finding.share),
        "guessed": figure(None if finding.share is None else finding.share * finding.top, 1),
    }


def certainties() -> list[str]:
    """Say how sure each strength of a finding is."""
    return [_(words) for words in SURE.values()]


@dataclass(frozen=True, slots=True)
class FindingReachView:
    """A row of the table of what is found: how many answers, the shares in words, and whether it is the class's own row."""

    answers: str
    shares: tuple[str, ...]
    here: bool


@dataclass(frozen=True, slots=True)
class Reach:
    """What the doctor can find with so many answers: in a sentence, and beside other sizes of classes."""

    said: str
    headings: tuple[str, ...]
    lines: tuple[FindingReachView, ...]


DEFECTS = (N_("Wrong key"), N_("Second key"), N_("Statement guessed"), N_("Choice guessed"), N_("Sound question"))


def reach_of(answers: int) -> Reach | None:
    """Say what the doctor can find where the question with most answers has so many; None where it says nothing at all."""
    own = power_of(answers)
    if own is None:
        return None
    said = _(
        "With %(answers)s answers, a wrong key shows in about %(wrong)s of the cases and a second right answer in about %(second)s; "
        "it stands out in %(wrong_out)s and %(second_out)s. The more answers, the more is found.",
        answers=number(answers),
        wrong=_share(own.wrong_key.sign),
        second=_share(own.second_key.sign),
        wrong_out=_share(own.wrong_key.stands_out),
        second_out=_share(own.second_key.stands_out),
    )
    lines = (FindingReachView(number(one.answers), tuple(_shares(one)), one is own) for one in POWER)
    return Reach(said, tuple(_(name) for name in DEFECTS), tuple(lines))


def _shares(one: ClassPower) -> Iterator[str]:
    for power in (one.wrong_key, one.second_key, one.guessed_statement, one.guessed_choice, one.sound):
        yield _found(power)


def _found(power: Power) -> str:
    return _("%(out)s (%(sign)s)", out=_share(power.stands_out), sign=_share(power.sign))


def _share(thousandths: int) -> str:
    return percentage(Fraction(thousandths, 10), 0 if thousandths >= 10 else 1)
