"""QTI of other products: items of 2.1, packages, and 1.2 as Canvas and Common Cartridge write it."""

import zipfile
from collections import Counter
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest

from quizzes.rules.definitions import (
    Essay,
    File,
    Gaps,
    Matching,
    Multiple,
    MultipleRule,
    Numerical,
    Ordering,
    Short,
    Single,
    Tolerance,
    ToleranceKind,
    TrueFalse,
)
from standards import _zip
from standards.importing import import_file
from standards.model import FileRefused, Imported, Weight
from standards.qti.read import read
from standards.qti.write import write
from tests.support.questions import a_question, a_single
from tests.support.shared import SHARED, needs_shared

QTI = SHARED / "fixtures" / "qti"
FEEDBACK = {"note": 2}
"""The note about feedback to right and wrong answers, and the one that counts what the check says more."""


def packed(folder: Path) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return target.getvalue()


ITEMS: list[tuple[str, dict[str, int], dict[str, int]]] = [
    ("Choicemultiple_2014410822", {"multiple": 1}, FEEDBACK),
    ("Choicemultiple_871212949", {"multiple": 1}, FEEDBACK),
    ("Choicesingle_853928446", {}, {"problem": 1}),  # its options are pictures alone
    ("Choicetruefalse_176040516", {"single": 1}, FEEDBACK),  # «Richtig» and «Falsch» are words like others
    ("Hotspot_278940407", {}, {"problem": 1}),
    ("Hottext_801974120", {}, {"problem": 1}),
    ("Matchmultiple_1038910213", {}, {"problem": 1}),  # its items are pictures alone
    ("Matchsingle_143114773", {"matching": 1}, {"note": 1}),
    ("Order_913967682", {"ordering": 1}, {"note": 1}),
    ("TextEntry_883368511", {"gaps": 1}, {"note": 1}),
    ("TextEntrynumeric_2040297025", {"gaps": 1}, {"note": 1}),
    ("TextEntrynumeric_770468849", {"gaps": 1}, {"note": 1}),
    ("TextEntrysubset_806481421", {"gaps": 1}, {"note": 1}),
]


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(("name", "kinds", "remarks"), ITEMS, ids=[item[0] for item in ITEMS])
def test_outcome_of_an_item(name: str, kinds: dict[str, int], remarks: dict[str, int]) -> None:
    found = import_file(f"{name}.xml", (QTI / "qti21-sachsen" / f"{name}.xml").read_bytes())

    assert found.format == "qti"
    assert Counter(question.kind.value for question in found.imported.questions) == kinds
    assert Counter(remark.weight.value for remark in found.imported.remarks) == remarks


def sachsen(name: str) -> Imported:
    return read((QTI / "qti21-sachsen" / f"{name}.xml").read_bytes())


@pytest.mark.shared
@needs_shared
def test_right_answers_and_rules_of_items_are_kept() -> None:
    whole = sachsen("Choicemultiple_2014410822").questions[0].body
    order = sachsen("Order_913967682").questions[0].body
    number = sachsen("TextEntrynumeric_770468849").questions[0].body

    assert isinstance(whole, Multiple)
    assert whole.rule is MultipleRule.ALL_OR_NOTHING
    assert [option.key for option in whole.options if option.right] == ["chemnitz", "zwickau"]
    assert isinstance(order, Ordering)
    assert [label.key for label in order.items] == ["cdu", "die-linke", "sdp", "grune", "npd"]
    assert isinstance(number, Gaps)
    assert isinstance(number.gaps[0].body, Numerical)
    assert number.gaps[0].body.tolerance == Tolerance(ToleranceKind.RELATIVE, Fraction(1, 20))


@pytest.mark.shared
@needs_shared
def test_package_gives_all_its_items_and_leaves_the_test_behind() -> None:
    found = read(packed(QTI / "qti21-sachsen"))

    assert len(found.questions) == 9
    assert len(found.of_weight(Weight.PROBLEM)) == 4
    assert [loss.facts["name"] for loss in found.of_weight(Weight.LOSS) if "test" in loss.what] == ["Interaction Mix (Sachsen)"]


