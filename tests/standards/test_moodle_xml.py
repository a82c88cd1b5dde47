"""Moodle XML as Moodle itself writes it, type by type, calculated questions too; and what goes out, as Moodle reads it."""

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.expressions import evaluate
from kernel.markup.foreign import ATTRIBUTES, ELEMENTS
from questions.rules.definitions import (
    CalculatedBody,
    EssayBody,
    FileBody,
    Gap,
    GapsBody,
    MatchingBody,
    MultipleChoiceBody,
    MultipleRule,
    NumericalBody,
    Option,
    OrderingBody,
    OrderingRule,
    QuestionDefinition,
    QuestionState,
    ShortAnswerBody,
    SingleChoiceBody,
    ToleranceKind,
    TrueFalseBody,
    UnitPenaltyOf,
    VariableRange,
    WordLimits,
    without_notes,
)
from standards import xml
from standards.files import LOST_FORMULAS
from standards.importing import import_file
from standards.model import FileRefused, ImportedQuestions, NotTranslatable, RemarkSeverity
from standards.moodle_xml import texts
from standards.moodle_xml.read import read
from standards.moodle_xml.texts import expression
from standards.moodle_xml.write import write
from tests.support.questions import a_calculated, a_matrix, a_question, an_option, es, f


def quiz(kind: str, inside: str, text: str = "¿Qué?", form: str = "html", name: str = "Una") -> bytes:
    head = f'<name><text>{name}</text></name><questiontext format="{form}"><text><![CDATA[{text}]]></text></questiontext>'
    return f'<?xml version="1.0" encoding="UTF-8"?><quiz><question type="{kind}">{head}{inside}</question></quiz>'.encode()


def one(content: bytes) -> QuestionDefinition:
    found = read(content)
    assert len(found.questions) == 1, found.remarks
    return found.questions[0]


def answer(fraction: str, text: str, feedback: str = "", more: str = "", form: str = "html") -> str:
    why = f'<feedback format="html"><text>{feedback}</text></feedback>' if feedback else ""
    return f'<answer fraction="{fraction}" format="{form}"><text>{text}</text>{why}{more}</answer>'


def test_common_fields_are_read() -> None:
    tags = "<tags><tag><text>Salud Pública</text></tag></tags>"
    hint = '<hint format="html"><text>&lt;p&gt;Piense&lt;/p&gt;</text></hint>'
    numbers = "<defaultgrade>2.5</defaultgrade><penalty>0.1</penalty><hidden>1</hidden><idnumber>q-7</idnumber>"
    general = '<generalfeedback format="markdown"><text>**Porque sí**</text></generalfeedback>'

    question = one(quiz("shortanswer", numbers + general + answer("100", "a") + hint + tags))

    assert (question.key, question.mark, question.penalty, question.state) == ("q-7", f("2.5"), f("0.1"), QuestionState.HIDDEN)
    assert (question.tags, question.hints, question.explanation) == (("salud-publica",), (es("Piense"),), es("**Porque sí**"))


def test_choice_of_one_and_of_several() -> None:
    answers = answer("100", "a", "sí") + answer("-50", "b") + answer("33.33333", "c")
    several = "<single>false</single>" + answer("50", "a") + answer("50", "b") + answer("-50", "c")

    single, multiple = one(quiz("multichoice", "<shuffleanswers>0</shuffleanswers>" + answers)).body, one(quiz("multichoice", several)).body

    assert isinstance(single, SingleChoiceBody)
    assert single.options == (
        Option("a", es("a"), True, Fraction(1), es("sí")),
        Option("b", es("b"), False, f("-1/2")),
        Option("c", es("c"), False, f("1/3")),
    )
    assert not single.shuffle
    assert isinstance(multiple, MultipleChoiceBody)
    assert multiple.rule is MultipleRule.RIGHT_MINUS_WRONG


def test_numbers_have_tolerances_and_units() -> None:
    """Moodle's multiplier is the inverse of our factor: 510 cm is 5.1 m."""
    units = (
        "<units><unit><multiplier>1</multiplier><unit_name>m</unit_name></unit>"
        "<unit><multiplier>100</multiplier><unit_name>cm</unit_name></unit></units>"
        "<unitgradingtype>2</unitgradingtype><unitpenalty>0.2</unitpenalty><showunits>0</showunits>"
    )

    body = one(quiz("numerical", answer("100", "5.1", more="<tolerance>0.05</tolerance>") + answer("0", "*", "no") + units)).body

    assert isinstance(body, NumericalBody)
    assert (body.answers[0].value, body.tolerance.amount) == (f("5.1"), f("0.05"))
    assert (body.answers[1].value, body.answers[1].why) == (None, es("no"))
    assert body.units == {"m": 1, "cm": f("1/100")}
    assert (body.unit_penalty, body.unit_penalty_of) == (f("1/5"), UnitPenaltyOf.MAXIMUM)


