"""Judges, their sheets and the signed record of a pass mark, from the page to the published quiz (spec/selection 3.10 and 3.11)."""

from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import pass_marks
from quizzes.models import JudgeSheet, PassMarkRecord, QuizVersion
from quizzes.rules.result_use import PassBasis
from tests.support import folders
from tests.support.access import a_cast
from tests.support.at_once import overlap
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, publish, sign_in
from tests.support.drafts import draft_texts
from tests.support.learning import a_learner
from tests.support.pass_marks import OVERVIEW, PARTS, a_record, attach, fill, sheet_of, signed
from tests.support.selecting import NORM, RECORDED, a_selecting_folder
from tests.support.selection_folders import FILE
from tests.support.uploads import PDF
from tests.support.wording import in_spanish

SETTINGS = PARTS


def test_three_judges_in_two_rounds_make_a_signed_record(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10: everything is kept as it was said, and nothing of it changes afterwards."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70, "Lola": 80})
    browser.submit(record, button=("do", "second"))
    for name, rating in (("Eva", 65), ("Iván", 70), ("Lola", 75)):
        fill(browser, record, name, rating)

    page = signed(browser, record, "70")

    assert in_spanish("Pass mark %(mark)s", mark="70\xa0%") in page
    assert "1. ¿Es cierto" in page
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(PassMarkRecord)).one()
        found = pass_marks.list_signed(session, row.course_id, "cuestionario-1")
    assert [(one.name, one.first, one.second) for one in found[0].judges] == [
        ("Eva", (60, 60), (65, 65)),
        ("Iván", (70, 70), (70, 70)),
        ("Lola", (80, 80), (75, 75)),
    ]
    assert (found[0].cut.cut, found[0].cut.error_variance, found[0].pass_mark) == (70, Fraction(25, 3), 70)
    assert found[0].cut.without == (Fraction(145, 2), 70, Fraction(135, 2))