@pytest.mark.shared
@needs_shared
def test_test_without_items_is_refused() -> None:
    with pytest.raises(FileRefused, match="no item"):
        read((QTI / "qti21-sachsen" / "interaction_mix_sachsen.xml").read_bytes())


@pytest.mark.shared
@needs_shared
def test_package_of_canvas_gives_each_question_once() -> None:
    """20 items in its own form: copies inside quizzes come once, unless they were changed; empty ones are told."""
    found = import_file("canvas-grouptest.zip", (QTI / "canvas-grouptest.zip").read_bytes()).imported

    twice = [remark for remark in found.remarks if "twice" in remark.what]
    problems = found.of_weight(Weight.PROBLEM)
    assert Counter(question.kind.value for question in found.questions) == CANVAS
    assert len(found.questions) + len(twice) + len(problems) == sum(
        content.count(b"<item ") for path, content in _zip.read_archive((QTI / "canvas-grouptest.zip").read_bytes(), ".qti").items()
    )


CANVAS = {"essay": 3, "true_false": 2, "multiple": 1, "single": 1, "short": 1, "matching": 1}


@pytest.mark.shared
@needs_shared
def test_profiles_of_common_cartridge_are_read() -> None:
    found = read(packed(QTI / "cc-all-question-types"))

    assert [question.kind.value for question in found.questions] == ["single", "true_false", "multiple", "essay"]
    single, _truth, several, _essay = (question.body for question in found.questions)
    assert isinstance(single, Single)
    assert [(option.why or {}).get("es") for option in single.options] == ["add 2", "add 1", "good!", "subtract 1"]
    assert isinstance(several, Multiple)
    assert several.rule is MultipleRule.ALL_OR_NOTHING


def item_1(kind: str, presentation: str, processing: str = "", text: str = "¿Qué?") -> bytes:
    field = f"<qtimetadatafield><fieldlabel>question_type</fieldlabel><fieldentry>{kind}</fieldentry></qtimetadatafield>"
    material = f'<material><mattext texttype="text/html">&lt;p&gt;{text}&lt;/p&gt;</mattext></material>'
    return (
        f'<questestinterop><item ident="i1" title="uno"><itemmetadata><qtimetadata>{field}</qtimetadata></itemmetadata>'
        f"<presentation>{material}{presentation}</presentation><resprocessing>{processing}</resprocessing></item></questestinterop>"
    ).encode()


def condition(inner: str, score: str = "100") -> str:
    return f"<respcondition><conditionvar>{inner}</conditionvar><setvar varname='SCORE'>{score}</setvar></respcondition>"


def label(ident: str, words: str) -> str:
    return f'<response_label ident="{ident}"><material><mattext>{words}</mattext></material></response_label>'


def choices(ident: str, name: str, labels: str) -> str:
    material = f"<material><mattext>{name}</mattext></material>"
    return f'<response_lid ident="response_{ident}">{material}<render_choice>{labels}</render_choice></response_lid>'


def test_numbers_of_canvas_have_their_tolerance() -> None:
    either = "<or><varequal>10</varequal><and><vargte>9.5</vargte><varlte>10.5</varlte></and></or>"

    body = read(item_1("numerical_question", "", condition(either))).questions[0].body

    assert isinstance(body, Numerical)
    assert (body.answers[0].value, body.tolerance.amount) == (10, Fraction(1, 2))


def test_numbers_of_canvas_with_a_precision_have_their_tolerance() -> None:
    either = "<or><varequal>13.4</varequal><and><vargt>13.35</vargt><varlte>13.45</varlte></and></or>"

    body = read(item_1("numerical_question", "", condition(either))).questions[0].body

    assert isinstance(body, Numerical)
    assert (body.answers[0].value, body.tolerance.amount) == (Fraction(134, 10), Fraction(1, 20))


@pytest.mark.parametrize(
    ("right", "wrong", "answer"),
    [("Cierto", "Falso", True), ("Sí.", "No", True), ("Falso", "Cierto", False), ("Vrai", "?", True), ("Jamais", "Vrai", False)],
)
def test_true_and_false_are_told_by_either_word(right: str, wrong: str, answer: bool) -> None:
    response = choices("1", "", label("1", right) + label("2", wrong))

    body = read(item_1("true_false_question", response, condition('<varequal respident="response_1">1</varequal>'))).questions[0].body

    assert isinstance(body, TrueFalse)
    assert body.answer is answer