def test_matching_with_an_extra_choice() -> None:
    def sub(item: str, match: str) -> str:
        return f'<subquestion format="html"><text>{item}</text><answer><text>{match}</text></answer></subquestion>'

    body = one(quiz("matching", sub("Perú", "Lima") + sub("Chile", "Santiago") + sub("", "Quito"))).body

    assert isinstance(body, MatchingBody)
    assert [(pair.key, pair.match_key) for pair in body.pairs] == [("peru", "lima"), ("chile", "santiago")]
    assert [label.key for label in body.extra] == ["quito"]


def test_ordering_with_each_rule_of_moodle() -> None:
    answers = answer("2", "dos") + answer("1", "uno") + answer("3", "tres")

    body = one(quiz("ordering", "<gradingtype>LONGEST_ORDERED_SUBSET</gradingtype>" + answers)).body

    assert isinstance(body, OrderingBody)
    assert [label.key for label in body.items] == ["uno", "dos", "tres"]
    assert body.rule is OrderingRule.LONGEST_ORDERED


def test_essay_and_files() -> None:
    limits = "<minwordlimit>50</minwordlimit><maxwordlimit>200</maxwordlimit><attachments>2</attachments>"
    kinds = "<maxbytes>5242880</maxbytes><filetypeslist>.pdf,.docx</filetypeslist>"
    files = f"<responseformat>noinline</responseformat><attachments>2</attachments>{kinds}"

    assert one(quiz("essay", limits)).body == EssayBody(WordLimits(50, 200), files=2)
    assert one(quiz("essay", files)).body == FileBody(("pdf", "docx"), 2, 5)
    for written in ("-1", "5 MB", ""):
        assert one(quiz("essay", files.replace("5242880", written))).body == FileBody(("pdf", "docx"), 2, 10)


def test_lists_and_boxes_inside_a_text() -> None:
    options = "".join(f"<selectoption><text>{word}</text><group>{of}</group></selectoption>" for word, of in (("a", 1), ("b", 2), ("c", 1)))
    boxes = "".join(f"<dragbox><text>{word}</text><group>1</group></dragbox>" for word in ("sol", "luna", "mar"))

    lists = one(quiz("gapselect", options, "Uno [[3]] y dos [[2]]."))
    drag = one(quiz("ddwtos", boxes, "Uno [[2]] y dos [[1]]."))

    assert lists.text == drag.text == es("Uno {gap1} y dos {gap2}.")
    assert isinstance(lists.body, GapsBody)
    first = lists.body.gaps[0].body
    assert isinstance(first, SingleChoiceBody)
    assert [(option.key, option.right) for option in first.options] == [("a", False), ("c", True)]
    assert isinstance(drag.body, GapsBody)
    assert [answer.key for gap in drag.body.gaps if isinstance(gap.body, ShortAnswerBody) for answer in gap.body.answers] == ["luna", "sol"]
    assert {label.key for label in drag.body.choices} == {"sol", "luna", "mar"}


def test_cloze_of_each_kind() -> None:
    text = "A {1:SHORTANSWER:=sí#bien~%50%casi~*#no} b {2:NM:=3.5:0.1} c {:MCS:~uno~=dos \\} tres} d {1:SAC:=Sí}"

    question = one(quiz("cloze", "", text))

    assert question.text == es("A {gap1} b {gap2} c {gap3} d {gap4}")
    assert question.mark == 5
    assert isinstance(question.body, GapsBody)
    words, figure, choice, exact = (gap.body for gap in question.body.gaps)
    assert isinstance(words, ShortAnswerBody)
    assert [(one_.patterns["es"], one_.credit, one_.why) for one_ in words.answers] == [
        ("sí", 1, es("bien")),
        ("casi", f("1/2"), None),
        ("*", 0, es("no")),
    ]
    assert isinstance(figure, NumericalBody)
    assert (figure.answers[0].value, figure.tolerance.amount) == (f("3.5"), f("0.1"))
    assert isinstance(choice, SingleChoiceBody)
    assert [option.text["es"] for option in choice.options] == ["uno", "dos } tres"]
    assert choice.shuffle
    assert isinstance(exact, ShortAnswerBody)
    assert not exact.ignore_case


