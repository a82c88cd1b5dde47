"""Questions and quizzes of both courses against the guide (10 and 11) and the issue: enough of them, each option explained, fair draws."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from functools import cache

import pytest

from courses.content.model import ActivitySource, ModuleSource
from enrolments.rules import GradedCompletionRule
from questions.content.banks import banks_of
from questions.rules.definitions import (
    CalculatedAnswer,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalAnswer,
    NumericalBody,
    Option,
    QuestionDefinition,
    QuestionKind,
    QuestionState,
    SingleChoiceBody,
    TextPattern,
    TrueFalseBody,
)
from quizzes.content.pools import DrawSlot, QuizSource, candidates
from quizzes.rules.settings import ReviewPreset
from tests.support.courses import CONTENT, COURSES, course_of

BY_HAND = {QuestionKind.SHORT, QuestionKind.ESSAY, QuestionKind.FILE, QuestionKind.DESCRIPTION}
FORBIDDEN = re.compile(r"(?:todas|ninguna) (?:las|de las) anteriores|¿cu[aá]l(?:es)? NO\b|\bA y B\b", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\d,])−?\d{1,3}(?: \d{3})+(?:,\d+)?(?![\d,])|(?<![\d,])−?\d+(?:,\d+)?(?!\d|,\d)")
HALF_AN_HOUR, A_DAY = int(timedelta(minutes=30).total_seconds()), int(timedelta(hours=24).total_seconds())
Answer = Option | NumericalAnswer | CalculatedAnswer | TextPattern


@dataclass(frozen=True, slots=True)
class Bank:
    """The questions of a module."""

    course: str
    key: str
    questions: tuple[QuestionDefinition, ...]


def _keys() -> list[str]:
    """List the modules that have a bank, by their own keys: what names the tests is had without reading the courses."""
    banks = [path for course in COURSES for path in sorted((CONTENT / course).glob("[0-9]*/banco.yaml"))]
    return [
        found[1] for path in banks if (found := re.search(r"^key: (\S+)", path.with_name("module.yaml").read_text("utf-8"), re.MULTILINE))
    ]


KEYS = _keys()
each_bank = pytest.mark.parametrize("bank", KEYS, indirect=True)


@cache
def banks() -> tuple[Bank, ...]:
    """Return the bank of each module."""
    return tuple(Bank(course, bank.key, bank.questions) for course in COURSES for bank in banks_of(course_of(course)) if bank.module)


def asked() -> list[tuple[Bank, QuestionDefinition]]:
    """Return every question with its bank."""
    return [(bank, question) for bank in banks() for question in bank.questions]


@pytest.fixture
def bank(request: pytest.FixtureRequest) -> Bank:
    """Return the bank of the module that a test is about."""
    return next(one for one in banks() if one.key == request.param)


def modules_of(course: str) -> list[ModuleSource]:
    return [module for module in course_of(course).modules if module.numbered]


def quizzes_of(course: str, *, numbered: bool) -> list[tuple[ModuleSource, ActivitySource, QuizSource]]:
    """Return the quizzes of the numbered modules, or the tests before and after them."""
    return [
        (module, activity, activity.settings)
        for module in course_of(course).modules
        for activity in module.activities
        if activity.kind == "quiz" and module.numbered is numbered and not is_case(activity.settings)
    ]


def is_case(quiz: QuizSource) -> bool:
    """Tell a written task, which has one question of its own, from a quiz that draws."""
    return not any(isinstance(slot, DrawSlot) for slot in quiz.slots)


def answers_of(question: QuestionDefinition) -> Iterator[Answer]:
    """Yield the options and answers of a question, those of its gaps too."""
    for body in (question.body, *(gap.body for gap in question.body.gaps)) if isinstance(question.body, GapsBody) else (question.body,):
        yield from getattr(body, "options", ())
        yield from getattr(body, "answers", ())


def is_markable(question: QuestionDefinition) -> bool:
    return question.state is QuestionState.READY and question.mark > 0 and not question.unverified and question.kind not in BY_HAND


@each_bank
def test_a_module_has_sixteen_markable_questions_of_several_kinds_and_levels(bank: Bank) -> None:
    """At least 16 a module: a third to remember, half to apply, the rest to judge."""
    markable = [question for question in bank.questions if is_markable(question)]

    assert len(markable) >= 16
    assert len({question.kind for question in markable}) >= 5
    assert len({question.difficulty for question in markable}) == 3


def test_every_module_has_its_bank() -> None:
    assert [bank.key for bank in banks()] == KEYS
    assert len(banks()) == sum(len(modules_of(course)) for course in COURSES) == 13


def test_every_option_says_why() -> None:
    """Each option has feedback that teaches; a right number needs none beside the explanation."""
    silent = [
        (question.key, answer)
        for _bank, question in asked()
        for answer in answers_of(question)
        if not answer.why and not (answer.right and not isinstance(answer, Option))
    ]
    short = [
        (question.key, answer.why["es"])
        for _bank, question in asked()
        if question.kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.NUMERICAL)
        for answer in answers_of(question)
        if answer.why and not 8 <= len(answer.why["es"].split()) <= 40
    ]

    assert silent == []
    assert short == []


def test_what_has_no_options_is_explained() -> None:
    unexplained = []
    for _bank, question in asked():
        body = question.body
        parts = body.pairs if isinstance(body, MatchingBody) else body.rows if isinstance(body, MatrixBody) else ()
        if question.explanation or (parts and all(part.why for part in parts)) or any(answer.why for answer in answers_of(question)):
            continue
        if question.mark:
            unexplained.append(question.key)

    assert unexplained == []


def test_feedback_to_a_mistake_never_says_only_that_it_is_one() -> None:
    blunt = [
        question.key
        for _bank, question in asked()
        for answer in answers_of(question)
        if answer.why and re.fullmatch(r"\W*(?:incorrecto|falso|no|error)\W*", answer.why["es"], re.IGNORECASE)
    ]

    assert blunt == []


def test_explanation_of_a_number_shows_the_way_and_never_the_number() -> None:
    """It is read between two attempts, and the next one may bring the question again."""
    told = []
    for _bank, question in asked():
        bodies = [gap.body for gap in question.body.gaps] if isinstance(question.body, GapsBody) else [question.body]
        for body in bodies:
            if isinstance(body, NumericalBody):
                words = [question.explanation, *(answer.why for answer in body.answers if not answer.right)]
                text = " ".join(word["es"] for word in words if word).replace("\u00a0", " ").replace("\u202f", " ")
                told += [question.key for answer in body.answers if answer.right and answer.value is not None and says(text, answer.value)]

    assert told == []


def says(text: str, value: Fraction) -> bool:
    """Tell whether a text writes a number, as it is or as a proportion of a hundred."""
    written = {Fraction(found.replace(" ", "").replace(",", ".").replace("−", "-")) for found in NUMBER.findall(text)}
    return value in written or (value.denominator > 1 and value / 100 in written)


def test_every_question_names_its_source_and_where_to_read() -> None:
    """spec/content-format C411: after a mistake, the section worth reading again."""
    assert [question.key for _bank, question in asked() if not question.source] == []
    assert [question.key for _bank, question in asked() if not question.see] == []


def test_no_question_is_put_in_a_forbidden_way() -> None:
    """No "all of the above", no "A and B", no question that asks what is NOT."""
    texts = {
        question.key: " ".join([question.text["es"], *(answer.text["es"] for answer in answers_of(question) if isinstance(answer, Option))])
        for _bank, question in asked()
    }

    assert [key for key, text in texts.items() if FORBIDDEN.search(text)] == []


def test_choices_have_three_or_four_options_and_the_right_one_is_not_betrayed_by_its_length() -> None:
    """The right one neither stands out nor is the longest by much."""
    singles = [(question.key, question.body) for _bank, question in asked() if isinstance(question.body, SingleChoiceBody)]
    lengths = {
        key: [max(len(option.text["es"]) for option in body.options if option.right is right) for right in (True, False)]
        for key, body in singles
    }

    assert [key for key, body in singles if not 3 <= len(body.options) <= 4] == []
    assert {key: pair for key, pair in lengths.items() if pair[0] > max(pair[1] * 1.25, pair[1] + 8)} == {}


def test_choices_of_several_have_four_or_five_options_of_which_two_or_three_are_right() -> None:
    several = [(question, question.body) for _bank, question in asked() if isinstance(question.body, MultipleChoiceBody)]

    assert [question.key for question, body in several if not 4 <= len(body.options) <= 5] == []
    assert [question.key for question, body in several if not 2 <= sum(option.right for option in body.options) <= 3] == []


@each_bank
def test_true_and_false_are_about_as_many(bank: Bank) -> None:
    answers = [question.body.answer for question in bank.questions if isinstance(question.body, TrueFalseBody)]

    assert len(set(answers)) == 2
    assert abs(sum(answers) - len(answers) / 2) <= 1


@pytest.mark.parametrize("course", COURSES)
def test_first_module_is_asked_in_english_too(course: str) -> None:
    [first, *_others] = [bank for bank in banks() if bank.course == course]

    for question in first.questions:
        texts = [question.text, *(answer.why for answer in answers_of(question) if answer.why)]
        texts += [answer.text for answer in answers_of(question) if isinstance(answer, Option)]
        assert all(text.get("en") for text in texts), question.key


@pytest.mark.parametrize("course", COURSES)
def test_each_module_has_a_quiz_of_eight_that_brings_back_what_was_learnt(course: str) -> None:
    """The issue: 8 at random, from the second module on 6 and 2 of earlier ones; 70 %, three attempts, pauses, the way and not the key."""
    earlier: list[str] = []
    for module, activity, quiz in quizzes_of(course, numbered=True):
        draws = [slot for slot in quiz.slots if isinstance(slot, DrawSlot)]
        settings = quiz.settings

        assert [draw.count for draw in draws] == ([6, 2] if earlier else [8])
        assert draws[0].pool.banks == ()
        if earlier:
            assert set(draws[1].pool.banks) == set(earlier)
        assert activity.required
        assert (settings.attempts, settings.pass_mark, settings.completion.rule) == (3, 70, GradedCompletionRule.PASSED)
        assert (settings.pause.first, settings.pause.later) == (HALF_AN_HOUR, A_DAY)
        assert (settings.review.preset, dict(settings.review.overrides)) == (ReviewPreset.LEARNING, {})
        earlier.append(module.key)
    assert earlier == [module.key for module in modules_of(course)]


@pytest.mark.parametrize("course", COURSES)
def test_the_test_before_never_counts_and_the_one_after_does_from_the_same_banks(course: str) -> None:
    [(_first, before, initial), (_last, after, final)] = quizzes_of(course, numbered=False)
    pools = [[(slot.count, slot.pool) for slot in quiz.slots if isinstance(slot, DrawSlot)] for quiz in (initial, final)]

    assert pools[0] == pools[1]
    assert list(dict.fromkeys(pool.banks for _count, pool in pools[1])) == [(module.key,) for module in modules_of(course)]
    assert (before.required, initial.settings.weight, initial.settings.pass_mark) == (False, Fraction(0), None)
    assert (after.required, final.settings.pass_mark, final.settings.attempts) == (True, 70, 3)
    assert (initial.settings.review.preset, final.settings.review.preset) == (ReviewPreset.HIDDEN, ReviewPreset.EXAM)


@pytest.mark.parametrize("course", COURSES)
def test_draws_have_twice_what_they_take_and_nothing_unverified(course: str) -> None:
    """spec/content-format C410 and C502: an unverified fact never decides a mark."""
    folder = course_of(course)
    for module, activity, quiz in (*quizzes_of(course, numbered=True), *quizzes_of(course, numbered=False)):
        for slot in quiz.slots:
            if isinstance(slot, DrawSlot):
                drawn = candidates(folder, module.key, quiz, slot)
                assert len(drawn) >= 2 * slot.count, activity.key
                assert all(is_markable(question) for question in drawn), activity.key


INSTRUCTIONS = re.compile(
    r"(?i)(elija|marque) tod[oa]s l[oa]s que correspondan|(choose|select|tick) all that apply|sin decimales|whole number"
)


@each_bank
def test_no_question_repeats_the_instruction_of_its_field(bank: Bank) -> None:
    """The page says above the options that several may be marked, and below a field with how many decimals."""
    assert [question.key for question in bank.questions for text in question.text.values() if INSTRUCTIONS.search(text)] == []