def test_a_choice_of_two_other_words_stays_one() -> None:
    response = choices("1", "", label("1", "Norte") + label("2", "Sur"))

    body = read(item_1("true_false_question", response, condition('<varequal respident="response_1">1</varequal>'))).questions[0].body

    assert isinstance(body, Single)
    assert [option.right for option in body.options] == [True, False]


def test_a_mapping_says_what_the_choices_cost_that_it_does_not_name() -> None:
    """As the specification's own example of water has it; of three that are right two may be enough."""
    water = mapped("H 1 O 1 Cl -1", 'defaultValue="-2" upperBound="2"')
    two_of_three = mapped("H 1 O 1 Cl 1", 'defaultValue="0" upperBound="2"')

    assert [option.credit for option in water.options] == [Fraction(1, 2), Fraction(1, 2), Fraction(-1, 2), -1]
    assert [option.credit for option in two_of_three.options] == [Fraction(1, 2), Fraction(1, 2), Fraction(1, 2), 0]


def mapped(entries: str, bounds: str) -> Multiple:
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
    assert isinstance(body, Multiple)
    return body


def test_lists_and_blanks_of_canvas_become_gaps() -> None:
    response = choices("a", "a", label("1", "uno") + label("2", "dos"))
    right = condition('<varequal respident="response_a">2</varequal>')

    lists = read(item_1("multiple_dropdowns_question", response, right, "Va [a] aquí")).questions[0]
    blanks = read(item_1("fill_in_multiple_blanks_question", response, right, "Va [a] aquí")).questions[0]

    assert lists.text["es"] == blanks.text["es"] == "Va {gap} aquí"
    assert isinstance(lists.body, Gaps)
    assert isinstance(lists.body.gaps[0].body, Single)
    assert [option.right for option in lists.body.gaps[0].body.options] == [False, True]
    assert isinstance(blanks.body, Gaps)
    assert isinstance(blanks.body.gaps[0].body, Short)


def test_matching_of_canvas_leaves_its_empty_rows_and_keeps_its_distractors() -> None:
    labels = label("1", "A1") + label("2", "B1") + label("3", "C1")
    responses = "".join(choices(ident, name, labels) for ident, name in (("x", "A"), ("y", "B"), ("z", "")))
    rights = condition('<varequal respident="response_x">1</varequal>') + condition('<varequal respident="response_y">2</varequal>')

    body = read(item_1("matching_question", responses, rights)).questions[0].body

    assert isinstance(body, Matching)
    assert [(pair.key, pair.match_key) for pair in body.pairs] == [("a", "a1"), ("b", "b1")]
    assert [extra.key for extra in body.extra] == ["c1"]


def test_file_upload_takes_the_usual_files_and_says_so() -> None:
    found = read(item_1("file_upload_question", ""))

    assert isinstance(found.questions[0].body, File)
    assert len(found.of_weight(Weight.NOTE)) == 1


@pytest.mark.parametrize("kind", ["calculated_question", "hot_spot_question"])
def test_type_that_is_not_known_is_told(kind: str) -> None:
    found = read(item_1(kind, ""))

    assert not found.questions
    assert [problem.facts["kind"] for problem in found.of_weight(Weight.PROBLEM)] == [kind]


def test_package_has_the_same_bytes_each_time() -> None:
    question = a_question(a_single())

    assert write([question]).content == write([question]).content


def told(ident: str, words: str) -> str:
    material = f'<material><mattext texttype="text/html">&lt;p&gt;{words}&lt;/p&gt;</mattext></material>'
    return f'<itemfeedback ident="{ident}"><flow_mat>{material}</flow_mat></itemfeedback>'


def shows(inner: str, name: str) -> str:
    return f"<respcondition><conditionvar>{inner}</conditionvar><displayfeedback linkrefid='{name}'/></respcondition>"


def with_feedback(item: bytes, **feedback: str) -> Imported:
    return read(item.replace(b"</item>", "".join(told(ident, words) for ident, words in feedback.items()).encode() + b"</item>"))


