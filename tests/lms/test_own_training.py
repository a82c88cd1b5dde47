"""What a learner has to complete: on a page of its own, at the top of the home page, computed as they look (spec/compulsory 11.1)."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from certificates.models import Credential
from compliance.learner import list_required, load_own_records, load_own_training
from compliance.models import DoneFact, Obligation, Waiver
from compliance.records import get_rules, load_records
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement, ObligationTerms
from courses.models import Course
from enrolments.models import Completion, Enrolment
from kernel.durations import Duration
from kernel.outbox import deliver_waiting
from lms.instance import Instance
from organisations.models import AudienceVersion
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_learner_in, a_person, sign_in
from tests.support.certificates import complete
from tests.support.learning import At, actor_of, mark_done, pass_quiz
from tests.support.obligations import BEGINNING, an_audience_of, an_obligation, assignment_of, compute, let_stay, rules_of
from tests.support.places import a_place, put
from tests.support.statements import cost
from tests.support.training_cases import QUITO
from tests.support.wording import in_spanish

PAGE = "/learning/compulsory"
NOVEMBER = datetime(2026, 11, 22, 12, tzinfo=QUITO)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOVEMBER)


@pytest.fixture(autouse=True)
def authors(instance: Instance) -> None:
    a_person(instance, "autora@example.org")
    a_person(instance, "otra@example.org")


def ask(instance: Instance, person: Person, terms: ObligationTerms, *, key: str = "gobernanza", now: datetime = NOVEMBER) -> None:
    """Let an obligation ask something of a person, and its status be known."""
    audience = an_audience_of(instance, a_place(instance, key.upper()), key)
    with instance.database.unit_of_work() as session:
        session.add(
            AudienceVersion(audience_id=audience.id, number=1, rule="unit: GYE", effective_on=date(2026, 1, 1), recorded_at=BEGINNING)
        )
    let_stay(instance, audience, person)
    compute(instance, an_obligation(instance, audience, terms, key=key), [person.id], now=now)


def a_learner_of(browser: Browser, instance: Instance, course: Course) -> Person:
    """Sign in as somebody who takes a course."""
    a_learner_in(browser, course)
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Person).where(Person.email == "ana@example.org")).scalar_one()


def test_it_says_until_when_how_long_that_is_and_why(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.1: «hasta el martes 15 de diciembre, faltan 23 días»; the audience's sentence; one button."""
    course = a_course(instance)
    ask(instance, a_learner_of(browser, instance, course), rules_of(course))

    page = browser.get(PAGE)

    assert "hasta el martes 15 de diciembre de 2026, faltan 23 días" in page.text
    assert in_spanish("Start soon enough to finish by the last day.") in page.text
    assert "GYE" in page.text
    assert page.html.count('class="btn main"') == 1
    assert page.has_link("/courses/prueba/activities/leccion-1")


