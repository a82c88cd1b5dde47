"""QTI of other products: items of 2.1, packages, 1.2 as Canvas writes it, their feedback; QTI 3 is refused by its name."""

import zipfile
from collections import Counter
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import pytest

from kernel.archives import write_archive
from kernel.markup.foreign import CONTENT
from questions.rules.definitions import (
    EssayBody,
    FileBody,
    GapsBody,
    MatchingBody,
    MultipleChoiceBody,
    MultipleRule,
    NumericalBody,
    OrderingBody,
    ShortAnswerBody,
    SingleChoiceBody,
    Tolerance,
    ToleranceKind,
    TrueFalseBody,
)
from standards import files as _zip
from standards.importing import import_file
from standards.model import FileRefused, ImportedQuestions, RemarkSeverity
from standards.qti.read import OTHER_FILES, read
from standards.qti.write import write
from tests.support.qti import ENTRY, choices, compared, condition, item_1, item_2, label, response, scores, within
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
    ("Choicemultiple_871212949", {"multiple": 1}, {**FEEDBACK, "loss": 1}),  # its sum may fall below nothing
    ("Choicesingle_853928446", {}, {"problem": 1}),  # its options are pictures alone
    ("Choicetruefalse_176040516", {"single": 1}, FEEDBACK),  # «Richtig» and «Falsch» are words like others
    ("Hotspot_278940407", {}, {"problem": 1}),
    ("Hottext_801974120", {}, {"problem": 1}),
    ("Matchmultiple_1038910213", {}, {"problem": 1}),  # its items are pictures alone
    ("Matchsingle_143114773", {"matching": 1}, {"note": 1, "loss": 1}),  # marked all or nothing there, pair by pair here
    ("Order_913967682", {"ordering": 1}, {"note": 1}),
    ("TextEntry_883368511", {"gaps": 1}, {"note": 1}),
    ("TextEntrynumeric_2040297025", {"gaps": 1}, {"note": 1}),
    ("TextEntrynumeric_770468849", {"gaps": 1}, {"note": 1}),
    ("TextEntrysubset_806481421", {"gaps": 1}, {"note": 1, "loss": 1}),  # equal words in several gaps count once there
]


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(("name", "kinds", "remarks"), ITEMS, ids=[item[0] for item in ITEMS])
def test_outcome_of_an_item(name: str, kinds: dict[str, int], remarks: dict[str, int]) -> None:
    found = import_file(f"{name}.xml", (QTI / "qti21-sachsen" / f"{name}.xml").read_bytes())

    assert found.format == "qti"
    assert Counter(question.kind.value for question in found.imported.questions) == kinds
    assert Counter(remark.severity.value for remark in found.imported.remarks) == remarks


def sachsen(name: str) -> ImportedQuestions:
    return read((QTI / "qti21-sachsen" / f"{name}.xml").read_bytes())


@pytest.mark.shared
@needs_shared
def test_right_answers_and_rules_of_items_are_kept() -> None:
    whole = sachsen("Choicemultiple_2014410822").questions[0].body
    order = sachsen("Order_913967682").questions[0].body
    number = sachsen("TextEntrynumeric_770468849").questions[0].body

    assert isinstance(whole, MultipleChoiceBody)
    assert whole.rule is MultipleRule.ALL_OR_NOTHING
    assert [option.key for option in whole.options if option.right] == ["chemnitz", "zwickau"]
    assert isinstance(order, OrderingBody)
    assert [label.key for label in order.items] == ["cdu", "die-linke", "sdp", "grune", "npd"]
    assert isinstance(number, GapsBody)
    assert isinstance(number.gaps[0].body, NumericalBody)
    assert number.gaps[0].body.tolerance == Tolerance(ToleranceKind.RELATIVE, Fraction(1, 20))


@pytest.mark.shared
@needs_shared
def test_package_gives_all_its_items_and_leaves_the_test_behind() -> None:
    found = read(packed(QTI / "qti21-sachsen"))

    assert len(found.questions) == 9
    assert len(found.of_severity(RemarkSeverity.PROBLEM)) == 4
    assert [loss.facts["name"] for loss in found.of_severity(RemarkSeverity.LOSS) if "test" in loss.what] == ["Interaction Mix (Sachsen)"]


@pytest.mark.shared
@needs_shared
def test_test_without_items_is_refused() -> None:
    with pytest.raises(FileRefused, match="no QTI items"):
        read((QTI / "qti21-sachsen" / "interaction_mix_sachsen.xml").read_bytes())


@pytest.mark.shared
@needs_shared
def test_package_of_canvas_gives_each_question_once() -> None:
    """20 items in its own form: copies inside quizzes come once, unless they were changed; empty ones are told."""
    found = import_file("canvas-grouptest.zip", (QTI / "canvas-grouptest.zip").read_bytes()).imported

    twice = [remark for remark in found.remarks if "twice" in remark.what]
    problems = found.of_severity(RemarkSeverity.PROBLEM)
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
    assert isinstance(single, SingleChoiceBody)
    assert [(option.why or {}).get("es") for option in single.options] == ["add 2", "add 1", "good!", "subtract 1"]
    assert isinstance(several, MultipleChoiceBody)
    assert several.rule is MultipleRule.ALL_OR_NOTHING


