"""Announcements to the members of a community: whom they reach, once, until withdrawn, so many a day (spec/communities C29, C30, D33)."""

import re
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from accounts import jobs
from accounts.computed_notices import list_computed_notices
from accounts.models import Notification, NotificationPreference, Person
from accounts.rules import digest_until
from communities.models import Community, CommunityLevel, CommunityMember, CommunityReach
from discussions.models import Board, Level, Subscription, Thread, ThreadPost
from kernel import clock, outbox
from kernel.i18n import find_zone
from kernel.outbox import Delivery
from lms.instance import Instance
from tests.support.browser import Browser, read_mail
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of, send_form, write_thread
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"


def reached(instance: Instance) -> list[str]:
    """Return in whose bells an announcement stands."""

    def find(session: Session) -> list[str]:
        people = session.scalars(select(Person).order_by(Person.email)).all()
        lines = [(person.email, line.kind) for person in people for line in list_computed_notices(session, actor_of(person))]
        return [email for email, kind in lines if kind.value == "community_announce"]

    return read(instance, find)


def mailed(instance: Instance) -> list[str]:
    """Return to whom an announcement goes by mail at once."""
    statement = select(Person.email).join(Notification, Notification.person_id == Person.id)
    of_kind = (Notification.kind == "community_announce", Notification.in_bell.is_(False))
    return read(instance, lambda session: sorted(session.scalars(statement.where(*of_kind))))


def announce(admin: Browser, title: str = "Reunión del mes", text: str = "Nos vemos el jueves.") -> None:
    """Write an announcement by the pages."""
    admin.get(f"{PAGE}/announcements/new")
    send_form(admin, "/discussions/new/", {"title": title, "text": text}, act=("act", "publish"))
    admin.deliver_jobs()


def of_three(browser: Browser, instance: Instance, **values: object) -> tuple[Community, Browser]:
    """Return a community of three with its administrator."""
    row = a_community(instance, a_person(instance), **values)
    for name in ("eva", "luis"):
        a_member(instance, row, a_person(instance, f"{name}@example.org"))
    return row, sign_in(browser)


def test_an_announcement_reaches_each_member_once_and_says_so_before(browser: Browser, instance: Instance) -> None:
    """Who joins later reads it in the list and is not notified."""
    row, ana = of_three(browser, instance)
    a_person(instance, "ajena@example.org")
    page = ana.get(f"{PAGE}/announcements/new").text
    assert in_spanish("An announcement reaches %(count)s member.", count=3) in page
    assert in_spanish("Two a day and eight in 30 days at most: %(count)s more can go out now.", count=2) in page
    assert f"<h1>{in_spanish('Write an announcement')}</h1>" in ana.page.html
    announce(ana)
    assert in_spanish("The announcement was published.") in ana.page.text
    ana.deliver_jobs()
    later = a_person(instance, "tarde@example.org")
    a_member(instance, row, later)
    ana.deliver_jobs()

    assert reached(instance) == mailed(instance) == ["eva@example.org", "luis@example.org"]
    tarde = sign_in(browser.another(), later.email)
    assert "Reunión del mes" in tarde.get(f"{PAGE}/announcements").text


def counters(page: str) -> list[str]:
    """Return the counters of the parts and filters of a page where one is."""
    return re.findall(r'aria-current="page">(?:(?!</a>).)*?<span class="num">(\d+)</span>', page, re.DOTALL)


def test_announcements_are_a_list_of_their_own_and_both_lists_have_the_tabs_of_the_community(browser: Browser, instance: Instance) -> None:
    """spec/communities C33: the counter of a tab is the number of its list."""
    row, ana = of_three(browser, instance)
    announce(ana)
    for number in range(2):
        write_thread(instance, row, f"Tema {number}")
    eva = sign_in(browser.another(), "eva@example.org")
    talk = eva.get(f"{PAGE}/discussions")
    assert talk.has_link(f"{PAGE}/members")
    assert counters(talk.html) == ["2", "2"]
    assert "Reunión del mes" not in talk.text
    page = eva.get(f"{PAGE}/announcements")

    assert f"<h1>{in_spanish('Announcements')}</h1>" in page.html
    assert page.has_link(f"{PAGE}/members")
    assert counters(page.html) == ["1"]
    assert in_spanish("Write an announcement") not in page.text
    assert in_spanish("Write an announcement") in ana.get(f"{PAGE}/announcements").text
    assert in_spanish("New thread") not in ana.page.text


