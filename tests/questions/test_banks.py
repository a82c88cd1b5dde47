"""Banks and the thirteen kinds of question as text (spec/content-format 8, C40x to C414)."""

from fractions import Fraction

import pytest

from courses.content.model import Severity
from questions.content.answers import names_in_text
from questions.content.banks import banks_of, questions_of, reworded
from questions.rules.definitions import (
    CalculatedBody,
    DescriptionBody,
    Difficulty,
    EssayBody,
    FileBody,
    GapsBody,
    MatchingBody,
    MatrixBody,
    MultipleChoiceBody,
    NumericalBody,
    OrderingBody,
    QuestionCitation,
    QuestionDefinition,
    QuestionKind,
    ReviewReference,
    ShortAnswerBody,
    SingleChoiceBody,
    ToleranceKind,
    TrueFalseBody,
    VariableRange,
)
from questions.rules.encoding import from_document, to_document
from tests.support import folders
from tests.support.folders import BANK, LESSON, PARAMETERS, QUIZ_FILE

WRONG = [
    ("C401", "- right: 50 litros", "- wrong: 50 litros", "total-del-dia"),
    ("C401", "- wrong: 38 litros", "- right: 38 litros", "total-del-dia"),
    (
        "C401",
        "- right: La ducha\n        why: Es un uso.\n      - right: La cocina",
        "- wrong: La ducha\n        why: No.\n      - wrong: La cocina",
        "usos-que-suman",
    ),
    ("C401", "- right: litro*", "- wrong: litro*", "unidad"),
    ("C401", "- right: 38\n      - wrong", "- wrong: 38\n      - wrong", "minutos"),
    ("C401", "- right: duchas * litros_ducha", "- wrong: duchas * litros_ducha", "varias-duchas"),
    ("C401", "        answer: si\n", "", "tabla"),
    ("C402", "        why: Es solo la ducha.\n", "", "total-del-dia"),
    ("C402", "    explanation: Solo cuenta lo que pasa por la llave.\n", "", "la-lluvia-cuenta"),
    ("C402", "        why: Es un solo minuto.\n", "", "minutos"),
    ("C402", "        why: Es una sola ducha.\n", "", "varias-duchas"),
    ("C403", "    answer: false\n", "    answer: false\n    shuffle: false\n", "la-lluvia-cuenta"),
    ("C403", "    survey: true", "    survey: true\n    unit: litros", "encuesta"),
    ("C403", "      - anotar\n      - sumar\n", "      - text: anotar\n        answer: nada\n      - sumar\n", "encuesta"),
    ("C403", "    kind: short\n    text: ¿En qué", "    kind: short\n    model: Litro.\n    text: ¿En qué", "unidad"),
    ("C403", "    drag: true\n", "", "arrastrar"),
    ("C404", "        why: Es un uso.\n", "        why: Es un uso.\n        credit: 1/2\n", "usos-que-suman"),
    (
        "C404",
        "    source: [manual]\n\n  - key: la-lluvia-cuenta",
        "    rule: fractions\n    source: [manual]\n\n  - key: la-lluvia-cuenta",
        "usos-que-suman",
    ),
    ("C405", "- wrong: 38 litros", "- wrong: 50  litros", "total-del-dia"),
    ("C405", "- item: Cocina", "- item: Ducha", "pares"),
    ("C405", "      - Sumar\n", "      - Anotar\n", "pasos"),
    ("C405", "- wrong: 9.50", "- wrong: 38.0", "minutos"),
    ("C405", "- wrong: 9.50", "- wrong: 38.0\n        tolerance: 0.5", "minutos"),
    ("C405", "- right: 38\n      - wrong: 9.50", "- right: 38\n      - wrong: '*'\n        why: No.\n      - wrong: '*'", "minutos"),
    ("C413", "- wrong: 9.50", "- wrong: 38.0\n        tolerance: 0.2", "minutos"),
    ("C406", "y la cocina {menos}; la", "y la cocina; la", "completar"),
    ("C406", "y la cocina {menos};", "y la cocina {menos} {menos};", "completar"),
    ("C406", "y la cocina {menos};", "y la {otra} {menos};", "completar"),
    ("C406", "toma {duchas} duchas", "toma {banos} duchas", "varias-duchas"),
    ("C406", "- right: duchas * litros_ducha", "- right: duchas * litros_bano", "varias-duchas"),
    ("C407", "    tolerance: 0.5\n", "    tolerance: 15\n", "minutos"),
    ("C408", "- right: duchas * litros_ducha", "- right: duchas */ litros_ducha", "varias-duchas"),
    ("C408", "- right: duchas * litros_ducha", "- right: litros_ducha / (duchas - 5)", "varias-duchas"),
    ("C408", "- duchas > 2", "- duchas > 8", "varias-duchas"),
    ("C401", "          - right: 38\n", "          - wrong: 38\n", "completar"),
    ("C403", "          - right: anota\n", "          - right: anota\n        kind: single\n", "arrastrar"),
    ("C403", "        weight: 2\n", "        weight: 2\n        mark: 2\n", "completar"),
    ("C407", "    tolerance: 0.5\n", "    tolerance: {relative: 0.9}\n", "minutos"),
    ("C407", "    tolerance: 0.5\n", "    tolerance: {geometric: 2}\n", "minutos"),
    ("C408", "- duchas > 2", "- duchas", "varias-duchas"),
    ("C413", "- right: 38\n      - wrong: 9.50", "- right: 38\n      - wrong: '*'\n        why: No.\n      - wrong: 9.50", "minutos"),
    ("C409", "- points: 4", "- points: 3", "ensayo"),
    ("C412", "          - wrong: más\n            why: Usa 12, no más de 38.\n", "", "completar"),
    ("C412", "      - Sumar\n", "", "pasos"),
    ("C412", "      - item: Cocina\n        match: 12 litros\n        why: Es el uso menor.\n", "", "pares"),
    ("C412", "      - wrong: La lluvia\n        why: No pasa por la llave.\n", "    rule: halves\n", "usos-que-suman"),
    ("C413", "- right: litro*", "- wrong: '*'\n        why: Mire.\n      - right: litro*", "unidad"),
    ("C413", "- right: 38\n", "- wrong: '*'\n        why: Mire.\n      - right: 38\n", "minutos"),
]


