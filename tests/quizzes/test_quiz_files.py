"""Quizzes as text: settings, slots, pools, reserved questions, and less common ways to write them, all of them right.

spec/content-format 9, C41x, C50x, 8; spec/selection 1.6.
"""

from fractions import Fraction

import pytest

from courses.content.model import ActivitySource, CourseFolder, Severity
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
    QuestionSelection,
    ShortAnswerBody,
    SingleChoiceBody,
    Tolerance,
    ToleranceKind,
    UnitPenaltyOf,
    WordLimits,
)
from questions.rules.feedback import ReviewFlag
from quizzes.content.pools import DrawSlot, FixedSlot, PageBreak, QuizSource, SectionSlot, TextSlot, candidates, graded_questions
from quizzes.rules.settings import AtEnd, AttemptPause, Behaviour, Navigation, QuizCompletion, QuizSettings, ReviewMoment, ReviewPreset
from tests.support import folders
from tests.support.folders import BANK, LESSON, QUIZ_FILE, Files
from tests.support.selection_folders import FOUR, a_sample, messages

WRONG = [
    ("C203", "question: aviso", "question: nada"),
    ("C203", "category: cuestionarios", "category: otra"),
    ("C110", "  - page: new", "  - mark: 2"),
    ("C112", "  - page: new", "  - page: old"),
    ("C501", "draw: 1", "draw: 3"),
    ("C501", "    tags: [sumas]", "    kinds: [description]"),
    ("C505", "limit: 20 min", "limit: 20 min\nat_end: grace"),
    ("C505", "limit: 20 min", "limit: 20 min\ngrace: 5 min"),
    ("C505", "    mark: 2", "    mark: 2\n    require_previous: true"),
    ("C505", "from: 70", "from: 0"),
    ("C505", "  - from: 0\n    text: Vuelva a la lección.\n", ""),
    ("C506", "review:\n  closed: [attempt, marks]", "review: practice"),
    ("C506", "  closed: [attempt, marks]", "  later: [attempt, right_answer]"),
    ("C507", "question: total-del-dia\n    mark: 2", "question: encuesta"),
]


@pytest.mark.parametrize("rest", ["", "weight: 0\n"])
@pytest.mark.parametrize("slots", ["slots: []\n", "slots:\n  - section: Primera\n  - text: Nada aún.\n", "slots:\n  - question: aviso\n"])
def test_a_quiz_without_questions_is_not_published(slots: str, rest: str) -> None:
    """spec/content-format 9, C523: counted or not; one that is hidden may wait for its questions."""
    quiz = f"title: {{es: Otro, en: Other}}\n{slots}{rest}"
    path = "01-contar/91-otro.quiz.yaml"

    found = folders.findings(folders.with_file(path, f"key: otro\n{quiz}"), "C523")
    hidden = folders.findings(folders.with_file(path, f"key: otro\nstate: draft\n{quiz}"), "C523")

    assert [(finding.file, finding.severity) for finding in found] == [(path, Severity.ERROR)]
    assert hidden == []
    assert folders.findings(folders.with_file(path, f"key: otro\n{quiz}"), "C504") == []


@pytest.mark.parametrize(("code", "old", "new"), WRONG)
def test_a_wrong_quiz_is_told_with_its_line(code: str, old: str, new: str) -> None:
    """spec/content-format 9."""
    found = folders.findings(folders.changed(QUIZ_FILE, old, new), code)

    assert [finding.file for finding in found] == [QUIZ_FILE]
    assert found[0].line


def test_questions_of_slots_are_ready_and_verified() -> None:
    """spec/content-format 8, C503, C410: fixed ones are told, draws leave such questions out."""
    head = "  - key: total-del-dia\n    kind: single\n"
    assert "C503" in folders.codes(folders.changed(BANK, head, f"{head}    state: draft\n"))
    assert "C410" in folders.codes(folders.changed(BANK, head, f"{head}    unverified: true\n"))
    ungraded = folders.changed(QUIZ_FILE, "category: cuestionarios", "weight: 0")
    assert "C410" not in folders.codes(folders.changed(BANK, head, f"{head}    unverified: true\n", ungraded))
    drawn = "  - key: la-lluvia-cuenta\n    kind: true_false\n"
    assert folders.codes(folders.changed(BANK, drawn, f"{drawn}    unverified: true\n")) == {"C502"}


def test_a_pool_under_twice_the_draw_is_a_warning() -> None:
    """spec/content-format 9, C502."""
    found = folders.findings(folders.changed(QUIZ_FILE, "draw: 1", "draw: 2"))

    assert [(finding.code, finding.severity) for finding in found] == [("C502", Severity.WARNING)]


