"""Pages that are drawn once for all who see the same: nobody gets anything of anybody else."""

import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from jinja2 import Template
from sqlalchemy import update

from accounts.models import Person
from enrolments import announcements
from enrolments.announcements import AnnouncementRecipients, AnnouncementText
from kernel import clock
from kernel.web import pages
from kernel.web.pages import EXTENSION, PageCache
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, publish, sign_in
from tests.support.editions import an_edition
from tests.support.folders import a_folder
from tests.support.learning import actor_of
from tests.support.wording import in_spanish

COURSE = "/courses/prueba"
LESSON = f"{COURSE}/activities/leccion-1"
TOKEN = re.compile(r'(?<=name="csrf_token" value=")[^"]+')


@pytest.fixture
def kept(app: Flask) -> PageCache:
    """Return the application's kept pages."""
    found = app.extensions[EXTENSION]
    assert isinstance(found, PageCache)
    return found


@pytest.fixture
def ana(browser: Browser, instance: Instance) -> Browser:
    """Sign in somebody who has opened the first lesson of a course."""
    learner = a_learner_in(browser, a_course(instance, modules=2))
    learner.get(COURSE)
    learner.get(LESSON)
    return learner


@pytest.fixture
def blas(ana: Browser, instance: Instance) -> Browser:
    """Sign in somebody else who is as far."""
    a_person(instance, "blas@example.org", given="Blas", surname="Toapanta")
    learner = sign_in(ana.another(), "blas@example.org")
    learner.get(COURSE)
    learner.submit("/enrolment")
    learner.get(COURSE)
    learner.get(LESSON)
    return learner


@pytest.mark.slow
def test_two_who_see_the_same_share_one_drawing_and_nothing_else(ana: Browser, blas: Browser, kept: PageCache) -> None:
    ana.get(LESSON)
    count = len(kept)

    hers, his = ana.get(LESSON).html, blas.get(LESSON).html

    assert len(kept) == count
    assert ("Quinde" in hers, "Toapanta" in hers) == (True, False)
    assert ("Quinde" in his, "Toapanta" in his) == (False, True)
    assert len(set(TOKEN.findall(hers))) == len(set(TOKEN.findall(his))) == 1
    assert set(TOKEN.findall(hers)) != set(TOKEN.findall(his))
    assert "Marcada como hecha" in blas.submit("/leccion-1/done").text


@pytest.mark.slow
def test_two_readers_share_the_head_of_the_site_but_for_their_names(
    ana: Browser, blas: Browser, instance: Instance, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.given_names == "Blas").values(given_names="<b>Blas & Cía."))
    ana.get("/certificates")
    drawn: list[str] = []
    load = app.jinja_env.get_template

    def noting(name: str, *more: Any, **named: Any) -> Template:
        drawn.append(name)
        return load(name, *more, **named)

    monkeypatch.setattr(app.jinja_env, "get_template", noting)

    html = blas.get("/certificates").html

    assert "partials/_site_header.html" not in drawn
    assert "&lt;b&gt;Blas &amp; Cía. Toapanta" in html
    assert "<b>Blas" not in html
    assert ("Ana" in html, "Blas" in ana.get("/certificates").html) == (False, False)


@pytest.mark.slow
def test_a_kept_page_is_the_page_that_was_drawn(ana: Browser, kept: PageCache) -> None:
    """With the same symbols, whoever uses them: the head of the site or the page."""
    ana.get(f"{COURSE}/activities/leccion-2")
    count = len(kept)

    drawn = ana.get(f"{COURSE}/activities/leccion-2").html
    again = ana.get(f"{COURSE}/activities/leccion-2").html

    assert len(kept) == count + 1
    assert TOKEN.sub("", again) == TOKEN.sub("", drawn)
    assert set(re.findall(r'<use href="#([^"]+)"', again)) == set(re.findall(r'<symbol id="([^"]+)"', again))


