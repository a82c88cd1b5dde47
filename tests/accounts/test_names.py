"""Names of people: the former ones are kept, wherever the new one comes from (spec/security 7.7)."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from accounts import accounts, names
from accounts.accounts import ProfileChanges
from accounts.models import NameSource, Person, PersonName
from accounts.people import name_matches
from kernel import clock, migrations
from kernel.audit import AuditEntry
from kernel.db import Database
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.people import page_of_person, person_row
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

NOON = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)


def rename(instance: Instance, person: Person, *parts: str, source: NameSource = NameSource.LIST) -> None:
    with instance.database.unit_of_work() as session:
        row = session.get_one(Person, person.id)
        changes = ProfileChanges(parts[0], parts[1], parts[2], row.language, row.zone, None)
        accounts.edit_profile(session, SYSTEM, row, changes, source=source, now=clock.now())


def rows(instance: Instance) -> list[tuple[str, str, bool]]:
    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(PersonName).order_by(PersonName.id))
        return [(row.full_name, row.source, row.since is not None and row.until is None) for row in found]


def test_a_changed_name_leaves_the_former_one_and_the_log_holds_neither(browser: Browser, instance: Instance) -> None:
    """spec/security 8.1: the entry points to the rows."""
    a_person(instance)
    sign_in(browser).get("/profile")

    browser.submit("/profile", {"given_names": "Ana María"})

    assert rows(instance) == [("Ana Quinde", "self", False), ("Ana María Quinde", "self", True)]
    with instance.database.unit_of_work(write=False) as session:
        facts = json.loads(session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "account.profile_changed")).one())
        former, present = session.scalars(select(PersonName.id).order_by(PersonName.id))
    assert facts == {"changed": ["given_names"], "former_name": former, "name": present}


def test_a_name_that_nobody_recorded_is_kept_when_a_list_changes_it(instance: Instance) -> None:
    person = a_person(instance)
    with instance.database.unit_of_work() as session:
        session.execute(text("DELETE FROM person_name"))

    rename(instance, person, "Ana", "Quinde", "Ñacato")
    rename(instance, person, "Ana", "Quinde", "Núñez")

    assert rows(instance) == [("Ana Quinde", "initial", False), ("Ana Quinde Ñacato", "list", False), ("Ana Quinde Núñez", "list", True)]


def test_the_same_name_from_a_list_is_the_same_row(instance: Instance) -> None:
    rename(instance, a_person(instance), "Ana", "Quinde", "")

    assert rows(instance) == [("Ana Quinde", "list", True)]


def test_administrators_find_people_by_a_former_name_and_read_it(browser: Browser, instance: Instance) -> None:
    rename(instance, a_person(instance, given="Zoraida"), "Anahí", "Quishpe", "")
    a_person(instance, "luis@example.org", given="Luis")
    an_administrator(instance)
    sign_in(browser, "admin@example.org")

    browser.get("/administration/people?q=zoraida+quinde")
    assert "Anahí Quishpe" in browser.page.text
    assert in_spanish("Former name: %(name)s", name="Zoraida Quinde") in browser.page.text
    assert "Luis" not in browser.page.text
    browser.get("/administration/people?q=zoraida+quishpe")
    assert "Anahí Quishpe" not in browser.page.text

    browser.get(page_of_person(instance))
    assert "Zoraida Quinde" in browser.page.text


@pytest.mark.parametrize("recorded", [True, False])
def test_a_merged_account_leaves_its_names_with_the_one_that_stays(instance: Instance, recorded: bool) -> None:
    kept, closed = a_person(instance), a_person(instance, "anita@example.org", given="Anita")
    with instance.database.unit_of_work() as session:
        if not recorded:
            session.execute(text("DELETE FROM person_name"))
        pair = (session.get_one(Person, closed.id), session.get_one(Person, kept.id))
        accounts.close_after_merge(session, SYSTEM, *pair, "La misma persona", [], now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert [row.full_name for row in names.list_former_names(session, kept.id)] == ["Anita Quinde"]
        assert set(session.scalars(select(PersonName.person_id))) == {kept.id}


ANA, OTHER, POOR = ("Ana", "Quindé", "Paz"), ("Ana Lucía", "Quindé", ""), ("ANA", "QUINDE", "PAZ")


@pytest.mark.parametrize(
    ("held", "given", "source", "stands"),
    [
        ("correction", OTHER, NameSource.LIST, ANA),
        ("correction", OTHER, NameSource.PROVIDER, ANA),
        ("correction", OTHER, NameSource.MERGE, ANA),
        ("correction", ("Ána", "Quindé", "Paz"), NameSource.LIST, ANA),
        ("correction", OTHER, NameSource.CORRECTION, OTHER),
        ("list", OTHER, NameSource.LIST, OTHER),
        ("list", OTHER, NameSource.PROVIDER, ANA),
        ("list", ("Ána", "Quindé Paz", ""), NameSource.PROVIDER, ("Ána", "Quindé", "Paz")),
        ("list", POOR, NameSource.LIST, ANA),
        ("provider", OTHER, NameSource.PROVIDER, OTHER),
        ("provider", OTHER, NameSource.LIST, OTHER),
        ("provider", ("ANA", "QUINDE PAZ", ""), NameSource.PROVIDER, ANA),
        ("self", OTHER, NameSource.PROVIDER, OTHER),
        ("self", ("Ana", "Quindé Paz", ""), NameSource.PROVIDER, ANA),
        ("self", OTHER, NameSource.MERGE, ANA),
        ("initial", ("Ána", "Quinde", "Paz"), NameSource.MERGE, ("Ána", "Quindé", "Paz")),
        ("", OTHER, NameSource.LIST, OTHER),
        ("list", POOR, NameSource.SELF, POOR),
    ],
)
def test_the_better_vouched_for_name_stands_and_of_one_name_the_richer_spelling(
    held: str, given: names.NameParts, source: NameSource, stands: names.NameParts
) -> None:
    assert names.next_name(ANA, held, given, source) == stands


def test_somebody_who_decides_takes_the_other_name() -> None:
    assert names.next_name(ANA, "correction", OTHER, NameSource.LIST, is_decided=True) == OTHER


@pytest.mark.parametrize("source", [NameSource.LIST, NameSource.PROVIDER, NameSource.MERGE])
@pytest.mark.parametrize("given", [OTHER, ANA])
def test_a_corrected_name_stays_corrected_whoever_says_another_or_the_same(
    instance: Instance, source: NameSource, given: names.NameParts
) -> None:
    """The guard stands at the verb: what a door forgets changes nothing."""
    person = a_person(instance)
    rename(instance, person, *ANA, source=NameSource.CORRECTION)

    rename(instance, person, *given, source=source)

    assert rows(instance)[-1] == ("Ana Quindé Paz", "correction", True)
    assert len(rows(instance)) == 2


def merged(instance: Instance, kept: Person, closed: Person) -> list[tuple[str, str, bool]]:
    with instance.database.unit_of_work() as session:
        pair = (session.get_one(Person, closed.id), session.get_one(Person, kept.id))
        accounts.close_after_merge(session, SYSTEM, *pair, "La misma persona", [], now=clock.now())
    with instance.database.unit_of_work(write=False) as session:
        assert set(session.scalars(select(PersonName.person_id))) == {kept.id}
        found = session.scalars(select(PersonName).where(PersonName.until.is_(None))).one()
        assert session.get_one(Person, kept.id).full_name == found.full_name
        assert session.get_one(Person, kept.id).name_key == found.name_key
    return rows(instance)


def test_a_name_that_was_corrected_in_the_account_that_closes_is_that_of_the_one_that_stays(instance: Instance) -> None:
    kept, closed = a_person(instance), a_person(instance, "anita@example.org", given="Anita")
    rename(instance, closed, *ANA, source=NameSource.CORRECTION)
    rename(instance, kept, "ANA", "QUINDE", "", source=NameSource.LIST)

    found = merged(instance, kept, closed)

    assert ("Ana Quindé Paz", "correction", True) in found
    assert {name for name, _source, is_present in found if not is_present} == {"Ana Quinde", "Anita Quinde"}


def test_of_two_corrected_names_that_of_the_account_that_stays_does(instance: Instance) -> None:
    kept, closed = a_person(instance), a_person(instance, "anita@example.org", given="Anita")
    for person, parts in ((kept, OTHER), (closed, ANA)):
        rename(instance, person, *parts, source=NameSource.CORRECTION)

    assert ("Ana Lucía Quindé", "correction", True) in merged(instance, kept, closed)


def test_of_two_spellings_of_one_name_a_merge_leaves_the_richer(instance: Instance) -> None:
    kept, closed = a_person(instance, given="ANA", surname="QUINDE"), a_person(instance, "anita@example.org", surname="Quindé")

    assert ("Ana Quindé", "self", True) in merged(instance, kept, closed)


@pytest.mark.parametrize("waits", [True, False])
def test_of_two_merged_accounts_one_correction_waits(instance: Instance, waits: bool) -> None:
    kept, closed = a_person(instance), a_person(instance, "anita@example.org", given="Anita")
    with instance.database.unit_of_work() as session:
        for person in (kept, closed) if waits else (closed,):
            session.add(names.new_name(person.id, ("Anna", "Quinde", ""), NameSource.CORRECTION, requested_at=NOON))
        session.flush()
        pair = (session.get_one(Person, closed.id), session.get_one(Person, kept.id))
        accounts.close_after_merge(session, SYSTEM, *pair, "La misma persona", [], now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        waiting = select(PersonName.person_id).where(PersonName.since.is_(None), PersonName.decided_at.is_(None))
        assert session.scalars(waiting).all() == [kept.id]


@pytest.mark.slow
def test_the_upgrade_marks_names_that_staff_gave_themselves(empty_database: Database) -> None:
    """What the person changed last is declared; what a list said after it, or from the beginning, is not."""
    migrations.upgrade(empty_database, to="2026_11_30_93")
    moment = "2026-05-05 05:30:00"
    entries: dict[int, list[tuple[str, int | None, str]]] = {
        1: [("account.profile_changed", 9, '{"changed": ["given_names"]}'), ("account.profile_changed", 1, '{"changed": ["zone"]}')],
        2: [("account.profile_changed", 2, '{"changed": ["first_surname"]}')],
        3: [
            ("account.profile_changed", 3, '{"changed": ["second_surname"]}'),
            ("account.profile_changed", 9, '{"changed": ["given_names"]}'),
        ],
        4: [("account.signed_up", None, "{}")],
        5: [("account.profile_changed", 5, '{"changed": ["given_names"]}')],
        6: [("account.signed_up", None, "{}")],
        9: [],
    }
    with empty_database.writing.begin() as connection:
        connection.execute(
            text("INSERT INTO organisation (id, uuid, kind, name, name_key, created_at) VALUES (1, :uuid, 'institution', 'I', 'i', :at)"),
            {"uuid": uuid4().hex, "at": moment},
        )
        for number, acts in entries.items():
            connection.execute(
                text(
                    "INSERT INTO person (id, uuid, email, password_hash, given_names, first_surname, second_surname, name_key, language,"
                    " zone, theme, created_at) VALUES (:id, :uuid, :email, '', 'A', 'B', '', 'b a', 'es', 'UTC', 'system', :at)"
                ),
                {"id": number, "uuid": uuid4().hex, "email": f"{number}@example.org", "at": moment},
            )
            if number != 5:
                connection.execute(
                    text("INSERT INTO employment (person_id, institution_id, staff_number, recorded_at) VALUES (:id, 1, :number, :at)"),
                    {"id": number, "number": None if number == 4 else f"S-{number}", "at": moment},
                )
            for verb, actor, facts in acts:
                connection.execute(
                    text(
                        "INSERT INTO audit_entry (at, actor_id, via, address, request_id, verb, subject_kind, subject_id, facts)"
                        " VALUES (:at, :actor, 'web', '', '', :verb, 'person', :id, :facts)"
                    ),
                    {"at": moment, "actor": actor, "verb": verb, "id": number, "facts": facts},
                )

    migrations.upgrade(empty_database)

    with empty_database.reading.begin() as connection:
        found = connection.execute(select(PersonName.__table__).order_by(PersonName.person_id)).all()
    assert [(row.person_id, row.given_names, row.source, row.until) for row in found] == [
        (2, "A", "self", None),
        (4, "A", "self", None),
    ]


def asks(browser: Browser, instance: Instance) -> Person:
    """Let Ana, who works at a place, ask for a correction of her name."""
    ana = a_person(instance)
    put(instance, ana, a_place(instance))
    sign_in(browser).get("/profile/name")
    browser.submit("/profile/name", {"first_surname": "Quindé", "reason": "En mi cédula lleva tilde."})
    return ana


def decide(boss: Browser, person: Person, decision: str = "correct", status: int = 200, **given: str) -> None:
    address = f"/administration/people/{person.uuid}/name"
    boss.get(address)
    boss.submit(address, {"reason": "Comparado con la cédula.", **given}, button=("decision", decision), status=status)


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return another browser, in which an administrator is signed in."""
    an_administrator(instance)
    return sign_in(browser.another(), "admin@example.org")