def test_cloze_takes_a_comma_for_its_decimal_sign() -> None:
    body = one(quiz("cloze", "", "A {1:SA:=sí~%33,33333%casi} b {1:NM:=3,5:0,1}")).body

    assert isinstance(body, GapsBody)
    words, figure = (gap.body for gap in body.gaps)
    assert isinstance(words, ShortAnswerBody)
    assert [(one_.patterns["es"], one_.credit) for one_ in words.answers] == [("sí", 1), ("casi", f("1/3"))]
    assert isinstance(figure, NumericalBody)
    assert (figure.answers[0].value, figure.tolerance.amount) == (f("3.5"), f("0.1"))


def test_an_answer_that_looks_like_a_weight_is_none() -> None:
    """A right answer must not come back as partly right."""
    options = (an_option("20-de-la-renta", "1"), an_option("nada"))
    worded = tuple(replace(option, text=es(text), why=None) for option, text in zip(options, ("%20% de la renta", "nada"), strict=True))
    question = replace(a_question(GapsBody((Gap("gap", SingleChoiceBody(worded)),))), text=es("Paga {gap} aquí."))

    body = one(write([question]).content).body

    assert isinstance(body, GapsBody)
    assert isinstance(body.gaps[0].body, SingleChoiceBody)
    assert [(option.text["es"], option.credit) for option in body.gaps[0].body.options] == [("%20% de la renta", 1), ("nada", 0)]


def test_signs_that_are_dragged_come_in() -> None:
    """Their texts give no keys: those that were made are written."""
    boxes = "".join(f"<dragbox><text>{sign}</text><group>1</group></dragbox>" for sign in ("&amp;lt;", "&amp;gt;", "="))

    found = import_file("signs.xml", quiz("ddwtos", boxes, "3 [[1]] 5 y 7 [[2]] 2")).imported

    assert not found.of_severity(RemarkSeverity.PROBLEM, RemarkSeverity.TO_CORRECT)
    body = found.questions[0].body
    assert isinstance(body, GapsBody)
    assert [label.text["es"] for label in body.choices] == ["\\<", ">", "="]
    assert [gap.body.answers[0].key for gap in body.gaps if isinstance(gap.body, ShortAnswerBody)] == [
        label.key for label in body.choices[:2]
    ]


@pytest.mark.parametrize("text", ["A {1:MULTIRESPONSE:=a~b}", "A {1:SA:=a", "no gap"])
def test_cloze_that_is_not_known_is_told(text: str) -> None:
    found = texts.read(text.encode())

    assert not found.questions
    assert len(found.of_severity(RemarkSeverity.PROBLEM)) == 1


@pytest.mark.parametrize("kind", ["calculated", "calculatedmulti", "ddimageortext", "random", ""])
def test_type_that_is_not_known_is_told_with_its_line(kind: str) -> None:
    found = read(b"<quiz>\n\n" + quiz(kind, "").split(b"<quiz>")[1])

    assert not found.questions
    assert [problem.line for problem in found.of_severity(RemarkSeverity.PROBLEM)] == [3]


def test_elements_that_nobody_reads_are_told_by_name() -> None:
    losses = read(quiz("description", "<sorpresa>1</sorpresa><answernumbering>abc</answernumbering>")).of_severity(RemarkSeverity.LOSS)

    assert [loss.facts["name"] for loss in losses] == ["sorpresa"]


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        (r"Sea \(x^2\).", "Sea $x^2$."),
        (r"Sea \[x_2\] así.", "Sea\n\n$x_2$\n\nasí."),
        ("Sea $$x^2$$", "Sea\n\n$x^2$"),
        ('Sea <img class="texrender" alt="x^2" src="/filter/tex/1.gif">.', "Sea $x^2$."),
        ('Sea <img class="equation_image" alt="LaTeX: x^2" data-equation-content="x^2" src="/equation_images/x">.', "Sea $x^2$."),
        ('Sea <img alt="LaTeX: \\frac{1}{2}" src="https://example.org/f.png">.', r"Sea $\frac{1}{2}$."),
        ("Sea «math xmlns=¨http://www.w3.org/1998/Math/MathML¨»«msup»«mi»x«/mi»«mn»2«/mn»«/msup»«/math».", "Sea $x^{2}$."),
    ],
)
@pytest.mark.parametrize("form", ["html", "plain_text", "markdown"])
def test_formulas_of_moodle_and_canvas_become_formulas_of_ours(text: str, read_as: str, form: str) -> None:
    if form != "html" and "<img" in text:
        return
    (question,) = read(quiz("description", "", f"<p>{text}</p>" if form == "html" else text, form)).questions

    written = " ".join(question.text["es"].split())
    assert written == " ".join(read_as.split())
    assert question.state is QuestionState.READY