def test_a_mark_far_from_the_judges_asks_for_a_reason(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.11: nothing is written without it."""
    record = a_record(browser, instance, {"Eva": 65, "Iván": 70, "Lola": 75})
    browser.submit(record, button=("do", "second"))
    for name, rating in (("Eva", 65), ("Iván", 70), ("Lola", 75)):
        fill(browser, record, name, rating)

    refused = signed(browser, record, "90", status=422)
    accepted = signed(browser, record, "90", "La ley exige 90.")

    assert in_spanish(pass_marks.ReasonNeeded.message) in refused
    assert "La ley exige 90." in accepted


@pytest.mark.parametrize("mark", ["", "setenta", "101", "-5", "NaN"])
def test_a_mark_that_is_none_is_refused_beside_its_field(browser: Browser, instance: Instance, mark: str) -> None:
    """spec/selection 12: bad input, nothing written."""
    record = a_record(browser, instance, {"Eva": 65, "Iván": 70, "Lola": 75})
    browser.submit(record, button=("do", "second"))
    for name in ("Eva", "Iván", "Lola"):
        fill(browser, record, name, 70)

    page = signed(browser, record, mark, status=422)

    assert in_spanish("Write the pass mark as a percentage from 0 to 100.") in page


def test_a_second_round_needs_three_complete_sheets(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10: a sheet that lacks a question is not complete."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70})
    browser.submit(record, {"name": "Lola"}, button=("do", "judge"))
    fill(browser, record, "Lola", "")

    page = browser.get(record)

    assert in_spanish("One more complete sheet is needed.", 1) in page.text
    assert not any(button == ("do", "second") for form in page.forms for button in form.buttons)


def test_judges_see_in_the_second_round_what_was_said_and_answered(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10: sight of known facilities between rounds or not, and never names."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70, "Lola": 95}, facilities=True)
    sheet = sheet_of(browser, record, "Eva")
    before = browser.get(sheet).text
    browser.get(record)
    browser.submit(record, button=("do", "second"))

    after = browser.get(sheet).text

    told = in_spanish("First round: from %(low)s to %(high)s, mean %(mean)s.", low="60", high="95", mean="75\xa0%")
    assert told not in before
    assert told in after
    assert in_spanish("Too few answers so far to say how hard it was.") in after
    assert "Lola" not in after


def test_a_sheet_is_open_to_who_fills_it_alone(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10: judges judge alone; another editor does not find the sheet."""
    record = a_record(browser, instance, {"Eva": 60})
    sheet = sheet_of(browser, record, "Eva")
    with instance.database.unit_of_work() as session:
        course = session.get_one(Course, session.scalars(select(PassMarkRecord)).one().course_id)
    other = browser.another("es")
    a_teacher(instance, course, "otra@example.org")
    sign_in(other, "otra@example.org")

    other.get(sheet, status=404)

    assert "/sheets/" not in other.get(record).html
    assert "Eva" in other.get(record).text


def test_a_sheet_of_the_round_before_is_refused(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10: what was said in the first round stays as it was."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70, "Lola": 80})
    sheet = sheet_of(browser, record, "Eva")
    browser.get(sheet)
    late = browser.another("es")
    sign_in(late, "profe@example.org")
    late.get(record)
    late.submit(record, button=("do", "second"))

    page = browser.submit(sheet, {"rating-0": "0", "rating-1": "0"}, status=409)

    assert in_spanish(pass_marks.RecordClosed.message) in page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(JudgeSheet.first).where(JudgeSheet.name == "Eva")).one() == "[60, 60]"


def in_second_round(browser: Browser, instance: Instance) -> str:
    """Return the address of a record whose three typed sheets are complete in the second round."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70, "Lola": 80})
    browser.submit(record, button=("do", "second"))
    for name in ("Eva", "Iván", "Lola"):
        fill(browser, record, name, 70)
    return record


def test_typed_judgements_need_the_signed_paper_or_the_account_of_the_expert(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10."""
    record = in_second_round(browser, instance)
    refused = signed(browser, record, "70", status=422, papers=False)
    assert "Eva, Iván, Lola" in refused
    attach(browser, record, "Eva")
    attach(browser, record, "Iván")
    expert = browser.another("es")
    with instance.database.unit_of_work() as session:
        course = session.get_one(Course, session.scalars(select(PassMarkRecord)).one().course_id)
    a_teacher(instance, course, "lola@example.org")
    sign_in(expert, "lola@example.org").get(record)
    expert.submit(record, {"sheet": sheet_of(browser, record, "Lola").rpartition("/")[2]}, button=("do", "confirm"))

    page = signed(browser, record, "70", papers=False)

    assert page.count(in_spanish("by a signed paper")) == 2
    assert in_spanish("by the account of %(name)s", name="Pilar Maestra") in page
    paper = next(address for address, _text in browser.page.links if address.endswith("/paper"))
    browser._request("GET", paper)
    assert browser.response.get_data() == PDF
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(PassMarkRecord)).one()
        judges = pass_marks.list_signed(session, row.course_id, "cuestionario-1")[0].judges
    assert [judge.confirmation["by"] for judge in judges] == ["paper", "paper", "account"]


