"""Lists of people and units as offices keep them: encodings, separators, headings, faults with their lines."""

from dataclasses import replace
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES
from xlsxwriter import Workbook

from accounts.rules import normal_email
from kernel.archives import write_archive
from kernel.left_out import LineFault, LineRefused
from kernel.tables import COLUMNS, OTHER_SHEET, Undecodable, write_xlsx
from organisations import list_reading
from organisations.list_reading import Cell, ListColumns, PeopleListRows, PersonListRow, read_people, read_units
from organisations.rules.units import OrganisationKind, split_surnames
from tests.support.shared import SHARED, needs_shared

CEDULA = "1710034065"
TODAY = date(2026, 5, 4)
ROWS = (
    "Cédula;Apellidos;Nombres;Correo Institucional;Unidad\n"
    f"{CEDULA};Muñoz Peña;Ana Lucía;ANA.Munoz@iess.gob.ec ;01-13\n\n"
    ";De la Cruz;Blas;blas@iess.gob.ec;Loja\n"
)
PEOPLE = (
    PersonListRow(2, "ana.munoz@iess.gob.ec", "Ana Lucía", "Muñoz", "Peña", CEDULA, "01-13"),
    PersonListRow(4, "blas@iess.gob.ec", "Blas", "De la Cruz", "", "", "Loja"),
)


def people_in(content: bytes) -> PeopleListRows:
    return read_people(content, TODAY)


def faults(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.message) for fault in people_in(text.encode()).faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_people_are_read_as_offices_write_them(encoding: str, sign: str, end: str) -> None:
    found = people_in(ROWS.replace(";", sign).replace("\n", end).encode(encoding))

    assert found.entries == PEOPLE
    assert found.encoding_guessed_from == (1 if encoding == "cp1252" else None)


def workbook(rows: list[list[str]]) -> bytes:
    target = BytesIO()
    write_xlsx(target, [("Hoja1", rows[0], rows[1:])])
    return target.getvalue()


def test_people_are_read_from_a_workbook_with_the_numbers_of_its_rows() -> None:
    cells = [line.split(";") if line else [""] for line in ROWS.rstrip("\n").split("\n")]

    assert people_in(workbook(cells)).entries == PEOPLE


def test_a_formula_of_a_workbook_brings_nobody_in() -> None:
    target = BytesIO()
    with Workbook(target) as book:
        sheet = book.add_worksheet()
        for place, heading in enumerate(("correo", "nombres", "notas")):
            sheet.write_string(0, place, heading)
            sheet.write_string(2, place, "ana@example.org")
        sheet.write_string(1, 0, "blas@example.org")
        sheet.write_formula(1, 1, "=A2")
        sheet.write_formula(2, 2, "=A3")
    found = people_in(target.getvalue())

    assert [person.line for person in found.entries] == [3]
    assert [(fault.line, fault.written, "formula" in fault.message) for fault in found.faults] == [(2, "blas@example.org · =…", True)]


@pytest.mark.slow
def test_a_workbook_with_more_rows_than_are_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_reading, "PEOPLE", replace(list_reading.PEOPLE, most=2))

    assert len(people_in(workbook([["correo"], ["a@b.ec"], ["c@b.ec"]])).entries) == 2
    with pytest.raises(Undecodable):
        people_in(workbook([["correo"], ["a@b.ec"], ["c@b.ec"], ["d@b.ec"]]))


def test_a_list_is_read_by_its_columns() -> None:
    needed = ((("name", "code"), "No name."), (("day",), "No day."))
    columns = ListColumns({name: frozenset({name}) for name in ("name", "code", "day")}, needed, most=2)

    def read_line(line: int, cell: Cell, written: str) -> tuple[int, str, str]:
        if not cell("name"):
            raise LineRefused("The name is missing.", line=line)
        return line, cell("name"), written

    rows = columns.read(b"Day;Name;Post\n1;Ana;x\n2;;\n", read_line)

    assert rows.entries == ((2, "Ana", "1 · Ana · x"),)
    assert rows.faults == (LineFault(3, "2", "The name is missing.", {"line": 3}),)
    assert [(left.kind, left.examples) for left in rows.left_out] == [(COLUMNS, ("Post",))]
    for content, message in ((b"day\n", "No name."), (b"code\n", "No day."), (b"", "empty"), (b"code;day\n1;1\n2;2\n3;3\n", "3 rows")):
        with pytest.raises(Undecodable, match=message):
            columns.read(content, read_line)


