"""One run over the pages of dates, of teams, of the site's settings and of the guide, as each of their readers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from itertools import product
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Request
from sqlalchemy import update

from accounts.models import Person
from courses.models import StaffRole
from enrolments import calendar
from enrolments.calendar import ReminderValues
from enrolments.models import MistakeKind
from kernel import clock
from lms.instance import Instance
from tests.support import browser as plain
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.chromium import Live, Visitor, signed_in, visitor
from tests.support.editions import a_learner_of, an_edition, enrol
from tests.support.invitations import INVITATIONS, LEARNERS, link_to
from tests.support.learning import pass_quiz, start
from tests.support.mistakes import a_report
from tests.support.offices import QUIZ, a_course_at_work

SITE = "/administration/site"
TEAM = "/teaching/prueba"
LEARNER, OWNER, ADMINISTRATOR = "ana@example.org", "titular@example.org", "admin@example.org"
REMINDER = UUID("00000000-0000-4000-8000-000000000001")
COMBINATIONS: tuple[tuple[str, int, str], ...] = tuple(product(("es", "en"), (360, 1280), ("light", "dark")))


PRESSED = {
    LEARNER: (("/calendar/feed", "form[action$='/feed'] button"),),
    ADMINISTRATOR: ((f"{SITE}/mail", "form[action$='/mail/test'] button"),),
}
"""Pages that only a button shows: the private address of a calendar, and what came of a mail that was tried."""


@dataclass
class Crawl:
    """What came of opening pages: which, and all that is wrong with them."""

    opened: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def follow(self, person: Visitor) -> Visitor:
        """Note what a browser says in its console, and whom it asks for anything."""
        person.page.on("console", lambda said: self._note_words(person, said))
        person.page.on("pageerror", lambda error: self._note_error(person, error))
        person.page.on("request", lambda request: self._note_request(person, request))
        return person

    def _note_words(self, person: Visitor, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            self.wrong.append(f"{person.page.url}: console: {said.text}")

    def _note_error(self, person: Visitor, error: Error) -> None:
        self.wrong.append(f"{person.page.url}: script: {error.message}")

    def _note_request(self, person: Visitor, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme not in ("data", "blob") and asked.netloc != urlsplit(person.url).netloc:
            self.wrong.append(f"{person.page.url}: asks {asked.netloc}")

    def open(self, person: Visitor, path: str) -> None:
        """Open a page, and let all be checked although another view of the same page was."""
        person.checked.clear()
        answer = person.page.goto(person.url + path)
        if answer is None or answer.status != HTTPStatus.OK:
            self.wrong.append(f"{path}: answered {answer and answer.status}")
        self._check(person, path)

    def press(self, person: Visitor, path: str, button: str) -> None:
        """Press a button of a page, and check what it shows."""
        person.page.goto(person.url + path)
        person.checked.clear()
        with person.page.expect_navigation():
            person.page.click(button)
        self._check(person, f"{path}, {button}")

    def _check(self, person: Visitor, page: str) -> None:
        try:
            person.check()
        except AssertionError as error:
            self.wrong.append(str(error))
        self.opened.add(page)


def readers(instance: Instance, team: plain.Browser) -> Mapping[str, tuple[str, ...]]:
    """Let something stand on every page; name the pages of each reader by the address that signs in, of visitors by none."""
    work, now = a_course_at_work(instance), clock.now()
    a_teacher(instance, work.course, OWNER, StaffRole.OWNER)
    edition = an_edition(instance, work.course, "Marzo", starts_at=now - timedelta(days=9), ends_at=now + timedelta(days=3))
    learner = a_learner_of(instance, work.course, edition, LEARNER)
    second = a_course(instance, "segundo", modules=2, settings="attempts: 0\n")
    enrol(instance, second, [learner])
    handed_in, attempt = pass_quiz(instance, learner, "segundo"), start(instance, learner, "segundo", "cuestionario-2")
    with instance.database.unit_of_work() as session:
        calendar.write_reminder(session, learner, ReminderValues("Llamar", now + timedelta(days=2)), REMINDER, now=now)
    report = a_report(instance, learner, kind=MistakeKind.FACT).uuid
    sign_in(team, OWNER)
    link = link_to(team, "nadie@example.org")
    boss = sign_in(team.another(), ADMINISTRATOR)
    boss.get(f"{SITE}/signatories")
    boss.submit("/signatories", {"name": "Ing. Rosa Chango", "office_es": "Directora"})
    signatory = next(address for address, _words in boss.page.links if address.startswith(f"{SITE}/signatories/"))
    boss.get(f"{SITE}/mail")
    boss.submit("/site/mail", {"smtp_host": "127.0.0.1", "smtp_port": 9, "smtp_starttls": None, "mail_from": "cursos@example.org"})
    boss.get("/help")
    chapters = sorted({address for address, _words in boss.page.links if re.fullmatch(r"/help/[a-z]+/[a-z-]+", address)})
    return {
        "": ("/campus", link, f"/sign-up?next={link}", f"/sign-in?next={link}"),
        LEARNER: (
            *("/campus", "/profile/notices", "/calendar/feed"),
            *("/learning", "/learning/mistake-reports", "/courses/prueba", QUIZ, f"/attempts/{attempt}"),
            *("/calendar?view=month", "/calendar?view=week", "/calendar?view=list", "/calendar?course=prueba"),
            *("/calendar/reminders/new", f"/calendar/reminders/{REMINDER}"),
            *("/courses/prueba/activities/leccion-1", "/courses/prueba/activities/leccion-1/mistake-report"),
            f"/attempts/{handed_in}/questions/1/mistake-report",
        ),
        OWNER: (
            "/teaching",
            *(f"{TEAM}/{page}" for page in ("outline", "learners", "editions", f"editions/{edition.uuid}", "grading", "gradebook")),
            *(f"{TEAM}/{page}" for page in ("statistics", "announcements", "messages", "settings", "team", "publishing", "log")),
            *(f"{TEAM}/{page}" for page in ("mistake-reports", f"mistake-reports/{report}", f"mistake-reports/{report}/lesson")),
            *(
                f"{TEAM}/gradebook/mark-files",
                f"{LEARNERS}/lists",
                INVITATIONS,
                "/courses/prueba/groups",
                f"{QUIZ}/manage",
                f"{QUIZ}/marking",
                f"{QUIZ}/statistics",
            ),
        ),
        ADMINISTRATOR: (
            "/administration",
            *(SITE, *(f"{SITE}/{page}" for page in ("names", "appearance", "front-page", "mail", "access", "signatories")), signatory),
            "/administration/people",
            "/administration/new-person",
            "/help",
            "/help?q=calendario",
            *chapters,
        ),
    }


@pytest.mark.long
@pytest.mark.parametrize(("language", "width", "scheme"), COMBINATIONS)
def test_every_page_of_dates_and_teams_is_sound_for_everybody(
    chromium: Browser, live: Live, browser: plain.Browser, say: Callable[[str], None], language: str, width: int, scheme: str
) -> None:
    """axe-core, the width, other hosts and the console, in both languages and themes, on a phone and on a desk."""
    found, crawl = readers(live.instance, browser), Crawl()
    with live.instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    options: dict[str, object] = {"language": language, "width": width, "scheme": scheme}
    for email, paths in found.items():
        person = crawl.follow(signed_in(chromium, live, email, **options) if email else visitor(chromium, live, **options))  # type: ignore[arg-type]  # fields by name
        for path in paths:
            crawl.open(person, path)
        for path, button in PRESSED.get(email, ()):
            crawl.press(person, path, button)
        person.page.context.close()

    say(f"{len(crawl.opened)} pages in {language}, {width} px, {scheme}: wrong {len(crawl.wrong)}")
    assert "\n".join(crawl.wrong) == ""
