"""The page behind every status: why, until when, since when it is known (spec/compulsory 11.2)."""

from datetime import date, datetime

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from accounts.people import AccountVerb
from compliance.models import DoneFact, Reminder, Waiver
from courses.models import Course
from kernel.audit import AuditEntry
from lms.instance import Instance
from organisations.models import AudienceStayRecord, AudienceVersion, Membership, Organisation
from tests.support.access import outcome
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, sign_in
from tests.support.certificates import complete
from tests.support.learning import At, enrolment_of
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, assignment_of, compute, let_stay, rules_of
from tests.support.places import a_place, manage, put
from tests.support.scenes import scene
from tests.support.statements import cost
from tests.support.training_access import a_training_cast
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

NOVEMBER = datetime(2026, 11, 22, 12, tzinfo=QUITO)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOVEMBER)


class PersonUnderObligation:
    """Somebody of a unit of whom a course is asked, with a head of it, and the address of the page."""

    def __init__(
        self,
        instance: Instance,
        course: Course | None = None,
        person: Person | None = None,
        root: Organisation | None = None,
        unit: Organisation | None = None,
    ) -> None:
        a_person(instance, "autora@example.org")
        a_person(instance, "otra@example.org")
        self.instance, self.course = instance, course or a_course(instance)
        self.person = person or a_person(instance)
        self.root = root or a_place(instance)
        self.unit = unit or a_place(instance, "Agencia Norte", self.root, code="GYE")
        if unit is None:
            put(instance, self.person, self.unit)
        self.audience = an_audience_of(instance, self.root)
        with instance.database.unit_of_work() as session:
            rule = AudienceVersion(
                audience_id=self.audience.id, number=1, rule="unit: GYE", effective_on=date(2026, 1, 1), recorded_at=BEGINNING
            )
            session.add(rule)
        let_stay(instance, self.audience, self.person)
        self.obligation = an_obligation(instance, self.audience, rules_of(self.course))
        compute(instance, self.obligation, [self.person.id], now=NOVEMBER)

    @property
    def path(self) -> str:
        return f"/training/{assignment_of(self.instance, self.person).uuid}"

    def waive(self, kind: str) -> None:
        """Excuse the person from 1 November to 31 January."""
        with self.instance.database.unit_of_work() as session:
            days = {"first_on": date(2026, 11, 1), "last_on": date(2027, 1, 31)}
            moments = {"proposed_at": BEGINNING, "decided_at": datetime(2026, 10, 20, 9, tzinfo=QUITO)}
            session.add(Waiver(person_id=self.person.id, kind=kind, state="approved", **days, **moments))


@pytest.fixture
@scene
def asked(instance: Instance) -> PersonUnderObligation:
    return PersonUnderObligation(instance)


def test_it_names_audience_facts_rules_sum_and_timeline(browser: Browser, instance: Instance, asked: PersonUnderObligation) -> None:
    """spec/compulsory 11.2."""
    asked.waive("parental")

    text = sign_in(browser).get(asked.path).text

    assert in_spanish("Status today") in text
    assert "Agencia Norte" in text
    assert in_spanish("Yes") in text
    assert in_spanish("Deadline of the rules") in text
    assert "martes 15 de diciembre de 2026" in text
    days = {"first": "1 de noviembre de 2026", "last": "31 de enero de 2027"}
    assert in_spanish("Waiver from %(first)s to %(last)s: %(count)s day at least afterwards", 15, **days) in text
    assert "lunes 15 de febrero de 2027" in text
    assert in_spanish("Activated by") in text
    assert in_spanish("“%(title)s”: every version counts.", title="Curso de prueba prueba") in text
    assert in_spanish("Maternity or paternity leave") in text


def test_the_answer_stands_before_what_asks_for_another_day(browser: Browser, asked: PersonUnderObligation) -> None:
    today = sign_in(browser).get(asked.path).html
    past = browser.get(f"{asked.path}/past?day=2026-11-15").html

    assert today.index('id="status-title"') < today.index('name="day"')
    assert ('<details class="mod" open>' in past, '<details class="mod" open>' in today) == (True, False)


