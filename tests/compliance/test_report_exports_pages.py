"""The tables of the report as files: the numbers of the page, a dictionary, a name by the rule, a trace (spec/compulsory 12.1)."""

import csv
import io
import json
import re
from collections import Counter

import pytest
from sqlalchemy import select

from accounts.models import NationalIdentity
from compliance.audit_verbs import ComplianceVerb
from compliance.views.report_exports import TABLES, ExportTable, columns_of, table_headings
from kernel import clock
from kernel.audit import AuditEntry
from kernel.tables import SHEETS, read_sheet
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.places import manage
from tests.support.scenes import scene
from tests.support.training_access import a_training_cast
from tests.support.training_reports import NOON, REPORT, STATES, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish


@pytest.fixture
def reported(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReportedInstitution:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return a_reported_institution(instance)


@pytest.fixture
@scene
def boss(browser: Browser, instance: Instance, reported: ReportedInstitution) -> Browser:
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")


def rows_of(browser: Browser) -> list[dict[str, str]]:
    """Return the lines of the CSV that was sent."""
    return list(csv.DictReader(io.StringIO(browser.response.get_data().decode("utf-8-sig")), delimiter=";"))


def name_of(browser: Browser) -> str:
    """Return the name under which a file was sent."""
    found = re.search(r'filename="?([^";]+)', browser.response.headers["Content-Disposition"])
    assert found is not None
    return found[1]


def test_a_file_of_people_is_the_list_of_the_page(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.1: every table as filtered, the same numbers as the page at the same moment."""
    boss.get(reported.path("iess", "/exports/people/csv"))
    rows = rows_of(boss)
    states = Counter(row[in_spanish("State")] for row in rows)

    assert [row[in_spanish("Name")].split()[0].lower() for row in rows] == sorted(STATES)
    assert states == {
        in_spanish("Done"): 4,
        in_spanish("Renewal due"): 1,
        in_spanish("In progress"): 1,
        in_spanish("Not started"): 1,
        in_spanish("Overdue"): 2,
        in_spanish("Has expired"): 1,
        in_spanish("Waived"): 1,
    }

    boss.get(reported.path("iess", "/exports/people/csv?state=overdue&q=garcia"))
    assert [row[in_spanish("Name")] for row in rows_of(boss)] == ["Garcia Garcia"]


def test_a_file_of_units_has_the_numbers_of_the_page(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.1 and 7.6: they add up in the file too."""
    boss.get(reported.path("guayas"))
    shown = [int(number) for number in re.findall(r"state=required[^>]*>(\d+)<span", boss.page.html)]

    boss.get(reported.path("guayas", "/exports/units/csv"))
    rows = rows_of(boss)

    assert [int(row[in_spanish("Requirements")]) for row in rows] == [3, 5, 1]
    assert {3, 5, 1, 9} <= set(shown)
    words = ("Done", "Renewal due", "In progress", "Not started", "Overdue", "Has expired")
    for row in rows:
        assert int(row[in_spanish("Requirements")]) == sum(int(row[in_spanish(word)]) for word in words)


def test_a_past_day_is_taken_out_as_it_is_shown(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.1: named by the day and by what was known."""
    boss.get(reported.path("iess", "/exports/people/csv?obligation=etica&on=2026-08-04&state=valid"))

    assert [row[in_spanish("Name")].split()[0] for row in rows_of(boss)] == ["Abad", "Calle", "Haro", "Lara"]
    assert name_of(boss) == "cumplimiento-etica-iess-2026-08-04-2026-08-04.csv"
    assert {row[in_spanish("At risk")] for row in rows_of(boss)} == {""}


@pytest.mark.parametrize("table", ["people", "units", "obligations", "trajectory"])
@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods"])
def test_every_table_is_sent_in_every_format_with_its_name(boss: Browser, reported: ReportedInstitution, table: str, kind: str) -> None:
    """spec/compulsory 12.1."""
    boss.get(reported.path("iess", f"/exports/{table}/{kind}"))

    assert re.fullmatch(rf"cumplimiento-todas-iess-2026-11-20-2026-11-20(-[a-z]+)?\.{kind}", name_of(boss))
    assert boss.response.headers["Cache-Control"] == "no-store"
    if kind == "xlsx":
        sheet = read_sheet(boss.response.get_data(), rows=60)
        assert [cell for cell in sheet.rows[0][1] if cell] == [in_spanish(column.heading) for column in TABLES[ExportTable(table)]]
        assert [(one.kind, one.examples) for one in sheet.beside] == [(SHEETS, ("diccionario",))]


@pytest.mark.parametrize("table", list(ExportTable))
def test_the_dictionary_explains_every_column(boss: Browser, reported: ReportedInstitution, table: ExportTable) -> None:
    """spec/compulsory 12.1: column, meaning, values, unit, null, source."""
    boss.get(f"{REPORT}/dictionary/{table.value}")
    rows = rows_of(boss)

    assert [row[in_spanish("Column")] for row in rows] == [in_spanish(column.heading) for column in columns_of(table)]
    told = [row[in_spanish(word)] for row in rows for word in ("Meaning", "Values", "When empty", "Source")]
    assert all(told)
    assert len(table_headings(table)) == len(rows)
    states = {row[in_spanish("Values")] for row in rows if row[in_spanish("Column")] == in_spanish("State")}
    assert all(words.count(",") == 7 and in_spanish("Renewal due") in words for words in states)


def test_one_person_is_taken_out_before_every_obligation(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.1."""
    boss.get(f"{REPORT}/people/{reported.people['flores'].uuid}/exports/csv")

    [row] = rows_of(boss)
    assert (row[in_spanish("Compulsory training")], row[in_spanish("State")]) == ("Curso obligatorio", in_spanish("Overdue"))
    assert name_of(boss) == "cumplimiento-todas-flores-flores-2026-11-20-2026-11-20-persona.csv"


def exports(instance: Instance) -> list[dict[str, object]]:
    """Return what the audit log says of exports."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(AuditEntry.facts).where(AuditEntry.verb == ComplianceVerb.REPORT_EXPORTED.value).order_by(AuditEntry.id)
        return [json.loads(facts) for facts in session.scalars(statement)]


def test_identity_numbers_are_sent_for_a_reason_that_is_kept(boss: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/compulsory 12.1: only on asking, with a reason, audited."""
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=reported.people["flores"].id, number="1710034065"))
    boss.get(reported.path("iess", "/exports/people/csv"))
    assert "1710034065" not in boss.response.get_data(as_text=True)

    boss.get(reported.path("iess", "/identity-numbers?state=overdue"))
    [form] = [form for form in boss.page.forms if "identity-numbers" in form.action]
    boss.submit(form.action, {"reason": " "}, form=form, status=422)
    assert in_spanish("Enter the reason: it is kept in the audit log.") in boss.page.text
    [form] = [form for form in boss.page.forms if "identity-numbers" in form.action]
    boss.submit(form.action, {"reason": "Pedido de Contraloría"}, form=form)

    assert {row[in_spanish("Name")]: row[in_spanish("Identity number")] for row in rows_of(boss)} == {
        "Flores Flores": "1710034065",
        "Garcia Garcia": "",
    }
    assert [facts.get("reason") for facts in exports(instance)] == [None, "Pedido de Contraloría"]


def test_people_see_that_a_list_with_them_was_taken_out(browser: Browser, instance: Instance, reported: ReportedInstitution) -> None:
    """spec/security 7.4."""
    head = a_person(instance, "jefa@example.org")
    manage(instance, head, reported.places["direccion"])
    sign_in(browser.another(), "jefa@example.org").get(reported.path("direccion", "/exports/people/csv"))

    own = sign_in(browser, "abad@example.org")
    own.get("/profile/data")

    assert in_spanish("A list downloaded as a file") in own.page.text


def test_a_refused_day_leads_to_the_page_that_says_why(boss: Browser, reported: ReportedInstitution) -> None:
    """spec/compulsory 18."""
    boss.get(reported.path("iess", "/exports/people/csv?on=2030-01-01"), 422)

    assert in_spanish("This day is still to come. Choose today or a day before.") in boss.page.text


def test_tables_are_taken_out_by_those_of_their_place(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: report.export, with names and with identity numbers."""
    cast = a_training_cast(browser, instance)
    unit = f"{REPORT}/{cast.unit.uuid}"

    wrong = cast.check("report.export", "with_names", cast.outcomes(f"{unit}/exports/people/csv"))
    wrong += cast.check("report.export", "with_identity_numbers", cast.outcomes(f"{unit}/identity-numbers"))
    sent = {"reason": "Pedido de auditoría", "kind": "csv"}
    wrong += cast.check("report.export", "with_identity_numbers", cast.outcomes(f"{unit}/identity-numbers", "POST", sent))

    assert not wrong
