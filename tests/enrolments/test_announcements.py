"""Announcements, and messages to those whom a filter finds: who may, whom they reach, once each, and where they are shown."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from accounts import broadcasts
from accounts.models import Notification, Person
from enrolments import announcements
from enrolments.announcements import AnnouncementRecipients, AnnouncementText
from enrolments.models import Announcement, MessageRecipient
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.classes import a_mixed_class
from tests.support.crowds import multiply
from tests.support.learning import a_learner, actor_of, mark_done
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/announcements"


def send(instance: Instance, actor: Actor, audience: AnnouncementRecipients, number: UUID | None = None) -> Announcement:
    text = AnnouncementText(number or uuid4(), "Clase en vivo", "El jueves a las diez.")
    with instance.database.unit_of_work() as session:
        return announcements.send_announcement(session, actor, audience, text, now=clock.now())


def told(instance: Instance, announcement: Announcement) -> int:
    with instance.database.unit_of_work(write=False) as session:
        key = f"announcement:{announcement.uuid}"
        return session.scalar(select(func.count()).select_from(Notification).where(Notification.key == key)) or 0


def test_only_who_edits_the_course_announces(browser: Browser, instance: Instance) -> None:
    """Those who may enrol others: course_instructor and site_admin; a grader only reads marks."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    fields = {"heading": "Hola", "words": "Texto", "number": str(uuid4()), "send": "1"}

    assert cast.check("course.announce", "own_course", cast.outcomes(PAGE)) == []
    assert cast.check("course.announce", "own_course", cast.outcomes(PAGE, "POST", fields)) == []


@pytest.mark.parametrize(("narrowed", "people"), [("", 3), ("edition", 1), ("group", 1), ("open", 2)])
def test_an_announcement_reaches_those_whom_it_is_for(browser: Browser, instance: Instance, narrowed: str, people: int) -> None:
    course, edition, group, _uuid = a_mixed_class(instance)
    teacher = actor_of(a_teacher(instance, course))
    audience = AnnouncementRecipients(
        course.id,
        edition.id if narrowed == "edition" else None,
        group if narrowed == "group" else None,
        only_open=narrowed == "open",
    )
    with instance.database.unit_of_work(write=False) as session:
        assert announcements.count_audience(session, audience, now=clock.now()) == people
    row = send(instance, teacher, audience)
    browser.deliver_jobs()

    assert told(instance, row) == people


@pytest.mark.slow
def test_more_than_a_portion_are_told_once_each_even_where_the_job_is_done_again(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher, ana = actor_of(a_teacher(instance, course)), a_learner(instance, course)
    multiply(instance, ana, broadcasts.PORTION + 20)
    row = send(instance, teacher, AnnouncementRecipients(course.id))
    browser.deliver_jobs()
    with instance.database.unit_of_work() as session:
        found = session.get_one(Announcement, row.id)
        assert (found.told, found.told_at is not None) == (broadcasts.PORTION + 21, True)
        found.told_until = 0
    with instance.database.unit_of_work() as session:
        assert broadcasts.notify_portion(session, announcements.ANNOUNCEMENTS, row.id, now=clock.now())

    assert told(instance, row) == broadcasts.PORTION + 21


def test_one_number_is_sent_once(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher, number = actor_of(a_teacher(instance, course)), uuid4()
    a_learner(instance, course)

    assert (
        send(instance, teacher, AnnouncementRecipients(course.id), number).id
        == send(instance, teacher, AnnouncementRecipients(course.id), number).id
    )
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).where(AuditEntry.verb == "announcement.sent")) == 1