@pytest.mark.slow
def test_a_workbook_that_is_hostile_or_none_is_refused() -> None:
    for parts in ({"xl/workbook.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"}, {"../fuera.txt": b"x"}, {"nada.txt": b"x"}):
        target = BytesIO()
        write_archive(target, parts)
        with pytest.raises(Undecodable):
            people_in(target.getvalue())
    with pytest.raises(Undecodable):
        people_in(b"PK\x03\x04 y nada")


def test_the_nought_that_spreadsheets_drop_comes_back() -> None:
    assert people_in(b"correo,cedula\na@b.ec,102030401\n").faults[0].line == 2
    found = people_in(b"correo,cedula\na@b.ec,926687856\nb@b.ec,1710034065.0\nc@b.ec,961234564\nd@b.ec,3061234567\n")
    assert [person.national_id for person in found.entries] == ["0926687856", CEDULA, "0961234564", "3061234567"]


def test_each_fault_has_its_line_and_its_cause() -> None:
    lines = f"correo;cedula;idioma\nana@b.ec;{CEDULA};es\nsin arroba;;\nANA@b.ec;;\notra@b.ec;{CEDULA};\nmal@b.ec;123;\nq@b.ec;;quechua"

    assert faults(lines) == [
        (3, "This is not an email address."),
        (4, "This address is already on line %(first)s."),
        (5, "This identity number is already on line %(first)s."),
        (6, "This identity number has a wrong digit or does not have ten digits."),
        (7, "The language must be “es” or “en”."),
    ]
    assert people_in(lines.encode()).faults[1] == LineFault(4, "ANA@b.ec", "This address is already on line %(first)s.", {"first": 2})


@pytest.mark.parametrize("address", ["ana..b@iess.ec", ".ana@iess.ec", "ana@-iess.ec", "ana@iess", "a@b@c.ec", "ana@iess.ec>", ""])
def test_what_is_no_address_is_a_fault_whichever_way_it_is_judged(address: str) -> None:
    assert faults(f"correo;nombres\n{address};Ana") == [(2, "This is not an email address.")]


def at_every_door(text: str) -> list[str]:
    """Return the address as a form takes it, nothing where it refuses."""
    try:
        return [normal_email(text)]
    except ValueError:
        return []


AWKWARD = [
    *(f"ana@iess.{ending}" for ending in SPECIAL_USE_DOMAIN_NAMES),
    *(f"ana@{'x' * size}.ec" for size in (60, 61, 63, 64)),
    f"ana@{'x' * 63}.{'y' * 63}.{'z' * 63}.ec",
    f"{'a' * 60}@{'x' * 63}.{'y' * 63}.{'z' * 62}.ec",
    f"{'a' * 61}@{'x' * 63}.{'y' * 63}.{'z' * 62}.ec",
    *(f"{'a' * size}@iess.ec" for size in (1, 62, 63, 64, 65)),
    "Ana.Peña@iess.ec",
    "ana@IESS.Gob.EC",
    "ana@peña.ec",
    "ana@\u212aiess.ec",
    "ana@xn--and-6ma2c.ec",
    "ana@ab--cd.ec",
    "ana@iess-.ec",
    "ana@iess.e1",
    "ana@1.2.3.4",
    "ana.@iess.ec",
    "-ana@iess.ec",
    "ana+1@iess.technology",
]


@pytest.mark.parametrize("address", AWKWARD)
def test_a_list_takes_the_addresses_that_every_other_door_takes(address: str) -> None:
    """Nobody is made an account whose address no form lets them type."""
    assert [person.email for person in people_in(f"correo\n{address}".encode()).entries] == at_every_door(address)


