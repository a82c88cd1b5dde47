"""Less common ways to write questions and quizzes, all of them right (spec/content-format 8 and 9)."""

from fractions import Fraction

from enrolments.rules import GradedCompletionRule
from questions.content.banks import questions_of
from questions.rules.definitions import (
    Body,
    CalculatedBody,
    EssayBody,
    FileBody,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleRule,
    NumericalAnswer,
    NumericalBody,
    OrderingRule,
    ShortAnswerBody,
    SingleChoiceBody,
    Tolerance,
    ToleranceKind,
    UnitPenaltyOf,
    WordLimits,
)
from quizzes.content.pools import QuizSource
from quizzes.rules.settings import AttemptPause, Navigation, QuizCompletion, QuizSettings, ReviewPreset
from tests.support import folders
from tests.support.folders import BANK, QUIZ_FILE


def body(text: str) -> Body:
    """Return the body of a question appended to the bank of the sample; the check finds nothing in it."""
    lines = "".join(f"    {line}\n" if line else "\n" for line in text.strip("\n").split("\n"))
    files = folders.a_folder()
    files[BANK] += f"\n  - key: otra\n{lines}".encode()
    assert [finding.message for finding in folders.findings(files)] == []
    return questions_of(folders.course(files))["otra"].body


def test_numbers_with_units_that_are_asked_for() -> None:
    """spec/content-format 8, `numerical`: units with factors and what a wrong one costs."""
    found = body("""
kind: numerical
text: ¿Cuánto?
answers:
  - right: 1
  - wrong: '*'
    why: Mire la hoja.
tolerance: {geometric: 0.05}
units: {m3: 1, litros: 0.001}
unit_penalty: 1/4
unit_penalty_of: maximum
""")
    assert isinstance(found, NumericalBody)
    assert found.answers[1].value is None
    assert found.tolerance == Tolerance(ToleranceKind.GEOMETRIC, Fraction("0.05"))
    assert found.units == {"m3": 1, "litros": Fraction("0.001")}
    assert (found.unit_penalty, found.unit_penalty_of) == (Fraction(1, 4), UnitPenaltyOf.MAXIMUM)


def test_answers_with_a_tolerance_and_a_credit_of_their_own() -> None:
    """spec/content-format 8: `tolerance` of an answer, `credit` instead of 1 or 0."""
    found = body("""
kind: numerical
text: ¿Cuánto?
answers:
  - right: 100
    tolerance: 1
  - right: 90
    credit: 0.5
    tolerance: {relative: 0.01}
""")
    assert isinstance(found, NumericalBody)
    near = NumericalAnswer(Fraction(90), True, Fraction(1, 2), None, Tolerance(ToleranceKind.RELATIVE, Fraction(1, 100)))
    assert found.answers[1] == near


def test_options_in_two_languages_with_keys_and_fixed_places() -> None:
    """spec/content-format 8: `key`, `fixed`, `shuffle`; spec/content-format 3.3: −5 and 5 need a key."""
    found = body("""
kind: single
text:
  es: ¿Cuál?
  en: Which?
options:
  - right:
      es: −5
      en: −5
    why: Sí.
    key: menos-cinco
  - wrong: 5
    why: No.
  - wrong: Ninguna
    why: No.
    credit: -1/2
    fixed: true
shuffle: false
""")
    assert isinstance(found, SingleChoiceBody)
    assert [(option.key, option.credit, option.fixed) for option in found.options] == [
        ("menos-cinco", Fraction(1), False),
        ("5", Fraction(0), False),
        ("ninguna", Fraction(-1, 2), True),
    ]
    assert not found.shuffle


def test_rules_of_several_options_and_orders() -> None:
    """spec/content-format 8: the named rules."""
    halves = body(
        "kind: multiple\ntext: ¿Cuáles?\noptions:\n" + "".join(f"  - right: Uso {n}\n    why: Sí.\n" for n in range(3)) + "rule: halves"
    )
    assert getattr(halves, "rule", None) is MultipleRule.HALVES
    order = body("kind: ordering\ntext: Ordene.\nitems:\n  - es: Uno\n    en: One\n  - Dos\n  - Tres\nrule: longest_ordered")
    assert getattr(order, "rule", None) is OrderingRule.LONGEST_ORDERED


def test_short_answers_by_language_and_case() -> None:
    """spec/content-format 8, `short`."""
    found = body("""
kind: short
text: ¿Unidad?
answers:
  - right:
      es: litro
      en: litre
  - right: L
ignore_case: false
ignore_accents: false
ignore_typography: false
""")
    assert isinstance(found, ShortAnswerBody)
    assert found.answers[0].patterns == {"es": "litro", "en": "litre"}
    assert not found.ignore_case
    assert not found.ignore_accents
    assert not found.ignore_typography


def test_matches_with_keys() -> None:
    """spec/content-format 8, `matching`: `key`, `match_key`."""
    found = body("""
kind: matching
text: Una.
pairs:
  - item: ≥
    match: mayor o igual
    key: mayor
  - item: ≤
    match: −5
    key: menor
    match_key: menos-cinco
shuffle: false
""")
    assert isinstance(found, MatchingBody)
    assert [(pair.key, pair.match_key) for pair in found.pairs] == [("mayor", "mayor-o-igual"), ("menor", "menos-cinco")]


