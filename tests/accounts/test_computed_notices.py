"""Notices that are read from tables of a package above: in the bell, and in the one daily mail, by the clock and choice of each reader."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from accounts import jobs, notices
from accounts.computed_notices import COMPUTED_NOTICES, ComputedNotice, ComputedNotices
from accounts.models import Notification, Person
from accounts.notices import NOTICE_KINDS, Message, NotificationChoice
from accounts.rules import MailTime, NoticeKind
from enrolments.notices import GRADED_NOTICE
from kernel import mail, outbox
from kernel.mail import Mail
from kernel.outbox import Delivery, Job
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, sign_in
from tests.support.wording import in_spanish

SEVEN = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""Seven in the morning in Quito, one in the afternoon in Madrid."""
DAY = timedelta(days=1)
NEW = in_spanish("Unread: %(count)s") % {"count": 3}
CLUB = NoticeKind("club", "Club", "Something new in a club.", icon="users", usual_mail=MailTime.DAILY)


class KilledError(BaseException):
    """The end of a process: nothing catches it."""


@dataclass
class Club:
    """A package above that has something new for some people, and notes between which moments it was asked."""

    kind: NoticeKind = CLUB
    members: set[int] = field(default_factory=set)
    title: str = "3 hilos de ayer"
    asked_of: list[tuple[datetime, datetime]] = field(default_factory=list)

    def _lines(self) -> list[ComputedNotice]:
        return [ComputedNotice(self.kind, {"es": self.title, "en": "3 threads of yesterday"}, "/clubs/1", SEVEN - timedelta(hours=2), 3)]

    def list_of(self, _session: Session, actor: Actor, shown: Collection[str]) -> list[ComputedNotice]:
        """Return what is new for a reader."""
        return self._lines() if actor.person_id in self.members and self.kind.value in shown else []

    def select_people(self, _session: Session, _kind: str, since: datetime, until: datetime) -> Select[int]:
        """Return those for whom there may be something."""
        self.asked_of.append((since, until))
        return select(Person.id).where(Person.id.in_(self.members))

    def lines_for(
        self, session: Session, people: Mapping[str, Sequence[int]], _since: datetime, _until: datetime
    ) -> Mapping[int, list[ComputedNotice]]:
        """Return what is new for these people, by one statement."""
        of_club = session.scalars(select(Person.id).where(Person.id.in_(people[self.kind.value]), Person.id.in_(self.members)))
        return {person: self._lines() for person in of_club}

    def computed(self) -> ComputedNotices:
        """Return what the package gives."""
        return ComputedNotices((self.kind,), self.list_of, self.select_people, self.lines_for)


@pytest.fixture
def club(instance: Instance) -> Club:
    """A club whose package was installed."""
    return install(instance, Club())


def install(instance: Instance, *clubs: Club) -> Club:
    """Let packages give what they compute, as their features would."""
    with instance.database.unit_of_work(write=False) as session:
        known = dict(session.info)
    kinds = (*known[NOTICE_KINDS], *(club.kind for club in clubs))
    instance.database.configure({**known, NOTICE_KINDS: kinds, COMPUTED_NOTICES: tuple(club.computed() for club in clubs)})
    return clubs[0]


def choose(instance: Instance, person: Person, time: MailTime, *, in_bell: bool = True, kind: NoticeKind = CLUB) -> None:
    with instance.database.unit_of_work() as session:
        notices.set_notification_choices(session, SYSTEM, person, {kind.value: NotificationChoice(in_bell, time)}, now=SEVEN - DAY)


def give(instance: Instance, person: Person, key: str = "nota", now: datetime = SEVEN - timedelta(hours=3)) -> None:
    """Let something wait that is stored."""
    words = {"es": f"Calificado {key}", "en": "Marked"}
    with instance.database.unit_of_work() as session:
        notices.notify(session, Message(GRADED_NOTICE, key, words, words, "/learning"), [person.id], now=now)


def plan(instance: Instance, now: datetime) -> list[Job]:
    """Let the clock's job run as of a moment; return the jobs that wait."""
    jobs.send_digests(Delivery(instance.database, instance.settings, 1, {}, now))
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Job).where(Job.kind == "accounts.send_digest", Job.done_at.is_(None))))


def deliver(instance: Instance, now: datetime) -> None:
    """Let the clock's job run twice as of a moment, and what follows."""
    for _again in range(2):
        plan(instance, now)
        outbox.deliver_waiting(instance.worker, now=now)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    """What mails went out."""
    mails: list[Mail] = []
    monkeypatch.setattr(mail, "dispatch", lambda _delivery, message: mails.append(message))
    return mails


