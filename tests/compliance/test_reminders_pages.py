"""A reminder sent now: how many first, own words, who is left out, one effect of two clicks, and who may send it."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update

from accounts import notices
from accounts.models import Person
from accounts.notices import NotificationChoice
from accounts.rules import MailTime
from compliance.models import Reminder, ReminderRequest
from compliance.notices import TRAINING_NOTICE
from kernel import clock
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.access import outcome
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.learning import At
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place, manage, put
from tests.support.reminders import ReminderTrial, mails_to, quito
from tests.support.training_access import a_training_cast
from tests.support.wording import in_spanish

TUESDAY = "2026-12-01T10:00"


@pytest.fixture
def trial(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> ReminderTrial:
    return ReminderTrial.begin(instance, At(monkeypatch, datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.fixture
def unit(trial: ReminderTrial) -> Organisation:
    return a_place(trial.instance, "Dirección", trial.institution)


@pytest.fixture
def people(trial: ReminderTrial, unit: Organisation) -> list[Person]:
    """Three people of the unit and one of another, all told of the obligation in November."""
    found = [a_person(trial.instance, f"p{number}@example.org") for number in range(4)]
    elsewhere = a_place(trial.instance, "Otra", trial.institution)
    for number, person in enumerate(found):
        let_stay(trial.instance, trial.audience, person)
        put(trial.instance, person, unit if number < 3 else elsewhere)
    trial.run("2026-11-24T09:00")
    trial.at.moment = quito(TUESDAY)
    return found


@pytest.fixture
def head(trial: ReminderTrial, unit: Organisation, people: list[Person], browser: Browser) -> Browser:
    person = a_person(trial.instance, "jefa@example.org")
    manage(trial.instance, person, unit)
    return sign_in(browser, person.email)


def address(trial: ReminderTrial, unit: Organisation | None = None, state: str = "") -> str:
    place = f"&place={unit.uuid}" if unit is not None else ""
    return f"/training/reminders?obligation={trial.obligation.uuid}{place}&state={state}"


def asked(instance: Instance) -> list[tuple[str, str]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.execute(select(Reminder.kind, Reminder.reason).where(Reminder.kind == "asked").order_by(Reminder.id))
        return [(kind, reason) for kind, reason in rows]


def test_a_head_reminds_the_people_of_a_filter(trial: ReminderTrial, unit: Organisation, people: list[Person], head: Browser) -> None:
    """spec/compulsory 10.7: count first, own words, one effect of a second click."""
    page = head.get(address(trial, unit, "not_started"))
    assert in_spanish("%(count)s person is reminded.", 3) in page.text
    form = head.page.form("/training/reminders")
    head.submit("/training/reminders", {"words": "Nos vemos el viernes."}, form=form)
    head.submit("/training/reminders", {"words": "Nos vemos el viernes."}, form=form)

    waiting = head.get(address(trial, unit, "not_started")).text
    assert in_spanish("It waits to go out, in office hours.") in waiting
    assert waiting.count("Nos vemos el viernes.") == 1
    deliver_waiting(trial.instance.worker, now=trial.at.moment)
    assert in_spanish("%(count)s person was reminded.", 3) in head.get(address(trial, unit, "not_started")).text

    assert asked(trial.instance) == [("asked", "")] * 3
    mail = mails_to(trial.instance, people[0])[-1]
    assert "Nos vemos el viernes." in mail
    assert "martes 15 de diciembre" in mail
    assert len(mails_to(trial.instance, people[3])) == 1
    with trial.instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(ReminderRequest)).one()
        assert (row.sent, row.left_out, row.done_at) == (3, 0, trial.at.moment)


def test_who_had_one_lately_is_left_out(trial: ReminderTrial, unit: Organisation, people: list[Person], head: Browser) -> None:
    """spec/compulsory 10.7: not within 48 hours."""
    head.get(address(trial, unit))
    head.submit("/training/reminders")
    deliver_waiting(trial.instance.worker, now=trial.at.moment)

    page = head.get(address(trial, unit))
    assert in_spanish("There is no one to remind now.") in page.text
    assert 'name="words"' not in head.page.html
    trial.at.moment = quito("2026-12-03T10:01")
    head = sign_in(head, "jefa@example.org")
    assert 'name="words"' in head.get(address(trial, unit)).html


def test_the_mail_of_the_day_counts(trial: ReminderTrial, unit: Organisation, people: list[Person], browser: Browser) -> None:
    """spec/compulsory 10.7 and 10.4: who had a mail of another obligation today is left out, and what comes later waits."""
    other = an_obligation(trial.instance, trial.audience, rules_of(trial.course), key="otra")
    trial.run("2026-12-01T10:05")
    an_administrator(trial.instance)
    boss = sign_in(browser, "admin@example.org")

    page = boss.get(address(trial, unit))

    assert other.id
    assert in_spanish("There is no one to remind now.") in page.text


def test_outside_of_office_hours_it_waits_for_the_next_working_day(trial: ReminderTrial, unit: Organisation, head: Browser) -> None:
    """spec/compulsory 10.2 and 10.7."""
    trial.at.moment = quito("2026-12-04T19:00")
    head = sign_in(head, "jefa@example.org")
    assert "lunes 7 de diciembre" in head.get(address(trial, unit)).text
    head.submit("/training/reminders")

    deliver_waiting(trial.instance.worker, now=trial.at.moment)
    assert asked(trial.instance) == []
    deliver_waiting(trial.instance.worker, now=quito("2026-12-07T08:00"))

    assert asked(trial.instance) == [("asked", "")] * 3


def test_words_are_few(trial: ReminderTrial, unit: Organisation, head: Browser) -> None:
    """spec/compulsory 10.7: at most 500 signs."""
    head.get(address(trial, unit))

    page = head.submit("/training/reminders", {"words": "a" * 501}, status=422)

    assert "aria-invalid" in page.html
    assert asked(trial.instance) == []


@pytest.mark.parametrize("query", ["", "obligation=x", "obligation={obligation}&state=done", "obligation={obligation}&place=x&state="])
def test_a_filter_of_nothing_is_not_found(trial: ReminderTrial, head: Browser, query: str) -> None:
    head.get(f"/training/reminders?{query.format(obligation=trial.obligation.uuid)}", status=404)


def test_each_role_may_send_what_the_table_says(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 16, `reminder.send`: heads of the unit, officers and administrators."""
    at = At(monkeypatch, quito(TUESDAY))
    cast = a_training_cast(browser, instance)
    audience = an_audience_of(instance, cast.root)
    obligation = an_obligation(instance, audience, rules_of(cast.course))
    let_stay(instance, audience, cast.people["oneself"], date(2026, 1, 10))
    compute(instance, obligation, [cast.people["oneself"].id], now=at.moment)
    path = f"/training/reminders?obligation={obligation.uuid}&place={cast.unit.uuid}&state="

    wrong = cast.check("reminder.send", "to_a_unit", cast.outcomes(path))
    sent = {}
    for letter, each in cast.browsers.items():
        sent[letter] = outcome(each, path, "POST", {"words": ""})
        with instance.database.unit_of_work() as session:  # while it waits, nobody may ask for the same people again
            session.execute(update(ReminderRequest).values(done_at=at.moment))
    wrong += cast.check("reminder.send", "to_a_unit", sent)

    assert wrong == []


