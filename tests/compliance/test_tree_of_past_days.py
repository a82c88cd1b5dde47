"""Reports, rights, files and bundles of a past day go by where units stood on it, as known then (spec/compulsory 11.3, 12.1, 12.4, 16)."""

import io
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from compliance.bundle_requests import get_scope
from compliance.bundles import BundleCover, BundleSource, bundle_texts, pack_bundle
from compliance.cli import compliance
from compliance.models import Bundle
from compliance.report import TrainingFilter, count_states, list_report_obligations, list_training_people, report_time
from compliance.rules.record import RecordedPlace, UnitZone, unit_zones
from compliance.rules.terms import WorkingDays
from kernel import clock
from kernel.db import KeysetPage
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from organisations import tree, units
from organisations.models import Organisation, UnitParent
from organisations.rules.units import OrganisationKind, TrainingRole, TreeHistory, UnitSummary
from organisations.training_scope import get_training_scope
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.obligations import assignment_of
from tests.support.places import a_place, give_training, manage
from tests.support.training_cases import QUITO
from tests.support.training_reports import NOON, ReportedInstitution, a_reported_institution
from tests.support.wording import in_spanish

LATER = NOON + timedelta(days=17)
FRIDAY = NOON.date()
PAST = f"?obligation=etica&on={FRIDAY}"


