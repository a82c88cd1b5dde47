"""The origins of questions are kept at publication, and every kind of question is known wherever kinds are listed.

spec/selection 2.2.
"""

import re
import zipfile
from collections.abc import Collection
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from courses import drafts
from courses.content.reader import read_directory
from courses.models import Course
from kernel.errors import DomainError
from kernel.paths import TEMPLATES
from lms.instance import Instance
from lms.publishing import export_course
from questions import bank_page
from questions.content import banks, question_fields
from questions.content.banks import QuestionIdentity, names_in, with_origins
from questions.models import QuestionOrigin
from questions.rules import answers, definitions
from questions.rules.definitions import QuestionKind
from standards.importing import import_file
from standards.imports import plan
from standards.spreadsheet import read
from tests.support import kinds
from tests.support.browser import Browser
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.folders import findings
from tests.support.selection_folders import BANK, a_balanced_folder
from tests.support.wording import in_spanish

QUIZ = "slots:\n  - question: a\n  - question: b\n"
SIGN = "0123456789abcdef" * 2


def a_copy(files: dict[str, bytes], key: str) -> dict[str, bytes]:
    """Return a course folder as another course."""
    return {**files, "course.yaml": files["course.yaml"].replace(b"key: prueba", f"key: {key}".encode())}


def with_lines(files: dict[str, bytes], key: str, lines: str) -> dict[str, bytes]:
    """Return a course folder whose bank says more of a question."""
    before = f"- key: {key}\n".encode()
    assert before in files[BANK]
    return {**files, BANK: files[BANK].replace(before, before + f"    {lines}\n".encode())}


def origins_of(instance: Instance) -> dict[tuple[str, str], str]:
    statement = select(Course.slug, QuestionOrigin.key, QuestionOrigin.origin).join(Course, Course.id == QuestionOrigin.course_id)
    with instance.database.unit_of_work(write=False) as session:
        return {(row.slug, row.key): row.origin for row in session.execute(statement)}


def exported(instance: Instance, folder: Path, *, origins: bool = True) -> dict[str, bytes]:
    export_course(instance, "prueba", folder, origins=origins)
    return dict(read_directory(folder))


def test_only_an_export_that_asks_for_them_writes_origins(instance: Instance, tmp_path: Path) -> None:
    """spec/selection 2.2: without the option the folder is the draft to the byte; with it each question has a line, every time the same."""
    files = a_balanced_folder(QUIZ)
    publish(instance, files)

    plain = exported(instance, tmp_path / "plain", origins=False)
    assert plain[BANK] == files[BANK]
    assert origins_of(instance) == {}
    first, second = (exported(instance, tmp_path / name) for name in ("one", "two"))

    assert first == second
    names = names_in(BANK, first[BANK].decode())
    assert {one.key: one.origin for one in names} == {key: sign for (_course, key), sign in origins_of(instance).items()}
    assert len({one.origin for one in names}) == len(names) > 1
    assert [line for line in first[BANK].decode().split("\n") if "origin:" not in line] == files[BANK].decode().split("\n")
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
        assert drafts.draft_files(session, instance.files, course.id)[BANK] == files[BANK]


def test_a_copy_has_the_origins_of_what_it_was_made_of(instance: Instance, tmp_path: Path) -> None:
    """spec/selection 2.2: copy and copy of the copy, under other keys too."""
    publish(instance, a_balanced_folder(QUIZ))
    files = exported(instance, tmp_path / "one")
    publish(instance, a_copy(files, "copia"))
    other = {**files, BANK: files[BANK].replace(b"key: a\n", b"key: otra\n"), **_asking(files, "otra")}
    publish(instance, a_copy(other, "nieta"))

    found = origins_of(instance)

    assert found["prueba", "a"] == found["copia", "a"] == found["nieta", "otra"]
    assert found["prueba", "b"] == found["copia", "b"] == found["nieta", "b"] != found["prueba", "a"]


def _asking(files: dict[str, bytes], key: str) -> dict[str, bytes]:
    """Return the quizzes of a folder that ask a question by another key than `a`."""
    quizzes = {path: content for path, content in files.items() if path.endswith(".quiz.yaml")}
    return {path: content.replace(b"question: a\n", f"question: {key}\n".encode()) for path, content in quizzes.items()}


def test_a_question_under_another_key_keeps_its_origin(instance: Instance) -> None:
    """spec/selection 2.2: `former_keys` of a published question; one that was never published joins nothing."""
    files = a_balanced_folder(QUIZ)
    publish(instance, files)
    renamed = with_lines(files, "a", "former_keys: [vieja, mas-vieja]")
    assert origins_of(instance) == {}

    publish(instance, renamed)
    assert origins_of(instance) == {}
    again = {**files, BANK: files[BANK].replace(b"- key: a\n", b"- key: nueva\n    former_keys: [a]\n"), **_asking(files, "nueva")}
    publish(instance, again)

    found = origins_of(instance)
    assert found["prueba", "nueva"] == found["prueba", "a"]
    assert len(found) == 2


