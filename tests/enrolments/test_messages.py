"""Messages to those whom a filter finds: who may, whom they reach, that nobody is told twice, that the course's page shows none."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from accounts.models import Notification, Person
from enrolments import announcements
from enrolments.models import Announcement, MessageRecipient
from kernel import clock
from kernel.audit import AuditEntry
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.classes import a_mixed_class
from tests.support.crowds import multiply
from tests.support.learning import a_learner, mark_done
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/messages"
WORDS = {"heading": "¿Necesita ayuda?", "words": "Escríbanos.\n\nEl equipo"}


def told(instance: Instance) -> list[str]:
    """Return who was told of a message, each as often as they were."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(Notification.path, func.count()).where(Notification.kind == "announcement").group_by(Notification.path)
        assert {path for path, _count in session.execute(statement)} <= {"/courses/prueba"}
        return list(
            session.scalars(select(Notification.person_id).where(Notification.kind == "announcement").order_by(Notification.person_id))
        )


def person_of(instance: Instance, email: str) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def test_only_who_edits_the_course_writes_to_its_learners(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    assert cast.check("course.announce", "own_course", cast.outcomes(PAGE)) == []
    sent = {**WORDS, "number": str(uuid4()), "send": "1"}
    assert cast.check("course.announce", "own_course", cast.outcomes(PAGE, "POST", sent)) == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("state=completed", 1),
        ("state=open", 2),
        ("group={group}", 1),
        ("edition={edition}", 1),
        ("q=carla", 1),
        ("next=leccion-1", 2),
        ("idle=7", 0),
        ("next=leccion-1&group={group}", 1),
        ("edition=5d4f4d4e-0000-4000-8000-000000000000", 0),
        ("unit={unit}", 2),
        ("unit={unit}&q=carla", 1),
        ("unit=5d4f4d4e-0000-4000-8000-000000000000", 0),
    ],
)
def test_it_reaches_those_whom_the_gradebook_shows(browser: Browser, instance: Instance, query: str, count: int) -> None:
    """Ana has completed the course, Blas is in a group, Carla in an edition, the last two of a province.

    The number of people stands there before it is sent.
    """
    course, edition, _group, group = a_mixed_class(instance)
    province = a_place(instance, "Guayas")
    for name, place in (("blas", province), ("carla", a_place(instance, "Durán", province))):
        put(instance, person_of(instance, f"{name}@example.org"), place)
    a_teacher(instance, course)
    address = query.format(edition=edition.uuid, group=group, unit=province.uuid)
    shown = sign_in(browser, "profe@example.org").get(f"/teaching/prueba/gradebook?{address}").html.count("@example.org</span>")
    page = browser.get(f"{PAGE}?{address}")
    assert shown == count
    assert f"A {count} persona" in page.text
    assert ("Guayas" in page.text) is ("{unit}" in query)
    page = browser.submit("/messages", WORDS)
    assert told(instance) == []
    if count:
        browser.submit("/messages", button=("send", "1"))
        browser.deliver_jobs()

    assert len(told(instance)) == len(set(told(instance))) == count


def test_those_who_stopped_are_written_to_and_nobody_twice(browser: Browser, instance: Instance) -> None:
    """Whoever goes on between the sending and the telling was found all the same; a second sending with one number sends nothing."""
    past = clock.now() - timedelta(days=20)
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana, blas = (a_learner(instance, course, f"{name}@example.org", now=past) for name in ("ana", "blas"))
    mark_done(instance, blas, "prueba", "leccion-1", now=past)
    sign_in(browser, "profe@example.org").get(f"{PAGE}?next=leccion-1&idle=14")
    page = browser.submit("/messages", WORDS)
    form = page.form("/messages")
    for _again in range(2):
        browser.submit("/messages", button=("send", "1"), form=form)
    mark_done(instance, ana, "prueba", "leccion-1")
    browser.deliver_jobs()

    assert told(instance) == [ana.person_id]
    page = browser.get("/teaching/prueba/announcements")
    assert [
        words in page.text
        for words in ("¿Necesita ayuda?", in_spanish("Message to some learners"), in_spanish("%(count)s person notified", 1))
    ] == [True] * 3
    assert "¿Necesita ayuda?" not in sign_in(browser.another(), "ana@example.org").get("/courses/prueba").text
    assert "Escríbanos." in sign_in(browser.another(), "ana@example.org").get("/notices").text
    with instance.database.unit_of_work(write=False) as session:
        assert "leccion-1" in session.execute(select(AuditEntry.facts).where(AuditEntry.verb == "announcement.sent")).scalar_one()


def test_what_was_typed_comes_back_with_its_fault(browser: Browser, instance: Instance) -> None:
    course, _edition, _group, _uuid = a_mixed_class(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org").get(f"{PAGE}?state=open")
    page = browser.submit("/messages", {"heading": "", "words": "Texto"}, status=422)

    form = page.form("/messages")
    assert dict(form.fields)["words"] == "Texto"
    assert form.action.endswith("state=open")


def test_a_message_to_many_is_sent_in_few_statements_and_told_in_portions(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/performance P7: whom it reaches is written down in one statement, however many they are."""
    monkeypatch.setattr(announcements, "PORTION", 3)
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana = a_learner(instance, course)
    sign_in(browser, "profe@example.org")
    counter, counts = every_statement(instance.database), []
    for first, more in ((0, 0), (0, 7)):
        multiply(instance, ana, more, first=first)
        browser.get(PAGE)
        browser.submit("/messages", WORDS)
        form = browser.page.form("/messages")
        counter.reset()
        browser._request("POST", form.action, data={**dict(form.fields), "send": "1"})
        counts.append(len(counter.statements))
    browser.deliver_jobs()

    assert counts[0] == counts[1]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Announcement.told).order_by(Announcement.id)).all() == [1, 8]
        assert session.scalar(select(func.count()).select_from(MessageRecipient)) == 9