def test_a_pass_mark_with_certainty_ratings_is_a_warning() -> None:
    """spec/content-format 9, C508: results go up to 300 %, so that 70 % is less than a quarter of the scale;
    the usual pass mark counts too.
    """
    rated = folders.changed(QUIZ_FILE, "limit: 20 min", "limit: 20 min\nbehaviour: certainty")
    found = folders.findings(rated, "C508")

    assert [(finding.file, finding.severity) for finding in found] == [(QUIZ_FILE, Severity.WARNING)]
    assert "C508" not in folders.codes(folders.changed(QUIZ_FILE, "behaviour: certainty", "behaviour: certainty\npass_mark: none", rated))
    assert "C508" not in folders.codes(folders.changed(QUIZ_FILE, "limit: 20 min", "limit: 20 min\nbehaviour: immediate"))


def test_draws_that_share_their_questions_are_counted_together() -> None:
    """spec/content-format 9, C501: two questions fit, three are drawn."""
    more = "  - draw: 1\n    tags: [sumas]\n  - draw: 2\n    tags: [sumas]\n"
    found = folders.findings(folders.changed(QUIZ_FILE, "  - draw: 1\n    tags: [sumas]\n", more), "C501")

    assert len(found) == 1


def test_a_quiz_that_counts_has_something_to_mark() -> None:
    """spec/content-format 9, C504."""
    files = folders.changed(QUIZ_FILE, "  - question: total-del-dia\n    mark: 2\n", "  - question: encuesta\n")
    files = folders.changed(QUIZ_FILE, "  - draw: 1\n    tags: [sumas]\n", "", files)

    assert "C504" in folders.codes(files)


def quiz_of(files: Files | None = None) -> tuple[CourseFolder, QuizSource]:
    """Return the course and its quiz."""
    course = folders.course(files)
    activity: ActivitySource = next(found for found in course.activities() if found.kind == "quiz")
    assert isinstance(activity.settings, QuizSource)
    return course, activity.settings


def test_settings_and_slots_are_read() -> None:
    """spec/content-format 9: what is written, and the defaults."""
    _, quiz = quiz_of()

    assert [type(slot) for slot in quiz.slots] == [SectionSlot, FixedSlot, FixedSlot, PageBreak, DrawSlot, TextSlot]
    assert quiz.slots[2] == FixedSlot("total-del-dia", Fraction(2))
    settings = quiz.settings
    assert (settings.attempts, settings.pause, settings.limit) == (3, AttemptPause(1800, 86400), 1200)
    assert (settings.pass_mark, settings.max_grade, settings.behaviour) == (Fraction(70), Fraction(100), Behaviour.DEFERRED)
    assert settings.review.preset is ReviewPreset.LEARNING
    assert settings.review.overrides == {ReviewMoment.CLOSED: (ReviewFlag.ATTEMPT, ReviewFlag.MARKS)}
    assert settings.completion == QuizCompletion(GradedCompletionRule.PASSED)


def test_without_pass_mark_a_quiz_completes_when_it_is_graded() -> None:
    """spec/content-format 9, `completion`."""
    _, quiz = quiz_of(folders.changed(QUIZ_FILE, "limit: 20 min", "limit: 20 min\nat_end: grace\ngrace: 2 min\npass_mark: none"))

    assert quiz.settings.pass_mark is None
    assert quiz.settings.completion.rule is GradedCompletionRule.GRADED
    assert (quiz.settings.at_end, quiz.settings.grace) == (AtEnd.GRACE, 120)


def test_a_review_of_nothing_is_written_as_an_empty_list() -> None:
    """spec/content-format 9, review."""
    _, quiz = quiz_of(folders.changed(QUIZ_FILE, "  closed: [attempt, marks]", "  preset: exam\n  after: []"))

    assert quiz.settings.review.overrides == {ReviewMoment.AFTER: ()}
    assert quiz.settings.review.preset is ReviewPreset.EXAM


def pool(slot: str) -> list[str]:
    """Return what the draw of a slot may take."""
    course, quiz = quiz_of(folders.changed(QUIZ_FILE, "  - draw: 1\n    tags: [sumas]\n", f"  - draw: 1\n{slot}"))
    draw = next(found for found in quiz.slots if isinstance(found, DrawSlot))
    return [question.key for question in candidates(course, "contar", quiz, draw)]


def test_a_draw_takes_ready_questions_that_fit() -> None:
    """spec/content-format 9: bank, tags, kinds, difficulty; no fixed ones, none without a mark."""
    assert pool("    tags: [sumas]\n") == ["usos-que-suman", "la-lluvia-cuenta"]
    assert pool("    kinds: [short, matrix]\n") == ["unidad", "tabla"]
    assert pool("    from: course\n    kinds: [essay]\n") == ["ensayo"]
    assert pool("    from: [contar]\n    kinds: [essay]\n") == ["ensayo"]
    everything = pool("")
    assert not {"aviso", "encuesta", "repaso", "total-del-dia"} & set(everything)
    assert len(everything) == 12


def test_what_a_graded_quiz_may_use_decides_marks() -> None:
    """spec/content-format 8, C410, C411."""
    assert graded_questions(folders.course()) == {"aviso", "total-del-dia", "usos-que-suman", "la-lluvia-cuenta"}
    ungraded = folders.changed("course.yaml", ", grade: 60", "", folders.changed(QUIZ_FILE, "category: cuestionarios", "weight: 0"))
    assert graded_questions(folders.course(ungraded)) == set()