@pytest.mark.parametrize(("code", "old", "new", "key"), WRONG)
def test_a_wrong_question_is_told_by_its_key(code: str, old: str, new: str, key: str) -> None:
    """spec/content-format 8: rules and errors of each kind."""
    found = folders.findings(folders.changed(BANK, old, new), code)

    assert {(finding.file, finding.facts["subject"]) for finding in found} == {(BANK, key)}
    assert all(finding.line for finding in found)


def test_a_rubric_adds_up_to_its_mark_unless_nobody_marks_the_text() -> None:
    """spec/content-format 8, C409: with a mark of 0 the points are for the writer's own comparison."""
    unmarked = folders.changed(BANK, "kind: essay\n    mark: 4\n", "kind: essay\n    mark: 0\n")

    assert "C409" not in folders.codes(unmarked)


def test_one_number_with_two_tolerances_is_full_credit_near_it_and_less_further_away() -> None:
    """spec/content-format 8, C405, C413: the first that matches counts, so the narrower stands first."""
    wide = "- right: 38\n      - right: 38\n        why: Casi.\n        credit: 1/2\n        tolerance: 2\n      - wrong: 9.50"
    read = folders.reading(folders.changed(BANK, "- right: 38\n      - wrong: 9.50", wide))

    assert not {finding.code for finding in read.findings} & {"C405", "C413"}


MISSING = ["options", "answers", "pairs", "items", "gaps", "variables", "accept", "columns", "rows", "answer", "kind", "text"]


@pytest.mark.parametrize("name", MISSING)
def test_required_fields_of_the_kinds_are_asked_for(name: str) -> None:
    """spec/content-format 8, C110."""
    assert "C110" in folders.codes(folders.changed(BANK, f"    {name}:", f"    x-{name}:"))


def test_the_right_answer_or_wrong_is_a_word() -> None:
    """spec/content-format 8: an entry says right or wrong, and not both."""
    assert "C110" in folders.codes(folders.changed(BANK, "- right: 50 litros", "- text: 50 litros"))
    assert "C111" in folders.codes(folders.changed(BANK, "- right: 50 litros", "- right: 50 litros\n        wrong: no"))
    assert "C111" in folders.codes(folders.changed(BANK, "answer: false", "answer: no"))


def test_a_question_that_decides_a_mark_names_its_source() -> None:
    """spec/content-format 8, C411: only where a quiz that counts may use it."""
    fixed = folders.changed(BANK, "    source: ['manual, p. 3']\n    see", "    see")
    assert [(finding.code, finding.severity) for finding in folders.findings(fixed)] == [("C411", Severity.WARNING)]
    unused = folders.changed(BANK, "    accept: [pdf, odt]\n    source: [manual]\n", "    accept: [pdf, odt]\n")
    assert folders.findings(unused) == []