def test_feedback_to_true_and_false_of_canvas_joins_the_explanation_and_what_has_no_place_is_told() -> None:
    response = choices("1", "", label("1", "Cierto") + label("2", "Falso"))
    item = item_1("true_false_question", response, condition('<varequal respident="response_1">1</varequal>'))

    found = with_feedback(item, a1_fb="nadie", general_fb="Ley 1", **{"1_fb": "Así es", "2_fb": "Léala"})

    assert found.questions[0].explanation == {"es": "Ley 1\n\nAsí es\n\nLéala"}
    assert [remark.what for remark in found.of_weight(Weight.NOTE)] == ["The feedback to true and false became part of the explanation."]
    assert [loss.message for loss in found.of_weight(Weight.LOSS)] == [
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
    assert isinstance(body, Short)
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
    assert isinstance(body, Numerical)
    assert [(one.value, one.right, one.credit, one.why) for one in body.answers] == [
        (10, True, 1, {"es": "Sí"}),
        (20, False, 0, {"es": "El doble"}),
    ]
    assert body.tolerance == Tolerance(amount=Fraction(1))
    assert [loss.facts["text"] for loss in found.of_weight(Weight.LOSS)] == ["Otra"]


@pytest.mark.parametrize("kind", ["multiple_dropdowns_question", "fill_in_multiple_blanks_question"])
def test_feedback_to_gaps_of_canvas_stands_beside_their_answers(kind: str) -> None:
    response = choices("a", "a", label("1", "uno") + label("2", "dos"))
    right = condition('<varequal respident="response_a">2</varequal>')

    found = with_feedback(item_1(kind, response, right, "Va [a] aquí"), **{"1_fb": "Falta uno", "2_fb": "Sí"})

    body = found.questions[0].body
    assert isinstance(body, Gaps)
    gap = body.gaps[0].body
    assert [one.why for one in (gap.options if isinstance(gap, Single) else gap.answers)] == [{"es": "Falta uno"}, {"es": "Sí"}]
    assert not found.remarks


def item_2(declared: str, inside: str, processing: str = "", rest: str = "") -> Imported:
    head = '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="uno">'
    body = f"<itemBody>{inside}</itemBody><responseProcessing>{processing}</responseProcessing>"
    return read(f"{head}{declared}{body}{rest}</assessmentItem>".encode())


def response(kind: str, right: str, ident: str = "R") -> str:
    value = f"<correctResponse><value>{right}</value></correctResponse>"
    return f'<responseDeclaration identifier="{ident}" cardinality="single" baseType="{kind}">{value}</responseDeclaration>'


def branch(compared: str, name: str) -> str:
    setting = f'<setOutcomeValue identifier="F"><baseValue baseType="identifier">{name}</baseValue></setOutcomeValue>'
    return f"<responseCondition><responseIf>{compared}{setting}</responseIf></responseCondition>"


def compared(value: str, comparison: str = "match") -> str:
    return f'<{comparison}><variable identifier="R"/><baseValue baseType="string">{value}</baseValue></{comparison}>'


def modal(name: str, words: str) -> str:
    return f'<modalFeedback outcomeIdentifier="F" identifier="{name}" showHide="show">{words}</modalFeedback>'


COPIED = '<setOutcomeValue identifier="F"><variable identifier="R"/></setOutcomeValue>'
ENTRY = '<p>¿Qué?</p><p><textEntryInteraction responseIdentifier="R"/></p>'


def test_feedback_to_true_and_false_of_an_item_joins_the_explanation() -> None:
    shown = '<simpleChoice identifier="true">Sí</simpleChoice><simpleChoice identifier="false">No</simpleChoice>'
    inside = f'<p>¿Es?</p><choiceInteraction responseIdentifier="R">{shown}</choiceInteraction>'

    found = item_2(response("identifier", "true"), inside, COPIED, modal("true", "Así es.") + modal("false", "Lea la ley."))

    assert found.questions[0].body == TrueFalse(True)
    assert found.questions[0].explanation == {"es": "Así es.\n\nLea la ley."}
    assert [remark.weight for remark in found.remarks] == [Weight.NOTE]


def test_feedback_inside_the_body_of_an_item_is_read_by_nobody_before_answering() -> None:
    """It stands inside options and below the question, and would tell the key."""
    inner = '<feedbackInline outcomeIdentifier="F" identifier="A" showHide="show">¡Eso!</feedbackInline>'
    shown = f'<simpleChoice identifier="A">Uno {inner}</simpleChoice><simpleChoice identifier="B">Dos</simpleChoice>'
    below = '<feedbackBlock outcomeIdentifier="F" identifier="B" showHide="show"><p>No.</p></feedbackBlock>'
    inside = f'<p>¿Es?</p><choiceInteraction responseIdentifier="R">{shown}</choiceInteraction>{below}'

    question = item_2(response("identifier", "A"), inside, COPIED).questions[0]

    assert question.text == {"es": "¿Es?"}
    assert isinstance(question.body, Single)
    assert [(option.text["es"], option.why) for option in question.body.options] == [("Uno", {"es": "¡Eso!"}), ("Dos", {"es": "No."})]


def test_what_is_for_graders_alone_is_no_part_of_the_question() -> None:
    block = '<rubricBlock view="scorer tutor"><p>Debe nombrar **la ley**.</p></rubricBlock>'
    open_text = '<p>Explique.</p><extendedTextInteraction responseIdentifier="R"/>'

    essay = item_2('<responseDeclaration identifier="R" cardinality="single" baseType="string"/>', open_text + block)
    short = item_2(response("string", "Quito"), ENTRY + block)
    shown = item_2(response("string", "Quito"), '<rubricBlock view="candidate author"><p>Con mayúscula.</p></rubricBlock>' + ENTRY)

    assert (essay.questions[0].text, essay.remarks) == ({"es": "Explique."}, ())
    assert essay.questions[0].body == Essay(model={"es": r"Debe nombrar \*\*la ley\*\*."})
    assert short.questions[0].text == {"es": "¿Qué?"}
    assert [loss.what for loss in short.of_weight(Weight.LOSS)] == ["The information for graders is left out."]
    assert shown.questions[0].text == {"es": "Con mayúscula.\n\n¿Qué?"}


def test_feedback_to_words_of_an_item_stands_beside_them() -> None:
    """That to anything but one value has no answer: it joins the explanation."""
    said = branch(compared("Quito"), "a") + branch(compared("Lima"), "b") + branch(f"<not>{compared('Quito')}</not>", "c")

    found = item_2(response("string", "Quito"), ENTRY, said, modal("a", "Sí") + modal("b", "Es del Perú") + modal("c", "Lea"))

    body = found.questions[0].body
    assert isinstance(body, Short)
    assert [(one.patterns["es"], one.right, one.why) for one in body.answers] == [
        ("Quito", True, {"es": "Sí"}),
        ("Lima", False, {"es": "Es del Perú"}),
    ]
    assert found.questions[0].explanation == {"es": "Lea"}
    assert [remark.weight for remark in found.remarks] == [Weight.NOTE]


def test_feedback_to_numbers_of_an_item_stands_beside_them_and_a_range_is_their_tolerance() -> None:
    said = scores(within("9.5", "10.5"), "1") + branch(compared("10", "equal"), "a") + branch(compared("20", "equal"), "b")

    found = item_2(response("float", "10"), ENTRY, said, modal("a", "Sí") + modal("b", "El doble"))

    body = found.questions[0].body
    assert isinstance(body, Numerical)
    assert [(one.value, one.right, one.why, one.tolerance) for one in body.answers] == [
        (10, True, {"es": "Sí"}, None),
        (20, False, {"es": "El doble"}, Tolerance()),
    ]
    assert body.tolerance == Tolerance(amount=Fraction(1, 2))


def within(low: str, high: str) -> str:
    return f"<and>{compared(low, 'gte')}{compared(high, 'lte')}</and>"


def scores(compared_so: str, worth: str, ident: str = "SCORE") -> str:
    setting = f'<setOutcomeValue identifier="{ident}"><baseValue baseType="float">{worth}</baseValue></setOutcomeValue>'
    return f"<responseCondition><responseIf>{compared_so}{setting}</responseIf></responseCondition>"


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

    assert isinstance(body, Numerical)
    assert body.tolerance == Tolerance(amount=Fraction(amount))


def test_feedback_that_an_item_hides_for_an_answer_is_not_said_of_it() -> None:
    hidden = modal("a", "Lea otra vez").replace('"show"', '"hide"')

    found = item_2(response("string", "Quito"), ENTRY, branch(compared("Quito"), "a"), hidden).questions[0]

    assert isinstance(found.body, Short)
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
    assert isinstance(body, Numerical)
    assert [(one.value, one.right, one.why) for one in body.answers] == [(10, True, None)]
    assert [loss.facts["text"] for loss in found.of_weight(Weight.LOSS)] == ["Otra vez"]


def test_a_gap_of_an_item_weighs_what_its_best_answer_gains() -> None:
    inside = '<p>Va <textEntryInteraction responseIdentifier="R"/> y <textEntryInteraction responseIdentifier="S"/> fin</p>'
    nearly = scores(compared("dos"), "0.25") + scores(compared("uno"), "1")
    declared = response("string", "uno") + response("string", "tres", "S")

    body = item_2(declared, inside, nearly + scores(compared("tres").replace('"R"', '"S"'), "1")).questions[0].body

    assert isinstance(body, Gaps)
    assert [gap.weight for gap in body.gaps] == [1, 1]


def test_numbers_of_an_item_that_are_mapped_keep_what_each_is_worth() -> None:
    rows = '<mapping defaultValue="0"><mapEntry mapKey="10" mappedValue="2"/><mapEntry mapKey="9" mappedValue="1"/></mapping>'
    declared = f'<responseDeclaration identifier="R" cardinality="single" baseType="float">{rows}</responseDeclaration>'
    score = '<setOutcomeValue identifier="SCORE"><mapResponse identifier="R"/></setOutcomeValue>'

    body = item_2(declared, ENTRY, score).questions[0].body

    assert isinstance(body, Numerical)
    assert [(one.value, one.credit) for one in body.answers] == [(10, 1), (9, Fraction(1, 2))]


def test_gaps_of_an_item_weigh_what_it_gives_for_them() -> None:
    def declared(ident: str, worth: str) -> str:
        rows = f'<mapping defaultValue="0"><mapEntry mapKey="uno" mappedValue="{worth}"/></mapping>'
        return f'<responseDeclaration identifier="{ident}" cardinality="single" baseType="string">{rows}</responseDeclaration>'

    score = '<setOutcomeValue identifier="SCORE"><sum><mapResponse identifier="R"/><mapResponse identifier="S"/></sum></setOutcomeValue>'
    inside = '<p>Va <textEntryInteraction responseIdentifier="R"/> y <textEntryInteraction responseIdentifier="S"/> fin</p>'

    heavy, even = (item_2(declared("R", "1") + declared("S", worth), inside, score).questions[0].body for worth in ("3", "1"))

    assert isinstance(heavy, Gaps)
    assert isinstance(even, Gaps)
    assert [gap.weight for gap in heavy.gaps] == [1, 3]
    assert [gap.weight for gap in even.gaps] == [1, 1]


def test_an_item_whose_values_are_drawn_is_told_and_not_brought_in_with_holes() -> None:
    declared = '<templateDeclaration identifier="A" cardinality="single" baseType="integer"/>' + response("float", "10")

    found = item_2(declared, '<p>¿<printedVariable identifier="A"/> + 2?</p>' + ENTRY)

    assert not found.questions
    assert [problem.what for problem in found.of_weight(Weight.PROBLEM)] == ["The item draws values for each learner."]


def test_other_documents_of_a_package_are_not_looked_into() -> None:
    """A course's own files come along in packages, and may be anything."""
    item = item_1("essay_question", "")

    def pack(content: bytes, encoding: str = "utf-8") -> bytes:
        target = BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("web_resources/nota.xml", content)
            archive.writestr("quiz/quiz.xml", item.decode().encode(encoding))
        return target.getvalue()

    for content in (b"<!DOCTYPE html><html>&nbsp;</html>", b"<a><b></a>", b""):
        assert len(read(pack(content)).questions) == 1
    assert len(read(pack(b"", "utf-16")).questions) == 1
    with pytest.raises(FileRefused):
        read(pack(b"<!DOCTYPE x [<!ENTITY a 'b'>]><questestinterop/>"))
