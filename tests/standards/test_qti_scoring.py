"""Response processing of QTI 2 read into credits, and what QTI scores: ranges, tolerances, mappings, and what gaps weigh."""

from fractions import Fraction
from itertools import permutations, product

import pytest

from questions.rules.answers import Answer, GapsAnswer, MultipleChoiceAnswer, OrderingAnswer, TextAnswer
from questions.rules.definitions import (
    GapsBody,
    MatchingBody,
    MultipleChoiceBody,
    MultipleRule,
    NumericalBody,
    OrderingBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    Tolerance,
    TrueFalseBody,
)
from questions.rules.item_layout import ItemLayout
from questions.rules.marking import mark_answer
from questions.rules.numbers import SPANISH
from standards.bank.read import read as read_bank
from standards.importing import import_file
from standards.model import ImportedQuestions, RemarkSeverity
from standards.qti.read import read
from tests.support.qti import ENTRY, compared, condition, item_1, item_2, response, scores, within

HALF = Fraction(1, 2)
BY_MAPPING = '<setOutcomeValue identifier="SCORE"><mapResponse identifier="R"/></setOutcomeValue>'
RIGHT = '<match><variable identifier="R"/><correct identifier="R"/></match>'


def declared(kind: str, cardinality: str, right: str, entries: str = "", bounds: str = 'defaultValue="0"') -> str:
    """Declare a response: right values by semicolons, entries of its mapping as `value=points;…`."""
    values = "".join(f"<value>{value}</value>" for value in right.split(";") if value)
    rows = "".join('<mapEntry mapKey="{}" mappedValue="{}"/>'.format(*entry.split("=")) for entry in entries.split(";") if entry)
    mapping = f"<mapping {bounds}>{rows}</mapping>" if rows else ""
    correct = f"<correctResponse>{values}</correctResponse>" if values else ""
    return f'<responseDeclaration identifier="R" cardinality="{cardinality}" baseType="{kind}">{correct}{mapping}</responseDeclaration>'


def points(question: QuestionDefinition, answer: Answer) -> Fraction:
    """Return what an answer scores, in the item's points."""
    share = mark_answer(question, answer, ItemLayout(), SPANISH).fraction
    assert share is not None
    return share * question.mark


def losses(found: ImportedQuestions) -> list[str]:
    return [str(remark.facts.get("name", remark.what)) for remark in found.of_severity(RemarkSeverity.LOSS)]


def choices(name: str, *idents: str, maximum: str = "1") -> str:
    shown = "".join(f'<simpleChoice identifier="{ident}">texto {ident}</simpleChoice>' for ident in idents)
    return f'<p>¿Qué?</p><{name} responseIdentifier="R" maxChoices="{maximum}">{shown}</{name}>'


def rule(condition: str, worth: str, name: str = "responseIf") -> str:
    """Return a branch that sets the score."""
    setting = f'<setOutcomeValue identifier="SCORE"><baseValue baseType="float">{worth}</baseValue></setOutcomeValue>'
    return f"<{name}>{condition}{setting}</{name}>"


def added(condition: str, worth: str) -> str:
    """Return a condition that adds to the score."""
    total = f'<sum><variable identifier="SCORE"/><baseValue baseType="float">{worth}</baseValue></sum>'
    setting = f'<setOutcomeValue identifier="SCORE">{total}</setOutcomeValue>'
    return f"<responseCondition><responseIf>{condition}{setting}</responseIf></responseCondition>"


def member(value: str) -> str:
    return f'<member><baseValue baseType="identifier">{value}</baseValue><variable identifier="R"/></member>'


SECOND = '<match><variable identifier="R"/><ordered>' + "".join(f'<baseValue baseType="identifier">{one}</baseValue>' for one in "BAC")
SECOND += "</ordered></match>"


def test_an_order_is_worth_its_points_and_a_second_one_is_told() -> None:
    """2 points for the right order, 1 for another: an ordering here has no credit for one more order."""
    processing = f"<responseCondition>{rule(RIGHT, '2')}{rule(SECOND, '1', 'responseElseIf')}<responseElse>"
    processing += '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue></setOutcomeValue></responseElse>'

    found = item_2(
        declared("identifier", "ordered", "A;B;C"), choices("orderInteraction", "A", "B", "C"), f"{processing}</responseCondition>"
    )

    question = found.questions[0]
    assert isinstance(question.body, OrderingBody)
    assert question.mark == 2
    keys = [item.key for item in question.body.items]
    assert [points(question, OrderingAnswer(tuple(order), True)) for order in permutations(keys)] == [2, 0, 0, 0, 0, 0]
    assert losses(found) == ["ordered"]


def match_set(idents: str, most: int) -> str:
    shown = "".join(f'<simpleAssociableChoice identifier="{one}" matchMax="{most}">{one}</simpleAssociableChoice>' for one in idents)
    return f"<simpleMatchSet>{shown}</simpleMatchSet>"


MATCH = match_set("CDLP", 1) + match_set("MRT", 4)
MATCHED = f'<matchInteraction responseIdentifier="R" maxAssociations="4"><prompt>Una cada frase.</prompt>{MATCH}</matchInteraction>'


