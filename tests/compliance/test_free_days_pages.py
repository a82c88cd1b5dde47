"""Pages of free days: the days of a year, one to add, a list with a dry run, and that the reminders ahead follow."""

import json
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from sqlalchemy import select

from accounts.models import Person
from compliance.models import FreeDay, PlannedChange
from kernel.audit import AuditEntry
from kernel.left_out import SENTENCE
from kernel.tables import COLUMNS
from lms.instance import Instance
from organisations.rules.units import OrganisationKind
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.learning import At
from tests.support.obligations import let_stay
from tests.support.places import a_place
from tests.support.reminders import ReminderTrial
from tests.support.scenes import scene
from tests.support.wording import in_spanish

FREE_DAYS = "/administration/free-days"
SEPTEMBER = datetime(2026, 9, 1, 12, tzinfo=UTC)
LIST = """fecha;nombre;provincia
25/12/2026;Navidad;
2026-12-31;Fin de año;
31/12/2026;Otra vez;
9/10/2026;Independencia de Guayaquil;Guayas
31/02/2026;Nunca;
03/11/2026;Independencia de Cuenca;Azuay
03/11/2026;;Guayas
"""


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, SEPTEMBER)


@pytest.fixture
@scene
def boss(browser: Browser, instance: Instance) -> Browser:
    an_administrator(instance)
    a_place(instance, "Guayas", a_place(instance, "IESS"), kind=OrganisationKind.PROVINCE)
    return sign_in(browser, "admin@example.org")


def kept(instance: Instance) -> list[tuple[str, str, str]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(FreeDay).order_by(FreeDay.day, FreeDay.province))
        return [(row.day.isoformat(), row.name, row.province) for row in rows]


def send_list(boss: Browser, content: str) -> str:
    boss.get(f"{FREE_DAYS}?year=2026")
    token = dict(boss.page.form("/lists").fields)["csrf_token"]
    return boss.post(f"{FREE_DAYS}/lists", {"csrf_token": token, "file": (BytesIO(content.encode()), "feriados.csv")}).text


def test_a_free_day_is_added_and_deleted(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 10.2 and 11.4."""
    boss.get(f"{FREE_DAYS}?year=2026")
    page = boss.submit(
        "?year=2026",
        {"day": "2026-10-09", "name": "Independencia", "province": "guayas"},
        form=next(form for form in boss.page.forms if form.action.startswith(f"{FREE_DAYS}?")),
    )
    assert "Guayas" in page.text
    assert kept(instance) == [("2026-10-09", "Independencia", "guayas")]
    again = boss.submit(
        "?",
        {"day": "09/10/2026", "name": "Otra", "province": "guayas"},
        form=next(form for form in boss.page.forms if form.action.startswith(f"{FREE_DAYS}?")),
        status=422,
    )
    assert "aria-invalid" in again.html

    boss.get(f"{FREE_DAYS}?year=2026")
    boss.submit("/deletion")

    assert kept(instance) == []
    boss.get(f"{FREE_DAYS}?year=2025")
    assert "2025" in boss.page.headings[0]


def test_a_list_is_reviewed_before_anything_is_written(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 10.2: loaded by CSV, with a dry run; each fault beside its line."""
    text = send_list(boss, LIST)
    assert kept(instance) == []
    assert [number for number in (3, 4) if f"{number}" in text]
    assert all(words in text for words in ("31/02/2026", "Azuay", "Otra vez"))

    boss.submit("/lists")

    assert kept(instance) == [
        ("2026-10-09", "Independencia de Guayaquil", "guayas"),
        ("2026-12-25", "Navidad", ""),
        ("2026-12-31", "Fin de año", ""),
    ]
    send_list(boss, LIST)
    assert 'name="lines"' not in boss.page.html
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.verb == "free_day.loaded")).one().facts


def test_a_column_of_a_list_that_is_not_read_is_named(boss: Browser) -> None:
    text = send_list(boss, "fecha;nombre;horas\n2026-12-25;Navidad;8\n")

    assert in_spanish(SENTENCE, thing=in_spanish(COLUMNS), number=1, examples="horas") in text


def planned(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(PlannedChange.state).order_by(PlannedChange.id)))


def add(boss: Browser, status: int = 200, **typed: str) -> None:
    there = next(form for form in boss.page.forms if form.action.startswith(f"{FREE_DAYS}?"))
    boss.submit("?", {"name": "Puente", "province": "", **typed}, form=there, status=status)


