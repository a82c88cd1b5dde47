"""Moodle's calculated questions: wild cards become variables, formulas become expressions."""

from fractions import Fraction

import pytest

from kernel.expressions import evaluate
from questions.rules.definitions import CalculatedBody, ToleranceKind, VariableRange
from standards.importing import import_file
from standards.model import NotTranslatable, RemarkSeverity
from standards.moodle_xml.texts import expression

NAMES = {"a": "a", "B 1": "b_1"}


def document(text: str = "¿Cuánto es {a} por {B 1}?", formula: str = "{a} * {B 1}", kind: str = "calculated", values: str = "") -> bytes:
    """Write a question as Moodle does."""

    def wild(name: str, low: str, high: str, decimals: str) -> str:
        return (
            f"<dataset_definition><status><text>private</text></status><name><text>{name}</text></name><type>calculated</type>"
            f"<minimum><text>{low}</text></minimum><maximum><text>{high}</text></maximum><decimals><text>{decimals}</text></decimals>"
            f"<dataset_items>{values}</dataset_items></dataset_definition>"
        )

    return (
        f'<?xml version="1.0"?><quiz><question type="{kind}"><name><text>producto</text></name>'
        f'<questiontext format="html"><text><![CDATA[<p>{text}</p>]]></text></questiontext><defaultgrade>2</defaultgrade>'
        f'<synchronize>0</synchronize><answer fraction="100"><text>{formula}</text><tolerance>0.01</tolerance>'
        "<tolerancetype>2</tolerancetype><correctanswerformat>1</correctanswerformat><correctanswerlength>2</correctanswerlength>"
        '<feedback format="html"><text>Bien.</text></feedback></answer>'
        f"<dataset_definitions>{wild('a', '1', '10', '1')}{wild('B 1', '2', '5', '0')}</dataset_definitions></question></quiz>"
    ).encode()


def test_a_calculated_question_comes_in_with_its_variables_tolerance_and_feedback() -> None:
    found = import_file("x.xml", document())
    question = found.imported.questions[0]

    assert isinstance(question.body, CalculatedBody)
    assert question.text["es"] == "¿Cuánto es {a} por {b_1}?"
    assert [(variable.name, variable.values, variable.decimals) for variable in question.body.variables] == [
        ("a", VariableRange(Fraction(1), Fraction(10), Fraction(1, 10)), 1),
        ("b_1", VariableRange(Fraction(2), Fraction(5), Fraction(1)), 0),
    ]
    assert question.body.answers[0].expression == "a * b_1"
    assert (question.body.tolerance.kind, question.body.tolerance.amount) == (ToleranceKind.NOMINAL, Fraction(1, 100))
    assert question.mark == 2
    assert not found.imported.of_severity(RemarkSeverity.PROBLEM, RemarkSeverity.TO_CORRECT)


def test_what_becomes_of_the_prepared_values_is_told() -> None:
    assert "drawn again" in " ".join(remark.what for remark in import_file("x.xml", document()).imported.of_severity(RemarkSeverity.NOTE))


def test_values_stand_in_for_a_range_that_says_nothing() -> None:
    items = [f"<dataset_item><number>{at}</number><value>{value}</value></dataset_item>" for at, value in enumerate(("3", "7.5"), 1)]
    content = document(values="".join(items)).replace(b"<text>1</text></minimum>", b"<text>99</text></minimum>")

    body = import_file("x.xml", content).imported.questions[0].body

    assert isinstance(body, CalculatedBody)
    assert body.variables[0].values == (Fraction(3), Fraction(15, 2))


@pytest.mark.parametrize(
    ("formula", "written", "value"),
    [
        ("{a} + 2*{B 1}", "a + 2 * b_1", 14),
        ("pow({a}, 2)", "a ** 2", 16),
        ("-{a}/{B 1}", "-a / b_1", Fraction(-4, 5)),
        ("sqrt({a})*max({a},{B 1})", "sqrt(a) * max(a, b_1)", 10),
        ("pow({a}+1, 2)", "(a + 1) ** 2", 25),
        ("round({a}*1.25, 1)", "round(a * 1.25, 1)", 5),
        ("log(exp({a}))", "ln(exp(a))", 4),
    ],
)
def test_formulas_become_expressions_of_the_same_value(formula: str, written: str, value: Fraction) -> None:
    assert expression(formula, NAMES) == written
    assert abs(evaluate(written, {"a": Fraction(4), "b_1": Fraction(5)}) - value) < Fraction(1, 10**20)


@pytest.mark.parametrize(
    "formula",
    ["sin({a})", "{a} +", "{c}", "__import__('os')", "a.b()", "{a}" * 300, "(" * 400 + ")" * 400, "{a} if {a} else 1", "lambda: 1", "'x'"],
)
def test_what_cannot_be_said_here_stays_out_with_its_reason(formula: str) -> None:
    """spec/security 4.7: nothing is evaluated while it is read; what expressions do not have never comes in whole."""
    found = import_file("x.xml", document(formula=formula.replace("<", "&lt;")))

    told = found.imported.of_severity(RemarkSeverity.PROBLEM, RemarkSeverity.TO_CORRECT)
    assert told
    assert all(remark.message for remark in told)


def test_a_text_that_computes_stays_out() -> None:
    problems = import_file("x.xml", document(text="Es {={a}*2}")).imported.of_severity(RemarkSeverity.PROBLEM)

    assert [problem.question for problem in problems] == ["producto"]


def test_choices_that_are_computed_are_not_read() -> None:
    problems = import_file("x.xml", document(kind="calculatedmulti")).imported.of_severity(RemarkSeverity.PROBLEM)

    assert "calculatedmulti" in problems[0].message


def test_a_function_that_is_not_known_is_named() -> None:
    with pytest.raises(NotTranslatable) as refused:
        expression("tan({a})", NAMES)

    assert refused.value.facts == {"name": "tan"}
