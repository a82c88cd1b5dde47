"""What QTI scores: ranges and tolerances of numbers, mappings, and what gaps weigh."""

from fractions import Fraction

import pytest

from questions.rules.definitions import GapsBody, MultipleChoiceBody, NumericalBody, Tolerance
from standards.qti.read import read
from tests.support.qti import ENTRY, compared, condition, item_1, item_2, response, scores, within


def test_numbers_of_canvas_have_their_tolerance() -> None:
    either = "<or><varequal>10</varequal><and><vargte>9.5</vargte><varlte>10.5</varlte></and></or>"

    body = read(item_1("numerical_question", "", condition(either))).questions[0].body

    assert isinstance(body, NumericalBody)
    assert (body.answers[0].value, body.tolerance.amount) == (10, Fraction(1, 2))


def test_numbers_of_canvas_with_a_precision_have_their_tolerance() -> None:
    either = "<or><varequal>13.4</varequal><and><vargt>13.35</vargt><varlte>13.45</varlte></and></or>"

    body = read(item_1("numerical_question", "", condition(either))).questions[0].body

    assert isinstance(body, NumericalBody)
    assert (body.answers[0].value, body.tolerance.amount) == (Fraction(134, 10), Fraction(1, 20))


def test_a_mapping_says_what_the_choices_cost_that_it_does_not_name() -> None:
    """As the specification's own example of water has it; of three that are right two may be enough."""
    water = mapped("H 1 O 1 Cl -1", 'defaultValue="-2" upperBound="2"')
    two_of_three = mapped("H 1 O 1 Cl 1", 'defaultValue="0" upperBound="2"')

    assert [option.credit for option in water.options] == [Fraction(1, 2), Fraction(1, 2), Fraction(-1, 2), -1]
    assert [option.credit for option in two_of_three.options] == [Fraction(1, 2), Fraction(1, 2), Fraction(1, 2), 0]


def mapped(entries: str, bounds: str) -> MultipleChoiceBody:
    """Read a question of four elements, of which some have an entry."""
    pairs = zip(entries.split()[::2], entries.split()[1::2], strict=True)
    rows = "".join(f'<mapEntry mapKey="{key}" mappedValue="{value}"/>' for key, value in pairs)
    declared = '<responseDeclaration identifier="R" cardinality="multiple" baseType="identifier">'
    shown = "".join(f'<simpleChoice identifier="{key}">{key}</simpleChoice>' for key in ("H", "O", "Cl", "He"))
    item = (
        '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="water" title="Agua">'
        f"{declared}<mapping {bounds}>{rows}</mapping></responseDeclaration>"
        f'<itemBody><choiceInteraction responseIdentifier="R" maxChoices="0"><prompt>¿Qué?</prompt>{shown}</choiceInteraction></itemBody>'
        '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/></assessmentItem>'
    )
    body = read(item.encode()).questions[0].body
    assert isinstance(body, MultipleChoiceBody)
    return body


@pytest.mark.parametrize(
    ("processing", "amount"),
    [
        (scores(compared("10", "equal"), "1") + scores(within("5", "15"), "0.5"), 0),
        (scores(within("10", "20"), "1", "OTHER"), 0),
        (scores(within("20", "30"), "1"), 0),
        (scores(within("9", "15"), "1"), 1),
    ],
    ids=["what gains less", "what scores nothing", "what leaves the right one out", "what is lopsided"],
)
def test_a_range_is_the_tolerance_of_a_number_where_it_scores_as_the_number_does(processing: str, amount: int) -> None:
    """Of two unequal ends the nearer one: nothing is right here that was wrong there."""
    body = item_2(response("float", "10"), ENTRY, processing).questions[0].body

    assert isinstance(body, NumericalBody)
    assert body.tolerance == Tolerance(amount=Fraction(amount))


def test_a_gap_of_an_item_weighs_what_its_best_answer_gains() -> None:
    inside = '<p>Va <textEntryInteraction responseIdentifier="R"/> y <textEntryInteraction responseIdentifier="S"/> fin</p>'
    nearly = scores(compared("dos"), "0.25") + scores(compared("uno"), "1")
    declared = response("string", "uno") + response("string", "tres", "S")

    body = item_2(declared, inside, nearly + scores(compared("tres").replace('"R"', '"S"'), "1")).questions[0].body

    assert isinstance(body, GapsBody)
    assert [gap.weight for gap in body.gaps] == [1, 1]


def test_numbers_of_an_item_that_are_mapped_keep_what_each_is_worth() -> None:
    rows = '<mapping defaultValue="0"><mapEntry mapKey="10" mappedValue="2"/><mapEntry mapKey="9" mappedValue="1"/></mapping>'
    declared = f'<responseDeclaration identifier="R" cardinality="single" baseType="float">{rows}</responseDeclaration>'
    score = '<setOutcomeValue identifier="SCORE"><mapResponse identifier="R"/></setOutcomeValue>'

    body = item_2(declared, ENTRY, score).questions[0].body

    assert isinstance(body, NumericalBody)
    assert [(one.value, one.credit) for one in body.answers] == [(10, 1), (9, Fraction(1, 2))]


def test_gaps_of_an_item_weigh_what_it_gives_for_them() -> None:
    def declared(ident: str, worth: str) -> str:
        rows = f'<mapping defaultValue="0"><mapEntry mapKey="uno" mappedValue="{worth}"/></mapping>'
        return f'<responseDeclaration identifier="{ident}" cardinality="single" baseType="string">{rows}</responseDeclaration>'

    score = '<setOutcomeValue identifier="SCORE"><sum><mapResponse identifier="R"/><mapResponse identifier="S"/></sum></setOutcomeValue>'
    inside = '<p>Va <textEntryInteraction responseIdentifier="R"/> y <textEntryInteraction responseIdentifier="S"/> fin</p>'

    heavy, even = (item_2(declared("R", "1") + declared("S", worth), inside, score).questions[0].body for worth in ("3", "1"))

    assert isinstance(heavy, GapsBody)
    assert isinstance(even, GapsBody)
    assert [gap.weight for gap in heavy.gaps] == [1, 3]
    assert [gap.weight for gap in even.gaps] == [1, 1]
