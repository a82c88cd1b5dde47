"""Catalogue, course, lesson and lists over HTTP: what is shown, noted, drawn once for all who see the same, and said after completion."""

import re
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from jinja2 import Template
from sqlalchemy import select, update

from accounts.models import Person
from courses.content.translations import language_shares
from courses.models import Course, CourseVersion, Module, PublicationNature
from courses.rules import OutlineModule
from courses.versions import OUTLINES
from enrolments import announcements
from enrolments.announcements import AnnouncementRecipients, AnnouncementText
from enrolments.course_view import module_language_note
from enrolments.models import ActivityResult, Enrolment
from kernel import clock
from kernel.i18n import reading
from kernel.web import pages
from kernel.web.pages import EXTENSION, PageCache
from lms.instance import Instance
from quizzes.marking import ManualMarkValues
from tests.support.browser import Browser, Counter
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.editions import an_edition, enrol
from tests.support.folders import a_folder
from tests.support.folders import course as course_of
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.marking import a_marked_quiz, hand_in, last_mark, mark
from tests.support.wording import in_spanish

LESSON_PAGE = "/courses/prueba/activities/leccion-1"
PART_OF_MODULE = "%(share)s of this module is in %(language)s; the rest is in %(original)s."


def tag_of(browser: Browser, path: str = LESSON_PAGE) -> str:
    """Open a page and return the tag that the browser keeps with it."""
    browser.get(path)
    return browser.response.headers["ETag"]


def known(browser: Browser, tag: str, path: str = LESSON_PAGE) -> int:
    """Ask for a page that the browser holds; return the status."""
    browser._request("GET", path, headers={"If-None-Match": tag})
    return browser.response.status_code


def test_an_unchanged_lesson_is_not_sent_again(browser: Browser, instance: Instance) -> None:
    """spec/security 3.4: 304 without a body, and the browser asks each time."""
    a_learner_in(browser, a_course(instance, modules=2))
    browser.get(LESSON_PAGE)  # the first visit is noted, and shown from then on

    tag = tag_of(browser)

    assert known(browser, tag) == 304
    assert browser.response.get_data() == b""
    assert browser.response.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in browser.response.headers["Vary"]
    assert known(browser, tag_of(browser, "/courses/prueba"), "/courses/prueba") == 304


def test_a_lesson_is_sent_again_when_anything_it_shows_has_changed(browser: Browser, instance: Instance) -> None:
    """Progress, flashes, language, theme, a new session, a new version: each has its own page."""
    files = folder(modules=2)
    course, _version = publish(instance, files)
    a_learner_in(browser, course)
    browser.get(LESSON_PAGE)
    tags = [tag_of(browser)]

    browser.submit("/leccion-1/done")
    tags.append(tag_of(browser))
    browser.post("/language", {"language": "en", "next": "/"})
    tags.append(tag_of(browser))
    browser.post("/theme", {"theme": "dark", "next": "/"})
    tags.append(tag_of(browser))
    publish(
        instance,
        {**files, "01-parte/01-leccion.en.md": files["01-parte/01-leccion.en.md"].replace(b"fingers", b"hands")},
        nature=PublicationNature.CORRECTION,
    )
    browser.deliver_jobs()
    tags.append(tag_of(browser))
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).values(given_names="Anita"))
    tags.append(tag_of(browser))
    again = sign_in(browser.another("en"))
    tags.append(tag_of(again))

    assert len(set(tags)) == len(tags)
    assert known(again, tags[-1]) == 304


def test_a_message_is_shown_once_and_its_page_is_not_kept(browser: Browser, instance: Instance) -> None:
    """A page with a flash has a tag of its own."""
    course, _person = a_course(instance, modules=1), a_person(instance)
    sign_in(browser).get(f"/courses/{course.slug}")
    browser.submit(f"/courses/{course.slug}/enrolment")
    shown, tag = "Ya está inscrito." in browser.page.text, browser.response.headers["ETag"]

    later = tag_of(browser, "/courses/prueba")

    assert shown
    assert tag != later
    assert (known(browser, tag, "/courses/prueba"), known(browser, later, "/courses/prueba")) == (200, 304)