def test_the_bell_shows_them_above_what_is_stored_and_counts_none(browser: Browser, instance: Instance, club: Club) -> None:
    ana = a_person(instance)
    club.members = {ana.id}
    choose(instance, ana, MailTime.DAILY, kind=GRADED_NOTICE)
    give(instance, ana)
    assert in_spanish("Notifications: %(count)s new", 1) in sign_in(browser).get("/learning").html

    text = browser.get("/notices").text
    assert 0 < text.index("3 hilos de ayer") < text.index("Calificado nota")
    assert NEW in text
    assert "3 hilos de ayer" not in browser.get("/notices?page=2").text
    with instance.database.unit_of_work(write=False) as session:
        assert [row.kind for row in session.scalars(select(Notification))] == ["graded"]


def test_the_bell_is_silent_for_who_wants_it_so_and_for_others(browser: Browser, instance: Instance, club: Club) -> None:
    ana, blas = a_person(instance), a_person(instance, "blas@example.org")
    club.members = {ana.id}
    choose(instance, ana, MailTime.DAILY, in_bell=False)
    for person in (ana, blas):
        assert "3 hilos de ayer" not in sign_in(browser, person.email).get("/notices").text


def test_the_bell_shows_the_twenty_latest(browser: Browser, instance: Instance) -> None:
    clubs = [Club(replace(CLUB, value=f"club{number}"), title=f"Club {number}.") for number in range(21)]
    install(instance, *clubs)
    ana = a_person(instance)
    for club in clubs:
        club.members = {ana.id}

    assert sign_in(browser).get("/notices").text.count(NEW) == 20


@pytest.mark.parametrize(
    ("usual", "chosen", "mails"),
    [
        (MailTime.DAILY, None, 1),
        (MailTime.NEVER, None, 0),
        (MailTime.AT_ONCE, None, 0),
        (MailTime.DAILY, MailTime.NEVER, 0),
        (MailTime.DAILY, MailTime.AT_ONCE, 0),
        (MailTime.NEVER, MailTime.DAILY, 1),
    ],
)
def test_the_daily_mail_goes_to_those_who_chose_it_or_to_whom_it_is_usual(
    instance: Instance, sent: list[Mail], usual: MailTime, chosen: MailTime | None, mails: int
) -> None:
    club, ana = install(instance, Club(replace(CLUB, usual_mail=usual))), a_person(instance)
    club.members = {ana.id}
    if chosen:
        choose(instance, ana, chosen, kind=club.kind)
    deliver(instance, SEVEN + timedelta(minutes=5))

    assert ["3 hilos de ayer" in message.text for message in sent] == [True] * mails


def test_there_is_one_daily_mail_whatever_it_is_made_of(instance: Instance, sent: list[Mail]) -> None:
    ana, other = a_person(instance), Club(replace(CLUB, value="other"), title="2 respuestas")
    club = install(instance, Club(), other)
    club.members = other.members = {ana.id}
    choose(instance, ana, MailTime.DAILY, kind=GRADED_NOTICE)
    give(instance, ana)
    for minutes in (0, 15, 600, 1425):
        deliver(instance, SEVEN + timedelta(minutes=minutes))

    assert [(message.to, message.subject) for message in sent] == [(ana.email, in_spanish("Your notification of the day", 3))]
    assert all(line in sent[0].text for line in ("Calificado nota", "3 hilos de ayer", "2 respuestas"))
    deliver(instance, SEVEN + DAY)
    assert [message.subject for message in sent[1:]] == [in_spanish("Your notification of the day", 2)]
    assert len({message.key for message in sent}) == 2


def test_what_is_new_is_that_of_the_readers_day_from_seven_to_seven(instance: Instance, club: Club, sent: list[Mail]) -> None:
    ana, blas = a_person(instance), a_person(instance, "blas@example.org")
    with instance.database.unit_of_work() as session:
        session.get_one(Person, blas.id).zone = "Europe/Madrid"
    club.members = {ana.id, blas.id}
    deliver(instance, SEVEN - timedelta(hours=6, minutes=1))  # one minute to seven in Madrid
    assert blas.email not in [message.to for message in sent]
    sent.clear()
    club.asked_of.clear()
    deliver(instance, SEVEN - timedelta(hours=6))

    assert [message.to for message in sent] == [blas.email]
    madrid = SEVEN - timedelta(hours=6)
    assert (madrid - DAY, madrid) in club.asked_of
    deliver(instance, SEVEN)
    assert [message.to for message in sent] == [blas.email, ana.email]
    assert club.asked_of[-1] in {(SEVEN - DAY, SEVEN), (madrid - DAY, madrid)}


def test_nobody_gets_a_second_one_in_another_time_zone(instance: Instance, club: Club, sent: list[Mail]) -> None:
    ana = a_person(instance)
    club.members = {ana.id}
    deliver(instance, SEVEN)
    with instance.database.unit_of_work() as session:
        session.get_one(Person, ana.id).zone = "Pacific/Galapagos"
    deliver(instance, SEVEN + timedelta(hours=1))

    assert len(sent) == 1


def test_who_comes_in_the_evening_gets_no_mail_of_the_morning(instance: Instance, club: Club, sent: list[Mail]) -> None:
    deliver(instance, SEVEN)
    club.members = {a_person(instance).id}
    deliver(instance, SEVEN + timedelta(hours=13))

    assert sent == []