def test_the_page_tells_how_many_before_it_sends_and_the_course_shows_what_was_announced(browser: Browser, instance: Instance) -> None:
    course, _edition, _group, group = a_mixed_class(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org").get(PAGE)
    browser.submit("/announcements", {"heading": "", "words": ""}, status=422)
    assert in_spanish("Give it a title.") in browser.page.text
    browser.get(PAGE)
    page = browser.submit("/announcements", {"heading": "Clase en vivo", "words": "El jueves.\n<b>A las diez</b>", "group": str(group)})
    assert "Se avisará a 1 persona" in page.text
    assert not any("Clase en vivo" in mail for mail in browser.mails())
    page = browser.submit("/announcements", {"send": "1"})
    assert in_spanish("The announcement is being sent.") in page.text

    assert any("Clase en vivo" in mail and "<b>A las diez" in mail for mail in browser.mails())
    assert in_spanish("%(count)s person notified", 1) in browser.get(PAGE).text
    seen = {
        name: "Clase en vivo" in sign_in(browser.another(), f"{name}@example.org").get("/courses/prueba").text for name in ("ana", "blas")
    }
    assert seen == {"ana": False, "blas": True}


def announced(browser: Browser, instance: Instance) -> tuple[Browser, Announcement, Browser]:
    """Let Inés announce something that Blas was told; return her browser, the announcement and his browser."""
    course, _edition, _group, _uuid = a_mixed_class(instance)
    ines = actor_of(a_teacher(instance, course, "ines@example.org"))
    found = send(instance, ines, AnnouncementRecipients(course.id))
    team = sign_in(browser, "ines@example.org")
    team.deliver_jobs()
    return team, found, sign_in(browser.another(), "blas@example.org")


def test_every_cell_of_correcting_an_announcement(browser: Browser, instance: Instance) -> None:
    """Its author and administrators; another editor of the course sees it and may not, to others there is nothing."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    autora = a_teacher(instance, course, "autora@example.org")
    row = send(instance, actor_of(autora), AnnouncementRecipients(course.id))
    page = f"{PAGE}/{row.uuid}"
    fields = {"heading": "Otro", "words": "Texto"}

    for outcomes in (cast.outcomes(page), cast.outcomes(page, "POST", fields)):
        assert cast.check("announcement.change", "of_another", outcomes) == []
        assert outcomes["I"] == "deny"
    author = sign_in(browser.another(), "autora@example.org")
    assert "Otro" in author.get(page).html
    withdrawn = cast.outcomes(f"{page}/withdrawal", "POST")
    assert cast.check("announcement.change", "of_another", withdrawn) == []


def test_an_announcement_is_corrected_with_a_trace(browser: Browser, instance: Instance) -> None:
    team, row, blas = announced(browser, instance)
    team.get(PAGE)
    assert team.page.has_link(f"{PAGE}/{row.uuid}")
    team.get(f"{PAGE}/{row.uuid}")
    assert 'id="heading-error"' in team.submit(f"/{row.uuid}", {"heading": " ", "words": "El viernes a las once."}, status=422).html
    assert "El viernes a las once." in team.page.html

    team.submit(f"/{row.uuid}", {"heading": "Clase en vivo", "words": "El viernes a las once."})

    assert in_spanish("The announcement has been corrected.") in team.page.text
    assert "corregido el" in team.page.text
    course = blas.get("/courses/prueba").text
    assert "El viernes a las once." in course
    assert "El jueves a las diez." not in course
    assert "corregido el" in course
    assert "El viernes a las once." in blas.get("/notices").text
    team.deliver_jobs()
    assert told(instance, row) == 3
    with instance.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "announcement.corrected")).scalar_one()
        assert "El jueves a las diez." in entry.facts
    assert "Corrigió un anuncio: Clase en vivo" in team.get("/teaching/prueba/log").text


def test_an_announcement_is_withdrawn_from_those_who_were_told_and_from_those_who_were_not(browser: Browser, instance: Instance) -> None:
    team, row, blas = announced(browser, instance)
    team.get(f"{PAGE}/{row.uuid}")

    team.submit("/withdrawal")

    assert "Retirado el" in team.page.text
    assert "Clase en vivo" in team.page.text
    assert "Clase en vivo" not in blas.get("/courses/prueba").text
    assert "Clase en vivo" not in blas.get("/notices").text
    assert told(instance, row) == 0
    with instance.database.unit_of_work() as session:
        assert not broadcasts.notify_portion(session, announcements.ANNOUNCEMENTS, row.id, now=clock.now())
    assert told(instance, row) == 0
    team.get(f"{PAGE}/{row.uuid}", status=404)
    assert not team.get(PAGE).has_link(f"{PAGE}/{row.uuid}")
    assert "Retiró un anuncio: Clase en vivo" in team.get("/teaching/prueba/log").text


def test_what_was_withdrawn_meanwhile_is_not_corrected(instance: Instance) -> None:
    course, _edition, _group, _uuid = a_mixed_class(instance)
    row = send(instance, actor_of(a_teacher(instance, course)), AnnouncementRecipients(course.id))
    with instance.database.unit_of_work() as session:
        announcements.withdraw_announcement(session, SYSTEM, row, now=clock.now())

    with instance.database.unit_of_work() as session, pytest.raises(announcements.Withdrawn):
        announcements.correct_announcement(session, SYSTEM, row, "Otro", "Texto", now=clock.now())


MESSAGES_PAGE = "/teaching/prueba/messages"
WORDS = {"heading": "¿Necesita ayuda?", "words": "Escríbanos.\n\nEl equipo"}


def notified_people(instance: Instance) -> list[str]:
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

    assert cast.check("course.announce", "own_course", cast.outcomes(MESSAGES_PAGE)) == []
    sent = {**WORDS, "number": str(uuid4()), "send": "1"}
    assert cast.check("course.announce", "own_course", cast.outcomes(MESSAGES_PAGE, "POST", sent)) == []


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
    page = browser.get(f"{MESSAGES_PAGE}?{address}")
    assert shown == count
    assert f"A {count} persona" in page.text
    assert ("Guayas" in page.text) is ("{unit}" in query)
    page = browser.submit("/messages", WORDS)
    assert notified_people(instance) == []
    if count:
        browser.submit("/messages", button=("send", "1"))
        browser.deliver_jobs()

    assert len(notified_people(instance)) == len(set(notified_people(instance))) == count


def test_those_who_stopped_are_written_to_and_nobody_twice(browser: Browser, instance: Instance) -> None:
    """Whoever goes on between the sending and the telling was found all the same; a second sending with one number sends nothing."""
    past = clock.now() - timedelta(days=20)
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana, blas = (a_learner(instance, course, f"{name}@example.org", now=past) for name in ("ana", "blas"))
    mark_done(instance, blas, "prueba", "leccion-1", now=past)
    sign_in(browser, "profe@example.org").get(f"{MESSAGES_PAGE}?next=leccion-1&idle=14")
    page = browser.submit("/messages", WORDS)
    form = page.form("/messages")
    for _again in range(2):
        browser.submit("/messages", button=("send", "1"), form=form)
    mark_done(instance, ana, "prueba", "leccion-1")
    browser.deliver_jobs()

    assert notified_people(instance) == [ana.person_id]
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
    sign_in(browser, "profe@example.org").get(f"{MESSAGES_PAGE}?state=open")
    page = browser.submit("/messages", {"heading": "", "words": "Texto"}, status=422)

    form = page.form("/messages")
    assert dict(form.fields)["words"] == "Texto"
    assert form.action.endswith("state=open")


def test_a_message_to_many_is_sent_in_few_statements_and_told_in_portions(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/performance P7: whom it reaches is written down in one statement, however many they are."""
    monkeypatch.setattr(broadcasts, "PORTION", 3)
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    ana = a_learner(instance, course)
    sign_in(browser, "profe@example.org")
    counter, counts = every_statement(instance.database), []
    for first, more in ((0, 0), (0, 7)):
        multiply(instance, ana, more, first=first)
        browser.get(MESSAGES_PAGE)
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