def test_a_matching_whose_pairs_weigh_differently_gives_the_same_marks() -> None:
    """1, ½, ½ and 1 of 3 points: every answer that can be given scores as the mapping says."""
    worth = {("C", "R"): Fraction(1), ("D", "M"): HALF, ("L", "M"): HALF, ("P", "T"): Fraction(1)}
    found = item_2(declared("directedPair", "multiple", "C R;D M;L M;P T", "C R=1;D M=0.5;L M=0.5;P T=1"), MATCHED, BY_MAPPING)

    question = found.questions[0]
    assert isinstance(question.body, GapsBody)
    assert question.mark == 3
    assert question.text["es"] == "Una cada frase.\n\n- C: {gap1}\n- D: {gap2}\n- L: {gap3}\n- P: {gap4}"
    for chosen in product("MRT", repeat=4):
        given = GapsAnswer({f"gap{at}": one.lower() for at, one in enumerate(chosen, start=1)})
        assert points(question, given) == sum((worth.get(pair, Fraction(0)) for pair in zip("CDLP", chosen, strict=True)), Fraction(0))
    assert losses(found) == []


def test_an_even_matching_stays_one_and_all_or_nothing_is_told() -> None:
    even = item_2(declared("directedPair", "multiple", "C R;D M;L M;P T", "C R=1;D M=1;L M=1;P T=1"), MATCHED, BY_MAPPING)
    whole = item_2(
        declared("directedPair", "multiple", "C R;D M;L M;P T"), MATCHED, f"<responseCondition>{rule(RIGHT, '1')}</responseCondition>"
    )
    summed = item_2(
        declared("directedPair", "multiple", "C R;D M;L M;P T"),
        MATCHED,
        "".join(added(member(pair), "2") for pair in ("C R", "D M", "L M", "P T")),
    )

    for found, mark, told in ((even, 4, []), (whole, 1, ["match"]), (summed, 8, [])):
        assert isinstance(found.questions[0].body, MatchingBody)
        assert found.questions[0].mark == mark
        assert losses(found) == told


TEXTS = "".join(f'<gapText identifier="{one}" matchMax="1">texto {one}</gapText>' for one in ("W", "Sp", "Su"))
GAPS = f'<gapMatchInteraction responseIdentifier="R">{TEXTS}<p>Ya es <gap identifier="G1"/>, luego <gap identifier="G2"/> fin.</p>'
GAPS += "</gapMatchInteraction>"


def test_gaps_that_are_filled_weigh_what_the_mapping_gives_and_a_wrong_text_costs_what_it_takes() -> None:
    found = item_2(
        declared("directedPair", "multiple", "W G1;Su G2", "W G1=1;Su G2=2", 'defaultValue="-1" lowerBound="0"'), GAPS, BY_MAPPING
    )

    question = found.questions[0]
    assert isinstance(question.body, GapsBody)
    assert question.mark == 3
    keys = {label.text["es"].removeprefix("texto "): label.key for label in question.body.choices}
    for first, second in product(keys, repeat=2):
        gained = Fraction(1 if first == "W" else -1) + Fraction(2 if second == "Su" else -1)
        assert points(question, GapsAnswer({"gap1": keys[first], "gap2": keys[second]})) == gained
    assert losses(found) == ["lowerBound"]


def test_a_wrong_text_of_gaps_still_costs_after_the_bank_was_written_and_read() -> None:
    paired = declared("directedPair", "multiple", "W G1;Su G2", "W G1=1;Su G2=2", 'defaultValue="-1"')
    item = (
        '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p2" identifier="i" title="uno">'
        f"{paired}<itemBody>{GAPS}</itemBody>"
        f"<responseProcessing>{BY_MAPPING}</responseProcessing></assessmentItem>"
    )
    made = import_file("x.xml", item.encode())
    from_bank = read_bank(made.bank).questions[0]

    body = from_bank.body
    assert isinstance(body, GapsBody)
    spring = next(label.key for label in body.choices if label.text["es"] == "texto Sp")
    assert points(from_bank, GapsAnswer({"gap1": spring, "gap2": spring})) == -2


def test_words_that_differ_in_case_are_two_answers_with_their_credits() -> None:
    found = item_2(declared("string", "single", "York", "York=1;york=0.5"), ENTRY, BY_MAPPING)

    question = found.questions[0]
    assert isinstance(question.body, ShortAnswerBody)
    assert question.body.ignore_case is False
    assert [points(question, TextAnswer(typed)) for typed in ("York", "york", "YORK")] == [1, HALF, 0]
    assert losses(found) == []


def test_what_every_other_word_costs_is_an_answer_of_its_own() -> None:
    bounded, free = (
        item_2(declared("string", "single", "uno", "uno=2;dos=1", bounds), ENTRY, BY_MAPPING).questions[0]
        for bounds in ('defaultValue="-1" lowerBound="0"', 'defaultValue="-1"')
    )

    assert [points(bounded, TextAnswer(typed)) for typed in ("uno", "dos", "tres")] == [2, 1, 0]
    assert [points(free, TextAnswer(typed)) for typed in ("uno", "dos", "tres")] == [2, 1, -1]