def test_suspended_people_and_unconfirmed_addresses_get_none(instance: Instance, club: Club, sent: list[Mail]) -> None:
    ana, blas = a_person(instance), a_person(instance, "blas@example.org")
    club.members = {ana.id, blas.id}
    with instance.database.unit_of_work() as session:
        session.get_one(Person, ana.id).suspended_at = SEVEN - DAY
        session.get_one(Person, blas.id).email_confirmed_at = None
    deliver(instance, SEVEN)

    assert sent == []


def test_lines_and_choices_are_read_again_when_the_mail_goes_out(instance: Instance, club: Club, sent: list[Mail]) -> None:
    ana, blas, carla = (a_person(instance, f"{name}@example.org") for name in ("a", "b", "c"))
    club.members = {ana.id, blas.id, carla.id}
    assert len(plan(instance, SEVEN)) == 1
    club.members.remove(ana.id)  # left meanwhile
    choose(instance, blas, MailTime.NEVER)
    outbox.deliver_waiting(instance.worker, now=SEVEN + timedelta(hours=20))

    assert [message.to for message in sent] == [carla.email]


def test_after_a_killed_job_nobody_gets_it_twice(instance: Instance, club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [a_person(instance, f"p{number}@example.org") for number in range(4)]
    club.members = {person.id for person in people}
    choose(instance, people[0], MailTime.DAILY, kind=GRADED_NOTICE)
    give(instance, people[0])
    reached: list[str] = []
    killed: list[str] = []

    def dispatch(_delivery: Delivery, message: Mail) -> None:
        if message.to == people[2].email and not killed:
            killed.append(message.to)
            raise KilledError
        reached.append(message.to)

    monkeypatch.setattr(mail, "dispatch", dispatch)
    (job,) = plan(instance, SEVEN)
    with pytest.raises(KilledError):
        jobs.send_digest(Delivery(instance.database, instance.settings, job.id, job_arguments(job), SEVEN))
    deliver(instance, SEVEN + timedelta(hours=1))

    assert reached == [person.email for person in people]


def job_arguments(job: Job) -> dict[str, object]:
    """Return the arguments of a job as its handler gets them."""
    arguments: dict[str, object] = outbox.json.loads(job.arguments)
    return arguments


def test_a_job_of_an_earlier_release_has_one_person(instance: Instance, sent: list[Mail]) -> None:
    ana = a_person(instance)
    choose(instance, ana, MailTime.DAILY, kind=GRADED_NOTICE)
    give(instance, ana)
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "accounts.send_digest", {"person": ana.id, "until": SEVEN.isoformat()}, now=SEVEN)
    outbox.deliver_waiting(instance.worker, now=SEVEN)
    deliver(instance, SEVEN + timedelta(minutes=15))

    assert [message.to for message in sent] == [ana.email]


def test_pages_and_portions_leave_nobody_out(instance: Instance, club: Club, sent: list[Mail], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PAGE", 3)
    monkeypatch.setattr(jobs, "DIGESTS_OF_A_JOB", 2)
    people = [a_person(instance, f"p{number}@example.org") for number in range(9)]
    club.members = {person.id for person in people}
    deliver(instance, SEVEN)

    assert sorted(message.to for message in sent) == [person.email for person in people]


def test_a_portion_costs_as_many_statements_as_a_person(instance: Instance, club: Club, sent: list[Mail]) -> None:
    people = [a_person(instance, f"p{number}@example.org") for number in range(30)]
    counter = every_statement(instance.database)
    reads: list[int] = []
    for size, day in ((3, 0), (30, 1)):
        club.members = {person.id for person in people[:size]}
        sent.clear()
        (job,) = plan(instance, SEVEN + day * DAY)
        counter.reset()
        outbox.deliver_waiting(instance.worker, now=SEVEN + day * DAY)
        assert len(sent) == size
        reads.append(len([line for line in counter.statements if line.startswith("SELECT")]))
        assert job.kind == "accounts.send_digest"

    assert reads[0] == reads[1]


def chosen(html: str, field: str) -> str:
    """Return what a field to choose from shows."""
    options = html.partition(f'name="{field}"')[2].partition("</select>")[0]
    return next(option.partition('value="')[2].partition('"')[0] for option in options.split("<option") if " selected" in option)


def test_the_preferences_show_what_is_usual(browser: Browser, instance: Instance, club: Club) -> None:
    ana = a_person(instance)
    sign_in(browser).get("/profile/notices")
    html = browser.page.html
    assert (chosen(html, "club_mail"), chosen(html, "graded_mail")) == ("daily", "at_once")
    browser.submit("/profile/notices", {"club_mail": "never"})

    with instance.database.unit_of_work(write=False) as session:
        choices = notices.notification_choices_of(session, ana.id)
        assert choices["club"] == NotificationChoice(mail=MailTime.NEVER)
        assert notices.notification_choices_for(session, club.kind, [ana.id]) == {ana.id: choices["club"]}
