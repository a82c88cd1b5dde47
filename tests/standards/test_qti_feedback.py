"""Feedback of QTI: each stands beside the answer it is said of, joins the explanation, or is told as lost."""

from fractions import Fraction

import pytest

from questions.rules.definitions import GapsBody, NumericalBody, ShortAnswerBody, SingleChoiceBody, Tolerance, TrueFalseBody
from standards.model import ImportedQuestions, RemarkSeverity
from standards.qti.read import read
from tests.support.qti import ENTRY, choices, compared, condition, item_1, item_2, label, response, scores, within


def told(ident: str, words: str) -> str:
    material = f'<material><mattext texttype="text/html">&lt;p&gt;{words}&lt;/p&gt;</mattext></material>'
    return f'<itemfeedback ident="{ident}"><flow_mat>{material}</flow_mat></itemfeedback>'


def shows(inner: str, name: str) -> str:
    return f"<respcondition><conditionvar>{inner}</conditionvar><displayfeedback linkrefid='{name}'/></respcondition>"


def with_feedback(item: bytes, **feedback: str) -> ImportedQuestions:
    return read(item.replace(b"</item>", "".join(told(ident, words) for ident, words in feedback.items()).encode() + b"</item>"))


def test_feedback_to_true_and_false_of_canvas_joins_the_explanation_and_what_has_no_place_is_told() -> None:
    response = choices("1", "", label("1", "Cierto") + label("2", "Falso"))
    item = item_1("true_false_question", response, condition('<varequal respident="response_1">1</varequal>'))

    found = with_feedback(item, a1_fb="nadie", general_fb="Ley 1", **{"1_fb": "Así es", "2_fb": "Léala"})

    assert found.questions[0].explanation == {"es": "Ley 1\n\nAsí es\n\nLéala"}
    assert [remark.what for remark in found.of_severity(RemarkSeverity.NOTE)] == [
        "The feedback for true and false became part of the explanation."
    ]
    assert [loss.message for loss in found.of_severity(RemarkSeverity.LOSS)] == [
        "La retroalimentación «nadie» queda fuera. Ninguna respuesta tiene lugar para ella."
    ]


WORD = '<response_str ident="response1"><render_fib><response_label ident="a"/></render_fib></response_str>'


def test_feedback_to_words_of_canvas_stands_beside_them() -> None:
    rights = condition('<varequal respident="response1">Quito</varequal><varequal respident="response1">UIO</varequal>')
    said = shows('<varequal respident="response1">Quito</varequal>', "9_fb") + shows(
        '<varequal respident="response1">Lima</varequal>', "8_fb"
    )

    found = with_feedback(item_1("short_answer_question", WORD, rights + said), **{"9_fb": "Sí", "8_fb": "Es del Perú"})

    body = found.questions[0].body
    assert isinstance(body, ShortAnswerBody)
    assert [(one.patterns["es"], one.right, one.credit, one.why) for one in body.answers] == [
        ("Quito", True, 1, {"es": "Sí"}),
        ("UIO", True, 1, None),
        ("Lima", False, 0, {"es": "Es del Perú"}),
    ]
    assert not found.remarks


def test_feedback_to_numbers_of_canvas_stands_beside_them() -> None:
    ten, twenty = (f"<or><varequal>{at}</varequal><and><vargte>{at - 1}</vargte><varlte>{at + 1}</varlte></and></or>" for at in (10, 20))
    right = condition(ten).replace("</respcondition>", "<displayfeedback linkrefid='9_fb'/></respcondition>")

    item = item_1("numerical_question", WORD, shows(twenty, "8_fb") + right + shows("<other/>", "7_fb"))
    found = with_feedback(item, **{"9_fb": "Sí", "8_fb": "El doble", "7_fb": "Otra"})

    body = found.questions[0].body
    assert isinstance(body, NumericalBody)
    assert [(one.value, one.right, one.credit, one.why) for one in body.answers] == [
        (10, True, 1, {"es": "Sí"}),
        (20, False, 0, {"es": "El doble"}),
    ]
    assert body.tolerance == Tolerance(amount=Fraction(1))
    assert [loss.facts["text"] for loss in found.of_severity(RemarkSeverity.LOSS)] == ["Otra"]


@pytest.mark.parametrize("kind", ["multiple_dropdowns_question", "fill_in_multiple_blanks_question"])
def test_feedback_to_gaps_of_canvas_stands_beside_their_answers(kind: str) -> None:
    response = choices("a", "a", label("1", "uno") + label("2", "dos"))
    right = condition('<varequal respident="response_a">2</varequal>')

    found = with_feedback(item_1(kind, response, right, "Va [a] aquí"), **{"1_fb": "Falta uno", "2_fb": "Sí"})

    body = found.questions[0].body
    assert isinstance(body, GapsBody)
    gap = body.gaps[0].body
    assert [one.why for one in (gap.options if isinstance(gap, SingleChoiceBody) else gap.answers)] == [{"es": "Falta uno"}, {"es": "Sí"}]
    assert not found.remarks


def branch(compared: str, name: str) -> str:
    setting = f'<setOutcomeValue identifier="F"><baseValue baseType="identifier">{name}</baseValue></setOutcomeValue>'
    return f"<responseCondition><responseIf>{compared}{setting}</responseIf></responseCondition>"