def test_the_typist_confirms_nothing_and_a_changed_sheet_is_confirmed_anew(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10."""
    record = in_second_round(browser, instance)
    sheet = sheet_of(browser, record, "Eva").rpartition("/")[2]
    browser.post(record, {"do": "confirm", "sheet": sheet}, status=422)
    attach(browser, record, "Eva", b"no es un PDF", status=422)
    attach(browser, record, "Eva")

    fill(browser, record, "Eva", 75)

    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(JudgeSheet).where(JudgeSheet.name == "Eva")).one()
        assert (row.paper_id, row.confirmed_at) == (None, None)


def test_a_discarded_record_is_kept_and_shown_with_its_reason(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.10."""
    record = in_second_round(browser, instance)
    browser.submit(record, button=("do", "discard"), status=422)
    browser.submit(record, {"discard_reason": "Faltó un experto."}, button=("do", "discard"))

    page = browser.get(OVERVIEW)

    assert "Faltó un experto." in page.text
    assert "Pilar Maestra" in page.text
    assert "70,0\xa0%" in page.text or "70\xa0%" in page.text, "what the judges had said"
    browser.get(record, status=404)


def test_of_two_signatures_at_once_one_counts(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: one result, the other is told."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70, "Lola": 80})
    browser.submit(record, button=("do", "second"))
    for name in ("Eva", "Iván", "Lola"):
        fill(browser, record, name, 70)
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(PassMarkRecord)).one()
        course_id, uuid, person = row.course_id, row.uuid, row.opened_by

    def sign(session: Session) -> None:
        found = pass_marks.get_record(session, course_id, "cuestionario-1", uuid, lock=True)
        for sheet in pass_marks.list_sheets(session, found.id):
            sheet.confirmed_by, sheet.confirmed_at = person, clock.now()
        pass_marks.sign_record(session, Actor(person_id=person), found, Fraction(70), "", now=clock.now())

    def sign_second() -> None:
        with pytest.raises(pass_marks.RecordClosed), instance.database.unit_of_work() as session:
            sign(session)

    overlap(instance, sign, sign_second)
    with instance.database.unit_of_work(write=False) as session:
        assert len(pass_marks.list_signed(session, course_id, "cuestionario-1")) == 1


def test_publishing_asks_for_the_record_and_keeps_it(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.2 and 3.11: without a signed record of just this mark the quiz is not published."""
    record = a_record(browser, instance, {"Eva": 60, "Iván": 70, "Lola": 80})
    with instance.database.unit_of_work(write=False) as session:
        course_id = session.scalars(select(PassMarkRecord.course_id)).one()
        folder = folders.course(a_selecting_folder(RECORDED))
        before = [one.code for one in pass_marks.missing_records(session, course_id, folder)]
    browser.submit(record, button=("do", "second"))
    for name in ("Eva", "Iván", "Lola"):
        fill(browser, record, name, 70)
    signed(browser, record, "70")

    publish(instance, a_selecting_folder(RECORDED))

    with instance.database.unit_of_work(write=False) as session:
        assert pass_marks.missing_records(session, course_id, folder) == ()
        version = session.scalars(select(QuizVersion.id).order_by(QuizVersion.id.desc()).limit(1)).one()
        found = pass_marks.get_published_pass_mark(session, version)
    assert before == ["C514"]
    assert found.pass_mark == 70
    assert found.record is not None
    assert found.record.uuid.hex == record.rpartition("/")[2].replace("-", "")


def test_a_norm_is_cited_before_the_attempt(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.11: set by norm, with its citation."""
    course = publish(instance, a_selecting_folder(NORM))[0]
    a_learner(instance, course)
    sign_in(browser, "ana@example.org")

    page = browser.get("/courses/prueba/quizzes/cuestionario-1")

    assert "Reglamento, art. 12" in page.text


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("", "C514"),
        ("pass_basis: {judges: true, norm: {es: Ley, en: Act}}\n", "C505"),
        ("pass_basis: {judges: false}\n", "C505"),
        ("pass_basis: {norm: {es: Ley, en: Act}}\npass_mark: none\n", "C505"),
        ("pass_mark: none\n", ""),
        (NORM, ""),
        (RECORDED, ""),
    ],
)
def test_a_selecting_quiz_says_what_its_pass_mark_goes_by(more: str, code: str) -> None:
    """spec/selection 0.2, spec/content-format C514: or it has none."""
    codes = {one.code for one in folders.reading(a_selecting_folder(more)).findings if one.code in ("C505", "C514")}

    assert codes == ({code} if code else set())


def test_the_form_writes_the_basis_of_the_pass_mark(browser: Browser, instance: Instance) -> None:
    """spec/selection 3.11: the editor's form and the text are the same."""
    course = publish(instance, a_selecting_folder(NORM))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    browser.get(SETTINGS)

    browser.submit(SETTINGS, {"pass_basis__norm_es": "", "pass_basis__norm_en": "", "pass_basis__judges": "true"})

    assert "pass_basis:\n  judges: true\n" in draft_texts(instance)[FILE]


def test_every_cell_of_the_record(browser: Browser, instance: Instance) -> None:
    """Access: angoff.record; graders do not see it."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("angoff.record", "own_course", cast.outcomes(OVERVIEW)) == []


def test_the_basis_is_told_as_a_difference() -> None:
    """spec/selection 3.11: what changed is shown before it is published."""
    quiz = next(one for one in folders.course(a_selecting_folder(NORM)).activities() if one.kind == "quiz")

    assert quiz.settings.basis == PassBasis({"es": "Reglamento, art. 12", "en": "Rules, art. 12"})