def question(key: str) -> QuestionDefinition:
    """Return a question of the sample."""
    return questions_of(folders.course())[key]


def test_all_thirteen_kinds_are_read() -> None:
    """spec/content-format 8: the bank of the sample has every kind."""
    kinds = {found.kind for found in questions_of(folders.course()).values()}
    assert kinds == set(QuestionKind)


def test_the_common_fields() -> None:
    """spec/content-format 8, fields of every question."""
    found = question("total-del-dia")

    assert (found.tags, found.difficulty, found.mark, found.penalty) == (("sumas",), Difficulty.EASY, Fraction(1), Fraction(1, 3))
    assert found.source == (QuestionCitation("manual", "p. 3"),)
    assert found.see == (ReviewReference("litros", "sumar"), ReviewReference("charla", second=5))
    assert (found.note, found.hints) == ("Para colegas.", ({"es": "Sume dos números."},))


def test_options_carry_keys_credits_and_feedback() -> None:
    """spec/content-format 3.3 and spec/content-format 8."""
    body = question("total-del-dia").body

    assert isinstance(body, SingleChoiceBody)
    assert [(option.key, option.right, option.credit) for option in body.options] == [
        ("50-litros", True, Fraction(1)),
        ("38-litros", False, Fraction(0)),
        ("12-litros", False, Fraction(0)),
    ]
    assert body.options[0].why == {"es": "Es la suma de los dos usos."}


def test_fractions_are_credits_that_sum_to_one() -> None:
    """spec/content-format 8, C404."""
    files = folders.changed(BANK, "        why: Es un uso.\n      - right: La cocina\n        why: Es un uso.\n", CREDITS)
    body = questions_of(folders.course(files))["usos-que-suman"].body
    assert isinstance(body, MultipleChoiceBody)
    assert [option.credit for option in body.options] == [Fraction(1, 3), Fraction(2, 3), Fraction(-1, 2)]


CREDITS = "        why: Es un uso.\n        credit: 1/3\n      - right: La cocina\n        why: Es un uso.\n        credit: 2/3\n"
CREDITS += "      - wrong: El río\n        why: No.\n        credit: -0.5\n    rule: fractions\n    x-rest:\n"


def test_the_other_kinds() -> None:
    """spec/content-format 8, second table: what each kind's fields become."""
    bodies = {key: found.body for key, found in questions_of(folders.course()).items()}
    assert isinstance(bodies["aviso"], DescriptionBody)
    assert bodies["la-lluvia-cuenta"] == TrueFalseBody(False)
    assert isinstance(bodies["unidad"], ShortAnswerBody)
    assert bodies["unidad"].ignore_accents
    assert isinstance(bodies["repaso"], ShortAnswerBody)
    assert bodies["repaso"].model == {"es": "Porque lo que se cuenta se cuida."}
    assert isinstance(bodies["minutos"], NumericalBody)
    assert [answer.value for answer in bodies["minutos"].answers] == [38, Fraction("9.5")]
    assert isinstance(bodies["pares"], MatchingBody)
    assert [label.key for label in bodies["pares"].extra] == ["50-litros"]
    assert isinstance(bodies["pasos"], OrderingBody)
    assert [item.key for item in bodies["pasos"].items] == ["anotar", "sumar", "comparar-al-final"]
    assert isinstance(bodies["ensayo"], EssayBody)
    assert bodies["ensayo"].words.maximum == 150
    assert isinstance(bodies["hoja"], FileBody)
    assert bodies["hoja"].accept == ("pdf", "odt")
    assert isinstance(bodies["tabla"], MatrixBody)
    assert [row.answer for row in bodies["tabla"].rows] == ["si", "no"]


def test_gaps_are_questions_without_text() -> None:
    """spec/content-format 8, `gaps`."""
    body = question("completar").body
    assert isinstance(body, GapsBody)
    assert [(gap.name, type(gap.body), gap.weight) for gap in body.gaps] == [
        ("litros", NumericalBody, Fraction(1)),
        ("menos", SingleChoiceBody, Fraction(1)),
        ("unidad", ShortAnswerBody, Fraction(2)),
    ]
    dragged = question("arrastrar").body
    assert isinstance(dragged, GapsBody)
    assert [label.key for label in dragged.choices] == ["anota", "suma", "borra"]
    assert [gap.body.answers[0].key for gap in dragged.gaps if isinstance(gap.body, ShortAnswerBody)] == ["anota", "suma"]