def test_a_visit_is_noted_only_where_there_is_something_new(browser: Browser, instance: Instance) -> None:
    """spec/performance P8: the first visit, and coming back from another activity; never twice in a row."""
    a_learner_in(browser, a_course(instance, modules=1))
    counter = Counter(instance.database.writing)
    commits = []

    for path in (LESSON_PAGE, LESSON_PAGE, "/courses/prueba/recordings/video-1", LESSON_PAGE, LESSON_PAGE, "/courses/prueba"):
        counter.reset()
        browser.get(path)
        commits.append(counter.commits)

    assert commits == [1, 0, 1, 1, 0, 0]
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(Enrolment.last_activity_key)).scalar_one() == "leccion-1"
        assert set(session.scalars(select(ActivityResult.activity_key))) == {"leccion-1", "video-1"}


def test_who_is_not_enrolled_leaves_no_note(browser: Browser, instance: Instance) -> None:
    """Staff and strangers only look."""
    course = a_course(instance, modules=1, preview=True)
    a_teacher(instance, course)
    browser.get(LESSON_PAGE)
    sign_in(browser, "profe@example.org")
    browser.get(LESSON_PAGE)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(ActivityResult)).all() == []


def test_the_course_page_leads_on_where_the_learner_is(browser: Browser, instance: Instance) -> None:
    """Resume: the next open required activity, on the course page and at home."""
    a_learner_in(browser, a_course(instance, modules=2))
    first = browser.get("/courses/prueba").links
    browser.get(LESSON_PAGE)

    browser.submit("/leccion-1/done")
    after = browser.get("/courses/prueba").links

    assert any(address == LESSON_PAGE and "Contar 1" in words for address, words in first)
    assert any(address == "/courses/prueba/quizzes/cuestionario-1" and "Cuestionario 1" in words for address, words in after)
    assert browser.get("/learning").has_link("/courses/prueba/quizzes/cuestionario-1")


def test_a_module_that_waits_opens_in_the_moment_its_condition_is_met(browser: Browser, instance: Instance) -> None:
    """The server decides the order; the page says what to complete first."""
    files = folder(modules=2)
    files["02-parte/module.yaml"] += b"requires: [parte-1]\n"
    course, _version = publish(instance, files)
    a_learner_in(browser, course)
    closed = browser.get("/courses/prueba")
    browser.get("/courses/prueba/activities/leccion-2", status=403)
    browser.post("/courses/prueba/activities/leccion-2/done", status=403)

    browser.get(LESSON_PAGE)
    browser.submit("/leccion-1/done")
    with instance.database.unit_of_work(write=False) as session:
        person = session.execute(select(Person)).scalar_one()
    pass_quiz(instance, actor_of(person), "prueba")
    opened = browser.get("/courses/prueba")
    browser.get("/courses/prueba/activities/leccion-2")

    assert not closed.has_link("/courses/prueba/activities/leccion-2")
    assert in_spanish("Opens when you complete “%(title)s”", title="Parte 1") in closed.text or "Parte 1" in closed.text
    assert opened.has_link("/courses/prueba/activities/leccion-2")


def test_the_anonymous_are_led_to_sign_in_and_back(browser: Browser, instance: Instance) -> None:
    """spec/security 1.3: a lesson of a public course exists in public; `next` brings them back."""
    a_course(instance, modules=1)
    a_person(instance)

    browser.get(LESSON_PAGE)

    assert browser.path.startswith("/sign-in?next=")
    browser.submit("/sign-in", {"email": "ana@example.org", "password": "cuatro palabras sin relación"}, status=403)
    assert browser.path == LESSON_PAGE


