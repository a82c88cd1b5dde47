"""One's own data and devices (spec/security 3.1, 7.1)."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, text, update

from accounts.models import Device, NationalIdentity, Person
from kernel import clock
from kernel.audit import AuditEntry
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in
from tests.support.wording import in_spanish

NUMBER = "1710034065"


def save(browser: Browser, status: int = 200, **given: object) -> None:
    browser.get("/profile")
    browser.submit("/profile", given, status=status)


def ana(instance: Instance) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == "ana@example.org")).one()


def number(instance: Instance) -> str | None:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(NationalIdentity.number))


@pytest.fixture
def visitor(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which Ana is signed in."""
    a_person(instance)
    return sign_in(browser)


def test_a_person_changes_their_own_data(visitor: Browser, instance: Instance) -> None:
    save(visitor, given_names=" Ana  María ", first_surname="Quinde", second_surname="Ñúñez", language="en", zone="Pacific/Galapagos")
    changed = ana(instance)

    assert changed.full_name == "Ana María Quinde Ñúñez"
    assert (changed.language, changed.zone) == ("en", "Pacific/Galapagos")
    assert visitor.page.language == "en"
    assert dict(visitor.page.form("/profile").fields)["zone"] == "Pacific/Galapagos"


def test_zones_have_the_names_of_their_cities_once_each_and_ones_own_stays(visitor: Browser, instance: Instance) -> None:
    """A zone that has several keys is offered once: by the key that somebody has, where it is theirs."""
    for own in ("America/Argentina/Buenos_Aires", "America/Buenos_Aires"):
        with instance.database.unit_of_work() as session:
            session.execute(update(Person).values(zone=own))
        visitor.get("/profile")
        html = visitor.page.html.partition('name="zone"')[2].partition("</select>")[0]
        offered = dict(re.findall(r'value="([^"]+)"[^>]*>([^<]+)</option>', html))
        assert dict(visitor.page.form("/profile").fields)["zone"] == own
        assert offered[own] == "Buenos Aires (Argentina)"
        assert len(offered) == len(set(offered.values())) > 300
    assert offered["America/Guayaquil"] == "Quito, Guayaquil (Ecuador)"
    assert offered["Pacific/Galapagos"] == "Galápagos (Ecuador)"
    assert [*offered][:2] == ["America/Guayaquil", "Pacific/Galapagos"]
    assert offered["America/Coyhaique"] == "Coyhaique"
    assert offered["Pacific/Auckland"] == "Auckland (Nueva Zelanda)"


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ("Atlantic/Canary", "Canarias (España)"),
        ("Atlantic/Reykjavik", "Reikiavik (Islandia)"),
        ("Indian/Maldives", "Maldivas (Maldivas)"),
        ("Antarctica/Vostok", "Vostok (Antártida)"),
        ("Antarctica/Troll", "Troll"),
    ],
)
def test_islands_and_the_far_south_have_their_zones(visitor: Browser, instance: Instance, zone: str, name: str) -> None:
    assert f'<option value="{zone}">{name}</option>' in visitor.get("/profile").html
    save(visitor, zone=zone)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Person.zone)).one() == zone


def test_the_log_says_what_changed_and_not_to_what(visitor: Browser, instance: Instance) -> None:
    save(visitor, first_surname="Secreta", national_id=NUMBER)
    with instance.database.unit_of_work(write=False) as session:
        facts = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "account.profile_changed")).one()

    assert "first_surname" in facts
    assert "national_id" in facts
    assert "Secreta" not in facts
    assert NUMBER not in facts


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_names", ""),
        ("given_names", "\u202e"),
        ("first_surname", "  "),
        ("first_surname", "x" * 101),
        ("national_id", "171003406"),
        ("national_id", "1710034064"),
        ("national_id", "x" * 21),
        ("language", "fr"),
        ("zone", "Mars/Base"),
        ("zone", "../../etc/passwd"),
    ],
)
def test_each_fault_is_told_beside_its_field_in_spanish(visitor: Browser, instance: Instance, field: str, value: str) -> None:
    save(visitor, status=422, **{"second_surname": "Nueva", field: value})

    assert f'id="{field}-error"' in visitor.page.html
    assert visitor.page.html.count("aria-invalid") == 1
    assert "Not a valid" not in visitor.page.text
    assert "This field" not in visitor.page.text
    assert dict(visitor.page.form("/profile").fields)["second_surname"] == "Nueva"
    assert ana(instance).second_surname == ""


def test_an_identity_number_is_kept_apart_and_shown_by_its_end(visitor: Browser, instance: Instance) -> None:
    """spec/security 7.1."""
    save(visitor, national_id="171003406-5")
    assert number(instance) == NUMBER
    page = visitor.get("/profile")
    assert "••••••4065" in page.text
    assert NUMBER not in page.html
    save(visitor, given_names="Anita")
    assert number(instance) == NUMBER  # an empty field leaves it
    save(visitor, national_id="0926687856")
    assert number(instance) == "0926687856"
    save(visitor, remove_national_id="y")

    assert number(instance) is None


def test_two_people_may_hold_one_number_so_that_no_form_tells_who_has_it(visitor: Browser, instance: Instance) -> None:
    save(visitor, national_id=NUMBER)
    a_person(instance, "luis@example.org")
    other = sign_in(visitor.another(), "luis@example.org")
    save(other, national_id=NUMBER)

    assert other.response.status_code == 200


