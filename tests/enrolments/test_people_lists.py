"""Lists of people as offices send them: encodings, separators, faults with their lines; nothing written until confirmed."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlalchemy import func, select

from accounts import accounts, uploads
from accounts.models import Person
from courses.models import Course
from enrolments import editions
from enrolments.models import Enrolment, EnrolmentInvitation, PendingEnrolmentList
from kernel import clock
from kernel.archives import write_archive
from kernel.left_out import SENTENCE
from kernel.permissions import SYSTEM
from kernel.tables import COLUMNS, SHEETS, Undecodable
from lms.instance import Instance
from organisations.address_lists import WITHOUT_ADDRESS, read_list
from tests.support.browser import Browser
from tests.support.builders import NO_LONGER, a_course, a_person, a_teacher, an_administrator, no_longer, sign_in
from tests.support.editions import an_edition
from tests.support.learning import a_learner
from tests.support.shared import SHARED, needs_shared
from tests.support.wording import in_spanish

ROWS = "nombre;correo;unidad\nAna Muñoz;ANA@example.org ;Quito\n\nBlas Peña;blas@example.org;Loja\n"


def addresses(content: bytes) -> list[tuple[int, str]]:
    return [(entry.line, entry.address) for entry in read_list(content).entries]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lists_are_read_as_offices_write_them(encoding: str, sign: str, end: str) -> None:
    content = ROWS.replace(";", sign).replace("\n", end).encode(encoding)

    assert addresses(content) == [(2, "ana@example.org"), (4, "blas@example.org")]


def test_a_list_without_headings_is_read_by_its_first_address() -> None:
    assert addresses(b"ana@example.org\nblas@example.org") == [(1, "ana@example.org"), (2, "blas@example.org")]
    assert addresses(b"Ana,ana@example.org\nBlas,") == [(1, "ana@example.org"), (2, "")]


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ("a@x.ec; b@x.ec; c@x.ec", ["a@x.ec", "b@x.ec", "c@x.ec"]),
        ("a@x.ec, b@x.ec\nc@x.ec", ["a@x.ec", "b@x.ec", "c@x.ec"]),
        ("a@x.ec\nb@x.ec, c@x.ec", ["a@x.ec", "b@x.ec", "c@x.ec"]),
        ("a@x.ec b@x.ec", ["a@x.ec", "b@x.ec"]),
        ("Ana Pérez <a@x.ec>; Beto Ruiz <B@x.ec>", ["a@x.ec", "b@x.ec"]),
    ],
)
def test_every_address_of_a_line_is_read(pasted: str, expected: list[str]) -> None:
    """Mail programs put all addresses on one line, with or without names."""
    table = read_list(pasted.encode())

    assert [entry.address for entry in table.entries] == expected
    assert table.left_out == ()


def test_names_of_mail_programs_are_kept() -> None:
    assert [entry.name for entry in read_list("Ana  Pérez <a@x.ec>; b@x.ec".encode()).entries] == ["Ana Pérez", ""]


@pytest.mark.parametrize(
    ("pasted", "expected"),
    [
        ('"Otra, Persona" <Otra@x.ec>', [("otra@x.ec", "Otra Persona")]),
        ('a@x.ec\n"Ruiz, Beto" <b@x.ec>\nc@x.ec', [("a@x.ec", ""), ("b@x.ec", "Ruiz Beto"), ("c@x.ec", "")]),
        ('"Muñoz; Ana" <a@x.ec>; "Beto" <b@x.ec>;c@x.ec', [("a@x.ec", "Muñoz Ana"), ("b@x.ec", "Beto"), ("c@x.ec", "")]),
        ('"a@x.ec" <a@x.ec>, "Ana \\"Anita\\" Paz"<b@x.ec>', [("a@x.ec", ""), ("b@x.ec", "Ana Anita Paz")]),
        ('"Ana <a@x.ec>","Beto ""B"" <b@x.ec>"', [("a@x.ec", "Ana"), ("b@x.ec", "Beto B")]),
    ],
)
def test_names_in_quotation_marks_are_read_as_mail_programs_write_them(pasted: str, expected: list[tuple[str, str]]) -> None:
    for encoding in ("utf-8", "cp1252"):
        table = read_list(pasted.encode(encoding))

        assert [(entry.address, entry.name) for entry in table.entries] == expected
        assert table.left_out == ()


def test_a_fault_of_pasted_addresses_stands_at_their_field(browser: Browser, course: Course) -> None:
    sign_in(browser, "ines@example.org").get("/teaching/prueba/learners/lists")
    browser.submit("/teaching/prueba/learners/lists", {"addresses": 'ana@example.org\n"Blas'}, status=422)
    fault = in_spanish("Line %(line)s cannot be read: a quotation mark is not closed, or other text follows it.", line=2)

    assert f"{in_spanish('Or paste the addresses here, one per line')}: {fault}" in browser.page.text
    assert in_spanish("File (CSV or Excel)") + ":" not in browser.page.text


def test_a_quotation_mark_that_is_not_closed_is_named_with_its_line() -> None:
    for wrong in ('"Ana', '"Ana" Paz'):
        with pytest.raises(Undecodable, match="Line 2 cannot be read: a quotation mark"):
            read_list(f"a@x.ec\n{wrong}".encode())


NAMES = st.text("abc", min_size=1, max_size=3)
PIECES = st.lists(NAMES | NAMES.map(lambda name: f"{name}@x.ec"), max_size=4)


@given(st.lists(PIECES, min_size=1, max_size=3), st.sampled_from([";", ",", "\t"]))
def test_every_piece_of_pasted_lines_is_an_entry_or_counted(lines: list[list[str]], sign: str) -> None:
    lines = [["z@x.ec"], *(line for line in lines if line)]
    found = read_list("\n".join(sign.join(line) for line in lines).encode())
    entries = [entry.address for entry in found.entries]
    words = [piece for line in lines for piece in line]

    assert len(words) == sum(len(re.split(r"[,\t]", entry)) for entry in entries) + sum(one.count for one in found.left_out)
    assert [piece for piece in words if "@" in piece] == [address for address in entries if "@" in address]


def test_the_preview_names_what_it_does_not_read() -> None:
    found = read_list(workbook(("nombres", "correo", "cargo"), ("Ana", "ana@example.org", "Analista")))

    assert [(one.kind, one.examples) for one in found.left_out] == [(COLUMNS, ("cargo",)), (SHEETS, ("Otra",))]
    assert [(one.count, one.examples) for one in read_list(b"a@x.ec;Ana;beto.x.ec").left_out] == [(2, ("Ana", "beto.x.ec"))]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"nombre;unidad\nAna;Quito", b"PK\x03\x04\x00\x00", b'correo\n"ana@example.org', b"correo\n" + b"a@b.ec\n" * 40_001],
)
def test_what_is_no_list_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(Undecodable):
        read_list(content)


def workbook(*rows: tuple[str, ...]) -> bytes:
    book, target = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]  # a new workbook has a sheet
    book.create_sheet("Otra").append(("correo", "otra@example.org"))
    book.save(target)
    return target.getvalue()


def test_the_first_sheet_of_a_workbook_is_read_with_the_numbers_of_its_rows() -> None:
    rows = [tuple(line.split(";")) for line in ROWS.splitlines()]

    assert addresses(workbook(*rows)) == [(2, "ana@example.org"), (4, "blas@example.org")]


@pytest.mark.slow
def test_a_workbook_that_is_hostile_none_or_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for parts in (
        {"xl/workbook.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"},
        {"../fuera.txt": b"x"},
        {"nada.txt": b"x"},
        {f"xl/{number}.xml": b"" for number in range(2_001)},
        {"xl/worksheets/sheet1.xml": b" " * 20_000_000},
    ):
        target = BytesIO()
        write_archive(target, parts)
        with pytest.raises(Undecodable):
            read_list(target.getvalue())
    monkeypatch.setattr("organisations.address_lists.MOST_ENTRIES", 2)
    with pytest.raises(Undecodable):
        read_list(workbook(("correo",), *[("a@b.ec",)] * 3))


FIXTURES = SHARED / "fixtures" / "users-csv"
OUTCOMES = {
    "moodle/upload_users.csv": [2, 3],
    "moodle/upload_users_cohorts.csv": [2, 3],
    "moodle/upload_users_email_matching.csv": [2, 3],
    "moodle/upload_users_enrol_date_period.csv": [2, 3],
}
"""Files of other systems that have a column of addresses, and the lines on which people stand."""


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.*")) if FIXTURES.is_dir() else [], ids=lambda path: path.name)
def test_files_of_other_systems_are_read_or_refused(path: Path) -> None:
    name = path.relative_to(FIXTURES).as_posix()
    if name in OUTCOMES:
        found = read_list(path.read_bytes())
        assert [entry.line for entry in found.entries][:2] == OUTCOMES[name]
        assert all("@" in entry.address for entry in found.entries)
    else:
        with pytest.raises(Undecodable):
            read_list(path.read_bytes())


def enrolled(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(Enrolment).where(Enrolment.left_at.is_(None))) or 0


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a course with an instructor, Inés, and an administrator, whose lists enrol those with an account at once."""
    found = a_course(instance, modules=1)
    an_administrator(instance)
    a_teacher(instance, found, "ines@example.org")
    return found