@pytest.mark.parametrize(
    ("right", "wrong", "answer"),
    [("Cierto", "Falso", True), ("Sí.", "No", True), ("Falso", "Cierto", False), ("Vrai", "?", True), ("Jamais", "Vrai", False)],
)
def test_true_and_false_are_told_by_either_word(right: str, wrong: str, answer: bool) -> None:
    response = choices("1", "", label("1", right) + label("2", wrong))

    body = read(item_1("true_false_question", response, condition('<varequal respident="response_1">1</varequal>'))).questions[0].body

    assert isinstance(body, TrueFalseBody)
    assert body.answer is answer


def test_a_choice_of_two_other_words_stays_one() -> None:
    response = choices("1", "", label("1", "Norte") + label("2", "Sur"))

    body = read(item_1("true_false_question", response, condition('<varequal respident="response_1">1</varequal>'))).questions[0].body

    assert isinstance(body, SingleChoiceBody)
    assert [option.right for option in body.options] == [True, False]


def test_lists_and_blanks_of_canvas_become_gaps() -> None:
    response = choices("a", "a", label("1", "uno") + label("2", "dos"))
    right = condition('<varequal respident="response_a">2</varequal>')

    lists = read(item_1("multiple_dropdowns_question", response, right, "Va [a] aquí")).questions[0]
    blanks = read(item_1("fill_in_multiple_blanks_question", response, right, "Va [a] aquí")).questions[0]

    assert lists.text["es"] == blanks.text["es"] == "Va {gap} aquí"
    assert isinstance(lists.body, GapsBody)
    assert isinstance(lists.body.gaps[0].body, SingleChoiceBody)
    assert [option.right for option in lists.body.gaps[0].body.options] == [False, True]
    assert isinstance(blanks.body, GapsBody)
    assert isinstance(blanks.body.gaps[0].body, ShortAnswerBody)


def test_matching_of_canvas_leaves_its_empty_rows_and_keeps_its_distractors() -> None:
    labels = label("1", "A1") + label("2", "B1") + label("3", "C1")
    responses = "".join(choices(ident, name, labels) for ident, name in (("x", "A"), ("y", "B"), ("z", "")))
    rights = condition('<varequal respident="response_x">1</varequal>') + condition('<varequal respident="response_y">2</varequal>')

    body = read(item_1("matching_question", responses, rights)).questions[0].body

    assert isinstance(body, MatchingBody)
    assert [(pair.key, pair.match_key) for pair in body.pairs] == [("a", "a1"), ("b", "b1")]
    assert [extra.key for extra in body.extra] == ["c1"]


def test_file_upload_takes_the_usual_files_and_says_so() -> None:
    found = read(item_1("file_upload_question", ""))

    assert isinstance(found.questions[0].body, FileBody)
    assert len(found.of_severity(RemarkSeverity.NOTE)) == 1


@pytest.mark.parametrize("kind", ["calculated_question", "hot_spot_question"])
def test_type_that_is_not_known_is_told(kind: str) -> None:
    found = read(item_1(kind, ""))

    assert not found.questions
    assert [problem.facts["kind"] for problem in found.of_severity(RemarkSeverity.PROBLEM)] == [kind]


def test_package_has_the_same_bytes_each_time() -> None:
    question = a_question(a_single())

    assert write([question]).content == write([question]).content


def test_what_is_for_graders_alone_is_no_part_of_the_question() -> None:
    block = '<rubricBlock view="scorer tutor"><p>Debe nombrar **la ley**.</p></rubricBlock>'
    open_text = '<p>Explique.</p><extendedTextInteraction responseIdentifier="R"/>'

    essay = item_2('<responseDeclaration identifier="R" cardinality="single" baseType="string"/>', open_text + block)
    short = item_2(response("string", "Quito"), ENTRY + block)
    shown = item_2(response("string", "Quito"), '<rubricBlock view="candidate author"><p>Con mayúscula.</p></rubricBlock>' + ENTRY)

    for found, text in ((essay, "Explique."), (short, "¿Qué?")):
        assert (found.questions[0].text, found.questions[0].note) == ({"es": text}, "Debe nombrar **la ley**.")
        assert [remark.what for remark in found.remarks] == ["The information for graders became the note to colleagues."]
    assert essay.questions[0].body == EssayBody()
    assert shown.questions[0].text == {"es": "Con mayúscula.\n\n¿Qué?"}