def test_a_day_before_today_waits_for_a_second_administrator(boss: Browser, instance: Instance, at: At) -> None:
    """spec/compulsory 4.5a and 10.2: with a reason and the number; its author applies nothing; the log names both."""
    boss.get(FREE_DAYS)
    add(boss, status=422, day="2026-08-10")
    assert (kept(instance), planned(instance)) == ([], [])
    add(boss, day="2026-08-10", reason="Decreto de muestra 5.")
    there = boss.path
    assert in_spanish("No one else here may apply it, so nothing changes. Ask for another administrator to be named.") in boss.page.text
    boss.post(f"{there}/application", {"number": "0"}, status=409)
    assert (kept(instance), planned(instance)) == ([], ["ready"])
    second = an_administrator(instance, "otra@example.org")
    other = sign_in(boss.another(), second.email)
    assert other.get("/compulsory-training/obligations").has_link(there)
    for visitor in (boss, other):
        assert visitor.get(FREE_DAYS).has_link(there)
        assert in_spanish("Changes that wait for a second person") in visitor.page.text
    other.get(there)
    other.submit("/application", {"number": "7"}, status=422)
    other.submit("/application", {"number": "0"})

    assert (kept(instance), planned(instance)) == ([("2026-08-10", "Puente", "")], ["applied"])
    assert not other.get(FREE_DAYS).has_link(there)
    with instance.database.unit_of_work(write=False) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "free_day.loaded")).one()
        author = session.scalars(select(Person).where(Person.email == "admin@example.org")).one()
    facts = json.loads(entry.facts)
    assert (entry.actor_id, facts["author"], facts["reason"]) == (second.id, author.id, "Decreto de muestra 5.")


def test_a_free_day_before_today_is_not_taken_away_by_one_person(boss: Browser, instance: Instance, at: At) -> None:
    """spec/compulsory 10.2."""
    with instance.database.unit_of_work() as session:
        session.add(FreeDay(day=date(2026, 8, 10), name="Puente", added_at=at.moment))
    boss.get(f"{FREE_DAYS}?year=2026")
    boss.submit("/deletion")
    assert planned(instance) == []
    boss.submit("/deletion", {"reason": "No fue feriado."})
    change = boss.path
    boss.post(f"{change}/application", {"number": "0"}, status=409)
    assert len(kept(instance)) == 1
    other = sign_in(boss.another(), an_administrator(instance, "otra@example.org").email)
    other.get(change)
    other.submit("/application", {"number": "0"})

    assert kept(instance) == []


def test_of_a_list_the_days_from_today_on_are_added_at_once(boss: Browser, instance: Instance) -> None:
    """spec/compulsory 10.2: those before wait; discarded, nothing of them is kept."""
    send_list(boss, "fecha;nombre\n2026-08-10;Puente\n2026-12-25;Navidad\n")
    boss.submit("/lists", status=422)
    assert (kept(instance), planned(instance)) == ([], [])
    boss.submit("/lists", {"reason": "Lista del año."})
    assert (kept(instance), planned(instance)) == ([("2026-12-25", "Navidad", "")], ["ready"])

    boss.submit("/discard")

    assert planned(instance) == ["discarded"]


TOO_LONG = "fecha;nombre\n" + "2026-12-25;Navidad\n" * 501


@pytest.mark.parametrize("content", ["nombre;provincia\nNavidad;\n", "fecha\n2026-12-25\n", "", "\x00\x01", TOO_LONG])
def test_what_is_no_list_of_free_days_is_refused_in_words(boss: Browser, instance: Instance, content: str) -> None:
    boss.get(FREE_DAYS)
    token = dict(boss.page.form("/lists").fields)["csrf_token"]

    page = boss.post(f"{FREE_DAYS}/lists", {"csrf_token": token, "file": (BytesIO(content.encode()), "f.csv")}, status=422)

    assert "aria-invalid" in page.html
    assert kept(instance) == []


def test_only_administrators_keep_the_calendar(browser: Browser, instance: Instance) -> None:
    """Access: free_day.manage for S alone."""
    cast = a_cast(browser, instance)
    with instance.database.unit_of_work() as session:
        row = FreeDay(day=date(2026, 12, 25), name="Navidad", added_at=datetime(2026, 1, 1, tzinfo=UTC))
        session.add(row)
        session.flush()
        number = row.uuid

    found = [cast.outcomes(FREE_DAYS), cast.outcomes(FREE_DAYS, "POST", {"day": "2026-12-24", "name": "Víspera", "province": ""})]
    found.append(cast.outcomes(f"{FREE_DAYS}/lists", "POST", {"lines": "fecha;nombre\n2026-12-24;Víspera"}))
    found.append(cast.outcomes(f"{FREE_DAYS}/{number}/deletion", "POST", {}))

    assert [fault for outcomes in found for fault in cast.check("free_day.manage", "any", outcomes)] == []


def test_reminders_ahead_follow_a_day_that_became_free(instance: Instance, monkeypatch: pytest.MonkeyPatch, browser: Browser) -> None:
    """spec/compulsory 10.2: a step planned for that day goes out on the working day after it."""
    trial = ReminderTrial.begin(instance, At(monkeypatch, datetime(2026, 1, 1, tzinfo=UTC)))
    ana = a_person(instance)
    let_stay(instance, trial.audience, ana)
    trial.run("2026-11-24T09:00")
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"{FREE_DAYS}?year=2026")
    boss.submit(
        "?",
        {"day": "2026-12-08", "name": "Feriado", "province": ""},
        form=next(form for form in boss.page.forms if form.action.startswith(f"{FREE_DAYS}?")),
    )

    trial.run("2026-11-24T10:00", "2026-12-08T08:00", "2026-12-09T08:00")

    assert trial.decided(ana)[-1] == (7, "2026-12-09", "")
