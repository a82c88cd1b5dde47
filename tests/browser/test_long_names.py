"""Names and titles of one long word in a real browser: no page becomes wider than a phone."""

import pytest
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError
from sqlalchemy import update

from accounts import accounts
from accounts.models import Person
from courses.models import Course, CourseVersion, Module
from kernel import clock
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM, SiteRole
from tests.support.builders import a_course, a_teacher
from tests.support.certificates import complete
from tests.support.chromium import Live, signed_in, template_of

WORD = "Ananthakrishnanvenkatasubramaniam" * 3
BEGINNINGS = ("/", "/learning", "/profile", "/courses/prueba", "/teaching/prueba", "/administration", "/administration/people")
FILES = (".csv", ".xlsx", ".ods", ".pdf", ".zip", ".json", ".jwt", ".ics", ".png", ".svg", ".txt")
ELSEWHERE = ("/help", "/static")
LINKS = "() => [...document.querySelectorAll('a[href^=\"/\"]')].map((link) => link.getAttribute('href').split('#')[0])"
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.tagName + '.' + one.className).slice(0, 6)"""


def wide_pages(page: Page, url: str, most: int) -> dict[str, list[str]]:
    """Follow the links from BEGINNINGS to a page of each template; return what is wider than the window on each."""
    waiting, known, wide = list(BEGINNINGS), {template_of(url + path) for path in BEGINNINGS}, dict[str, list[str]]()
    for _turn in range(most):
        if not waiting:
            break
        path = waiting.pop(0)
        try:
            page.goto(url + path)
        except PlaywrightError:  # a file
            continue
        if found := page.evaluate(TOO_WIDE):
            wide[path] = found
        for link in page.evaluate(LINKS):
            kind = template_of(url + link)
            if kind not in known and not link.startswith(ELSEWHERE) and not link.split("?")[0].endswith(FILES):
                known.add(kind)
                waiting.append(link)
    return wide


@pytest.mark.slow
def test_a_name_and_a_title_of_one_long_word_make_no_page_wider_than_a_phone(chromium: Browser, live: Live) -> None:
    instance = live.instance
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    ana = complete(instance, course)
    a_teacher(instance, course)
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, session.get_one(Person, ana.person_id), SiteRole.ADMINISTRATOR, now=clock.now())
        session.execute(update(Person).values(given_names=WORD, first_surname=WORD))
        for table in (Course, CourseVersion, Module):
            session.execute(update(table).values(title={"es": WORD}))
    person = signed_in(chromium, live, "ana@example.org", width=360)

    wide = wide_pages(person.page, live.url, 90)
    assert not wide, "\n".join(f"{path} {boxes}" for path, boxes in wide.items())