def test_the_report_leads_to_the_reminder_of_its_people(trial: ReminderTrial, unit: Organisation, head: Browser) -> None:
    """spec/compulsory 11.3: the filter goes along; who searches by words, or looks at what is done, is led nowhere."""
    people_of = f"/training-report/{unit.uuid}/people?obligation=gobernanza"
    address_of = f"/training/reminders?obligation={trial.obligation.uuid}&place={unit.uuid}&state=not_started"

    assert head.get(f"{people_of}&state=not_started").has_link(address_of)
    assert "/training/reminders" not in head.get(f"{people_of}&state=done").html
    assert "/training/reminders" not in head.get(f"{people_of}&q=ana").html


def test_people_without_a_confirmed_address_are_not_counted_as_mailed(
    trial: ReminderTrial, unit: Organisation, people: list[Person], browser: Browser
) -> None:
    """spec/compulsory 10.7: who never confirmed an address has today's message on the site alone, and the page says so."""
    with trial.instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id.in_([people[0].id, people[3].id])).values(email_confirmed_at=None))
    an_administrator(trial.instance)
    boss = sign_in(browser, "admin@example.org")
    before = boss.get(address(trial, unit)).text

    an_obligation(trial.instance, trial.audience, rules_of(trial.course), key="otra")
    trial.run("2026-12-01T10:05")
    after = boss.get(address(trial, unit)).text

    assert in_spanish("%(count)s of them on the site alone: address not confirmed", 1) in before
    assert in_spanish("Never mailed: address not confirmed") not in before
    assert f"{in_spanish('Already had their mail of the day')}2" in after
    assert f"{in_spanish('Never mailed: address not confirmed')}1" in after