@pytest.mark.slow
def test_what_one_reader_asks_for_is_not_in_the_drawing_of_another(ana: Browser, blas: Browser) -> None:
    ana.get(f"{COURSE}/activities/leccion-2?de=ana")

    assert "de=ana" not in blas.get(f"{COURSE}/activities/leccion-2").html


@pytest.mark.slow
def test_another_state_language_zone_or_theme_is_another_drawing(ana: Browser, blas: Browser, instance: Instance, kept: PageCache) -> None:
    ana.get(LESSON)
    counts = [len(kept)]

    blas.get(LESSON)
    blas.submit("/leccion-1/done")
    blas.get(LESSON)
    counts.append(len(kept))
    assert (f"{LESSON}/undone" in blas.page.html, f"{LESSON}/undone" in ana.get(LESSON).html) == (True, False)
    ana.post("/theme", {"theme": "dark", "next": "/"})
    assert ('data-theme="dark"' in ana.get(LESSON).html, 'data-theme="dark"' in blas.get(LESSON).html) == (True, False)
    counts.append(len(kept))
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.given_names == "Ana").values(zone="Asia/Tokyo"))
    ana.get(LESSON)
    counts.append(len(kept))
    ana.post("/language", {"language": "en", "next": "/"})
    assert (ana.get(LESSON).language, blas.get(LESSON).language) == ("en", "es")
    counts.append(len(kept))

    assert counts == sorted(set(counts))


@pytest.mark.slow
def test_a_message_is_for_one_reader(ana: Browser, blas: Browser, kept: PageCache) -> None:
    """A page with a message is drawn for its reader alone."""
    count = len(kept)

    told = blas.post("/courses/prueba/activities/video-1/done", {}).text
    seen = ana.post("/courses/prueba/activities/video-1/done", {}).text, ana.get(ana.path).text

    assert in_spanish("Marked as done: %(title)s", title="Video 1") in told
    assert [in_spanish("Marked as done: %(title)s", title="Video 1") in text for text in seen] == [True, False]
    assert len(kept) == count


@pytest.mark.slow
def test_only_the_last_pages_are_kept(ana: Browser, kept: PageCache, monkeypatch: pytest.MonkeyPatch) -> None:
    most = len(kept)
    monkeypatch.setattr(pages, "MOST_KEPT_PAGES", most)

    for path in (COURSE, f"{COURSE}/activities/leccion-2", f"{COURSE}/glossary", f"{COURSE}/resources"):
        ana.get(path)

    assert len(kept) == most


def test_what_a_page_is_drawn_from_says_all_that_it_is(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written out as a place in memory would let a browser, or somebody else, keep what has changed since."""
    written: list[str] = []
    digest = pages._digest

    def noted(*parts: object) -> str:
        written.append(repr(parts))
        return digest(*parts)

    monkeypatch.setattr(pages, "_digest", noted)
    course, _version = publish(instance, a_folder())
    teacher = a_teacher(instance, course)
    page = f"/courses/{course.slug}"
    learner = a_learner_in(browser, course)
    edition = an_edition(instance, course)
    with instance.database.unit_of_work() as session:
        text = AnnouncementText(uuid4(), "Clase en vivo", "Traiga papel. " * 40 + "El jueves a las diez. " + "Habrá preguntas. " * 40)
        announcements.send_announcement(session, actor_of(teacher), AnnouncementRecipients(course.id), text, now=clock.now())
    visitor = browser.another()

    for reader in (learner, visitor):
        for path in (page, f"{page}/glossary", f"{page}/resources"):
            reader.get(path)
    lesson = next(link for link, _words in learner.get(page).links if "/activities/" in link)
    learner.get(lesson)

    assert any("El jueves a las diez." in text for text in written)
    assert any(edition.name in text for text in written)
    assert any(lesson in text for text in written)
    assert not [text for text in written if " object at 0x" in text or "<function" in text or "truncated)" in text]