def test_a_past_day_is_shown_as_it_was_known(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.2 and 7.2: paper of June, typed on 1 November."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    learner = complete(instance, course)
    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, learner.person_id)
    asked = PersonUnderObligation(instance, course, person)
    enrolment = enrolment_of(instance, learner, course)
    with instance.database.unit_of_work() as session:
        moments = {"achieved_at": datetime(2026, 6, 1, 12, tzinfo=QUITO), "recorded_at": datetime(2026, 11, 1, 9, tzinfo=QUITO)}
        session.add(DoneFact(person_id=person.id, course_id=course.id, enrolment_id=enrolment.id, version=1, **moments))
    sign_in(browser)

    before = browser.get(f"{asked.path}/past?day=2026-10-20&known=2026-10-20").text
    after = browser.get(f"{asked.path}/past?day=2026-10-20&known=2026-11-02").text

    done = in_spanish("Done, as it is on record")
    assert done not in before
    assert done in after


def test_it_names_who_changed_the_rule_and_what_the_record_said_until_then(
    browser: Browser, instance: Instance, at: At, asked: PersonUnderObligation
) -> None:
    """spec/compulsory 3.6 and 11.2: somebody overdue whom another rule takes out of the audience, also of the days before."""
    at.moment = datetime(2026, 12, 20, 9, tzinfo=QUITO)
    compute(instance, asked.obligation, [asked.person.id], now=at.moment)
    changed = at.pass_(days=1)
    with instance.database.unit_of_work() as session:
        author, second = session.scalars(select(Person).where(Person.email.in_(("autora@example.org", "otra@example.org")))).all()
        names = author.full_name, second.full_name
        rule = {"number": 2, "rule": "unit: OTRA", "effective_on": date(2026, 1, 1), "recorded_at": changed, "reason": "Corrección."}
        session.add(AudienceVersion(audience_id=asked.audience.id, author_id=author.id, approved_by=second.id, **rule))
        session.execute(update(AudienceStayRecord).values(retracted_at=changed))
    compute(instance, asked.obligation, [asked.person.id], now=changed)

    page = sign_in(browser).get(asked.path)

    assert all(words in page.text for words in (*names, "Corrección.", "Agencia Norte"))
    before = page.text.split(in_spanish("What the record said of this day before"))[1]
    assert in_spanish("Overdue") in before
    assert "21 dic 2026" in before
    assert in_spanish("Overdue") in record(browser, asked)


def test_the_timeline_says_since_when_a_person_is_on_record(browser: Browser, instance: Instance, asked: PersonUnderObligation) -> None:
    """spec/compulsory 4.4 and 11.2: under it since January, in the register since 20 October; else no day is said."""
    note = in_spanish("On record since %(day)s", day="20 de octubre de 2026")
    assert (
        in_spanish("On record since %(day)s", day="").strip() not in sign_in(browser).get(asked.path).text.split(in_spanish("Timeline"))[1]
    )
    with instance.database.unit_of_work() as session:
        session.execute(update(AudienceStayRecord).values(recorded_at=datetime(2026, 10, 20, 9, tzinfo=QUITO)))
    compute(instance, asked.obligation, [asked.person.id], now=NOVEMBER)

    assert note in browser.get(asked.path).text.split(in_spanish("Timeline"))[1]
    assert "2026-10-20" in record(browser, asked)


def record(browser: Browser, asked: PersonUnderObligation) -> str:
    """Return the page as a file."""
    browser.get(f"{asked.path}/record.csv")
    return browser.response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("day=2026-11-23", "That day is still to come."),
        ("known=2027-01-01", "That day is still to come."),
        ("day=2026-11-20&known=2026-11-10", "What was known on a day says nothing of later ones: choose the same day or a later one."),
        ("day=31/02", "Give a date."),
    ],
)
def test_a_day_without_an_answer_is_refused_in_words(browser: Browser, asked: PersonUnderObligation, query: str, message: str) -> None:
    """spec/compulsory 18: never invented numbers."""
    page = sign_in(browser).get(f"{asked.path}/past?{query}", status=422)

    assert in_spanish(message) in page.text
    assert in_spanish("Timeline") not in page.text


def test_a_day_before_the_first_record_names_the_first(browser: Browser, asked: PersonUnderObligation) -> None:
    """spec/compulsory 18."""
    page = sign_in(browser).get(f"{asked.path}/past?day=2025-12-31", status=422)

    assert in_spanish("There is no record of that day: the first is of %(day)s.", day="1 de enero de 2026") in page.text