def test_a_text_that_is_dragged_may_have_a_key_of_its_own() -> None:
    """3.3 and spec/content-format 8: signs give no key by themselves; where nothing is dragged, an answer has none."""
    signs = folders.changed(BANK, "          - right: anota\n", "          - right: ≤\n")
    keyed = folders.changed(BANK, "          - right: anota\n", "          - right: ≤\n            key: a-lo-sumo\n")
    elsewhere = folders.changed(BANK, "    drag: true\n    extra:\n      - borra\n", "", keyed)

    assert folders.codes(signs) == {"C214"}
    assert not folders.findings(keyed)
    body = questions_of(folders.course(keyed))["arrastrar"].body
    assert isinstance(body, GapsBody)
    assert [label.key for label in body.choices] == ["a-lo-sumo", "suma", "borra"]
    assert [gap.body.answers[0].key for gap in body.gaps if isinstance(gap.body, ShortAnswerBody)] == ["a-lo-sumo", "suma"]
    assert folders.codes(elsewhere) == {"C107"}


def test_calculated_questions_bring_the_parameters_that_they_name() -> None:
    """spec/content-format 8, `calculated`."""
    body = question("varias-duchas").body
    assert isinstance(body, CalculatedBody)
    assert body.variables[0].values == VariableRange(Fraction(2), Fraction(8), Fraction(1))
    assert body.parameters == {"litros_ducha": Fraction("9.5")}
    assert (body.tolerance.kind, body.tolerance.amount) == (ToleranceKind.RELATIVE, Fraction(1, 100))
    assert "C406" in folders.codes(folders.changed(PARAMETERS, "litros_ducha:", "litros_bano:"))


def test_questions_go_through_json_unchanged() -> None:
    """What is read can be stored."""
    for found in questions_of(folders.course()).values():
        assert from_document(to_document(found)) == found


def test_names_in_braces_leave_formulas_code_and_parameters_alone() -> None:
    """spec/content-format 8: `{name}` of gaps and variables."""
    assert names_in_text(r"{a} $\frac{b}{c}$ `{d}` {{ e }} \{f} {g}") == ["a", "g"]


def test_equal_matches_are_one_choice() -> None:
    """spec/content-format 8, `matching`."""
    body = questions_of(folders.course(folders.changed(BANK, "match: 12 litros", "match: 38 litros")))["pares"].body
    assert isinstance(body, MatchingBody)
    assert len({pair.match_key for pair in body.pairs}) == 1


def test_banks_take_the_key_of_their_module() -> None:
    """spec/content-format 8: default keys of banks."""
    files = folders.a_folder()
    bank = files.pop(BANK)
    files["01-contar/banco/uno.yaml"] = bank
    files["banco/comun.yaml"] = b"questions:\n  - key: comun\n    kind: description\n    text: Hola.\n"

    assert [(bank.key, bank.module) for bank in banks_of(folders.course())] == [("contar", "contar")]
    assert [(bank.key, bank.module) for bank in banks_of(folders.course(files))] == [("contar-uno", "contar"), ("comun", "")]


def test_a_module_has_a_bank_or_a_folder_of_banks() -> None:
    """spec/content-format 2: not both."""
    files = folders.with_file("01-contar/banco/uno.yaml", "questions:\n  - key: comun\n    kind: description\n    text: Hola.\n")

    assert [(finding.file, finding.severity) for finding in folders.findings(files, "C109")] == [(BANK, Severity.ERROR)]


def test_a_reworded_option_gets_its_old_key_proposed() -> None:
    """spec/content-format 3.3, C414."""
    before = questions_of(folders.course())
    after = folders.course(folders.changed(BANK, "- wrong: 38 litros", "- wrong: 38 litros exactos"))

    assert [finding.facts["old"] for finding in reworded(before, after)] == ["38-litros"]
    assert reworded(before, folders.course()) == ()


def test_fields_of_a_question_of_an_unknown_kind_are_not_told_besides() -> None:
    """One mistake, one finding (spec/content-format C112)."""
    assert folders.codes(folders.changed(BANK, "kind: ordering", "kind: sorting")) == {"C112"}


def test_texts_of_self_checks_may_stand_in_lessons() -> None:
    """spec/content-format 7, Embed."""
    assert b"question:repaso" in folders.a_folder()[LESSON]
    assert folders.findings(folders.changed(QUIZ_FILE, "question: total-del-dia", "question: repaso"), "C507")