@pytest.mark.parametrize("entry", ['<textentryinteraction responseIdentifier="R"/>', "<p>Nada.</p>"])
def test_an_item_with_right_answers_that_nothing_asks_for_is_refused(entry: str) -> None:
    found = item_2(response("string", "Quito"), f"<p>La capital es {entry}.</p>")

    assert found.questions == ()
    assert [problem.what for problem in found.of_severity(RemarkSeverity.PROBLEM)] == [
        "The item names right answers, but nothing in it that is known here asks for them."
    ]


def test_an_item_whose_values_are_drawn_is_told_and_not_brought_in_with_holes() -> None:
    declared = '<templateDeclaration identifier="A" cardinality="single" baseType="integer"/>' + response("float", "10")

    found = item_2(declared, '<p>¿<printedVariable identifier="A"/> + 2?</p>' + ENTRY)

    assert not found.questions
    assert [problem.what for problem in found.of_severity(RemarkSeverity.PROBLEM)] == ["The item draws values for each learner."]


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


def test_what_a_package_holds_beside_its_questions_is_named() -> None:
    """Pages and settings of a course are no questions; they are counted."""
    name = 'xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="i" title="u"'
    item = f"<assessmentItem {name}><itemBody><p>Lea.</p></itemBody></assessmentItem>".encode()
    files = {"imsmanifest.xml": b"<manifest/>", "item.xml": item, "wiki/page.html": b"<p>Uno</p>", "course_settings/x.xml": b"<x/>"}
    target = BytesIO()
    write_archive(target, files)
    found = read(target.getvalue())

    assert len(found.questions) == 1
    assert [(remark.facts["thing"], remark.facts["examples"]) for remark in found.remarks] == [
        (OTHER_FILES, "course_settings/x.xml · wiki/page.html")
    ]


def test_what_an_item_holds_beside_its_question_is_named() -> None:
    """A passage that several items share, and pictures of QTI 1.2 that stand beside its text."""
    shared = item_2(response("string", "Quito"), ENTRY, rest='<assessmentStimulusRef identifier="s" href="lectura.xml"/>')
    picture = '<material><matimage uri="mapa.png"/></material>'
    old = read(item_1("essay_question", picture))

    assert [remark.facts["examples"] for remark in shared.remarks if remark.facts.get("thing") == CONTENT] == [
        "<assessmentStimulusRef> s lectura.xml (uno)"
    ]
    assert ["mapa.png" in remark.facts["examples"] for remark in old.remarks if remark.facts.get("thing") == CONTENT] == [True]


SPACE = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
ITEM = (
    f'<qti-assessment-item xmlns="{SPACE}" identifier="i" title="uno" adaptive="false" time-dependent="false"><qti-item-body><p>¿Qué?</p>'
    '<qti-choice-interaction response-identifier="R"><qti-simple-choice identifier="a">a</qti-simple-choice></qti-choice-interaction>'
    "</qti-item-body></qti-assessment-item>"
).encode()
TEST = f'<qti-assessment-test xmlns="{SPACE}" identifier="t" title="prueba"/>'.encode()
PREFIXED = ITEM.replace(b"<qti-assessment-item xmlns=", b"<q:qti-assessment-item xmlns:q=").replace(b"</qti-a", b"</q:qti-a")
MANIFEST = (
    b'<manifest xmlns="http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1" identifier="m"><resources>'
    b'<resource identifier="r" type="imsqti_item_xmlv3p0" href="i.xml"/></resources></manifest>'
)
OLDER = (
    b'<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="o" title="dos"><itemBody><p>Lea.</p></itemBody>'
    b"</assessmentItem>"
)
REFUSED = "This is QTI 3. Only 1.2, 2.1 and 2.2 can be imported."


def packed_files(files: dict[str, bytes]) -> bytes:
    """Return an archive of these files."""
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        ITEM,
        TEST,
        PREFIXED,
        MANIFEST,
        ITEM.decode().encode("utf-16"),
        packed_files({"imsmanifest.xml": MANIFEST, "i.xml": ITEM, "t.xml": TEST}),
        packed_files({"imsmanifest.xml": MANIFEST}),
    ],
    ids=["item", "test", "prefixed", "manifest", "utf-16", "package", "package of a manifest alone"],
)
def test_qti_3_is_refused_by_its_right_name(content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)

    assert refused.value.text == REFUSED


def test_what_is_no_qti_at_all_is_not_called_qti_3() -> None:
    with pytest.raises(FileRefused) as refused:
        read(packed_files({"imsmanifest.xml": MANIFEST.replace(b"xmlv3p0", b"xmlv2p1"), "x.xml": b"<a/>"}))

    assert refused.value.text != REFUSED


def test_items_of_qti_3_among_older_ones_are_told_each_by_its_place() -> None:
    found = read(packed_files({"imsmanifest.xml": MANIFEST, "old.xml": OLDER, "new/i.xml": ITEM}))

    assert [question.key for question in found.questions] == ["dos"]
    assert [(remark.what, remark.question) for remark in found.of_severity(RemarkSeverity.PROBLEM)] == [(REFUSED, "new/i.xml")]


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
