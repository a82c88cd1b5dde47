"""Another validity for certificates already issued: a dry run, then replacements in portions (spec/certificates E2)."""

from datetime import date

import pytest
from sqlalchemy import select

from accounts.models import Person, RoleGrant
from certificates import jobs, validity_changes
from certificates.models import Credential, ValidityChange
from compliance.models import DoneFact
from courses.models import Course
from enrolments.models import Completion
from kernel import clock
from kernel.audit import AuditEntry
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import SiteRole
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import an_administrator, folder, publish, sign_in
from tests.support.certificates import NOON, complete
from tests.support.scenes import scene
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/certificates/validity"
PEOPLE = ("ana@example.org", "bea@example.org", "caro@example.org")


def with_words(words: str) -> dict[str, bytes]:
    files = folder(modules=1, settings="attempts: 0\n")
    return {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", f"certificate: {words}".encode())}


@pytest.fixture
@scene
def course(instance: Instance) -> Course:
    """Return a course that three people completed while its certificates did not end; the published version ends them after two years."""
    course = publish(instance, with_words("constancia"))[0]
    for email in PEOPLE:
        complete(instance, course, email)
    deliver_waiting(instance.worker, now=clock.now())
    return publish(instance, with_words("{template: constancia, valid: 24 months}"))[0]


def certificates(instance: Instance) -> list[Credential]:
    return read(instance, lambda session: list(session.scalars(select(Credential).order_by(Credential.id))))


def last_days(instance: Instance) -> list[date | None]:
    return [row.expires_on for row in certificates(instance) if row.replaced_at is None]


def confirm(browser: Browser, **fields: str) -> None:
    browser.get(PAGE)
    browser.submit(PAGE, {"reason": "Resolución 12", **fields})


def test_the_dry_run_changes_nothing_and_the_button_replaces_each(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates E2: none is edited; completion and fact follow, and a second click has no second effect."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    assert browser.get("/teaching/prueba/certificates").has_link(PAGE)

    page = browser.get(PAGE)
    assert page.text.count("1 de junio de 2028") + page.text.count("1 jun 2028") == 3
    assert last_days(instance) == [None] * 3
    confirm(browser)
    deliver_waiting(instance.worker, now=clock.now())
    deliver_waiting(instance.worker, now=clock.now())

    rows, last = certificates(instance), date(2028, 6, 1)
    assert [(row.replaced_at is None, row.expires_on) for row in rows] == [(False, None)] * 3 + [(True, last)] * 3
    assert {(row.replaced_class, row.replaced_reason) for row in rows[:3]} == {("data", "Resolución 12")}
    assert read(instance, lambda session: session.scalars(select(Completion.valid_until)).all()) == [last] * 3
    present = select(DoneFact.valid_until).where(DoneFact.retracted_at.is_(None))
    assert read(instance, lambda session: session.scalars(present).all()) == [last] * 3
    verbs = [entry.verb for entry in read(instance, lambda session: session.scalars(select(AuditEntry)).all())]
    assert (verbs.count("validity_change.requested"), verbs.count("validity_change.done")) == (1, 1)
    assert in_spanish("No certificate would change") in browser.get(PAGE).text


def test_without_words_or_with_another_number_nothing_is_replaced(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates E2 and 15: what changed between dry run and confirmation is shown anew."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    browser.get(PAGE)
    browser.post(PAGE, {"reason": " ", "counted": "3"}, status=422)
    browser.post(PAGE, {"reason": "Resolución 12", "counted": "2"}, status=409)

    deliver_waiting(instance.worker, now=clock.now())

    assert last_days(instance) == [None] * 3


def test_of_many_certificates_the_number_is_typed(
    browser: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates E2: as beyond fifty."""
    monkeypatch.setattr("certificates.views.validity_changes.MOST_UNTYPED", 2)
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    browser.get(PAGE)
    for typed in ("", "2"):
        browser.post(PAGE, {"reason": "Resolución 12", "counted": "3", "count": typed}, status=422)
    assert read(instance, lambda session: session.scalars(select(ValidityChange)).all()) == []

    confirm(browser, count="3")

    assert [row.total for row in read(instance, lambda session: session.scalars(select(ValidityChange)).all())] == [3]


def test_a_worker_that_is_killed_in_a_portion_goes_on_and_replaces_none_twice(
    browser: Browser, instance: Instance, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates E2: what was written before stays, the portion that was cut off is done again."""
    monkeypatch.setattr(validity_changes, "PORTION", 1)
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    confirm(browser)
    real, calls = validity_changes.replace_credential, list[int]()

    def killed(*given: object, **named: object) -> Credential:
        calls.append(1)
        made = real(*given, **named)  # type: ignore[arg-type]  # handed on
        if len(calls) == 2:
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(validity_changes, "replace_credential", killed)
    change = read(instance, lambda session: session.scalars(select(ValidityChange)).one())
    delivery = Delivery(instance.database, instance.settings, 1, {"change": change.id}, clock.now())
    with pytest.raises(KeyboardInterrupt):
        jobs.change_validity(delivery)
    assert sorted(day is None for day in last_days(instance)) == [False, True, True]
    assert "1" in browser.get(PAGE).text

    jobs.change_validity(delivery)
    jobs.change_validity(delivery)

    assert last_days(instance) == [date(2028, 6, 1)] * 3
    assert len(certificates(instance)) == 6
    done = read(instance, lambda session: session.scalars(select(ValidityChange)).one())
    assert (done.done, done.done_at is not None) == (3, True)


def test_nobody_changes_the_validity_of_their_own(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates E8."""
    with instance.database.unit_of_work() as session:
        ana = session.scalars(select(Person).where(Person.email == PEOPLE[0])).one()
        session.add(RoleGrant(person_id=ana.id, role=SiteRole.ADMINISTRATOR.value, granted_at=NOON))
    sign_in(browser, PEOPLE[0])

    confirm(browser)
    deliver_waiting(instance.worker, now=clock.now())

    assert sorted(last_days(instance), key=str) == [date(2028, 6, 1), date(2028, 6, 1), None]


def test_only_administrators_set_it(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/certificates 11: certificate.set_validity."""
    cast = a_cast(browser, instance)
    cast.join(course)
    wrong = cast.check("certificate.set_validity", "own_course", cast.outcomes(PAGE))
    sent = {"reason": "Resolución 12", "counted": "3"}
    assert wrong + cast.check("certificate.set_validity", "own_course", cast.outcomes(PAGE, "POST", sent)) == []