def modal(name: str, words: str) -> str:
    return f'<modalFeedback outcomeIdentifier="F" identifier="{name}" showHide="show">{words}</modalFeedback>'


COPIED = '<setOutcomeValue identifier="F"><variable identifier="R"/></setOutcomeValue>'


def test_feedback_to_true_and_false_of_an_item_joins_the_explanation() -> None:
    shown = '<simpleChoice identifier="true">Sí</simpleChoice><simpleChoice identifier="false">No</simpleChoice>'
    inside = f'<p>¿Es?</p><choiceInteraction responseIdentifier="R">{shown}</choiceInteraction>'

    found = item_2(response("identifier", "true"), inside, COPIED, modal("true", "Así es.") + modal("false", "Lea la ley."))

    assert found.questions[0].body == TrueFalseBody(True)
    assert found.questions[0].explanation == {"es": "Así es.\n\nLea la ley."}
    assert [remark.severity for remark in found.remarks] == [RemarkSeverity.NOTE]


def test_feedback_inside_the_body_of_an_item_is_read_by_nobody_before_answering() -> None:
    """It stands inside options and below the question, and would tell the key."""
    inner = '<feedbackInline outcomeIdentifier="F" identifier="A" showHide="show">¡Eso!</feedbackInline>'
    shown = f'<simpleChoice identifier="A">Uno {inner}</simpleChoice><simpleChoice identifier="B">Dos</simpleChoice>'
    below = '<feedbackBlock outcomeIdentifier="F" identifier="B" showHide="show"><p>No.</p></feedbackBlock>'
    inside = f'<p>¿Es?</p><choiceInteraction responseIdentifier="R">{shown}</choiceInteraction>{below}'

    question = item_2(response("identifier", "A"), inside, COPIED).questions[0]

    assert question.text == {"es": "¿Es?"}
    assert isinstance(question.body, SingleChoiceBody)
    assert [(option.text["es"], option.why) for option in question.body.options] == [("Uno", {"es": "¡Eso!"}), ("Dos", {"es": "No."})]


def test_feedback_to_words_of_an_item_stands_beside_them() -> None:
    """That to anything but one value has no answer: it joins the explanation."""
    said = branch(compared("Quito"), "a") + branch(compared("Lima"), "b") + branch(f"<not>{compared('Quito')}</not>", "c")

    found = item_2(response("string", "Quito"), ENTRY, said, modal("a", "Sí") + modal("b", "Es del Perú") + modal("c", "Lea"))

    body = found.questions[0].body
    assert isinstance(body, ShortAnswerBody)
    assert [(one.patterns["es"], one.right, one.why) for one in body.answers] == [
        ("Quito", True, {"es": "Sí"}),
        ("Lima", False, {"es": "Es del Perú"}),
    ]
    assert found.questions[0].explanation == {"es": "Lea"}
    assert [remark.severity for remark in found.remarks] == [RemarkSeverity.NOTE]


def test_feedback_to_numbers_of_an_item_stands_beside_them_and_a_range_is_their_tolerance() -> None:
    said = scores(within("9.5", "10.5"), "1") + branch(compared("10", "equal"), "a") + branch(compared("20", "equal"), "b")

    found = item_2(response("float", "10"), ENTRY, said, modal("a", "Sí") + modal("b", "El doble"))

    body = found.questions[0].body
    assert isinstance(body, NumericalBody)
    assert [(one.value, one.right, one.why, one.tolerance) for one in body.answers] == [
        (10, True, {"es": "Sí"}, None),
        (20, False, {"es": "El doble"}, Tolerance()),
    ]
    assert body.tolerance == Tolerance(amount=Fraction(1, 2))


def test_feedback_that_an_item_hides_for_an_answer_is_not_said_of_it() -> None:
    hidden = modal("a", "Lea otra vez").replace('"show"', '"hide"')

    found = item_2(response("string", "Quito"), ENTRY, branch(compared("Quito"), "a"), hidden).questions[0]

    assert isinstance(found.body, ShortAnswerBody)
    assert [one.why for one in found.body.answers] == [None]
    assert found.explanation == {"es": "Lea otra vez"}


@pytest.mark.parametrize(
    "others",
    [
        "<not><varequal>10</varequal></not>",
        "<not><or><varequal>10</varequal><and><vargte>9</vargte><varlte>11</varlte></and></or></not>",
        "<vargt>10</vargt>",
        "<or><vargt>11</vargt><varlt>9</varlt></or>",
    ],
)
def test_feedback_of_canvas_to_all_other_numbers_is_said_of_none(others: str) -> None:
    """What has no place is told, and the question comes in."""
    right = condition("<varequal>10</varequal>")

    found = with_feedback(item_1("numerical_question", WORD, right + shows(others, "8_fb")), **{"8_fb": "Otra vez"})

    body = found.questions[0].body
    assert isinstance(body, NumericalBody)
    assert [(one.value, one.right, one.why) for one in body.answers] == [(10, True, None)]
    assert [loss.facts["text"] for loss in found.of_severity(RemarkSeverity.LOSS)] == ["Otra vez"]
