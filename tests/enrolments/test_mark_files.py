"""Marks from a file: the sheet, the review by person, what is refused and why, one confirmation, what changed meanwhile."""

import csv
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from accounts.models import Notification, Person
from courses.models import StaffRole
from enrolments import enrolment, grade_items, mark_files
from enrolments.learners import get_learner_context
from enrolments.models import PendingMarkFile
from kernel import clock
from kernel.permissions import SYSTEM
from lms import erasure
from lms.erasure import MergePair
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, Page
from tests.support.builders import a_course, sign_in
from tests.support.results import a_marked_course, mark, written_marks
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/gradebook/mark-files"
SHEET = "/teaching/prueba/gradebook/marks.csv"


def downloaded(browser: Browser, address: str = SHEET) -> list[list[str]]:
    browser.checks = False
    browser.get(address)
    browser.checks = True
    return list(csv.reader(StringIO(browser.response.data.decode("utf-8-sig")), delimiter=";"))


def filled(rows: list[list[str]], marks: dict[str, tuple[str, str]]) -> bytes:
    """Return the sheet with marks of both items, by the address."""
    lines = [[*row[:3], *marks.get(row[1], row[3:5]), *row[5:]] for row in rows]
    text = StringIO()
    csv.writer(text, delimiter=";").writerows(lines)
    return text.getvalue().encode()


def sent(browser: Browser, content: bytes, name: str = "notas.csv", status: int = 200) -> Page:
    browser.get(PAGE)
    return browser.post(PAGE, {"file": (BytesIO(content), name)}, status=status)


def test_only_who_edits_the_course_takes_the_sheet_and_loads_marks(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("item.load_marks", "own_course", cast.outcomes(PAGE)) == []
    assert cast.check("gradebook.export", "own_course", cast.outcomes(SHEET)) == []


def test_a_filled_in_sheet_is_reviewed_by_person_and_saved_once_confirmed(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (talk, essay), (ana, blas, _carla) = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    rows = downloaded(browser)
    assert [row[1:5] for row in rows[1:]] == [
        ["ana@example.org", "", "8", ""],
        ["blas@example.org", "", "", ""],
        ["carla@example.org", "", "", ""],
    ]
    page = sent(browser, filled(rows, {"ana@example.org": ("9,5", "20"), "blas@example.org": ("", "10.25")}))

    assert in_spanish("%(count)s mark would change", 3) in page.text
    assert [words in page.text for words in ("9,5", "10,25", "Ensayo")] == [True] * 3
    assert written_marks(instance, talk) == [("8", "Bien")]
    browser.submit("/confirmation")
    assert in_spanish("%(count)s mark saved.", 3) in browser.page.text
    assert written_marks(instance, talk) == [("8", "Bien"), ("9.5", "Bien")]
    assert sorted(written_marks(instance, essay)) == [("10.25", ""), ("20", "")]
    with instance.database.unit_of_work(write=False) as session:
        notified = session.scalars(select(Notification.person_id).where(Notification.kind == "graded")).all()
    assert sorted(notified) == sorted([ana.person_id] * 3 + [blas.person_id])


def test_a_second_confirmation_saves_nothing_more(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (talk, _essay), _learners = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    sent(browser, filled(downloaded(browser), {"blas@example.org": ("12", "")}))
    form = browser.page.form("/confirmation")
    browser.submit("/confirmation")
    browser.submit("/confirmation", form=form)

    assert in_spanish("%(count)s mark saved.", 1) in browser.page.text
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "12"]


def test_what_is_not_taken_stands_by_line_with_its_cause(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (talk, essay), _learners = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    lines = [
        "correo;exposicion;Ensayo;Aula",
        "ana@example.org;21;diez;x",
        "nadie@example.org;5;;",
        "blas@example.org;12;;",
        "blas@example.org;13;;",
    ]
    page = sent(browser, "\n".join(lines).encode())

    assert in_spanish("%(count)s mark would change", 1) in page.text
    assert in_spanish("%(count)s entry will not be taken", 4) in page.text
    assert page.text.count(in_spanish("Enter a number from 0 to %(most)s.", most="20")) == 2
    assert in_spanish("No learner of this course has this address.") in page.text
    assert in_spanish("This address is already on line %(first)s.", first="4") in page.text
    assert in_spanish("Columns that are not taken") in page.text
    browser.submit("/confirmation")
    assert (written_marks(instance, talk)[1:], written_marks(instance, essay)) == ([("12", "")], [])
    faults = downloaded(browser, next(link for link, _words in browser.page.links if link.endswith("/errors.csv")))
    assert len(faults) == 1 + 4


def test_of_two_lines_of_one_person_whose_accounts_were_merged_the_first_is_taken_and_the_other_said(
    browser: Browser, instance: Instance
) -> None:
    """The review promises what is saved; control numbers of two lines are not mixed."""
    course, teacher, (_talk, essay), (ana, blas, _carla) = a_marked_course(instance, StaffRole.EDITOR)
    mark(instance, teacher, course, essay, {blas: "3"})
    sign_in(browser, "profe@example.org")
    rows = downloaded(browser)
    with instance.database.unit_of_work() as session:
        kept, closed = (session.get_one(Person, actor.person_id) for actor in (ana, blas))
        erasure.merge(session, SYSTEM, MergePair(kept, closed), "La misma.", now=clock.now())

    page = sent(browser, filled(rows, {"ana@example.org": ("8", "20"), "blas@example.org": ("17", "5")}))

    assert in_spanish("%(count)s mark would change", 1) in page.text
    assert in_spanish("This person is already on line %(first)s.", first="2") in page.text
    assert in_spanish("Someone entered %(points)s in the meantime.", points="8") not in page.text
    browser.submit("/confirmation")
    assert in_spanish("%(count)s mark saved.", 1) in browser.page.text
    assert written_marks(instance, essay)[-1] == ("20", "")
    assert "5" not in [points for points, _comment in written_marks(instance, essay)]


def test_a_mark_that_someone_else_entered_since_the_download_is_not_replaced(browser: Browser, instance: Instance) -> None:
    course, teacher, (talk, _essay), (ana, blas, _carla) = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    rows = downloaded(browser)
    mark(instance, teacher, course, talk, {ana: "11", blas: "7"})
    page = sent(browser, filled(rows, {"blas@example.org": ("15", ""), "carla@example.org": ("16", "")}))

    assert in_spanish("%(count)s mark would change", 1) in page.text
    assert in_spanish("Someone entered %(points)s in the meantime.", points="7") in page.text
    assert in_spanish("Someone entered %(points)s in the meantime.", points="11") not in page.text
    browser.submit("/confirmation")
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "11", "7", "16"]


def test_what_changes_after_the_review_is_shown_before_anything_is_saved(browser: Browser, instance: Instance) -> None:
    course, teacher, (talk, _essay), (_ana, blas, _carla) = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    sent(browser, "email;Exposición\nblas@example.org;15\ncarla@example.org;16\n".encode())
    mark(instance, teacher, course, talk, {blas: "7"})
    page = browser.submit("/confirmation", status=409)

    assert in_spanish("Something changed since this review was shown, so nothing was saved. Check it again.") in page.text
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "7"]
    browser.submit("/confirmation")
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "7", "15", "16"]