def test_only_the_fields_of_the_form_are_taken(visitor: Browser, instance: Instance) -> None:
    """spec/security 1.5: roles, addresses and identities never come from the client."""
    before = ana(instance)
    visitor.get("/profile")
    fields = dict(visitor.page.form("/profile").fields)
    extra = {"email": "otra@example.org", "id": "99", "is_administrator": "1", "password_hash": "x", "suspended_at": "", "uuid": "x"}
    visitor.post("/profile", {**fields, **extra})
    after = ana(instance)

    assert (after.id, after.uuid, after.email, after.password_hash) == (before.id, before.uuid, before.email, before.password_hash)
    visitor.get("/administration", status=403)


def test_names_are_text_everywhere(visitor: Browser, instance: Instance) -> None:
    """spec/security 4.2."""
    save(visitor, given_names="<script>alert(1)</script>\"'", first_surname="{{ 7*7 }}")

    assert "<script>alert" not in visitor.page.html
    assert "&lt;script&gt;" in visitor.page.html
    assert "{{ 7*7 }}" in visitor.page.text


def prove(visitor: Browser) -> None:
    """Type the password again on the page of sessions."""
    visitor.submit("/profile/devices/password", {"current_password": PASSWORD})


def test_sessions_are_seen_freely_and_ended_with_the_password(visitor: Browser, instance: Instance) -> None:
    """ASVS V7.5.2: whoever finds a browser signed in can shut nobody else out; the password holds for ten minutes."""
    phone = sign_in(visitor.another())
    with instance.database.unit_of_work(write=False) as session:
        other = session.scalars(select(Device).where(Device.person_id == ana(instance).id).order_by(Device.id.desc())).first()
    assert other is not None
    one, everyone = f"/profile/devices/{other.uuid}/end", "/profile/devices/end"

    def offered() -> set[str]:
        return {form.action for form in visitor.get("/profile/devices").forms} & {one, everyone}

    def refused() -> bool:
        pages = [visitor.post(action) for action in (one, everyone)]
        assert all(in_spanish("No session was closed. Enter your password first.") in page.text for page in pages)
        return phone._request("GET", "/profile").status_code == 200

    assert offered() == set()
    assert refused()
    visitor.get("/profile/devices")
    visitor.submit("/profile/devices/password", {"current_password": "no es esta clave"}, status=422)
    assert in_spanish("This is not your current password.") in visitor.page.text
    assert refused()
    visitor.get("/profile/devices")
    prove(visitor)
    assert offered() == {one, everyone}
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1), tick=False):
        assert offered() == set()
        assert refused()


def test_where_one_is_signed_in_is_listed_and_each_can_be_ended(visitor: Browser, instance: Instance) -> None:
    """spec/security 3.1: end one."""
    phone = sign_in(visitor.another())
    page = visitor.get("/profile/devices")
    assert page.text.count("Firefox · Linux") >= 2
    assert page.text.count("198.51.100.0") == 2
    assert "198.51.100.7" not in page.html
    prove(visitor)
    action = next(form.action for form in visitor.page.forms if form.action.endswith("/end") and form.action != "/profile/devices/end")
    visitor.submit(action)

    assert phone._request("GET", "/profile").status_code == 303
    assert visitor._request("GET", "/profile").status_code == 200
    assert visitor.get("/profile/devices").text.count("198.51.100.0") == 1


def test_nobody_ends_the_session_of_another(visitor: Browser, instance: Instance) -> None:
    """spec/security 1.3: as if it had never been."""
    a_person(instance, "luis@example.org")
    other = sign_in(visitor.another(), "luis@example.org")
    with instance.database.unit_of_work(write=False) as session:
        mine = session.scalars(select(Device).where(Device.person_id == ana(instance).id)).one()
    other.get("/profile/devices")
    assert str(mine.uuid) not in other.page.html
    other.post(f"/profile/devices/{mine.uuid}/end", status=404)
    other.post("/profile/devices/00000000-0000-4000-8000-000000000000/end", status=404)

    assert visitor._request("GET", "/profile").status_code == 200


def test_all_sessions_end_at_once_this_one_too(visitor: Browser, instance: Instance) -> None:
    """spec/security 3.1: end all."""
    phone = sign_in(visitor.another())
    a_person(instance, "luis@example.org")
    luis = sign_in(visitor.another(), "luis@example.org")
    visitor.get("/profile/devices")
    prove(visitor)
    form = next(form for form in visitor.page.forms if form.action == "/profile/devices/end")
    visitor._request("POST", form.action, data=dict(form.fields))

    assert visitor.response.headers["Clear-Site-Data"] == '"cache"'
    assert visitor._request("GET", "/profile").status_code == 303
    assert phone._request("GET", "/profile").status_code == 303
    assert luis._request("GET", "/profile").status_code == 200


@pytest.mark.parametrize("path", ["/profile", "/profile/password", "/profile/devices"])
def test_these_pages_are_for_the_signed_in(browser: Browser, path: str) -> None:
    answer = browser._request("GET", path)

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/sign-in?next={path}"


def test_what_a_person_saves_is_one_entry_in_the_log(visitor: Browser, instance: Instance) -> None:
    save(visitor, given_names="Anita")
    with instance.database.unit_of_work(write=False) as session:
        found = session.execute(text("SELECT count(*) FROM audit_entry WHERE verb = 'account.profile_changed'")).scalar_one()

    assert found == 1
