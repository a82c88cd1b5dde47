"""Item findings and the answers of a class in words, without keys of the folder."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from analysis.rules.findings import FindingKind, FindingStrength, ItemFinding
from analysis.rules.item_evidence import TIMES, ResponseClass
from analysis.rules.significance import POWER, ClassPower, power_of
from kernel.errors import N_
from kernel.i18n import _, choose, language, number
from kernel.markup.model import SafeHtml
from questions.question_page import MARKERS, figure, percentage, plain
from questions.rules import definitions
from questions.rules.marking import MarkState
from questions.rules.numbers import convention_for, write_number

LONGEST = 160


def parts_of(question: definitions.QuestionDefinition) -> Mapping[str, str]:
    """Return the parts of a question in its order, with their names; none where it is answered as a whole."""
    match question.body:
        case definitions.MatchingBody(pairs):
            return {pair.key: plain(pair.item) for pair in pairs}
        case definitions.MatrixBody(_, rows):
            return {row.key: plain(row.text) for row in rows}
        case definitions.OrderingBody(items):
            return {item.key: plain(item.text) for item in items}
        case definitions.GapsBody(gaps):
            return {gap.name: _("Gap %(number)s", number=at) for at, gap in enumerate(gaps, 1)}
        case definitions.MultipleChoiceBody(options):
            return {option.key: plain(option.text) for option in options}
        case _:
            return {}


def part_name(question: definitions.QuestionDefinition, part: str) -> str:
    """Name a part of a question; "" for the whole."""
    return parts_of(question).get(part, part)[:LONGEST]


def question_text(question: definitions.QuestionDefinition) -> SafeHtml:
    """Return the text of the question, with gaps as numbers."""
    places = {gap.name: at for at, gap in enumerate(question.body.gaps, 1)} if isinstance(question.body, definitions.GapsBody) else {}
    return SafeHtml.stored(MARKERS.sub(lambda match: f"<strong>[{places.get(match[1], 0)}]</strong>", choose(question.text)))


def answer_name(question: definitions.QuestionDefinition, part: str, matched: str) -> str:
    """Name an answer to a part: an option, a match, what was typed (a number as it is written)."""
    return _named(question.body, part, matched)[:LONGEST]


def _named(body: definitions.Body, part: str, matched: str) -> str:
    match body:
        case definitions.GapsBody(gaps, drag, choices):
            gap: definitions.Gap | None = next((gap for gap in gaps if gap.name == part), None)
            if gap is None:
                return matched
            return {choice.key: plain(choice.text) for choice in choices}.get(matched, matched) if drag else _named(gap.body, "", matched)
        case definitions.SingleChoiceBody(options) | definitions.MultipleChoiceBody(options):
            return {option.key: plain(option.text) for option in options}.get(matched, matched)
        case definitions.MatchingBody(pairs, extra):
            labels = {pair.match_key: plain(pair.match) for pair in pairs} | {label.key: plain(label.text) for label in extra}
            return labels.get(matched, matched)
        case definitions.MatrixBody(columns):
            return {column.key: plain(column.text) for column in columns}.get(matched, matched)
        case definitions.NumericalBody():
            return _number(matched)
        case definitions.CalculatedBody() if matched.startswith(TIMES):
            return _("%(share)s times the right number", share=_number(matched.removeprefix(TIMES)))
        case definitions.CalculatedBody() if " " in matched:
            return _value_of(matched)
        case definitions.TrueFalseBody(answer) if not matched:
            return _("False") if answer else _("True")
        case _:
            return matched


def _value_of(variable: str) -> str:
    """Name a variable and the value at which its attempts were parted."""
    name, _space, value = variable.partition(" ")
    return _("“%(name)s” (split at %(value)s)", name=name, value=_number(value))


def _number(text: str) -> str:
    """Write a number that was kept as a fraction."""
    try:
        return write_number(Fraction(text), convention_for(language()), 6, keep_zeros=False)
    except (ValueError, ZeroDivisionError):
        return text


def class_name(question: definitions.QuestionDefinition, response_class: ResponseClass) -> str:
    """Name a class of answers as the table of a question shows it."""
    states: Mapping[MarkState, Callable[[], str]] = {
        MarkState.NOT_ANSWERED: lambda: _("(not answered)"),
        MarkState.INVALID: lambda: _("(cannot be read)"),
        MarkState.NEEDS_GRADING: lambda: _("(marked by a person)"),
    }
    if response_class.state in states:
        return states[response_class.state]()
    return _class_of(question.body, response_class)[:LONGEST]


def _class_of(body: definitions.Body, response_class: ResponseClass) -> str:
    match body:
        case definitions.TrueFalseBody(answer):
            return _("True") if (response_class.credit > 0) is answer else _("False")
        case definitions.MultipleChoiceBody():
            return _named(body, "", response_class.part)
        case definitions.OrderingBody():
            return (
                _("in its place")
                if response_class.credit >= 1
                else _("elsewhere")
                if response_class.credit <= 0
                else _("partly in its place")
            )
        case definitions.GapsBody(gaps, False):
            gap = next((gap for gap in gaps if gap.name == response_class.part), None)
            return response_class.matched if gap is None else _class_of(gap.body, response_class)
        case definitions.ShortAnswerBody(answers) if response_class.matched.isdigit():
            return " / ".join(dict.fromkeys(answers[int(response_class.matched)].patterns.values()))
        case definitions.NumericalBody(answers) if response_class.matched.isdigit():
            value = answers[int(response_class.matched)].value
            return _("any other number") if value is None else _number(str(value))
        case definitions.CalculatedBody(answers=answers) if response_class.matched.isdigit():
            return answers[int(response_class.matched)].expression
        case definitions.ShortAnswerBody() | definitions.NumericalBody() | definitions.CalculatedBody():
            return _("(other answers)")
        case _:
            return _named(body, response_class.part, response_class.matched) or _("Credit %(credit)s", credit=figure(response_class.credit))


SEVERAL_WRONG_KEY = N_("The best learners tick “%(answer)s”, which counts as wrong: it may be right.")
SAID: Mapping[FindingKind, str] = {
    FindingKind.WRONG_KEY: N_(
        "The best learners choose “%(answer)s” more often than the answer marked as right: the wrong one may be marked."
    ),
    FindingKind.SECOND_KEY: N_("The best learners are split between the answer marked as right and “%(answer)s”: both may be right."),
    FindingKind.RIGHT_AVOIDED: N_("The best learners leave out “%(answer)s”, which counts as right: it may be wrong."),
    FindingKind.CHANCE: N_("Even the best learners do no better than guessing. It may be ambiguous, or it may not have been taught."),
    FindingKind.NEGATIVE: N_("Learners who know more get it wrong more often."),
    FindingKind.WEAK: N_("It hardly separates learners who know the subject from those who don't."),
    FindingKind.TOO_EASY: N_("Nearly all learners answer it correctly, so it says little about who knows the subject."),
    FindingKind.TOO_HARD: N_("Very few learners answer it correctly, so it says little about who knows the subject."),
    FindingKind.UNUSED_OPTION: N_("Very few of those who get it wrong choose “%(answer)s”, so it does not work as a wrong option."),
    FindingKind.NARROW_TOLERANCE: N_("Nearly right numbers get no marks, such as %(answer)s: the tolerance may be too narrow."),
    FindingKind.SLIPPED_NUMBER: N_(
        "Some wrote the right digits with the decimal point in another place or with the wrong sign, such as %(answer)s, and got no marks."
    ),
    FindingKind.SPELLING: N_("Spellings close to the right answer get no marks, such as “%(answer)s”."),
    FindingKind.OTHER_ANSWER: N_("Learners who know more answer “%(answer)s”, which gets no marks: it may be right too."),
    FindingKind.PLACE: N_(
        "Learners do better on it in the first half of the quiz than in the second, perhaps because of tiredness or haste."
    ),
    FindingKind.VALUES: N_("Learners do worse on it with larger values of %(answer)s."),
    FindingKind.FIRST_PLACE: N_("The first option is chosen because it comes first."),
    FindingKind.PASSED_OVER: N_("Many learners leave it blank and move on: it may be unclear."),
    FindingKind.TOO_LITTLE_TIME: N_("Many learners do not reach the last questions: the time may be too short."),
}
GOES_BETTER_LATE = N_("Learners do better on it in the second half of the quiz than in the first: another question may give it away.")
GOES_BETTER_LARGE = N_("Learners do worse on it with smaller values of %(answer)s.")
BEST = N_(
    "Of the top %(top)s learners, %(top_answer)s gave this answer and %(top_key)s the one marked as right; "
    "overall, %(count)s of %(answers)s gave it."
)
BEST_SEVERAL = N_("Of the top %(top)s learners, %(top_answer)s ticked it; overall, %(count)s of %(answers)s did.")
COUNTED = N_("%(count)s of %(answers)s answers.")
NUMBERS: Mapping[FindingKind, str] = {
    FindingKind.WRONG_KEY: BEST,
    FindingKind.SECOND_KEY: BEST,
    FindingKind.RIGHT_AVOIDED: BEST_SEVERAL,
    FindingKind.CHANCE: N_(
        "%(top_key)s of the top %(top)s learners answered it correctly; guessing would give %(guessed)s. %(answers)s answers."
    ),
    FindingKind.NEGATIVE: N_("Discrimination %(percent)s; %(answers)s answers."),
    FindingKind.WEAK: N_("Discrimination %(percent)s; %(answers)s answers."),
    FindingKind.TOO_EASY: N_("Facility %(percent)s; %(answers)s answers."),
    FindingKind.TOO_HARD: N_("Facility %(percent)s; %(answers)s answers."),
    FindingKind.UNUSED_OPTION: COUNTED,
    FindingKind.NARROW_TOLERANCE: N_("%(count)s of %(answers)s answers are within 5%% of the right number."),
    FindingKind.SLIPPED_NUMBER: COUNTED,
    FindingKind.SPELLING: COUNTED,
    FindingKind.OTHER_ANSWER: COUNTED,
    FindingKind.PLACE: N_("The difference is %(percent)s of the mark; %(answers)s answers."),
    FindingKind.VALUES: N_("The difference is %(percent)s of the mark; %(answers)s answers."),
    FindingKind.FIRST_PLACE: N_(
        "%(count)s of %(answers)s chose the first option: %(percent)s of all answers more than it attracts in other positions."
    ),
    FindingKind.PASSED_OVER: N_("%(count)s of %(answers)s left it blank and answered a later one."),
    FindingKind.TOO_LITTLE_TIME: N_("%(count)s of %(answers)s attempts end with two or more blank questions."),
}
REGRADE = N_(
    "Check which answer is marked as right. If it is the wrong one, regrade with a corrected version: "
    "a dry run first shows who would be affected."
)
ADVICE: Mapping[FindingKind, str] = {
    FindingKind.WRONG_KEY: REGRADE,
    FindingKind.SECOND_KEY: N_("If both are right, void the question or regrade with a corrected version; then reword one of the two."),
    FindingKind.RIGHT_AVOIDED: REGRADE,
    FindingKind.CHANCE: N_(
        "First check which answer is marked as right, and what the best learners answered instead. If it is right, ask a colleague "
        "who didn't write the question to read it. Void it for everyone only if it can't be answered."
    ),
    FindingKind.NEGATIVE: N_(
        "Check which answer is marked as right, and look for a trap that only well-prepared learners notice. "
        "If the question is misleading, void it for everyone."
    ),
    FindingKind.WEAK: N_("Reword it, or leave it: its mark says little."),
    FindingKind.TOO_EASY: N_("Keep it if everyone has to know this; otherwise make it more demanding."),
    FindingKind.TOO_HARD: N_(
        "Check which answer is marked as right and whether the topic was taught. If learners could not have known it, void it for everyone."
    ),
    FindingKind.UNUSED_OPTION: N_("Replace it with a mistake that learners really make, or remove it."),
    FindingKind.NARROW_TOLERANCE: N_("State in the question how to round, or widen the tolerance and regrade."),
    FindingKind.SLIPPED_NUMBER: N_(
        "Find out why: the question may not say the unit or how many decimals to give, or it is the learners' mistake. "
        "Editing the question changes no marks; if the question is at fault, regrade."
    ),
    FindingKind.SPELLING: N_("If the spelling should be accepted, add it to the answers and regrade."),
    FindingKind.OTHER_ANSWER: N_("If it is right, add it to the answers and regrade."),
    FindingKind.PLACE: N_("Check the length of the quiz and what the earlier questions say."),
    FindingKind.VALUES: N_(
        "Work the question out with the smallest and largest values. Narrow the range, or check the tolerance and rounding."
    ),
    FindingKind.FIRST_PLACE: N_("Learners who don't know choose what comes first. Make the wrong options more plausible."),
    FindingKind.PASSED_OVER: N_("Read the question: is it clear what learners have to answer?"),
    FindingKind.TOO_LITTLE_TIME: N_("Give more time, or ask fewer questions."),
}
STRENGTHS: Mapping[FindingStrength, tuple[str, str]] = {
    FindingStrength.CLEAR: (N_("Almost certain"), "bad"),
    FindingStrength.LIKELY: (N_("Likely"), "lamp"),
    FindingStrength.SIGN: (N_("Weak sign"), ""),
}
"""The word for a strength and the kind of its tag."""
LEADS = N_("Less certain: look at this first")
SURE: Mapping[FindingStrength, str] = {
    FindingStrength.CLEAR: N_("Almost certain: if the question were sound, chance would show this in fewer than 1 in 1000 groups."),
    FindingStrength.LIKELY: N_("Likely: if the question were sound, chance would show this in fewer than 1 in 100 groups."),
    FindingStrength.SIGN: N_("Weak sign: if the question were sound, chance would show this in fewer than 1 in 20 groups."),
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
    leads: bool = False
    """Whether it is a sign alone that may be why another finding of the question stands out."""
    actions: tuple[tuple[str, str], ...] = ()
    """What can be done at once: words and address."""

    @property
    def is_open(self) -> bool:
        """Return whether it stands among what stands out, and not folded among the signs."""
        return self.told or self.leads


def finding_view(
    finding: ItemFinding, key: str, label: str, question: definitions.QuestionDefinition | None, *, leads: bool = False
) -> FindingView:
    """Write a finding for the reader; a sign that leads to what stands out says so in place of its strength."""
    word, tag = (LEADS, "") if leads else STRENGTHS[finding.strength]
    facts = _facts(finding, question)
    sentence = _(_sentence(finding, question), **({"answer": facts["answer"]} if "%(answer)" in _sentence(finding, question) else {}))
    part = part_name(question, finding.part) if question is not None and finding.part else ""
    return FindingView(
        question=key,
        label=label,
        said=_("%(part)s: %(said)s", part=part, said=sentence) if part else sentence,
        numbers=_(BEST_SEVERAL if _is_of_several(finding, question) else NUMBERS[finding.ailment], **facts),
        advice=_(ADVICE[finding.ailment]),
        strength=_(word),
        tag=tag,
        changes_key=finding.ailment in CHANGES_KEY,
        annuls=finding.ailment in ANNULS,
        told=finding.told,
        leads=leads,
    )


def _is_of_several(finding: ItemFinding, question: definitions.QuestionDefinition | None) -> bool:
    return finding.ailment is FindingKind.WRONG_KEY and question is not None and isinstance(question.body, definitions.MultipleChoiceBody)


def _sentence(finding: ItemFinding, question: definitions.QuestionDefinition | None) -> str:
    if _is_of_several(finding, question):
        return SEVERAL_WRONG_KEY
    if finding.ailment is FindingKind.PLACE and finding.share is not None and finding.share < 0:
        return GOES_BETTER_LATE
    if finding.ailment is FindingKind.VALUES and finding.share is not None and finding.share < 0:
        return GOES_BETTER_LARGE
    return SAID[finding.ailment]


def _facts(finding: ItemFinding, question: definitions.QuestionDefinition | None) -> dict[str, str]:
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
    """Describe how sure each strength of a finding is."""
    return [_(label) for label in SURE.values()]


@dataclass(frozen=True, slots=True)
class Reach:
    """The reach of the item analysis with so many answers: in a sentence, and beside other class sizes."""

    said: str
    headings: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...], bool], ...]
    """Of each class size the number of answers, the shares in words, and whether it is the class's own."""