@pytest.mark.parametrize("content", [b"", b"nombre;unidad\nAna;Quito", b"correo\n" + b"a@b.ec\n" * 50_001, b"\x00\x01\x02"])
def test_what_is_no_list_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(Undecodable):
        people_in(content)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Muñoz Peña", ("Muñoz", "Peña")),
        ("De la Torre Núñez", ("De la Torre", "Núñez")),
        ("Zambrano de Villavicencio", ("Zambrano", "de Villavicencio")),
        ("Van der Berg", ("Van der Berg", "")),
        ("Quishpe", ("Quishpe", "")),
        ("", ("", "")),
    ],
)
def test_two_surnames_in_one_cell_are_parted(text: str, parts: tuple[str, str]) -> None:
    assert split_surnames(text) == parts


def test_units_come_after_what_they_stand_under() -> None:
    found = read_units(
        "Código;Nombre;Tipo;Depende de\n3;Chone;;2\n2;Manabí;Provincia;1\n1;IESS;Institución;\n4;Jama;unidad;IESS / Manabí\n".encode(),
        TODAY,
    )

    assert [(unit.name, unit.kind) for unit in found.entries] == [
        ("IESS", OrganisationKind.INSTITUTION),
        ("Manabí", OrganisationKind.PROVINCE),
        ("Chone", OrganisationKind.UNIT),
        ("Jama", OrganisationKind.UNIT),
    ]
    assert found.entries[3].parent == "IESS / Manabí"


@pytest.mark.parametrize(
    ("lines", "order"),
    [
        ("Chone;IESS / Manabí\nManabí;IESS\nIESS;\n", ["IESS", "Manabí", "Chone"]),
        ("Chone;iess/manabi\nManabí;1\n", ["Manabí", "Chone"]),
        ("Centro;IESS / Centro\nLoja;Centro / Loja\n", ["Centro", "Loja"]),
        ("Caja;IESS / Norte/Sur\nNorte / Sur;IESS\n", ["Norte / Sur", "Caja"]),
    ],
)
def test_units_come_after_what_they_stand_under_also_by_its_path(lines: str, order: list[str]) -> None:
    """Whatever a path spells otherwise, and where somebody else bears the name; nobody waits for themselves."""
    assert [unit.name for unit in read_units(f"nombre;depende de\n{lines}".encode(), TODAY).entries] == order


def test_names_with_a_slash_are_not_taken_for_others() -> None:
    sheet = read_units(b"nombre;depende de\nB/C;A\nC;A/B\n", TODAY)

    assert [unit.name for unit in sheet.entries] == ["B/C", "C"]


def test_units_in_a_circle_and_twice_end_in_faults_or_last() -> None:
    found = read_units(b"codigo;nombre;tipo;depende de\n1;A;;2b\n2b;B;;1\n2B;C;;1\n;B;;1\n;;;\n3;D;otra;1", TODAY)

    assert [unit.code for unit in found.entries] == ["1", "2b"]
    assert [fault.line for fault in found.faults] == [4, 5, 7]


FIXTURES = SHARED / "fixtures" / "users-csv"


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*.*")) if FIXTURES.is_dir() else [], ids=lambda path: path.name)
def test_files_of_other_systems_are_read_or_refused(path: Path) -> None:
    """Those with a column of addresses are read, each person with names; of every other no line is taken for a person."""
    if path.name.startswith("upload_users"):
        people = people_in(path.read_bytes()).entries
        assert [person.line for person in people][:2] == [2, 3]
        assert all("@" in person.email for person in people)
    else:
        try:
            found = people_in(path.read_bytes())
        except Undecodable:
            return
        assert not found.entries
        assert found.faults


def work(text: str) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    """Return the five columns of work of the people in a list."""
    found = people_in(text.encode()).entries
    return [(one.staff_number, one.post, str(one.entered_on or ""), str(one.left_on or ""), one.further) for one in found]