def test_whoever_an_institution_employs_cannot_change_their_name_themselves(browser: Browser, instance: Instance) -> None:
    """Not by the form, and not by names that are sent without it; everything else is still theirs."""
    ana = a_person(instance)
    put(instance, ana, a_place(instance))
    sign_in(browser).get("/profile")

    assert not {"given_names", "first_surname", "second_surname"} & set(dict(browser.page.form("/profile").fields))
    assert browser.page.has_link("/profile/name")
    token = dict(browser.page.form("/profile").fields)["csrf_token"]
    sent = {"given_names": "Presidenta", "first_surname": "Nacional", "language": "en", "zone": "Pacific/Galapagos", "csrf_token": token}
    browser.post("/profile", sent)

    changed = person_row(instance, "ana@example.org")
    assert (changed.full_name, changed.language, changed.zone) == ("Ana Quinde", "en", "Pacific/Galapagos")


def test_whoever_no_institution_employs_has_nothing_to_ask_for(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    sign_in(browser).get("/profile")
    assert not browser.page.has_link("/profile/name")

    browser.get("/profile/name")

    assert browser.page.form("/profile")
    assert "given_names" in dict(browser.page.form("/profile").fields)


def test_a_correction_that_is_asked_for_is_decided_with_a_reason_that_the_person_reads(
    browser: Browser, boss: Browser, instance: Instance
) -> None:
    ana = asks(browser, instance)
    assert person_row(instance, "ana@example.org").full_name == "Ana Quinde"
    assert boss.get("/administration").has_link("/administration/people/name-requests")
    assert boss.get("/administration/people/name-requests").has_link(f"/administration/people/{ana.uuid}/name")

    decide(boss, ana)

    assert person_row(instance, "ana@example.org").full_name == "Ana Quindé"
    assert rows(instance)[-3:] == [("Ana Quinde", "self", False), ("Ana Quindé", "correction", False), ("Ana Quindé", "correction", True)]
    assert not boss.get("/administration/people/name-requests").has_link(f"/administration/people/{ana.uuid}/name")
    browser.get("/notices")
    assert "Comparado con la cédula." in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        logged = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb.startswith("account.name_"))).all()
    assert not any("Quind" in facts for facts in logged)