def send(browser: Browser, text: str, status: int = 200, who: str = "admin@example.org", **fields: str) -> Browser:
    team = sign_in(browser, who)
    team.get("/teaching/prueba/learners/lists")
    team.submit("/teaching/prueba/learners/lists", {"addresses": text, "file": None, **fields}, status=status)
    return team


def test_a_list_does_not_tell_a_suspended_account_from_none(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/security 2.2."""
    person = a_person(instance, "cerrada@example.org")
    with instance.database.unit_of_work() as session:
        session.get_one(Person, person.id).suspended_at = clock.now()
    team = send(browser, "correo\ncerrada@example.org\nnadie@example.org", who="ines@example.org")

    assert in_spanish("%(count)s person would be invited", 2) in team.page.text
    assert "suspendida" not in team.page.text


def test_an_administrator_sees_who_is_suspended_and_invites_who_has_no_account(
    browser: Browser, instance: Instance, course: Course
) -> None:
    person = a_person(instance, "cerrada@example.org")
    with instance.database.unit_of_work() as session:
        session.get_one(Person, person.id).suspended_at = clock.now()
    a_person(instance, "blas@example.org")
    boss = send(browser, "correo\ncerrada@example.org\nnadie@example.org\nblas@example.org")

    assert in_spanish("The account with this address is suspended.") in boss.page.text
    assert "se invitaría a 1 persona sin cuenta" in boss.page.text
    boss.submit(f"{boss.path}/confirmation")
    boss.deliver_jobs()
    assert enrolled(instance) == 1
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(EnrolmentInvitation.email)).all() == ["nadie@example.org"]


def test_a_list_with_the_address_of_a_merged_account_means_the_one_that_stays(browser: Browser, instance: Instance, course: Course) -> None:
    """Decision 28."""
    people = [a_person(instance, f"{name}@example.org").id for name in ("ana", "anita")]
    with instance.database.unit_of_work() as session:
        kept, closed = (session.get_one(Person, person) for person in people)
        accounts.close_after_merge(session, SYSTEM, closed, kept, "", [], now=clock.now())
    team = send(browser, "correo\nanita@example.org")

    assert in_spanish("%(count)s person would be enrolled", 1) in team.page.text
    team.submit(f"{team.path}/confirmation")
    team.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Enrolment.person_id)).all() == people[:1]


def test_the_preview_shows_what_of_a_list_is_not_read(browser: Browser, instance: Instance, course: Course) -> None:
    """Both a column that no one reads and words beside addresses."""
    team = send(browser, "correo;cargo\nana@example.org;Analista")
    assert in_spanish(SENTENCE, thing=in_spanish(COLUMNS), number=1, examples="cargo") in team.page.text
    team = send(browser, "uno@example.org; dos@example.org; tres.example.org")

    assert in_spanish("%(count)s person would be invited", 2) in team.page.text
    assert in_spanish(SENTENCE, thing=in_spanish(WITHOUT_ADDRESS), number=1, examples="tres.example.org") in team.page.text


def test_nothing_is_written_until_the_list_is_confirmed(browser: Browser, instance: Instance, course: Course) -> None:
    for email in ("ana@example.org", "blas@example.org"):
        a_person(instance, email)
    a_learner(instance, course, "dentro@example.org")
    lines = "correo\nana@example.org\nnadie@example.org\nana@example.org\nsin arroba\ndentro@example.org\nBlas@Example.org"
    team = send(browser, lines)

    assert in_spanish("%(count)s person would be enrolled", 2) in team.page.text
    for words in (
        "se invitaría a 1 persona sin cuenta",
        "Esta dirección está dos veces en la lista.",
        "Esto no es una dirección de correo.",
    ):
        assert words in team.page.text
    assert in_spanish("%(count)s is already enrolled", 1) in team.page.text
    assert enrolled(instance) == 1
    team.submit(f"{team.path}/confirmation")
    team.deliver_jobs()
    assert enrolled(instance) == 3
    team.get(team.path)
    assert in_spanish("The list was enrolled") in team.page.text


@pytest.mark.slow
def test_a_workbook_is_looked_at_and_enrolled_like_a_file_of_text(browser: Browser, instance: Instance, course: Course) -> None:
    a_person(instance)
    team = sign_in(browser, "admin@example.org")
    team.get("/teaching/prueba/learners/lists")
    assert "CSV o Excel (.xlsx" in team.page.text
    book = workbook(("Nombre", "Correo"), ("Ana", "ANA@example.org"), ("Blas", '=B2&""'), ("Eva", "nadie@example.org"))
    team.post("/teaching/prueba/learners/lists", {"edition": "", "file": (BytesIO(book), "nómina.xlsx")})

    assert in_spanish("%(count)s person would be enrolled", 1) in team.page.text
    assert in_spanish("A cell contains a formula, which is not calculated. Enter its value instead.") in team.page.text
    assert "Línea 3" in team.page.text
    assert "se invitaría a 1 persona sin cuenta" in team.page.text
    assert enrolled(instance) == 0
    team.submit(f"{team.path}/confirmation")
    team.deliver_jobs()
    assert enrolled(instance) == 1


def test_a_list_that_was_confirmed_late_is_kept_until_it_is_enrolled(browser: Browser, instance: Instance, course: Course) -> None:
    a_person(instance)
    team = send(browser, "ana@example.org")
    with instance.database.unit_of_work() as session:
        session.scalars(select(PendingEnrolmentList)).one().expires_at = soon = clock.now() + timedelta(minutes=1)
    team.submit(f"{team.path}/confirmation")
    with instance.database.unit_of_work() as session:
        uploads.delete_pending_uploads(session, PendingEnrolmentList, now=soon)
    team.deliver_jobs()

    assert enrolled(instance) == 1


def test_a_list_for_an_archived_course_is_refused_and_does_not_wait_for_ever(browser: Browser, instance: Instance, course: Course) -> None:
    a_person(instance)
    team = send(browser, "ana@example.org")
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).archived_at = clock.now()
    path = team.path
    team.submit(f"{path}/confirmation", status=409)

    assert in_spanish("This course is archived and closed to new enrolments.") in team.page.text
    assert in_spanish("%(count)s person would be enrolled", 1) in team.get(path).text


def test_a_list_that_is_forgotten_enrols_nobody(browser: Browser, instance: Instance, course: Course) -> None:
    a_person(instance)
    team = send(browser, "ana@example.org")
    path = team.path
    team.submit(f"{path}/discarding")
    team.deliver_jobs()

    assert enrolled(instance) == 0
    team.get(path, status=404)


def test_a_list_is_its_senders_alone(browser: Browser, instance: Instance, course: Course) -> None:
    a_person(instance)
    a_teacher(instance, course, "otra@example.org")
    path = send(browser, "ana@example.org", who="ines@example.org").path
    other = sign_in(browser.another(), "otra@example.org")

    other.get(path, status=404)


def test_what_was_sent_and_cannot_be_read_is_told_beside_the_field(browser: Browser, instance: Instance, course: Course) -> None:
    team = send(browser, "nombre;unidad\nAna;Quito", status=422)

    assert in_spanish("There is no column called “email” or “correo”, and the first row contains no address.") in team.page.text
    assert "nombre;unidad" in team.page.html


def test_a_long_list_goes_on_after_a_fault_where_it_was(
    browser: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "PORTION", 2)
    people = [a_person(instance, f"p{number}@example.org") for number in range(5)]
    edition = an_edition(instance, course, capacity=4)
    team = send(browser, "\n".join(person.email for person in people), edition=str(edition.uuid))
    assert in_spanish("%(count)s of them will join the waiting list because the edition is full.", 1) in team.page.text
    with instance.database.unit_of_work() as session:  # as if the server had died after the first portion
        row = session.scalars(select(PendingEnrolmentList)).one()
        editions.enrol_others(session, SYSTEM, course.id, edition, [person.id for person in people[:2]], now=clock.now())
        row.place = 2
    team.submit(f"{team.path}/confirmation")
    team.deliver_jobs()

    assert enrolled(instance) == 4
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(PendingEnrolmentList)).one()
    assert (row.place, row.total) == (5, 5)


@pytest.mark.parametrize("how", NO_LONGER)
def test_a_list_of_somebody_who_edits_the_course_no_more_enrols_nobody(
    browser: Browser, instance: Instance, course: Course, how: str
) -> None:
    """spec/security 1.1 and 1.4: the job asks, and rights are those of now."""
    a_person(instance)
    team = send(browser, "ana@example.org", who="ines@example.org")
    team.submit(f"{team.path}/confirmation")
    no_longer(instance, "ines@example.org", how)
    team.deliver_jobs()

    assert enrolled(instance) == 0
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(EnrolmentInvitation.id)).all() == []