def test_enrolling_needs_a_session_and_loses_no_click(browser: Browser, instance: Instance) -> None:
    """A visitor whose session has ended is asked to sign in; the enrolment then happens."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)

    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(Enrolment.total)).scalar_one() == 2
    browser.another().post("/courses/prueba/enrolment", status=400)


def test_the_catalogue_is_searched_without_accents_and_by_language(browser: Browser, instance: Instance) -> None:
    """Words in any order, in titles and summaries."""
    a_course(instance, "uno", modules=1)
    files = folder("dos", modules=1)
    files["course.yaml"] = files["course.yaml"].replace(b"Curso de prueba dos", "Pensión y jubilación".encode())
    publish(instance, files)

    assert browser.get("/courses?q=jubilacion+PENSION").has_link("/courses/dos")
    assert not browser.page.has_link("/courses/uno")
    assert "Pensi" not in browser.get("/courses?q=nada+asi").text
    assert browser.get("/courses?language=en").has_link("/courses/uno")
    assert browser.get("/courses?language=xx&q=%00").title


def test_the_catalogue_says_when_enrolment_opens_and_that_it_has_closed(browser: Browser, instance: Instance) -> None:
    """The door of a card's façade is lit only where one can go in now."""
    for slug, dates in (("uno", "opens: 2099-03-05\n"), ("dos", "closes: 2026-01-01\n"), ("tres", "")):
        files = folder(slug, modules=1)
        publish(instance, {**files, "course.yaml": files["course.yaml"] + dates.encode()})

    page = browser.get("/courses")

    assert "2099" in page.text
    assert page.text.count("cerrad") + page.text.count("Cerrad") == 1


def test_a_course_that_is_not_published_leads_its_editors_to_publishing(browser: Browser, instance: Instance) -> None:
    """There is nothing to read yet."""
    course = a_course(instance, modules=1)
    a_teacher(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).values(published_version_id=None))
    sign_in(browser, "profe@example.org")

    browser.get("/courses/prueba")

    assert browser.path == "/teaching/prueba/publishing"


def test_the_glossary_and_the_resources_are_listed_and_searched(browser: Browser, instance: Instance) -> None:
    """The sample course has terms and documents; terms are found by other written forms and without accents."""
    publish(instance, a_folder(), now=datetime(2026, 6, 1, tzinfo=UTC))

    page = browser.get("/courses/agua-en-casa/glossary")
    found = browser.get("/courses/agua-en-casa/glossary?q=CONSUMO")
    nothing = browser.get("/courses/agua-en-casa/glossary?q=zzz")
    tags = browser.get("/courses/agua-en-casa/glossary?q=%3C/p%3E")
    resources = browser.get("/courses/agua-en-casa/resources")

    assert "consumo" in page.text.lower()
    assert "consumo" in found.text.lower()
    assert "consumo" not in nothing.text.lower().replace("zzz", "")
    assert "consumo" not in tags.text.lower()
    assert any(address.startswith("https://") for address, _words in resources.links)


def test_learners_meet_their_own_marks_only(browser: Browser, instance: Instance) -> None:
    """Two learners of one course: neither page tells of the other."""
    course = a_course(instance, modules=1)
    other = a_learner(instance, course, "eva@example.org")
    mark_done(instance, other, "prueba", "leccion-1")
    pass_quiz(instance, other, "prueba")

    page = a_learner_in(browser, course).get("/courses/prueba")

    assert in_spanish("%(done)s of %(count)s module", 1, done="0") in page.text
    assert "100" not in page.text


def optional(files: dict[str, bytes], part: str) -> dict[str, bytes]:
    """Make a part of a folder ask for nothing: its lesson and quiz are optional, as its recording is."""
    lesson, quiz = f"{part}/01-leccion.es.md", f"{part}/03-cuestionario.quiz.yaml"
    return {
        **files,
        lesson: files[lesson].replace(b"title:", b"required: false\ntitle:", 1),
        quiz: files[quiz] + b"required: false\n",
    }