@pytest.fixture
def reported(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReportedInstitution:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    return a_reported_institution(instance)


def move(instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch, since: date | None = None) -> None:
    """Let a unit of five people stand under another province, seventeen days later."""
    monkeypatch.setattr(clock, "now", lambda: LATER)
    with instance.database.unit_of_work() as session:
        unit, loja = (session.get_one(Organisation, reported.places[name].id) for name in ("direccion", "loja_provincia"))
        units.move(session, SYSTEM, unit, loja, now=clock.now(), since_on=since)


def counted(instance: Instance, reported: ReportedInstitution, place: str, on: date | None, known: date | None = None) -> int:
    """Count the people of a place by the report, and those whom its list and its file name: they agree."""
    with instance.database.unit_of_work(write=False) as session:
        row, obligations = reported.places[place], tuple(list_report_obligations(session, reported.places["iess"].id))
        wanted, time = TrainingFilter(row.id, row.kind == "institution", obligations), report_time(on, known, QUITO, clock.now())
        people = sum(sum(each.tally.states.values()) for each in count_states(session, time, wanted, WorkingDays()).values())
        listed = list_training_people(session, time, wanted, WorkingDays(), KeysetPage(), limit=99)
    assert len(listed.rows) == people
    return people


def test_a_past_day_is_counted_where_units_stood_on_it(
    instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 11.3: a move of today changes no past day; today's report goes by today's tree."""
    before = {place: counted(instance, reported, place, None) for place in ("guayas", "loja_provincia", "iess")}
    assert before == {"guayas": 10, "loja_provincia": 1, "iess": 11}

    move(instance, reported, monkeypatch)

    assert {place: counted(instance, reported, place, FRIDAY) for place in before} == before
    assert {place: counted(instance, reported, place, None) for place in before} == {"guayas": 5, "loja_provincia": 6, "iess": 11}


def test_a_move_from_before_changes_the_day_and_not_what_was_known_of_it(
    instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 4.5b: «as known then» is what was on record then."""
    move(instance, reported, monkeypatch, FRIDAY - timedelta(days=9))

    assert counted(instance, reported, "loja_provincia", FRIDAY, FRIDAY) == 1
    assert counted(instance, reported, "loja_provincia", FRIDAY, LATER.date()) == 6
    assert counted(instance, reported, "loja_provincia", FRIDAY - timedelta(days=10), LATER.date()) == 1


def test_page_files_and_path_of_a_past_day_show_the_tree_of_that_day(
    browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 12.1: the same lines as the page; the page says that names are those of today."""
    move(instance, reported, monkeypatch)
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")

    page = boss.get(reported.path("guayas", PAST))
    assert "Dirección" in page.text
    assert in_spanish("Units stand where they stood on that day, as known then. Their names are those of today.") in page.text
    assert in_spanish("The log does not say where all of them stood: those are according to today’s structure.") not in page.text
    assert "Dirección" not in boss.get(reported.path("loja_provincia", PAST)).text
    assert boss.get(reported.path("direccion", PAST)).has_link(
        reported.path("guayas", PAST).replace("obligation=etica&", "obligation=etica&")
    )
    boss.get(reported.path("guayas", f"/exports/units/csv{PAST}"))
    assert "Dirección" in boss.response.get_data(as_text=True)
    boss.get(reported.path("loja_provincia", f"/exports/units/csv{PAST}"))
    assert "Dirección" not in boss.response.get_data(as_text=True)
    assert "Dirección" in boss.get(reported.path("loja_provincia", "?obligation=etica")).text


def test_a_unit_that_was_added_later_has_no_line_on_a_past_day(
    browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)
    a_place(instance, "Unidad Nueva", reported.places["guayas"])
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")

    assert "Unidad Nueva" not in boss.get(reported.path("guayas", PAST)).text
    assert "Unidad Nueva" in boss.get(reported.path("guayas")).text
    boss.get(reported.path("guayas", f"/exports/units/csv{PAST}"))
    assert "Unidad Nueva" not in boss.response.get_data(as_text=True)


def test_where_the_log_does_not_say_it_the_page_says_by_which_structure(
    browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: LATER)
    with instance.database.unit_of_work() as session:
        session.execute(update(UnitParent).where(UnitParent.unit_id == reported.places["direccion"].id).values(is_assumed=True))
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    words = in_spanish("The log does not say where all of them stood: those are according to today’s structure.")

    assert all(words in boss.get(reported.path(place, PAST)).text for place in ("iess", "guayas", "direccion"))
    assert words not in boss.get(reported.path("loja_provincia", PAST)).text
    assert words not in boss.get(reported.path("guayas")).text


def test_heads_see_of_a_past_day_what_stood_below_them_on_it(
    browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 16: whoever heads the province sees the unit of the days on which it stood there, and of no other."""
    manage(instance, a_person(instance, "guayas@example.org"), reported.places["guayas"])
    manage(instance, a_person(instance, "loja@example.org"), reported.places["loja_provincia"])
    move(instance, reported, monkeypatch)
    of_guayas, of_loja = sign_in(browser, "guayas@example.org"), browser.another()
    sign_in(of_loja, "loja@example.org")

    of_guayas.get(reported.path("direccion", PAST))
    of_guayas.get(reported.path("direccion", f"/people{PAST}"))
    of_guayas.get(reported.path("direccion", f"/exports/people/csv{PAST}"))
    of_guayas.get(reported.path("direccion"), 404)
    of_guayas.get(reported.path("direccion", "?on=2026-99-99"), 404)
    of_loja.get(reported.path("direccion"))
    for page in ("", "/people", "/exports/people/csv"):
        of_loja.get(reported.path("direccion", page + PAST), 404)
    of_loja.get(reported.path("direccion", f"?on={FRIDAY}&known={LATER.date()}"), 404)


def test_heads_see_of_a_person_the_past_days_that_they_see_of_the_unit(
    browser: Browser, instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 16: where the person was on that day, and under whom that unit stood; each link of the list leads on."""
    manage(instance, a_person(instance, "guayas@example.org"), reported.places["guayas"])
    manage(instance, a_person(instance, "loja@example.org"), reported.places["loja_provincia"])
    abad = f"/training/{assignment_of(instance, reported.people['abad']).uuid}"
    move(instance, reported, monkeypatch)
    of_guayas, of_loja = sign_in(browser, "guayas@example.org"), browser.another()
    sign_in(of_loja, "loja@example.org")
    past, today = f"?day={FRIDAY}&known={FRIDAY}", f"?day={LATER.date()}"

    listed = of_guayas.get(reported.path("direccion", f"/people{PAST}"))
    assert listed.has_link(f"{abad}/past{past}")
    assert not listed.has_link(f"/training-report/people/{reported.people['abad'].uuid}")
    for browser_of, day, status in ((of_guayas, past, 200), (of_guayas, today, 404), (of_loja, past, 404), (of_loja, today, 200)):
        browser_of.get(f"{abad}/past{day}", status)
        browser_of.get(f"{abad}/record.csv{day}", status)
    assert not of_guayas.get(f"{abad}/past{past}").has_link(abad), "of today they see nothing"
    of_loja.get(abad)
    of_guayas.get(abad, 404)


@pytest.mark.parametrize("role", [*TrainingRole])
def test_grants_over_a_past_day_go_by_its_tree(
    instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch, role: TrainingRole
) -> None:
    """Of today in one statement, of a past day by the places as they stood: both say the same where nothing moved."""
    person = a_person(instance, "mira@example.org")
    give_training(instance, person, reported.places["guayas"], role)
    actor = Actor(person_id=person.id, is_training_officer=role is TrainingRole.OFFICER, is_auditor=role is TrainingRole.AUDITOR)
    with instance.database.unit_of_work(write=False) as session:
        stood = tree.load_history(session).on(FRIDAY)
        assert get_training_scope(session, actor, stood) == get_training_scope(session, actor)
    move(instance, reported, monkeypatch)
    direccion = reported.places["direccion"].id

    with instance.database.unit_of_work(write=False) as session:
        history = tree.load_history(session)
        sees = [
            scope.sees_any({direccion})
            for scope in (get_training_scope(session, actor), get_training_scope(session, actor, history.on(FRIDAY)))
        ]

    assert sees == [False, True]


def test_a_bundle_of_a_past_day_has_its_tree_and_is_computed_again(
    instance: Instance, reported: ReportedInstitution, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """spec/compulsory 12.4: of the province, the people who were counted there then; nothing recorded later is in it."""
    at = datetime(2026, 11, 20, 23, 59, 59, tzinfo=QUITO)

    def bundle() -> bytes:
        row = Bundle(place_id=reported.places["guayas"].id, at=at, known=at, has_files=False, reason="", asked_at=NOON)
        target = io.BytesIO()
        with instance.database.unit_of_work(write=False) as session:
            scope, _manifest = get_scope(session, row)
        pack_bundle(
            target, BundleSource(instance.database, instance.keys), scope, BundleCover({"place": "guayas"}, "0.3.0", bundle_texts())
        )
        return target.getvalue()

    before = bundle()
    move(instance, reported, monkeypatch, date(2026, 1, 1))

    assert bundle() == before
    path = tmp_path / "bundle.zip"
    path.write_bytes(before)
    assert CliRunner().invoke(compliance, ["verify", str(path), "--replay"]).exit_code == 0


def test_a_unit_that_came_to_the_islands_has_their_time_from_that_day_on() -> None:
    """spec/compulsory 4.3: the zone of the main unit on the day; before the move that of where it stood."""
    long_ago, moved = datetime(2026, 1, 1, tzinfo=QUITO), datetime(2026, 6, 1, 12, tzinfo=QUITO)
    root = a_unit(1, None, OrganisationKind.INSTITUTION, "iess")
    islands, coast = (a_unit(number, 1, OrganisationKind.PROVINCE, name) for number, name in ((2, "galapagos"), (3, "guayas")))
    history = TreeHistory({unit.id: unit for unit in (root, islands, coast, a_unit(4, 3, OrganisationKind.UNIT, "norte"))})
    history = TreeHistory(history.units, {4: []}).moved(4, 3, date(2026, 1, 1), long_ago).moved(4, 2, date(2026, 6, 1), moved)
    quito, galapagos = ZoneInfo("America/Guayaquil"), ZoneInfo("Pacific/Galapagos")

    zones = unit_zones(history, [RecordedPlace(4, date(2026, 2, 1), long_ago, long_ago, None)])

    assert zones == [UnitZone(date(2026, 2, 1), quito, long_ago, None), UnitZone(date(2026, 6, 1), galapagos, moved, None)]
    left = [RecordedPlace(4, date(2026, 2, 1), long_ago, long_ago, None), RecordedPlace(3, date(2026, 5, 1), long_ago, long_ago, None)]
    assert {zone.zone for zone in unit_zones(history, left)} == {quito}, "they were elsewhere when it moved"


def a_unit(number: int, parent: int | None, kind: OrganisationKind, name: str) -> UnitSummary:
    return UnitSummary(number, UUID(int=number), parent, kind, name, name, name[:3], closed=False)