@pytest.mark.parametrize(
    "headings",
    [
        "correo;numero de empleado;puesto;fecha de ingreso;fecha de salida;otras unidades",
        "Correo;Código de servidor;CARGO;Fecha de Ingreso;Fecha_de_Salida;Otras Unidades",
        "email;staff number;post;entry date;last day;further units",
    ],
)
def test_people_have_a_staff_number_a_post_days_and_further_units(headings: str) -> None:
    """spec/compulsory 2.1: by the headings that offices use."""
    assert work(f'{headings}\na@b.ec;ab-117.0;Inspector  1;2026-05-04;31/12/2026;"GYE; 01-13 ;"') == [
        ("AB-117", "Inspector 1", "2026-05-04", "2026-12-31", ("GYE", "01-13"))
    ]


def test_each_of_the_columns_of_work_is_optional() -> None:
    """spec/compulsory 2.1 and 2.5: a staff number says whom a line means, without an address."""
    assert work("correo\na@b.ec") == [("", "", "", "", ())]
    assert work("numero de empleado\n117") == [("117", "", "", "", ())]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-05-04", "2026-05-04"),
        ("04/05/2026", "2026-05-04"),
        ("4/5/2026", "2026-05-04"),
        ("2026-05-04 00:00:00", "2026-05-04"),
        ("01/01/1950", "1950-01-01"),
        ("05/05/2027", "2027-05-05"),
        ("31/12/1949", ""),
        ("06/05/2027", ""),
        ("31/02/2026", ""),
        ("2026-13-01", ""),
        ("05/13/2026", ""),
        ("4 de mayo de 2026", ""),
        ("46146", ""),
        ("04-05-2026", ""),
        ("04/05/26", ""),
    ],
)
def test_a_day_is_read_year_first_or_day_first_and_anything_else_is_a_fault(written: str, read: str) -> None:
    """spec/compulsory 2.1 and 18: also a day before 1950 or more than a year ahead."""
    text = f"correo;fecha de ingreso\na@b.ec;{written}"

    assert [day for _number, _post, day, _left, _further in work(text)] == ([read] if read else [])
    assert [line for line, _message in faults(text)] == ([] if read else [2])


def test_the_dates_of_a_workbook_are_read() -> None:
    """spec/compulsory 2.1."""
    target = BytesIO()
    with Workbook(target) as book:
        sheet = book.add_worksheet()
        for place, heading in enumerate(("correo", "fecha de ingreso")):
            sheet.write_string(0, place, heading)
        sheet.write_string(1, 0, "a@b.ec")
        sheet.write_datetime(1, 1, datetime(2026, 5, 4), book.add_format({"num_format": "dd/mm/yyyy"}))  # noqa: DTZ001 - a workbook has no zones
    (found,) = people_in(target.getvalue()).entries

    assert found.entered_on == date(2026, 5, 4)


def test_a_column_with_days_in_two_forms_is_reported_once() -> None:
    """spec/compulsory 18: day first always."""
    lines = ("correo;fecha de ingreso;fecha de salida", "a@b.ec;05/04/2026;", "b@b.ec;2026-04-05;", "c@b.ec;2026-04-06;07/04/2026")
    found = people_in("\n".join(lines).encode())

    assert [str(person.entered_on) for person in found.entries] == ["2026-04-05", "2026-04-05", "2026-04-06"]
    assert [(remark.facts, "days of entry" in remark.message) for remark in found.remarks] == [({"one": 2, "other": 3}, True)]
    assert found.faults == ()


def test_a_last_day_before_the_entry_and_a_staff_number_twice_are_faults() -> None:
    """spec/compulsory 18: the second line, with the first's number."""
    lines = (
        "correo;numero de empleado;fecha de ingreso;fecha de salida",
        "a@b.ec;117;;",
        "b@b.ec;118;2026-05-04;2026-05-03",
        "c@b.ec;117;;",
    )
    found = people_in("\n".join(lines).encode())

    assert faults("\n".join(lines)) == [
        (3, "The last day is before the day of entry."),
        (4, "This staff number is already on line %(first)s."),
    ]
    assert found.faults[1].facts == {"first": 2}
    assert [(one.line, one.email, one.staff_number) for one in found.unread] == [(3, "b@b.ec", "118"), (4, "c@b.ec", "117")]