def test_single_values_that_are_compared_are_credits() -> None:
    """A chain of comparisons for a word and for one choice, a sum of members for several."""
    chain = f"<responseCondition>{rule(compared('uno'), '4')}{rule(compared('dos'), '1', 'responseElseIf')}</responseCondition>"
    word = item_2(response("string", "uno"), ENTRY, chain)
    one = item_2(
        declared("identifier", "single", "A"),
        choices("choiceInteraction", "A", "B", "C"),
        chain.replace("uno", "A").replace("dos", "B"),
    )
    several = item_2(
        declared("identifier", "multiple", "A;B"),
        choices("choiceInteraction", "A", "B", "C", maximum="0"),
        added(member("A"), "3") + added(member("B"), "1") + added(member("C"), "0"),
    )

    assert [points(word.questions[0], TextAnswer(typed)) for typed in ("uno", "dos", "tres")] == [4, 1, 0]
    assert isinstance(one.questions[0].body, SingleChoiceBody)
    assert [option.credit * one.questions[0].mark for option in one.questions[0].body.options] == [4, 1, 0]
    assert isinstance(several.questions[0].body, MultipleChoiceBody)
    keys = [option.key for option in several.questions[0].body.options]
    assert [points(several.questions[0], MultipleChoiceAnswer((key,))) for key in keys] == [3, 1, 0]
    assert losses(word) == losses(one) == losses(several) == []


def test_templates_and_a_right_answer_that_is_compared_whole_are_read_without_a_loss() -> None:
    shown = choices("choiceInteraction", "A", "B", "C", maximum="0")
    whole = item_2(declared("identifier", "multiple", "A;B"), shown, f"<responseCondition>{rule(RIGHT, '5')}</responseCondition>")
    truth = item_2(
        declared("identifier", "single", "true"),
        choices("choiceInteraction", "true", "false"),
        f"<responseCondition>{rule(RIGHT, '2')}</responseCondition>",
    )

    assert isinstance(whole.questions[0].body, MultipleChoiceBody)
    assert whole.questions[0].body.rule is MultipleRule.ALL_OR_NOTHING
    assert truth.questions[0].body == TrueFalseBody(True)
    assert [whole.questions[0].mark, truth.questions[0].mark] == [5, 2]
    assert losses(whole) == losses(truth) == []


@pytest.mark.parametrize(
    ("processing", "name"),
    [
        ('<setOutcomeValue identifier="SCORE"><product><mapResponse identifier="R"/></product></setOutcomeValue>', "product"),
        ('<setOutcomeValue identifier="SCORE"><customOperator class="x"/></setOutcomeValue>', "customOperator"),
        (f"<responseCondition>{rule(f'<not>{RIGHT}</not>', '1')}</responseCondition>", "not"),
        (f"<responseCondition>{rule('<and>' + RIGHT + member('A') + '</and>', '1')}</responseCondition>", "match"),
        (f"<responseCondition>{rule(RIGHT, '0')}{rule(compared('A'), '1', 'responseElseIf')}</responseCondition>", ""),
        (f"<responseCondition>{rule(RIGHT, '0')}<responseElse>{BY_MAPPING}</responseElse></responseCondition>", "match"),
        ('<setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue></setOutcomeValue>', "baseValue"),
        (
            scores(compared("A"), "1").replace('"SCORE"', '"PART"')
            + '<setOutcomeValue identifier="SCORE"><min><variable identifier="PART"/></min></setOutcomeValue>',
            "min",
        ),
    ],
)
def test_what_is_not_read_is_told_by_the_name_of_its_element(processing: str, name: str) -> None:
    found = item_2(declared("identifier", "single", "A", "A=1;B=0.5"), choices("choiceInteraction", "A", "B"), processing)

    assert len(found.questions) == 1
    assert (name in losses(found)) is bool(name)


def test_a_most_that_the_right_answers_do_not_reach_is_told() -> None:
    most = '<outcomeDeclaration identifier="MAXSCORE" cardinality="single" baseType="float">'
    most += "<defaultValue><value>5</value></defaultValue></outcomeDeclaration>"

    found = item_2(declared("string", "single", "uno", "uno=2") + most, ENTRY, BY_MAPPING)

    assert found.questions[0].mark == 5
    assert [remark.facts for remark in found.of_severity(RemarkSeverity.LOSS)] == [{"total": "2", "mark": "5"}]


def test_a_pattern_that_is_never_reached_is_told_when_it_comes_in() -> None:
    """spec/content-format C413, from whichever format it comes."""
    found = import_file("x.gift", "¿Dónde?{=Yor* =%50%York}\n\n¿Y?{=Quito =%50%quito}\n\n¿Más?{=a\\* =b =%50%a*}".encode()).imported

    told = [(remark.question, remark.facts.get("code")) for remark in found.remarks if remark.facts.get("code") == "C413"]
    assert told == [("donde", "C413"), ("y", "C413")]


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