@pytest.mark.parametrize("sign", ["abc", SIGN[:-1], SIGN.upper(), f"{SIGN}0"])
def test_an_origin_has_its_form(sign: str) -> None:
    """spec/content-format C201."""
    assert len(findings(with_lines(a_balanced_folder(QUIZ), "a", f"origin: {sign}"), "C201")) == 1
    assert findings(with_lines(a_balanced_folder(QUIZ), "a", f"origin: {SIGN}"), "C201") == []


def test_two_questions_of_a_course_have_different_origins() -> None:
    """spec/content-format C202: said at the second one, with the place of the first."""
    files = a_balanced_folder(QUIZ)
    for key in ("a", "b"):
        files = with_lines(files, key, f"origin: {SIGN}")

    found = findings(files, "C202")

    assert len(found) == 1
    assert BANK in found[0].message


def test_a_bank_that_lines_cannot_change_is_refused_by_name() -> None:
    """Bad input: a list in brackets; nothing is guessed."""
    with pytest.raises(DomainError) as refused:
        with_origins("banco.yaml", "questions: [{key: a, kind: description, text: Hola.}]\n", {"a": SIGN}, ())
    assert refused.value.facts["path"] == "banco.yaml"
    with pytest.raises(DomainError):
        names_in("banco.yaml", "questions: [{key: a}]\n")
    assert names_in("banco.yaml", "questions:\n  - {key: a, origin: junk}\n  - key: NO VALE\n") == (QuestionIdentity("a"),)
    assert with_origins("b", "questions:\n  - {key: a, mark: 2}\n", {"a": SIGN}, ("key", "origin", "mark")) == (
        f"questions:\n  - {{key: a, origin: {SIGN}, mark: 2}}\n"
    )


def test_a_question_imported_where_its_origin_is_already_loses_it() -> None:
    """spec/content-format C202: an import does not make a bank that cannot be published."""
    table = f"key,kind,text,right,origin\na,true_false,¿Sí?,true,{SIGN}\nb,true_false,¿No?,true,capítulo 3\n".encode()
    imported = import_file("tabla.csv", table).imported
    assert [one.question.selection.origin for one in imported.sources] == [SIGN, ""]

    into_another = plan(imported, (), (), "es")
    into_the_same = plan(imported, (), (), "es", {SIGN})

    assert SIGN in into_another.entries[0]
    assert SIGN not in into_the_same.entries[0]


def test_the_box_on_the_page_of_the_folder(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.2: the same as the option, and the log says so."""
    course = publish(instance, a_balanced_folder(QUIZ))[0]
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    page = browser.get("/teaching/prueba/folder")
    assert in_spanish("Say where its questions come from") in page.text

    for data in ({}, {"origins": "1"}):
        fields = dict(browser.get("/teaching/prueba/folder").form("/teaching/prueba/folder/download").fields)
        browser._request("POST", "/teaching/prueba/folder/download", data=fields | data)
        assert browser.response is not None
        with zipfile.ZipFile(BytesIO(browser.response.data)) as archive:
            assert (b"origin:" in archive.read(BANK)) is bool(data)


MACROS = (TEMPLATES / "macros" / "ui.html").read_text("utf-8")
NAMED = re.findall(r"'(\w+)'", re.search(r"macro kind_of_question.*?endmacro", MACROS, re.DOTALL)[0])  # type: ignore[index]  # the template names them
IN_THE_BANK = re.findall(r"^    kind: (\w+)$", kinds.BANK, re.MULTILINE)
SHOWN_ALIKE = {"true_false": "single", "calculated": "numerical"}
WITHOUT_AN_ANSWER = {QuestionKind.DESCRIPTION}


@pytest.mark.parametrize(
    ("place", "known", "without"),
    [
        ("questions.rules.definitions.BODIES", definitions.BODIES, set()),
        ("questions.rules.answers", answers._READERS, set()),
        ("questions.content.banks.BODIES", banks.BODIES, set()),
        ("questions.content.banks.FIELDS", banks.FIELDS, set()),
        ("questions.content.question_fields.OF_KIND", question_fields.OF_KIND, set()),
        ("questions.content.question_fields.KINDS", question_fields.KINDS, set()),
        ("questions.bank_page.STARTS", bank_page.STARTS, set()),
        ("templates/macros/ui.html", NAMED, WITHOUT_AN_ANSWER),
        ("standards.spreadsheet.read.KINDS", read.KINDS.values(), set()),
        ("tests.support.kinds.BANK", IN_THE_BANK, set()),
    ],
)
def test_every_kind_is_known(place: str, known: Collection[str], without: set[QuestionKind]) -> None:
    missing = set(QuestionKind) - set(known)

    assert missing == without, place


def test_every_kind_that_is_answered_has_a_template() -> None:
    names = {SHOWN_ALIKE.get(kind, kind.value) for kind in set(QuestionKind) - WITHOUT_AN_ANSWER}

    assert not [name for name in names if not (TEMPLATES / "quizzes" / "kinds" / f"_{name}.html").exists()]