@pytest.mark.slow
def test_no_page_says_none_of_none(browser: Browser, instance: Instance) -> None:
    """A part that asks for nothing counts what it has, and a course that asks for nothing says so."""
    files = folder(modules=2)
    course, _version = publish(instance, optional(files, "01-parte"))
    publish(instance, optional(optional(folder("libre", modules=2), "01-parte"), "02-parte"))
    a_learner_in(browser, course)
    browser.get("/courses/libre")
    browser.submit("/courses/libre/enrolment")
    for slug in ("prueba", "libre"):
        browser.get(f"/courses/{slug}/activities/leccion-1")
        browser.submit("/leccion-1/done")
    an_administrator(instance)
    team = sign_in(browser.another(), "admin@example.org")
    with instance.database.unit_of_work(write=False) as session:
        person = session.scalars(select(Person.uuid).where(Person.email == "ana@example.org")).one()

    for slug in ("prueba", "libre"):
        own, context = f"/courses/{slug}", f"/teaching/{slug}"
        for who, path in (
            *((browser, path) for path in (own, f"{own}/activities/leccion-1", f"{own}/results", "/learning", "/courses")),
            *((team, path) for path in (f"{context}/learners", f"{context}/gradebook", f"{context}/learners/{person}")),
            *((team, path) for path in (f"/administration/people/{person}", f"/administration/people/{person}/courses/{slug}")),
        ):
            text = " ".join(who.get(path).text.split())
            assert "0 de 0" not in text, path
            assert in_spanish("the only module", 0) not in text, path
    assert in_spanish("In progress · %(done)s of %(total)s", done="1", total="3") in " ".join(browser.get("/courses/prueba").text.split())
    assert in_spanish("%(done)s of %(count)s module", 1, done="0") in " ".join(browser.get("/learning").text.split())
    assert in_spanish("nothing required") in team.get("/teaching/libre/learners").text


def test_what_is_handed_in_and_not_graded_says_so_wherever_it_stands(browser: Browser, instance: Instance) -> None:
    """On the page of the course, among the results, at the quiz, beside a lesson and at home; until it has its mark, and not for others."""
    course = a_marked_quiz(instance)
    ana, blas = (a_learner(instance, course, f"{name}@example.org") for name in ("ana", "blas"))
    attempt = hand_in(instance, ana)
    lesson = "/courses/prueba/activities/leccion-1"
    pages = ("/courses/prueba", "/courses/prueba/results", "/courses/prueba/quizzes/cuestionario-1", lesson)
    sign_in(browser)
    other = sign_in(browser.another(), "blas@example.org")

    waiting = {path: "Enviado: aún sin calificar" in browser.get(path).text for path in pages}
    home = browser.get("/learning").text
    beside = [other.get(path).text for path in (*pages, "/learning")]
    profe = actor_of(a_teacher(instance, course))
    mark(instance, profe, attempt, ManualMarkValues(Fraction(3), last_mark(instance, profe, attempt).id))

    assert waiting == dict.fromkeys(pages, True)
    assert in_spanish("%(count)s submission not yet graded", 1) in home
    assert blas.person_id
    assert not any("sin calificar" in text or "por calificar" in text for text in beside)
    assert not any("sin calificar" in browser.get(path).text for path in pages)
    assert "por calificar" not in browser.get("/learning").text


def lessons_of(key: str) -> dict[str, bytes]:
    """Return a course of two lessons that is whole in both its languages."""
    return {path: text for path, text in folder(key).items() if path.endswith((".md", "module.yaml", "course.yaml"))}


def test_a_course_tells_how_much_of_it_is_written_in_each_language(browser: Browser, instance: Instance) -> None:
    """Before one enrols, in the catalogue and on the course's page, questions counted; what is whole needs no number."""
    publish(instance, lessons_of("entero"))
    publish(instance, files := folder("parcial"))
    shares = language_shares(course_of(files))
    percent = 100 * sum(share.written for share in shares) // sum(share.total for share in shares)

    shown = [" ".join(browser.get(path).text.split()) for path in ("/", "/courses", "/courses/parcial", "/courses/entero")]

    assert 0 < percent < 100
    of_course = in_spanish("%(share)s of the course", share=f"{percent} %")
    assert [text.count(f"Español · English ({of_course})") for text in shown] == [1, 1, 1, 0]
    assert [text.count("Español · English") for text in shown] == [2, 2, 1, 1]
    assert "Español · English (" not in shown[3]