def test_a_correction_that_is_declined_leaves_the_name_and_says_why(browser: Browser, boss: Browser, instance: Instance) -> None:
    ana = asks(browser, instance)

    decide(boss, ana, "decline", reason="La cédula no lleva tilde.")

    assert person_row(instance, "ana@example.org").full_name == "Ana Quinde"
    browser.get("/notices")
    assert "La cédula no lleva tilde." in browser.page.text


def test_a_decision_needs_a_reason_and_the_request_that_was_read(browser: Browser, boss: Browser, instance: Instance) -> None:
    ana = asks(browser, instance)
    decide(boss, ana, reason="", status=422)
    boss.get(f"/administration/people/{ana.uuid}/name")
    browser.get("/profile/name")
    browser.submit("/profile/name", {"first_surname": "Kinde", "reason": "Ahora así."})

    boss.submit(f"/administration/people/{ana.uuid}/name", {"reason": "Comparado."}, button=("decision", "correct"), status=409)

    assert person_row(instance, "ana@example.org").full_name == "Ana Quinde"
    decide(boss, ana)
    assert person_row(instance, "ana@example.org").full_name == "Ana Kinde"


def test_a_name_that_is_right_is_checked_without_a_former_one(boss: Browser, instance: Instance) -> None:
    ana = a_person(instance)

    decide(boss, ana)

    assert rows(instance)[-1] == ("Ana Quinde", "correction", True)
    with instance.database.unit_of_work(write=False) as session:
        assert names.list_former_names(session, ana.id) == []


def test_administrators_decide_on_names_of_others_and_nobody_on_their_own(browser: Browser, instance: Instance) -> None:
    """Access: user.correct_name, of another; not one's own."""
    cast = a_cast(browser, instance)
    given = {"given_names": "Ana", "first_surname": "Quinde", "reason": "Prueba"}
    wrong = list[str]()
    for state, person in (("of_another", cast.people["L"]), ("own", cast.people["S"])):
        address = f"/administration/people/{person.uuid}/name"
        wrong += cast.check("user.correct_name", state, cast.outcomes(address))
        wrong += cast.check("user.correct_name", state, cast.outcomes(address, "POST", given))

    assert wrong == []


@pytest.mark.parametrize("query", ["D'Ángelo", "D’Angelo", "dangelo", "D´angelo Ana-Lucía", "ana‑lucía"])
def test_people_are_found_whatever_apostrophe_or_hyphen_is_typed(instance: Instance, query: str) -> None:
    person = a_person(instance, given="Ana\u2011Lucía", surname="D’Ángelo")
    a_person(instance, "otra@example.org", given="Ana", surname="Angelino")
    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(Person.id).where(*name_matches(query, with_address=False))).all()
    assert found == [person.id]