@pytest.mark.parametrize(("typed", "minutes"), [("limit: 20 min", 20), ("limit: 20 min\nminutes: 45", 45), ("minutes: 45", 45)])
def test_the_expected_time_of_a_quiz_is_typed_or_its_limit(typed: str, minutes: int) -> None:
    """spec/content-format 9: `minutes` is shown to learners and counts in the hours of the course."""
    course, _quiz = quiz_of(folders.changed(QUIZ_FILE, "limit: 20 min", typed))

    assert [found.minutes for found in course.activities() if found.kind == "quiz"] == [minutes]


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


OWN = "only: [cuestionario-contar]"
OTHER_QUIZ = "02-cuidar/90-otro.quiz.yaml"
DRAW = "  - draw: 1\n"


def with_other_quiz(slots: str) -> Files:
    """Return the sample course in which question «a» is reserved for the first quiz, with another quiz."""
    files = a_sample({**FOUR, "a": OWN}, DRAW)
    return folders.with_file(OTHER_QUIZ, f"key: otro\ntitle: {{es: Otro, en: Other}}\nslots:\n{slots}attempts: 1\n", files)


def test_the_quizzes_of_a_reserved_question_are_read() -> None:
    """spec/selection 1, spec/content-format 8."""
    course = folders.course(a_sample({**FOUR, "a": OWN}, DRAW))
    selection = {one.key: one.selection for bank in course.parts["banks"] for one in bank.questions}

    assert selection["a"] == QuestionSelection(only=("cuestionario-contar",))
    assert not selection["a"].is_reserved_from("cuestionario-contar")
    assert selection["a"].is_reserved_from("otro")
    assert not selection["b"].is_reserved_from("otro")


def test_its_own_quiz_may_fix_and_draw_a_reserved_question() -> None:
    assert not folders.findings(a_sample({**FOUR, "a": OWN}, "  - draw: 1\n  - question: a\n"), "C511")


@pytest.mark.parametrize("slots", ["  - question: a\n", "  - draw: 1\n    from: [contar]\n"], ids=["fixed", "drawn"])
def test_another_quiz_that_could_give_it_is_refused_with_both_places(slots: str) -> None:
    """spec/selection 1.6, spec/content-format C511."""
    found = folders.findings(with_other_quiz(slots), "C511")

    assert [(one.file, one.line, one.severity) for one in found] == [(OTHER_QUIZ, 4, Severity.ERROR)]
    assert found[0].facts["keys"] == "a"
    assert found[0].facts["reserved"] == "01-contar/banco.yaml:4"


def test_another_quiz_that_draws_from_the_rest_is_fine() -> None:
    assert not folders.findings(with_other_quiz("  - draw: 1\n    from: [contar]\n    objective: sumar\n"), "C511")


def test_a_question_for_two_quizzes_is_given_by_both() -> None:
    files = with_other_quiz("  - question: a\n")
    files[folders.BANK] = files[folders.BANK].replace(b"only: [cuestionario-contar]", b"only: [cuestionario-contar, otro]")

    assert not folders.findings(files, "C511")


def test_a_long_list_of_reserved_questions_is_cut() -> None:
    files = a_sample(dict.fromkeys("abcdefg", OWN), "  - draw: 1\n")
    quiz = "key: otro\ntitle: {es: Otro, en: Other}\nslots:\n  - draw: 1\n    from: [contar]\nattempts: 1\n"

    assert folders.findings(folders.with_file(OTHER_QUIZ, quiz, files), "C511")[0].facts["keys"] == "a, b, c, d, e, …"


def test_a_lesson_that_shows_it_is_refused_with_both_places() -> None:
    """spec/selection 1.6, spec/content-format C511."""
    files = a_sample({**FOUR, "a": OWN}, DRAW)
    files[LESSON] = files[LESSON] + "\n![¿Recuerda?](question:a)\n".encode()
    found = folders.findings(files, "C511")

    assert [(one.file, one.severity) for one in found] == [(LESSON, Severity.ERROR)]
    assert found[0].facts["reserved"] == "01-contar/banco.yaml:4"


def test_a_quiz_that_is_not_there_is_an_error() -> None:
    """spec/content-format C203: also an activity of another kind."""

    assert len(messages(a_sample({**FOUR, "a": "only: [nada]"}, DRAW), "C203")) == 1
    assert messages(a_sample({**FOUR, "a": "only: [litros]"}, DRAW), "C203")


@pytest.mark.parametrize("written", ["only: cuestionario-contar", "only: ['No clave']"])
def test_what_is_no_list_of_keys_is_an_error(written: str) -> None:
    """spec/selection 12."""
    assert folders.codes(a_sample({**FOUR, "a": written}, DRAW)) & {"C111", "C113", "C201"}