def test_a_module_that_is_not_whole_in_the_readers_language_says_so(browser: Browser, instance: Instance) -> None:
    """In the language that lacks; where nobody counted the words of a version yet, nothing is said."""
    files = lessons_of("prueba")
    del files["02-parte/01-leccion.en.md"]
    publish(instance, files)
    share = next(share for share in language_shares(course_of(files)) if share.module == "parte-2")

    in_original = browser.get("/courses/prueba").text
    browser.post("/language", {"language": "en", "next": "/"})
    translated = " ".join(browser.get("/courses/prueba").text.split())
    with instance.database.unit_of_work() as session:
        session.execute(update(Module).values(written_words={}))
        session.execute(update(CourseVersion).values(written_words={}))
        OUTLINES.of(session).clear()
    uncounted = browser.get("/courses/prueba").text

    assert not re.search(re.escape(in_spanish(PART_OF_MODULE, share="#", language="#", original="#")).replace("\\#", ".+"), in_original)
    assert translated.count("of this module") == 1
    assert translated.index("2. Part 2") < translated.index(f"{share.percent}% of this module is in English; the rest is in Spanish.")
    assert "of this module" not in uncounted
    assert "% of the course" not in uncounted


def test_the_note_of_a_module_names_both_languages_and_gives_no_number_for_none_at_all() -> None:
    """It never rounds up to the whole, and a reader in the course's own language, or in none of its languages, needs no note."""

    def note(languages: tuple[str, ...], spanish: int) -> str:
        module = OutlineModule("m", {}, {}, 1, None, (), None, None, (), (), {"en": 1000, "es": spanish})
        with reading("es"):
            return module_language_note(module, languages)

    assert note(("en", "es"), 999) == in_spanish(PART_OF_MODULE, share="99\N{NO-BREAK SPACE}%", language="español", original="inglés")
    assert note(("en", "es"), 0) == in_spanish("This module is in %(language)s.", language="inglés")
    assert note(("en", "es"), 1000) == note(("en",), 0) == note(("es", "en"), 999) == ""


def test_the_headings_of_a_lesson_in_another_language_carry_it(browser: Browser, instance: Instance) -> None:
    """WCAG 3.1.2: the list beside the lesson, with its terms, as the lesson itself."""
    files = folder(modules=1)
    del files["01-parte/01-leccion.en.md"]
    a_learner_in(browser, publish(instance, files)[0])
    browser.post("/language", {"language": "en", "next": "/"})

    html = browser.get("/courses/prueba/activities/leccion-1").html

    beside = html[html.index('<nav class="notes') :]
    assert re.findall(r'<a href="#[^"]+"( lang="es")?>', beside[: beside.index("</nav>")]) == [' lang="es"']


def test_titles_that_are_not_translated_carry_their_language_in_lists(browser: Browser, instance: Instance) -> None:
    """WCAG 3.1.2: in the outline, beside a lesson, among the results and at home; what is translated carries none."""
    files = folder(modules=1)
    files["course.yaml"] = re.sub(rb"title: \{es: ([^,}]+),[^}]*\}", rb"title: \1", files["course.yaml"])
    for name, title in (("module.yaml", b"Parte 1"), ("03-cuestionario.quiz.yaml", b"Cuestionario 1")):
        path = f"01-parte/{name}"
        files[path] = re.sub(rb"title: \{es: ([^,}]+),[^}]*\}", rb"title: \1", files[path])
        assert b"title: " + title + b"\n" in files[path]
    a_learner_in(browser, publish(instance, files)[0])
    browser.post("/language", {"language": "en", "next": "/"})
    own = "/courses/prueba"

    found = {path: re.findall(r'lang="es">(?:<a [^>]*>)?([^<]+)', browser.get(path).html) for path in (own, f"{own}/activities/leccion-1")}
    results, home = browser.get(f"{own}/results").html, browser.get("/learning").html

    assert {"1. Parte 1", "Cuestionario 1"} <= {title.strip() for title in found[own]}
    assert "Cuestionario 1" in found[f"{own}/activities/leccion-1"]
    assert not any("Video" in title for titles in found.values() for title in titles)
    assert re.search(r'lang="es"><a [^>]*>Cuestionario 1', results)
    assert re.search(r'<h2 lang="es">\s*<a [^>]*>Curso', home)


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


