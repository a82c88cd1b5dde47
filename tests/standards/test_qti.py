"""QTI of other products: items of 2.1, packages, and 1.2 as Canvas and Common Cartridge write it."""

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
from tests.support.qti import ENTRY, choices, condition, item_1, item_2, label, response
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

    assert (essay.questions[0].text, essay.remarks) == ({"es": "Explique."}, ())
    assert essay.questions[0].body == EssayBody(model={"es": r"Debe nombrar \*\*la ley\*\*."})
    assert short.questions[0].text == {"es": "¿Qué?"}
    assert [loss.what for loss in short.of_severity(RemarkSeverity.LOSS)] == ["The information for graders is left out."]
    assert shown.questions[0].text == {"es": "Con mayúscula.\n\n¿Qué?"}


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
