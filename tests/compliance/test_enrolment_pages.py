"""Who cannot finish in time is told so, and so are officers; each sentence beside what the course does (spec/compulsory 11.7)."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from accounts.models import Notification, Person
from compliance import jobs
from compliance.enrolment import list_hindered
from compliance.models import Obligation
from compliance.obligations import EnrolmentMode
from compliance.reminders import notice_key
from courses.models import Activity, Course
from courses.versions import OUTLINES
from enrolments import editions
from enrolments.models import Edition
from kernel import outbox
from kernel.outbox import Delivery
from lms.instance import Instance
from organisations.models import AudienceVersion
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.editions import a_learner_of, an_edition, enrol, join
from tests.support.learning import At, actor_of, pass_quiz
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, assignment_of, compute, let_stay, rules_of
from tests.support.places import a_place
from tests.support.reminders import quito
from tests.support.statements import cost
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

NOW = datetime(2026, 11, 22, 12, tzinfo=QUITO)
LAST = date(2026, 12, 15)
MIDNIGHT = datetime(2026, 12, 16, tzinfo=QUITO)
DAY = timedelta(days=1)
DAYS = "martes 15 de diciembre de 2026"


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOW)


class Desk:
    """A course that is offered in editions, required of Ana by 15 December; Luz is in charge."""

    def __init__(self, browser: Browser, instance: Instance) -> None:
        self.browser, self.instance = browser, instance
        self.luz, self.other = an_administrator(instance, "luz@example.org"), an_administrator(instance, "otra@example.org")
        self.course: Course = a_course(instance, modules=1)
        self.ana = a_person(instance)
        self.audience = an_audience_of(instance, a_place(instance))
        with instance.database.unit_of_work() as session:
            values = {"number": 1, "rule": "unit: GYE", "effective_on": date(2026, 1, 1), "recorded_at": BEGINNING}
            session.add(AudienceVersion(audience_id=self.audience.id, **values))
        let_stay(instance, self.audience, self.ana)

    def require(self, **values: object) -> Obligation:
        """Put the obligation in force, offered unless something else is said."""
        values = {"enrolment": EnrolmentMode.OFFERED, **values}
        self.obligation = an_obligation(self.instance, self.audience, rules_of(self.course), **values)
        self.compute(self.ana)
        return self.obligation

    def compute(self, *people: Person) -> None:
        compute(self.instance, self.obligation, [person.id for person in people], now=NOW)

    def change(self, edition: Edition, **values: object) -> None:
        with self.instance.database.unit_of_work() as session:
            session.execute(update(Edition).where(Edition.id == edition.id).values(**values))

    def pages(self) -> list[str]:
        """Return what Ana reads: home, what she has to complete, why, the course."""
        ana = sign_in(self.browser.another())
        why = f"/training/{assignment_of(self.instance, self.ana).uuid}"
        return [ana.get(path).text for path in ("/learning", "/learning/compulsory", why, f"/courses/{self.course.slug}")]

    def office(self) -> str:
        boss = sign_in(self.browser.another(), self.luz.email)
        return boss.get(f"/compulsory-training/obligations/{self.obligation.uuid}").text

    def hindered(self) -> list[tuple[bool, datetime | None, int]]:
        """Return who cannot finish: whether they take the course, its end, how many."""
        with self.instance.database.unit_of_work(write=False) as session:
            rows = list_hindered(session, session.get_one(Obligation, self.obligation.id), now=NOW)
        return [(row.hindrance.is_taken, row.hindrance.ends, row.people) for row in rows]

    def no_edition(self) -> str:
        sentence = "There is no edition of “%(course)s” in which you can finish by %(day)s. Tell %(person)s."
        return in_spanish(sentence, course="Curso de prueba prueba", day=DAYS, person=self.luz.full_name)


@pytest.fixture
def desk(browser: Browser, instance: Instance) -> Desk:
    return Desk(browser, instance)


def test_without_an_edition_in_time_all_pages_say_whom_to_tell_until_one_opens(desk: Desk) -> None:
    """What the finding says: one ends at once, the next begins after the last day."""
    an_edition(desk.instance, desk.course, "Noviembre", ends_at=NOW - DAY)
    late = an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    desk.require()
    assert all(desk.no_edition() in text for text in desk.pages())
    assert desk.hindered() == [(False, None, 1)]
    text = "“%(course)s”: %(count)s person has no edition in which to finish by %(day)s. Have one opened, or move the last day."
    line = in_spanish(text, 1, course="Curso de prueba prueba", day=DAYS)
    assert line in desk.office()

    desk.change(late, starts_at=NOW + DAY)

    assert not any(desk.no_edition() in text for text in desk.pages())
    assert desk.hindered() == []
    assert line not in desk.office()


@pytest.mark.parametrize(
    ("values", "is_enough"),
    [
        ({"name": "Otra"}, True),
        ({"closed_at": NOW - DAY}, False),
        ({"enrols_until": NOW}, False),
        ({"enrols_until": NOW + DAY}, True),
        ({"enrols_from": MIDNIGHT}, False),
        ({"enrols_from": NOW + DAY}, True),
        ({"capacity": 1}, False),
        ({"capacity": 2}, True),
        ({"self_enrolment": False}, False),
        ({"self_enrolment": False, "code": "ABCD2345"}, True),
    ],
)
def test_an_edition_counts_only_if_people_get_in(desk: Desk, values: dict[str, object], is_enough: bool) -> None:
    """Beside an edition that is over, so that nobody gets in without one."""
    an_edition(desk.instance, desk.course, "Pasada", starts_at=NOW - 9 * DAY, ends_at=NOW - DAY)
    edition = an_edition(desk.instance, desk.course, "Presente")
    a_learner_of(desk.instance, desk.course, edition, "eva@example.org")
    desk.change(edition, **values)
    desk.require()

    assert (desk.hindered() == []) is is_enough
    assert [desk.no_edition() in text for text in desk.pages()] == [not is_enough] * 4


def test_enrolment_is_possible_exactly_where_no_warning_stands(desk: Desk) -> None:
    full = an_edition(desk.instance, desk.course, capacity=1)
    a_learner_of(desk.instance, desk.course, full, "eva@example.org")
    desk.require()
    assert desk.hindered() == [(False, None, 1)]
    assert join(desk.instance, actor_of(desk.ana), desk.course, full) is editions.EnrolOutcome.WAITING

    free = an_edition(desk.instance, desk.course, "Segunda")

    assert desk.hindered() == []
    assert join(desk.instance, actor_of(desk.ana), desk.course, free) is editions.EnrolOutcome.ENROLLED
    assert desk.hindered() == []


def test_whose_edition_ends_first_is_given_its_end_and_later_that_it_is_over(desk: Desk, at: At) -> None:
    edition = an_edition(desk.instance, desk.course, ends_at=NOW + 3 * DAY)
    join(desk.instance, actor_of(desk.ana), desk.course, edition)
    desk.require()
    text = "Finish “%(course)s” by %(end)s: its edition or a required quiz closes then. If you cannot, tell %(person)s."
    sentence = in_spanish(text, course="Curso de prueba prueba", end="25 nov 2026, 11:59", person=desk.luz.full_name)
    pages = desk.pages()
    assert [sentence in page for page in pages] == [True] * 4
    assert desk.hindered() == [(True, NOW + 3 * DAY, 1)]

    desk.change(edition, ends_at=NOW)

    over = "“%(course)s” can no longer be finished by %(day)s: its edition or a required quiz closes first. Tell %(person)s."
    assert all(in_spanish(over, course="Curso de prueba prueba", day=DAYS, person=desk.luz.full_name) in page for page in desk.pages())
    assert desk.hindered() == [(True, None, 1)]


def test_a_required_quiz_that_closes_before_the_last_day_counts(desk: Desk) -> None:
    with desk.instance.database.unit_of_work() as session:
        session.execute(update(Activity).where(Activity.kind == "quiz").values(closes_at=NOW + DAY))
        OUTLINES.of(session).clear()
    desk.require()

    assert desk.hindered() == [(False, NOW + DAY, 1)]


def test_who_takes_the_course_and_who_does_not_are_one_line_where_it_closes_early(desk: Desk) -> None:
    """The warning says the same of both: two lines of it would differ in their number alone."""
    with desk.instance.database.unit_of_work() as session:
        session.execute(update(Activity).where(Activity.kind == "quiz").values(closes_at=NOW + DAY))
        OUTLINES.of(session).clear()
    luis = a_person(desk.instance, "luis@example.org")
    let_stay(desk.instance, desk.audience, luis)
    enrol(desk.instance, desk.course, [actor_of(luis)])
    desk.require()
    desk.compute(luis)

    assert [row[1:] for row in desk.hindered()] == [(NOW + DAY, 2)]


def test_who_is_enrolled_by_the_obligation_needs_no_edition_but_its_own(desk: Desk) -> None:
    an_edition(desk.instance, desk.course, "Pasada", starts_at=NOW - 9 * DAY, ends_at=NOW - DAY)
    own = an_edition(desk.instance, desk.course, "Propia", starts_at=MIDNIGHT, open_to_all=False)
    desk.require(enrolment=EnrolmentMode.AUTOMATIC)
    assert desk.hindered() == []

    desk.obligation = an_obligation(desk.instance, desk.audience, rules_of(desk.course), key="otra", edition_id=own.id)
    desk.compute(desk.ana)

    assert desk.hindered() == [(False, None, 1)]


def test_a_draft_says_it_where_it_is_written(desk: Desk) -> None:
    an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    boss = sign_in(desk.browser, desk.luz.email)
    boss.get("/compulsory-training/obligations/new")
    values = {"title_es": "Gobernanza", "audience": str(desk.audience.uuid), "courses": [desk.course.slug], "deadline_on": "2026-12-15"}
    text = "“%(course)s”: %(count)s person has no edition in which to finish by %(day)s. Have one opened, or move the last day."

    page = boss.submit("/new", {**values, "enrolment": "offered"})

    assert in_spanish(text, 1, course="Curso de prueba prueba", day=DAYS) in page.text
    assert in_spanish("Not in time:") in page.text
    assert in_spanish("Not in time:") in boss.submit("/activation").text


def test_a_planned_version_is_judged_by_its_own_last_day(desk: Desk) -> None:
    """Before it is applied: a later day makes the sentence disappear."""
    an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    row = desk.require()
    boss = sign_in(desk.browser, desk.luz.email)

    def plan(day: str) -> str:
        boss.get(f"/compulsory-training/obligations/{row.uuid}/version")
        return boss.submit("/version", {"deadline_on": day, "effective_on": "2026-11-22", "reason": "Enero"}).text

    assert in_spanish("Not in time:") in plan("2026-12-14")
    assert in_spanish("Not in time:") not in plan("2027-01-31")


def test_reminders_say_it_beside_the_last_day(desk: Desk, at: At) -> None:
    """Nothing of it once there is a way."""
    late = an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    desk.require()
    sentence = in_spanish("There is no edition in which you can finish by then. Tell %(person)s.", person=desk.luz.full_name)

    def reminded(text: str) -> str:
        at.moment = quito(text)
        with desk.instance.database.unit_of_work() as session:
            outbox.enqueue(session, "compliance.remind", {}, now=at.moment)
        outbox.deliver_waiting(desk.instance.worker, now=at.moment)
        with desk.instance.database.unit_of_work(write=False) as session:
            statement = select(Notification.words).where(Notification.key == notice_key(at.moment.date()))
            return session.scalars(statement).one()["es"]

    assert sentence in reminded("2026-11-23T12:00")
    desk.change(late, starts_at=NOW + DAY)
    assert sentence not in reminded("2026-12-08T12:00")


def test_officers_get_one_notice_for_as_long_as_it_is_so(desk: Desk) -> None:
    late = an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    desk.require()

    def night(number: int) -> list[int]:
        jobs.notify_of_hindered(Delivery(desk.instance.database, desk.instance.settings, 1, {}, NOW + number * DAY / 24))
        with desk.instance.database.unit_of_work(write=False) as session:
            return list(session.scalars(select(Notification.person_id).where(Notification.key.startswith("hindered:"))))

    assert sorted(night(0)) == sorted(night(1)) == [desk.luz.id, desk.other.id]
    desk.change(late, starts_at=NOW + DAY)
    assert night(2) == []
    desk.change(late, starts_at=MIDNIGHT)
    assert sorted(night(3)) == [desk.luz.id, desk.other.id]


def test_people_are_read_in_as_many_statements_however_many_they_are(desk: Desk) -> None:
    an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    desk.require()
    desk.hindered()  # the outlines are in memory
    counter = every_statement(desk.instance.database)
    counts = []
    for number in (0, 5):
        for index in range(number):
            person = a_person(desk.instance, f"p{index}@example.org")
            let_stay(desk.instance, desk.audience, person)
            desk.compute(person)
        counter.reset()
        people = [row[2] for row in desk.hindered()]
        counts.append((people, len(counter.statements)))

    assert [people for people, _count in counts] == [[1], [6]]
    assert counts[0][1] == counts[1][1] <= 6


def test_after_the_last_day_there_is_no_warning(desk: Desk, at: At) -> None:
    an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    desk.require()
    at.pass_(days=30)

    assert not any(desk.no_edition() in text for text in desk.pages())


def test_who_did_in_time_what_closes_is_not_counted(desk: Desk) -> None:
    edition = an_edition(desk.instance, desk.course, ends_at=NOW + DAY)
    ana = actor_of(desk.ana)
    join(desk.instance, ana, desk.course, edition)
    desk.require()
    text = "Finish “%(course)s” by %(end)s: its edition or a required quiz closes then. If you cannot, tell %(person)s."
    sentence = in_spanish(text, course="Curso de prueba prueba", end="23 nov 2026, 11:59", person=desk.luz.full_name)
    assert desk.hindered() == [(True, NOW + DAY, 1)]
    assert sentence in desk.pages()[0]

    pass_quiz(desk.instance, ana, desk.course.slug)

    assert desk.hindered() == []
    assert not any(sentence in text for text in desk.pages())


def test_without_anybody_in_charge_the_training_office_is_named(desk: Desk) -> None:
    an_edition(desk.instance, desk.course, "Enero", starts_at=MIDNIGHT)
    desk.require()
    with desk.instance.database.unit_of_work() as session:
        session.execute(update(Obligation).values(owner_id=None))

    assert all(in_spanish("your institution’s training office") in text for text in desk.pages())


def test_the_why_page_of_who_takes_the_course_asks_fourteen_statements(desk: Desk) -> None:
    """spec/compulsory 17 K7."""
    join(desk.instance, actor_of(desk.ana), desk.course, an_edition(desk.instance, desk.course, ends_at=MIDNIGHT))
    desk.require()
    counter, ana = every_statement(desk.instance.database), sign_in(desk.browser)
    ana.checks = False
    why = f"/training/{assignment_of(desk.instance, desk.ana).uuid}"
    cost(ana, counter, why)

    assert 10 < cost(ana, counter, why).statements <= 14