def test_nobody_marks_themself_from_a_file(browser: Browser, instance: Instance) -> None:
    _course, teacher, (talk, _essay), _learners = a_marked_course(instance, StaffRole.EDITOR)
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, teacher, get_learner_context(session, teacher, "prueba"), now=clock.now())
    sign_in(browser, "profe@example.org")
    page = sent(browser, "email;Exposición\nprofe@example.org;20\nblas@example.org;9\n".encode())

    assert in_spanish("You can't mark your own work.") in page.text
    browser.submit("/confirmation")
    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "9"]


def test_a_sheet_of_another_maximum_or_of_a_retired_item_is_refused_at_its_field(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (_talk, essay), _learners = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    rows = downloaded(browser)
    plan = grade_items.GradeItemValues("Ensayo final", essay.maximum / 2, essay.weight, "", None)
    with instance.database.unit_of_work() as session:
        grade_items.change_item(session, SYSTEM, essay, plan, now=clock.now())
    page = sent(browser, filled(rows, {}), status=422)
    assert (
        in_spanish("The column “%(column)s” is of another maximum mark than the item has now. Download the sheet again.", column=rows[0][4])
        in page.text
    )

    with instance.database.unit_of_work() as session:
        grade_items.retire_item(session, SYSTEM, essay, retired=True, now=clock.now())
    page = sent(browser, filled(rows, {}), status=422)
    assert in_spanish("The item of the column “%(column)s” was retired, so it takes no marks.", column=rows[0][4]) in page.text


def test_the_percentages_of_the_gradebook_are_not_taken_for_marks(browser: Browser, instance: Instance) -> None:
    a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    browser.checks = False
    browser.get("/teaching/prueba/gradebook.csv")
    content = browser.response.data
    browser.checks = True
    page = sent(browser, content, status=422)

    assert in_spanish("No column has marks of a grade item of this course. Download the sheet and fill it in.") in page.text


def test_a_workbook_is_filled_in_and_sent_as_well(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (talk, _essay), _learners = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    browser.checks = False
    browser.get("/teaching/prueba/gradebook/marks.xlsx")
    browser.checks = True
    book = load_workbook(BytesIO(browser.response.data))
    book.worksheets[0]["D3"] = 13.5
    changed = BytesIO()
    book.save(changed)
    sent(browser, changed.getvalue(), "notas.xlsx")
    browser.submit("/confirmation")

    assert [points for points, _comment in written_marks(instance, talk)] == ["8", "13.5"]


def test_more_marks_than_one_transaction_takes_are_refused_in_words(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _course, _teacher, (talk, _essay), _learners = a_marked_course(instance, StaffRole.EDITOR)
    monkeypatch.setattr(mark_files, "MOST_CHANGES", 1)
    sign_in(browser, "profe@example.org")
    page = sent(browser, "email;Exposición\nblas@example.org;15\ncarla@example.org;16\n".encode())

    assert (
        in_spanish("One file can change %(limit)s marks at most. Download the sheet of one edition or group at a time.", limit="1")
        in page.text
    )
    assert [form for form in page.forms if form.action.endswith("/confirmation")] == []
    assert len(written_marks(instance, talk)) == 1


def test_a_discarded_file_changes_nothing_and_is_gone(browser: Browser, instance: Instance) -> None:
    _course, _teacher, (talk, _essay), _learners = a_marked_course(instance, StaffRole.EDITOR)
    sign_in(browser, "profe@example.org")
    sent(browser, "email;Exposición\nblas@example.org;15\n".encode())
    assert "notas.csv" in browser.get("/teaching").text
    browser.get(PAGE)
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(PendingMarkFile)).one()
    browser.get(f"{PAGE}/{row.uuid}")
    browser.submit("/discarding")

    assert len(written_marks(instance, talk)) == 1
    browser.get(f"{PAGE}/{row.uuid}", 404)