@pytest.mark.parametrize("text", ["De USD 5 a $6 o $$.", r"a\(b"])
def test_what_is_no_formula_stays_as_it_is_written(text: str) -> None:
    found = read(quiz("description", "", f"<p>{text}</p>"))

    assert found.questions[0].state is QuestionState.READY
    assert not found.of_severity(RemarkSeverity.LOSS)


@pytest.mark.parametrize("text", [r"Sea \(\sorpresa{x\).", '<img class="texrender" alt="\\sorpresa{x" src="/e">Sea.'])
def test_a_formula_that_cannot_be_read_makes_a_draft(text: str) -> None:
    (question,) = read(quiz("description", "", f"<p>{text}</p>")).questions

    assert question.state is QuestionState.DRAFT


def test_options_of_canvas_that_are_formulas_alone_are_options() -> None:
    def picture(latex: str) -> str:
        return f'<![CDATA[<img class="equation_image" alt="LaTeX: {latex}" data-equation-content="{latex}" src="/equation_images/1">]]>'

    (question,) = read(quiz("multichoice", f"<single>true</single>{answer('100', picture('2x'))}{answer('0', picture('x^2'))}")).questions

    assert isinstance(question.body, SingleChoiceBody)
    assert [option.text["es"] for option in question.body.options] == ["$2x$", "$x^2$"]


def test_what_moodle_shows_to_graders_alone_is_a_note_that_no_learner_reads() -> None:
    found = read(quiz("essay", "<graderinfo format='html'><text>Dos puntos: &lt;b&gt;riesgo&lt;/b&gt;.</text></graderinfo>"))
    (question,) = found.questions

    assert isinstance(question.body, EssayBody)
    assert (question.body.model, question.note) == (None, "Dos puntos: riesgo.")
    assert without_notes(question).note == ""
    assert [remark.what for remark in found.of_severity(RemarkSeverity.NOTE)] == [
        "The information for graders became the note to colleagues."
    ]


HALF = "<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>"


def test_mathml_becomes_latex_in_texts_and_options() -> None:
    choices = answer("100", f"<![CDATA[{HALF} exacto]]>") + answer("0", "<![CDATA[<math><mn>4</mn></math> exacto]]>")
    found = read(quiz("multichoice", f"<single>true</single>{choices}", f"<p>Calcule {HALF} + <math><mn>3</mn></math></p>"))
    (question,) = found.questions

    assert question.text == es(r"Calcule $\frac{1}{2}$ + $3$")
    assert isinstance(question.body, SingleChoiceBody)
    assert [option.text for option in question.body.options] == [es(r"$\frac{1}{2}$ exacto"), es("$4$ exacto")]
    assert (question.state, found.remarks) == (QuestionState.READY, ())


def test_a_formula_that_is_not_known_makes_a_draft_and_is_counted() -> None:
    found = read(quiz("essay", "", "<p>Calcule <math><maction>x</maction></math></p>"))
    (question,), (remark,) = found.questions, found.remarks

    assert question.state is QuestionState.DRAFT
    assert (remark.severity, remark.facts) == (RemarkSeverity.LOSS, {"thing": LOST_FORMULAS, "number": "1", "examples": "x (Una)"})


def test_what_texts_leave_out_is_counted_over_the_whole_file() -> None:
    """Once for each kind, with the first examples and their questions; a question that is refused counts nothing."""
    text = '<p><abbr title="Uno">U</abbr> <blink>dos</blink></p>'
    several = quiz("essay", "", text).replace(b"</quiz>", b"")
    refused = quiz("nothing", "", text).partition(b"<quiz>")[2]
    found = read(several + quiz("essay", "", text, name="Otra").partition(b"<quiz>")[2].replace(b"</quiz>", b"") + refused)

    losses = [remark.facts for remark in found.of_severity(RemarkSeverity.LOSS)]
    assert losses == [
        {"thing": ATTRIBUTES, "number": "2", "examples": '<abbr title="Uno"> (Una) · <abbr title="Uno"> (Otra)'},
        {"thing": ELEMENTS, "number": "2", "examples": "<blink> dos (Una) · <blink> dos (Otra)"},
    ]