def test_every_cell_of_the_page(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: oneself, heads, officers, auditors and administrators in scope; to others it does not exist."""
    cast = a_training_cast(browser, instance)
    asked = PersonUnderObligation(instance, cast.course, cast.people["oneself"], cast.root, cast.unit)
    asked.waive("medical")
    path, medical = asked.path, in_spanish("Medical leave")

    def reads(browser: Browser) -> str:
        """Return whether somebody who sees the page reads that the leave is medical."""
        got = outcome(browser, path)
        return "deny" if got == "allow" and medical not in browser.response.get_data(as_text=True) else got

    wrong = cast.check("training.why", "of_a_person", cast.outcomes(path))
    wrong += cast.check("training.why", "medical_evidence", {role: reads(browser) for role, browser in cast.browsers.items()})
    with instance.database.unit_of_work() as session:
        session.execute(update(Membership).values(since_on=date(2026, 1, 1), recorded_at=BEGINNING))
    wrong += cast.check("training.as_known", "past_day", cast.outcomes(f"{path}/past?day=2026-11-01"))
    wrong += cast.check("training.as_known", "past_day", cast.outcomes(f"{path}/record.csv?day=2026-11-01"))
    wrong += cast.check("training.as_known", "past_day", cast.outcomes(f"{path}/record.csv"))

    assert not wrong


def test_others_leave_a_record_and_do_not_read_that_leave_is_medical(
    browser: Browser, instance: Instance, asked: PersonUnderObligation
) -> None:
    """spec/compulsory 4.10 and 16: «con respaldo»."""
    asked.waive("medical")
    head = a_person(instance, "jefa@example.org")
    manage(instance, head, asked.unit)
    medical = in_spanish("Medical leave")
    assert medical in sign_in(browser).get(asked.path).text
    assert list_viewers(instance) == []

    seen = sign_in(browser.another(), "jefa@example.org").get(asked.path).text

    assert medical not in seen
    assert in_spanish("with evidence on record") in seen
    assert list_viewers(instance) == [head.id]


def list_viewers(instance: Instance) -> list[int | None]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AuditEntry.actor_id).where(AuditEntry.verb == AccountVerb.LOOKED_AT.value)))


def test_what_was_told_stands_beside_what_is_computed(browser: Browser, instance: Instance, asked: PersonUnderObligation) -> None:
    """spec/compulsory 11.2 and 10.3."""
    row = assignment_of(instance, asked.person)
    with instance.database.unit_of_work() as session:
        told = {"assignment_id": row.id, "cycle": 1, "kind": "step", "step": 30, "at": datetime(2026, 11, 16, 8, tzinfo=QUITO)}
        session.add(Reminder(**told, due_on=date(2026, 11, 16), last_on=date(2026, 12, 10)))
        session.add(Reminder(**{**told, "step": 7}, due_on=date(2026, 11, 17), last_on=date(2026, 12, 15), reason="recent"))

    page = sign_in(browser).get(asked.path)

    assert in_spanish("%(count)s day before the last day", 30) in page.text
    assert page.text.count(in_spanish("Not the day of now")) == 1
    assert in_spanish("Not sent: %(reason)s", reason=in_spanish("one had been sent within seven days")) in page.text


def test_the_table_holds_what_the_page_shows(browser: Browser, asked: PersonUnderObligation) -> None:
    """spec/compulsory 11.2."""
    sign_in(browser)

    response = browser.client.get(f"{asked.path}/record.csv?day=2026-11-10", base_url="https://localhost")

    text = response.get_data(as_text=True)
    assert response.mimetype == "text/csv"
    assert in_spanish("Deadline of the rules") in text
    assert "2026-12-15" in text
    assert in_spanish("Not started") in text
    assert "2026-11-10" in response.headers["Content-Disposition"]
    response.close()


def test_it_asks_ten_statements(browser: Browser, instance: Instance, asked: PersonUnderObligation) -> None:
    """spec/compulsory 17 K7."""
    counter = every_statement(instance.database)
    sign_in(browser)
    browser.checks = False
    cost(browser, counter, asked.path)

    assert cost(browser, counter, asked.path).statements <= 10