def test_nothing_asked_is_said_in_words(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.1."""
    a_person(instance)

    page = sign_in(browser).get(PAGE)

    assert in_spanish("Nothing is compulsory now") in page.text
    assert in_spanish("Required training") not in browser.get("/learning").text


def test_what_presses_most_stands_first_and_what_is_done_last(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.1: overdue, then by last day; waived and done stand apart."""
    person, course = a_person(instance), a_course(instance)
    for key, deadline in (("tarde", date(2026, 12, 20)), ("pronto", date(2026, 12, 1)), ("vencida", date(2026, 11, 2))):
        ask(instance, person, replace(rules_of(course), deadline=deadline), key=key)

    shown = sign_in(browser).get(PAGE).text

    days = [shown.index(words) for words in ("2 de noviembre", "1 de diciembre", "20 de diciembre")]
    assert days == sorted(days)
    assert in_spanish("the last day was %(day)s, yesterday", 20, day="lunes 2 de noviembre de 2026") in shown


def test_a_completion_counts_before_any_job_has_run(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 7.4: never overdue after the congratulation, on the page and on the home page."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    person = a_learner_of(browser, instance, course)
    ask(instance, person, replace(rules_of(course), deadline=date(2026, 11, 1)))
    overdue = in_spanish("Overdue")
    assert overdue in browser.get(PAGE).text
    assert overdue in browser.get("/learning").text

    mark_done(instance, actor_of(person), course.slug, "leccion-1", now=NOVEMBER)
    pass_quiz(instance, actor_of(person), course.slug, now=NOVEMBER)

    assert assignment_of(instance, person).state == "overdue"
    assert overdue not in browser.get(PAGE).text
    assert overdue not in browser.get("/learning").text


def test_what_is_done_has_its_last_valid_day_and_its_certificate(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.1."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    complete(instance, course)
    with instance.database.unit_of_work(write=False) as session:
        person = session.execute(select(Person).where(Person.email == "ana@example.org")).scalar_one()
    ask(instance, person, replace(rules_of(course), validity=Duration(months=12)))
    deliver_waiting(instance.worker, now=NOVEMBER)

    page = sign_in(browser).get(PAGE)

    assert in_spanish("valid until %(day)s", day="martes 1 de junio de 2027") in page.text
    assert in_spanish("View my certificate") in page.text
    assert "/certificates/" in page.html


def test_a_certificate_with_a_day_of_its_own_is_named_beside_the_obligation(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 8.1: where both exist the pages show both, named."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    complete(instance, course)
    with instance.database.unit_of_work(write=False) as session:
        person = session.execute(select(Person).where(Person.email == "ana@example.org")).scalar_one()
    ask(instance, person, replace(rules_of(course), validity=Duration(months=12)))
    deliver_waiting(instance.worker, now=NOVEMBER)
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(expires_on=date(2027, 3, 31)))

    text = sign_in(browser).get(PAGE).text

    assert in_spanish("valid until %(day)s", day="martes 1 de junio de 2027") in text
    assert in_spanish("certificate valid until %(day)s", day="31 de marzo de 2027") in text


def test_what_is_waived_has_its_last_day(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.1 and 4.10."""
    person, course = a_person(instance), a_course(instance)
    with instance.database.unit_of_work() as session:
        session.add(
            Waiver(
                person_id=person.id,
                kind="parental",
                first_on=date(2026, 11, 1),
                last_on=date(2027, 1, 31),
                state="approved",
                proposed_at=BEGINNING,
                decided_at=BEGINNING,
            )
        )
    ask(instance, person, rules_of(course))

    page = sign_in(browser).get(PAGE)

    assert in_spanish("waived until %(day)s", day="domingo 31 de enero de 2027") in page.text
    assert in_spanish("Nothing is compulsory now") in page.text


def test_the_day_is_named_by_the_clock_of_its_place_where_that_differs(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 4.3 and 11.1."""
    course = a_course(instance)
    person = a_learner_of(browser, instance, course)
    ask(instance, person, rules_of(course))
    foreign = in_spanish("by the time of %(place)s", place="Quito, Guayaquil (Ecuador)")
    assert foreign not in browser.get(PAGE).text

    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == person.id).values(zone="Pacific/Galapagos"))

    assert foreign in browser.get(PAGE).text


def test_of_several_courses_one_is_chosen_and_then_gone_on_with(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.1."""
    first, second = a_course(instance, "uno"), a_course(instance, "dos")
    person = a_person(instance)
    either = AnyRequirement((CourseRequirement(first.slug), CourseRequirement(second.slug)))
    ask(instance, person, replace(rules_of(first), requirement=either))
    assert in_spanish("Choose a course") in sign_in(browser).get(PAGE).text

    browser.get("/courses/dos")
    browser.submit("/enrolment")

    page = browser.get(PAGE)
    assert in_spanish("Choose a course") not in page.text
    assert page.has_link("/courses/dos/activities/leccion-1")


def test_the_home_page_asks_one_statement_more_and_the_page_eight(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 17 K7 and K8: however many obligations there are."""
    counter = every_statement(instance.database)
    browser.checks = False
    course = a_course(instance)
    person = a_learner_of(browser, instance, course)
    unasked = [cost(browser, counter, path).statements for path in ("/learning", "/learning", "/courses/prueba", "/courses/prueba")]

    counts = []
    for number in range(3):
        ask(instance, person, rules_of(course), key=f"una{number}")
        counts.append([cost(browser, counter, path).statements for path in ("/learning", PAGE, "/courses/prueba")])

    assert unasked[1] <= 10
    assert counts[0][0] == unasked[1]
    assert counts[0] == counts[2]
    assert counts[0][1] <= 8
    assert counts[0][2] == unasked[3] <= 8


def test_a_person_is_read_as_the_nightly_computation_reads_everybody(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 7.3: one statement or many, the record is the same."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    actor = complete(instance, course)
    unit = a_place(instance, "Unidad", a_place(instance))
    with instance.database.unit_of_work(write=False) as session:
        person = session.get_one(Person, actor.person_id)
    put(instance, person, unit)
    with instance.database.unit_of_work() as session:
        for obligation, words in ((None, {"last_on": None}), (None, {"last_on": date(2026, 3, 1), "revoked_at": NOVEMBER})):
            session.add(
                Waiver(
                    person_id=person.id,
                    obligation_id=obligation,
                    kind="legal",
                    first_on=date(2026, 2, 1),
                    state="revoked" if "revoked_at" in words else "approved",
                    proposed_at=BEGINNING,
                    decided_at=BEGINNING,
                    **words,
                )
            )
    ask(instance, person, rules_of(course))
    deliver_waiting(instance.worker, now=NOVEMBER)

    with instance.database.unit_of_work(write=False) as session:
        [row] = list_required(session, [person.id], now=NOVEMBER)
        own = load_own_records(session, [row])[row.assignment_id]
        many = load_records(session, get_rules(session, session.get_one(Obligation, row.obligation_id)), [person.id])[person.id]
        [live], _sentences = load_own_training(session, person.id, now=NOVEMBER)

    for name in ("zone", "zones", "stays", "waivers", "closures", "completions", "starts", "entries", "enrolled_at"):
        mine, theirs = getattr(own, name), getattr(many, name)
        assert mine == theirs if name == "zone" else sorted(map(repr, mine)) == sorted(map(repr, theirs)), name
    assert own.completions
    assert own.zones
    assert live.status == row.status


def test_who_takes_a_version_that_does_not_count_is_warned_before_and_where_they_are(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 4.7: on the page of the course, also before enrolling, and in the list of what they have to complete."""
    course = a_course(instance)
    person = a_learner_of(browser, instance, course)
    counted = a_person(instance, "cuenta@example.org")
    ask(instance, person, replace(rules_of(course), lowest_versions={course.slug: 2}))
    ask(instance, counted, rules_of(course), key="cualquiera")
    caution = in_spanish("This version is too old.")

    assert caution in browser.get("/courses/prueba").text
    own = in_spanish(
        "You are taking version %(own)s of “%(course)s”, but only version %(lowest)s or a later one counts. Move to it on the course page.",
        own=1,
        course="Curso de prueba prueba",
        lowest=2,
    )
    assert own in browser.get(PAGE).text
    assert own in browser.get("/learning").text
    assert caution not in sign_in(browser.another(), "cuenta@example.org").get("/courses/prueba").text


def test_of_several_courses_the_one_that_is_due_is_renewed(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 6.2 and 11.1: its page of renewal, also where the stored status does not tell which."""
    first, second = a_course(instance, "uno", modules=1), a_course(instance, "dos", modules=1)
    person = a_learner_of(browser, instance, first)
    browser.get("/courses/dos")
    browser.submit("/enrolment")
    both = AllRequirement((CourseRequirement(first.slug), CourseRequirement(second.slug)))
    with instance.database.unit_of_work() as session:
        takes = session.execute(select(Enrolment).where(Enrolment.person_id == person.id).order_by(Enrolment.id)).scalars().all()
        for take, done in zip(takes, (datetime(2026, 6, 1, 12, tzinfo=QUITO), datetime(2026, 1, 20, 12, tzinfo=QUITO)), strict=True):
            session.add(Completion(enrolment_id=take.id, course_version_id=take.course_version_id, completed_at=done, achieved_at=done))
            fact = {"person_id": person.id, "course_id": take.course_id, "enrolment_id": take.id}
            session.add(DoneFact(**fact, version=1, achieved_at=done, recorded_at=done))
    ask(instance, person, replace(rules_of(first), requirement=both, validity=Duration(months=12)))

    for page in (PAGE, "/learning"):
        assert browser.get(page).has_link("/courses/dos/renewal")