def test_portions_go_on_after_a_kill_and_stop_when_it_is_withdrawn(browser: Browser, instance: Instance, monkeypatch: object) -> None:
    """spec/communities C30: withdrawing stops portions that were not sent, and takes back the bells."""
    monkeypatch.setattr("discussions.jobs.PORTION", 1)
    _row, ana = of_three(browser, instance)
    announce(ana)
    for _time in range(4):
        ana.deliver_jobs()
    assert reached(instance) == mailed(instance) == ["eva@example.org", "luis@example.org"]
    number = read(instance, lambda session: session.scalars(select(ThreadPost.key)).one())
    ana.get(f"/discussions/posts/{number}/withdraw")
    ana.submit(f"/discussions/posts/{number}/withdraw")
    ana.deliver_jobs()

    assert reached(instance) == mailed(instance) == []


def test_who_opened_the_list_of_announcements_has_seen_it(browser: Browser, instance: Instance) -> None:
    """By the marks of boards, as what else is new; a mute of its thread counts too."""
    _row, ana = of_three(browser, instance)
    announce(ana)
    assert read(instance, lambda session: session.scalars(select(Notification).where(Notification.in_bell)).all()) == []
    eva, luis = (sign_in(browser.another(), f"{name}@example.org") for name in ("eva", "luis"))
    bell = [in_spanish("Notifications: %(count)s new", count) for count in (1, 2)]
    assert [label in eva.get("/communities").html for label in bell] == [True, False]
    links = {words: address for address, words in eva.get("/notices").links}
    eva.get(links["[Estadística actuarial] Reunión del mes"])
    assert not any(label in eva.get("/communities").html for label in bell)
    assert bell[0] in luis.get("/communities").html
    with instance.database.unit_of_work() as session:
        number = session.scalars(select(Person.id).where(Person.email == "luis@example.org")).one()
        session.add(NotificationPreference(person_id=number, kind="community_announce", in_bell=False, mail="never"))
    assert bell[0] not in luis.get("/communities").html
    with instance.database.unit_of_work() as session:
        session.execute(delete(NotificationPreference))
    assert reached(instance) == ["luis@example.org"]
    key = read(instance, lambda session: session.scalars(select(Thread.key)).one())
    luis.get(f"/discussions/{key}")
    luis.submit(f"/discussions/{key}/level")
    luis.submit(f"/discussions/{key}/level")

    assert reached(instance) == []