PLACES = ("quiz", "question", "answer", "feedback", "hint")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(PLACES), max_size=6))
def test_every_word_of_a_question_is_read_or_named(drawn: list[str]) -> None:
    """Whatever element of the file a word stands in."""
    inside = {place: "".join(f"<bogus>w{at}w</bogus>" for at, of in enumerate(drawn) if of == place) for place in PLACES}
    feedback = f"<feedback><text>w90w</text>{inside['feedback']}</feedback>"
    more = f"<answer fraction='100'><text>w91w</text>{feedback}{inside['answer']}</answer><hint><text>w92w</text>{inside['hint']}</hint>"
    content = quiz("shortanswer", more + inside["question"], "w93w").replace(b"</quiz>", f"{inside['quiz']}</quiz>".encode())
    found = read(content)

    known = str(found.questions) + "".join(str((remark.what, remark.facts)) for remark in found.remarks)
    for word in re.findall(r"w\d+w", content.decode()):
        by_name = f"<bogus>{word}" in inside["question"]  # one remark names the element for all of its kind
        assert word in known or (by_name and "'bogus'" in known), word


def test_another_root_is_refused() -> None:
    with pytest.raises(FileRefused, match="<quizz>"):
        read(b"<quizz/>")


@pytest.mark.parametrize(
    ("fraction", "said"), [("x", "number"), ("101", "outside"), ("1e99", "too large")], ids=["no number", "above", "huge"]
)
def test_weight_that_is_none_keeps_the_question_out(fraction: str, said: str) -> None:
    found: ImportedQuestions = read(quiz("shortanswer", answer(fraction, "a")))

    assert not found.questions
    assert said in found.of_severity(RemarkSeverity.PROBLEM)[0].what


def test_feedback_to_true_and_false_becomes_the_explanation() -> None:
    question = one(quiz("truefalse", answer("0", "true", "Falta un año.") + answer("100", "false")))

    assert question.body == TrueFalseBody(answer=False)
    assert question.explanation == es("Falta un año.")


def test_what_goes_out_is_what_moodle_reads() -> None:
    """Types, formats and numbers as Moodle's own export writes them."""
    body = MultipleChoiceBody((Option("a", es("*a*"), True, Fraction(1)), Option("b", es("b"), False, Fraction(0))))

    question = xml.parse(write([a_question(body, tags=("x",))]).content)[0]

    assert question.get("type") == "multichoice"
    assert xml.words(xml.child(question, "single")) == "false"
    assert [
        (one_.get("fraction"), one_.get("format"), xml.words(xml.child(one_, "text"))) for one_ in xml.children(question, "answer")
    ] == [
        ("100", "markdown", "*a*"),
        ("-100", "markdown", "b"),
    ]


def test_kinds_that_moodle_lacks_are_told() -> None:
    out = write([a_question(a_calculated()), a_question(a_matrix())])

    assert out.count == 0
    assert [problem.facts["kind"] for problem in out.of_severity(RemarkSeverity.PROBLEM)] == ["Número calculado", "Tabla"]


def test_rule_without_a_match_is_told_as_a_loss() -> None:
    body = MultipleChoiceBody(
        (Option("a", es("a"), True, Fraction(1)), Option("b", es("b"), False, Fraction(0))), MultipleRule.ALL_OR_NOTHING
    )

    assert [loss.facts.get("rule") for loss in write([a_question(body)]).of_severity(RemarkSeverity.LOSS)] == ["all_or_nothing"]


def test_one_unknown_gap_refuses_only_its_question_and_categories_become_tags_when_asked() -> None:
    """Of three texts with gaps one has a kind that is not known here; the category stands on those that follow it."""

    def cloze(name: str, gap: str) -> str:
        text = f"<questiontext><text>Va {gap} y {{1:SA:=b}}.</text></questiontext>"
        return f'<question type="cloze"><name><text>{name}</text></name>{text}</question>'

    category = '<question type="category"><category><text>$course$/Aportes/Jubilación</text></category></question>'
    file = (
        f"<quiz>{cloze('uno', '{1:SA:=a}')}{category}{cloze('dos', '{1:MULTIRESPONSE:=a~=b}')}{cloze('tres', '{1:NM:=2}')}</quiz>".encode()
    )

    found = import_file("x.xml", file, categories="tags").imported

    assert [(question.key, question.tags) for question in found.questions] == [("uno", ()), ("tres", ("aportes-jubilacion",))]
    assert [problem.question for problem in found.of_severity(RemarkSeverity.PROBLEM)] == ["dos"]
    assert not found.of_severity(RemarkSeverity.LOSS)


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