def test_units_have_a_time_zone_and_a_head() -> None:
    """spec/compulsory 2.2."""
    found = read_units(b"codigo;nombre;zona horaria;jefe\n1;IESS;America/Guayaquil;117\n2;Otro;Quito;\n", TODAY)

    assert [(unit.zone, unit.head) for unit in found.entries] == [("America/Guayaquil", "117")]
    assert [(fault.line, "time zone" in fault.message) for fault in found.faults] == [(3, True)]


def test_all_that_is_wrong_in_a_line_is_told_at_once() -> None:
    """spec/compulsory 2.1: each cell once, in the order in which the line is read; a repeated mistake is told once."""
    head = "correo;nombres;cedula;numero de empleado;puesto;idioma;fecha de ingreso;fecha de salida\n"
    found = people_in(f"{head}sin arroba;Ana;123;{'9' * 41};{'p' * 151};fr;31/02/2026;13-01-26\nbien@b.ec;Blas;;;;;;\n".encode())

    assert [person.email for person in found.entries] == ["bien@b.ec"]
    assert [fault.line for fault in found.faults] == [2]
    assert [one.message for one in found.faults[0].all] == [
        "The staff number is longer than %(limit)s characters.",
        "A post is longer than %(limit)s characters.",
        "This identity number has a wrong digit or does not have ten digits.",
        "This is not an email address.",
        "There is no such day as %(day)s; it is read with the day first.",
        "“%(day)s” is not a date. Write it as 2026-05-04 or 04/05/2026.",
        "The language must be “es” or “en”.",
    ]


def test_a_line_that_names_nobody_twice_is_told_of_each() -> None:
    """spec/compulsory 18: two people with one staff number, and one address, in one line."""
    found = people_in(b"correo;nombres;numero de empleado\na@b.ec;Ana;1\na@b.ec;Blas;1\n")

    assert [(one.message, one.facts) for one in found.faults[0].all] == [
        ("This address is already on line %(first)s.", {"first": 2}),
        ("This staff number is already on line %(first)s.", {"first": 2}),
    ]


def test_headings_are_known_with_and_without_their_small_words() -> None:
    """HR systems leave «de» out; what no one knows is named."""
    head = "correo;fecha ingreso;Fecha Salida;Cargo o Puesto;Código Servidor;Piso"
    found = people_in(f"{head}\na@x.ec;01/02/2020;20/11/2025;Analista;S-7;3\n".encode())

    (person,) = found.entries
    assert (person.entered_on, person.left_on) == (date(2020, 2, 1), date(2025, 11, 20))
    assert (person.post, person.staff_number) == ("Analista", "S-7")
    assert [(one.kind, one.count, one.examples) for one in found.left_out] == [(COLUMNS, 1, ("Piso",))]


def test_a_list_on_another_sheet_is_named_in_the_refusal() -> None:
    """A cover, or an empty sheet before the list: whoever sends it in sees the list in their own program."""
    target = BytesIO()
    write_xlsx(target, [("Portada", ["Nómina de mayo"], []), ("Personas", ["correo"], [["a@x.ec"]])])

    with pytest.raises(Undecodable) as refused:
        people_in(target.getvalue())
    assert (refused.value.text, refused.value.facts["sheets"]) == (OTHER_SHEET, "Personas")


def test_a_name_that_no_document_can_print_is_a_fault_that_names_its_signs() -> None:
    """spec/certificates N2."""
    read = people_in("correo;nombres;apellidos\nana@example.org;王小明;Quinde\nluis@example.org;Łukasz;Παπά\n".encode())

    assert [(fault.line, fault.facts) for fault in read.faults] == [(2, {"signs": "王小明"})]
    assert [row.line for row in read.entries] == [3]