def test_calculated_with_listed_values() -> None:
    """spec/content-format 8, `calculated`: `{values: []}`, `decimals`."""
    found = body("""
kind: calculated
text: Son {a} litros. ¿Cuánto es la mitad?
variables:
  a: {values: [1.5, 2.5], decimals: 1}
answers:
  - right: a / 2
    tolerance: 0.1
unit: litros
decimals: 2
""")
    assert isinstance(found, CalculatedBody)
    assert (found.variables[0].values, found.variables[0].decimals) == ((Fraction(3, 2), Fraction(5, 2)), 1)
    assert found.answers[0].tolerance == Tolerance(ToleranceKind.NOMINAL, Fraction(1, 10))


def test_gaps_with_several_right_words() -> None:
    """spec/content-format 8, `gaps`."""
    found = body("""
kind: gaps
text:
  es: El {uno} y el {dos}.
  en: The {uno} and the {dos}.
gaps:
  uno:
    answers:
      - right:
          es: primero
          en: first
  dos:
    kind: numerical
    answers:
      - right: 2
    unit: litros
    weight: 0.5
""")
    assert isinstance(found, GapsBody)
    assert found.gaps[1].weight == Fraction(1, 2)


def test_writing_with_template_model_and_files() -> None:
    """spec/content-format 8, `essay` and `file`."""
    essay = body("kind: essay\ntext: Escriba.\ntemplate: Lugar\nmodel: El baño.\nfiles: 2")
    assert isinstance(essay, EssayBody)
    assert (essay.words, essay.files, essay.model) == (WordLimits(), 2, {"es": "El baño."})
    file = body("kind: file\ntext: Suba.\naccept: [pdf]\nfiles: 3\nsize: 5")
    assert isinstance(file, FileBody)
    assert (file.files, file.size) == (3, 5)


def test_columns_and_rows_in_two_languages() -> None:
    """spec/content-format 8, `matrix`."""
    found = body("""
kind: matrix
text: ¿Cuál?
columns:
  - es: Sí
    en: Yes
  - es: No
    en: No
rows:
  - text:
      es: Ducha
      en: Shower
    answer: si
    why: Es un uso.
""")
    assert isinstance(found, MatrixBody)
    assert [column.key for column in found.columns] == ["si", "no"]
    assert found.rows[0].text == {"es": "Ducha", "en": "Shower"}


def settings(text: str) -> QuizSettings:
    """Return the settings of the sample's quiz with some fields changed; the check finds nothing in it."""
    files = folders.changed(QUIZ_FILE, "attempts: 3\npause: {first: 30 min, later: 24 h}\nlimit: 20 min\n", text)
    assert [finding.message for finding in folders.findings(files) if finding.code != "C114"] == []
    quiz = next(activity.settings for activity in folders.course(files).activities() if activity.kind == "quiz")
    assert isinstance(quiz, QuizSource)
    return quiz.settings


def test_settings_of_quizzes() -> None:
    """spec/content-format 9: every field in another way."""
    found = settings(
        "per_page: 1\nnavigation: sequential\nshuffle_options: false\nattempts: 2\npause: 1 d\npass_mark: 66.5\nmax_grade: 10\n"
    )
    assert (found.per_page, found.navigation, found.pause) == (1, Navigation.SEQUENTIAL, AttemptPause(86400, 86400))
    assert (found.pass_mark, found.max_grade, found.shuffle_options) == (Fraction("66.5"), Fraction(10), False)


def test_completion_of_quizzes() -> None:
    """spec/content-format 9, `completion`."""
    assert settings("completion: {attempted: 2}\n").completion == QuizCompletion(GradedCompletionRule.ATTEMPTED, 2)
    assert settings("attempts: 2\ncompletion: passed_or_used\n").completion.rule is GradedCompletionRule.PASSED_OR_USED


def test_a_review_by_preset_alone() -> None:
    """spec/content-format 9, review."""
    files = folders.changed(QUIZ_FILE, "review:\n  closed: [attempt, marks]\n", "review: hidden\n")
    quiz = next(activity.settings for activity in folders.course(files).activities() if activity.kind == "quiz")
    assert isinstance(quiz, QuizSource)
    assert quiz.settings.review.preset is ReviewPreset.HIDDEN


def test_wrong_quizzes_in_less_common_ways() -> None:
    """spec/content-format 9: forms that are none."""
    for new, code in [
        ("completion: attempted\n", "C111"),
        ("completion: [passed]\n", "C111"),
        ("pause: [1 d]\n", "C111"),
        ("pass_mark: 70%\n", "C111"),
        ("behaviour: later\n", "C112"),
        ("per_page: 1.5\n", "C111"),
    ]:
        files = folders.changed(QUIZ_FILE, "attempts: 3\npause: {first: 30 min, later: 24 h}\nlimit: 20 min\n", new)
        assert code in folders.codes(files), new