def test_a_kept_page_is_the_page_that_was_drawn(ana: Browser, kept: PageCache) -> None:
    """With the same symbols, whoever uses them: the head of the site or the page."""
    ana.get(f"{COURSE}/activities/leccion-2")
    count = len(kept)

    drawn = ana.get(f"{COURSE}/activities/leccion-2").html
    again = ana.get(f"{COURSE}/activities/leccion-2").html

    assert len(kept) == count + 1
    assert TOKEN.sub("", again) == TOKEN.sub("", drawn)
    assert set(re.findall(r'<use href="#([^"]+)"', again)) == set(re.findall(r'<symbol id="([^"]+)"', again))


def test_what_one_reader_asks_for_is_not_in_the_drawing_of_another(ana: Browser, blas: Browser) -> None:
    ana.get(f"{COURSE}/activities/leccion-2?de=ana")

    assert "de=ana" not in blas.get(f"{COURSE}/activities/leccion-2").html


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


def test_a_message_is_for_one_reader(ana: Browser, blas: Browser, kept: PageCache) -> None:
    """A page with a message is drawn for its reader alone."""
    count = len(kept)

    told = blas.post("/courses/prueba/activities/video-1/done", {}).text
    seen = ana.post("/courses/prueba/activities/video-1/done", {}).text, ana.get(ana.path).text

    assert in_spanish("Marked as done: %(title)s", title="Video 1") in told
    assert [in_spanish("Marked as done: %(title)s", title="Video 1") in text for text in seen] == [True, False]
    assert len(kept) == count


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


COURSE_PAGE = "/courses/prueba"


def a_course_on(instance: Instance, key: str, topic: str = "", **options: str) -> Course:
    """Publish a small course on a topic."""
    files = folder(key, modules=1, **options)  # type: ignore[arg-type]  # fields by name
    return publish(instance, {**files, "course.yaml": files["course.yaml"] + (f"topic: {topic}\n" if topic else "").encode()})[0]


def test_a_completed_course_leads_to_results_and_to_courses_on_its_topic(browser: Browser, instance: Instance) -> None:
    course, taken = a_course_on(instance, "prueba", "salud"), a_course_on(instance, "tomado", "salud")
    for key, topic in (("mismo", "salud"), ("otro", "vejez"), ("viejo", "salud")):
        a_course_on(instance, key, topic)
    a_course_on(instance, "oculto", "salud", visibility="participants")
    learner = a_learner(instance, course)
    enrol(instance, taken, [learner])
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug == "viejo").values(archived_at=clock.now()))
    sign_in(browser)
    before = browser.get(COURSE_PAGE).text

    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")

    links = {words: href for href, words in browser.get(COURSE_PAGE).links}
    assert in_spanish("What comes next") not in before
    assert in_spanish("What comes next") in browser.page.text
    assert links[in_spanish("Go through your results")] == f"{COURSE_PAGE}/results"
    assert [words for words in links if words.startswith("Sobre el mismo tema")] == [
        in_spanish("On the same topic: %(title)s", title="Curso de prueba mismo")
    ]
    assert links[in_spanish("Still open to you: %(title)s", title="Video 1")] == f"{COURSE_PAGE}/recordings/video-1"


def test_a_course_without_a_topic_leads_to_the_catalogue(browser: Browser, instance: Instance) -> None:
    course = a_course_on(instance, "prueba")
    a_course_on(instance, "otro")
    learner = a_learner(instance, course)
    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")

    links = sign_in(browser).get(COURSE_PAGE).links

    assert not any(words.startswith("Sobre el mismo tema") for _href, words in links)
    assert ("/courses", in_spanish("Find another course")) in links


def test_licence_and_validity_are_told_before_one_enrols(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, certificate="constancia")
    for_ever = browser.get("/courses/prueba").text
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseVersion).where(CourseVersion.course_id == course.id).values(certificate_valid="24 months"))
        OUTLINES.of(session).clear()

    limited = browser.another("en").get("/courses/prueba").text

    assert in_spanish("CC BY 4.0: use and change it freely, naming the authors") in for_ever
    assert in_spanish("It does not expire") in for_ever
    assert "Valid for 24 months" in limited