def choose_notices(instance: Instance, person: Person, *, in_bell: bool) -> None:
    with instance.database.unit_of_work() as session:
        choices = {TRAINING_NOTICE.value: NotificationChoice(in_bell, MailTime.NEVER)}
        notices.set_notification_choices(session, SYSTEM, session.get_one(Person, person.id), choices, now=clock.now())


def test_the_number_shown_is_that_of_the_people_who_get_it(
    trial: ReminderTrial, unit: Organisation, people: list[Person], head: Browser
) -> None:
    """spec/compulsory 10.7: who turned the mails off is named at once, and who turned off the bell too gets nothing."""
    choose_notices(trial.instance, people[0], in_bell=True)
    choose_notices(trial.instance, people[1], in_bell=False)

    page = head.get(address(trial, unit))

    assert in_spanish("%(count)s person is reminded.", 2) in page.text
    assert in_spanish("%(count)s of them on the site alone: turned off these emails", 1) in page.text
    assert f"{in_spanish('Turned off mails and bell')}1" in page.text
    assert page.html.count(f"<li><div>{people[0].full_name}</div></li>") == 2
    head.submit("/training/reminders")
    deliver_waiting(trial.instance.worker, now=trial.at.moment)
    assert in_spanish("%(count)s person was reminded.", 2) in head.get(address(trial, unit)).text
    with trial.instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(ReminderRequest)).one()
        assert (row.sent, row.left_out) == (2, 2)


def test_a_second_press_is_refused_while_the_first_one_waits(
    trial: ReminderTrial, unit: Organisation, people: list[Person], browser: Browser
) -> None:
    """Whoever presses, for the same people or for more: each is reminded once."""
    trial.at.moment = quito("2026-12-04T19:00")
    manage(trial.instance, a_person(trial.instance, "jefa@example.org"), unit)
    an_administrator(trial.instance)
    head, boss = sign_in(browser, "jefa@example.org"), sign_in(browser.another(), "admin@example.org")
    for each in (head, boss):
        each.get(address(trial, unit))
    head.submit("/training/reminders")

    refused = boss.submit("/training/reminders", status=409)

    assert in_spanish("There is no one to remind now.") in refused.text
    assert f"{in_spanish('Another reminder to them waits')}3" in head.get(address(trial, unit)).text
    assert 'name="words"' not in head.page.html
    assert in_spanish("%(count)s person is reminded.", 1) in boss.get(address(trial)).text
    boss.submit("/training/reminders")
    deliver_waiting(trial.instance.worker, now=quito("2026-12-07T08:00"))
    assert asked(trial.instance) == [("asked", "")] * 4