DEFECTS = (
    N_("Wrong answer marked as right"),
    N_("Second right answer"),
    N_("Guessed true or false"),
    N_("Guessed choice"),
    N_("Sound question"),
)


def reach_of(answers: int) -> Reach | None:
    """Return the reach of item analysis where the most answered question has so many answers; None where it has none."""
    own = power_of(answers)
    if own is None:
        return None
    sentence = _(
        "With %(answers)s answers, this analysis misses about %(wrong)s of the questions with the wrong answer marked as right, "
        "and about %(second)s of those with two right answers. The more answers there are, the more is found. "
        "That nothing is found does not mean that a question is right: read them yourself.",
        answers=number(answers),
        wrong=_share(1000 - own.wrong_key.sign),
        second=_share(1000 - own.second_key.sign),
    )
    lines = ((number(class_power.answers), tuple(_shares(class_power)), class_power is own) for class_power in POWER)
    return Reach(sentence, tuple(_(name) for name in DEFECTS), tuple(lines))


def _shares(class_power: ClassPower) -> Iterator[str]:
    for power in (
        class_power.wrong_key,
        class_power.second_key,
        class_power.guessed_statement,
        class_power.guessed_choice,
        class_power.sound,
    ):
        yield _("%(out)s (%(sign)s)", out=_share(power.stands_out), sign=_share(power.sign))


def _share(thousandths: int) -> str:
    return percentage(Fraction(thousandths, 10), 0 if thousandths >= 10 else 1)