def test_members_of_a_large_community_get_it_with_their_daily_mail(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/communities D33: who chose it gets it at once, and nobody who did gets it twice."""
    monkeypatch.setattr("discussions.jobs.MOST_AT_ONCE", 2)
    _row, ana = of_three(browser, instance)
    with instance.database.unit_of_work() as session:
        luis = session.scalars(select(Person).where(Person.email == "luis@example.org")).one()
        session.add(NotificationPreference(person_id=luis.id, kind="community_announce", in_bell=True, mail="at_once"))
    announce(ana)
    assert reached(instance) == ["eva@example.org", "luis@example.org"]
    assert mailed(instance) == ["luis@example.org"]
    tomorrow = digest_until(clock.now() + timedelta(days=1), find_zone("America/Guayaquil"))
    for _time in range(2):
        jobs.send_digests(Delivery(instance.database, instance.settings, 1, {}, tomorrow))
        outbox.deliver_waiting(instance.worker, now=tomorrow)

    eva = read(instance, lambda session: session.scalars(select(Person.id).where(Person.email == "eva@example.org")).one())
    (path,) = (instance.settings.data_dir / "mail").glob("digest-*.eml")
    digest = read_mail(path.read_bytes())
    assert path.name.startswith(f"digest-{eva}-")
    assert in_spanish("%(count)s new announcement: %(title)s", 1, title="Estadística actuarial") in digest


def test_two_a_day_reach_all_and_the_third_stays_a_draft(browser: Browser, instance: Instance) -> None:
    _row, ana = of_three(browser, instance)
    for number in range(2):
        announce(ana, f"Anuncio {number}")
    announce(ana, "Anuncio de más", "No se pierde.")

    assert in_spanish("Two a day and eight in 30 days at most: %(count)s more can go out now.", count=0) in ana.page.text
    refusal = in_spanish("Two announcements a day and eight in 30 days reach all members. Publish it as a discussion, or wait.")
    assert refusal in ana.page.text
    assert "No se pierde." in ana.page.html
    with instance.database.unit_of_work() as session:
        session.execute(update(ThreadPost).values(written_at=clock.now() - timedelta(days=2)))
    announce(ana, "Anuncio de más", "No se pierde.")
    assert read(instance, lambda session: len(session.scalars(select(Thread)).all())) == 3


def test_a_member_of_a_hidden_community_reads_its_name_alone_in_the_bell(browser: Browser, instance: Instance) -> None:
    """spec/communities D36: of a hidden community neither title nor author nor text."""
    _row, ana = of_three(browser, instance, reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    announce(ana, "Título reservado", "Texto reservado.")

    rows = read(instance, lambda session: session.scalars(select(Notification)).all())
    assert rows
    assert not any("reservado" in f"{row.subject}{row.words}" for row in rows)
    assert all("Estadística actuarial" in row.subject["es"] for row in rows)
    bell = sign_in(browser.another(), "eva@example.org").get("/notices").text
    assert "[Estadística actuarial]" in bell
    assert "reservado" not in bell


def test_who_was_removed_meanwhile_gets_nothing_and_the_bell_is_empty(browser: Browser, instance: Instance) -> None:
    """spec/communities D35."""
    _row, ana = of_three(browser, instance, level=CommunityLevel.PRIVATE)
    announce(ana)
    eva = sign_in(browser.another(), "eva@example.org")
    assert "Reunión del mes" in eva.get("/notices").text
    with instance.database.unit_of_work() as session:
        person = select(Person.id).where(Person.email == "eva@example.org").scalar_subquery()
        session.execute(update(CommunityMember).where(CommunityMember.person_id == person).values(until=clock.now()))

    assert "Reunión del mes" not in eva.get("/notices").text


def test_comments_are_turned_off_and_on(browser: Browser, instance: Instance) -> None:
    _row, ana = of_three(browser, instance)
    announce(ana)
    key = read(instance, lambda session: session.scalars(select(Thread.key)).one())
    eva = sign_in(browser.another(), "eva@example.org")
    eva.get(f"/discussions/{key}/answer")
    ana.get(f"/discussions/{key}/moderation")
    ana.submit(f"/discussions/{key}/lock", button=("comments", "no"))

    eva.checks = False
    eva.get(f"/discussions/{key}/answer", status=403)
    ana.get(f"/discussions/{key}/moderation")
    ana.submit(f"/discussions/{key}/lock", button=("comments", "yes"))
    eva.get(f"/discussions/{key}/answer")


def announcement_mail(instance: Instance, email: str) -> EmailMessage:
    """Return the last mail that went to somebody."""
    folder = instance.settings.data_dir / "mail"
    messages = [BytesParser(policy=policy.default).parsebytes(path.read_bytes()) for path in sorted(folder.glob("notice-*.eml"))]
    return [message for message in messages if message["To"] == email][-1]


def stop_address(mail: EmailMessage) -> str:
    """Return where a mail program stops the mail with one click."""
    return urlsplit(str(mail["List-Unsubscribe"]).strip("<>")).path


def test_mail_programs_find_the_community_and_the_thread_of_an_announcement(browser: Browser, instance: Instance) -> None:
    """spec/communities D37."""
    row, ana = of_three(browser, instance)
    announce(ana)
    board, thread = read(instance, lambda session: (session.get_one(Board, row.board_id).key, session.scalars(select(Thread.key)).one()))
    mail = announcement_mail(instance, "eva@example.org")

    assert mail["Subject"] == "[Estadística actuarial] Reunión del mes"
    assert mail["List-Id"] == f"<board-{board}.localhost>"
    assert mail["References"] == mail["In-Reply-To"] == f"<thread-{thread}@localhost>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_one_click_ends_the_announcements_of_that_community_alone_and_says_so(browser: Browser, instance: Instance) -> None:
    """spec/communities D38: signed out too, and twice the same; those of other communities go on."""
    _row, ana = of_three(browser, instance)
    other = a_community(instance, a_person(instance, "otra@example.org"), "Otra comunidad")
    eva = read(instance, lambda session: session.scalars(select(Person).where(Person.email == "eva@example.org")).one())
    a_member(instance, other, eva)
    announce(ana)
    address, program = stop_address(announcement_mail(instance, eva.email)), browser.another()
    title = in_spanish("announcements and discussions: %(title)s", title="Estadística actuarial")
    says = in_spanish("You will receive no more notifications from “%(source)s”, except those addressed to you alone.", source=title)
    assert says in program.get(address).text
    for _time in range(2):
        program.checks = False
        assert says in program.post(address, {"List-Unsubscribe": "One-Click"}).text
    announce(ana, "Segundo anuncio")
    second = sign_in(browser.another(), "otra@example.org")
    second.get("/communities/otra-comunidad/announcements/new")
    send_form(second, "/discussions/new/", {"title": "De la otra", "text": "Hola."}, act=("act", "publish"))
    second.deliver_jobs()

    given = select(Notification.subject).where(Notification.person_id == eva.id, Notification.kind == "community_announce")
    subjects = [subject["es"] for subject in read(instance, lambda session: session.scalars(given.order_by(Notification.id)).all())]
    assert subjects == ["[Estadística actuarial] Reunión del mes", "[Otra comunidad] De la otra"]
    bell = sign_in(browser.another(), eva.email).get("/notices").text
    assert "[Otra comunidad] De la otra" in bell
    assert "[Estadística actuarial]" not in bell
    assert "Estadística actuarial" in sign_in(browser.another(), eva.email).get("/profile/notices").text


def test_of_a_hidden_community_bell_and_mail_say_that_it_is_an_announcement(browser: Browser, instance: Instance) -> None:
    """Its title is not for lines and subjects; that it is an announcement is."""
    _row, ana = of_three(browser, instance, reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    announce(ana)
    ana.deliver_jobs()
    line, given = f"[Estadística actuarial] {in_spanish('Announcement')}", select(Notification.subject)

    mailed_subjects = read(instance, lambda session: session.scalars(given.where(Notification.kind == "community_announce")).all())
    assert {subject["es"] for subject in mailed_subjects} == {line}
    assert line in sign_in(browser.another(), "eva@example.org").get("/notices").text


def test_the_link_in_an_old_mail_names_nothing_to_who_left(browser: Browser, instance: Instance) -> None:
    """spec/communities C40, D38: of a hidden community neither name nor title, and it still ends what it ended."""
    row, ana = of_three(browser, instance, reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE)
    announce(ana)
    address = stop_address(announcement_mail(instance, "eva@example.org"))
    assert "Estadística actuarial" in browser.another().get(address).text
    with instance.database.unit_of_work() as session:
        member = select(Person.id).where(Person.email == "eva@example.org").scalar_subquery()
        session.execute(update(CommunityMember).where(CommunityMember.person_id == member).values(until=clock.now()))
    program = browser.another()
    pages = [program.get(address).text]
    program.checks = False
    pages.append(program.post(address, {"List-Unsubscribe": "One-Click"}).text)

    assert not [page for page in pages if "Estadística actuarial" in page or "Reunión" in page]
    levels = read(instance, lambda session: session.scalars(select(Subscription.level).where(Subscription.board_id == row.board_id)).all())
    assert Level.MUTED.value in levels
