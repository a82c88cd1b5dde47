"""The front page of the institution: written by form, seen before it is in force, the product's own words where nothing is written."""

import json
import re
from io import BytesIO

import pytest
from sqlalchemy import select

from courses.models import Course
from kernel.audit import AuditEntry
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, sign_in
from tests.support.institution import profile_of
from tests.support.lessons import a_picture
from tests.support.wording import in_spanish

FORM = "/administration/site/front-page"
WORDS = {"front_titles_es": "Capacítese <hoy>", "front_texts_es": "Cursos del Páramo.", "front_titles_en": "Train today"}


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of an administrator on the form of the front page, beside three announced courses."""
    for slug in ("uno", "dos", "tres"):
        a_course(instance, slug, modules=1)
    an_administrator(instance)
    reader = sign_in(browser, "admin@example.org")
    reader.get(FORM)
    return reader


def fields(boss: Browser, **changed: object) -> dict[str, object]:
    """Return what the form holds, with something else in some fields; entries as a list."""
    known: dict[str, object] = {"entries": [value for name, value in boss.page.form(FORM).fields if name == "entries"]}
    known |= {name: value for name, value in boss.page.form(FORM).fields if name != "entries"}
    return {**known, **changed}


def courses_of(browser: Browser) -> list[str]:
    """Return the courses on the front page, in their order."""
    return [link.rpartition("/")[2] for link, _words in browser.get("/").links if re.fullmatch(r"/courses/\w+", link)]


def front_verbs(instance: Instance) -> list[tuple[str, dict[str, object]]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.verb.startswith("institution_profile.")).order_by(AuditEntry.id))
        return [(row.verb.partition(".")[2], json.loads(row.facts)) for row in rows]


def test_without_settings_the_product_speaks_of_itself(boss: Browser) -> None:
    page = boss.another().get("/")

    assert in_spanish("Learn at your own pace") in page.headings
    assert courses_of(boss.another()) == ["uno", "dos", "tres"]
    assert not page.has_link("/simulators/social-budget")
    assert boss.another("en").get("/").headings[0] == "Learn at your own pace"


def test_the_text_keeps_its_paragraphs(boss: Browser) -> None:
    boss.submit(FORM, {"front_texts_es": "Uno.\n\nDos.", "go": "save"})

    assert re.search(r'<p class="lead pre">Uno\.\s*\n\s*\nDos\.</p>', boss.another().get("/").html.replace("\r", ""))


def test_a_preview_shows_the_page_and_changes_nothing(boss: Browser, instance: Instance) -> None:
    before = front_verbs(instance)
    boss.submit(FORM, {**WORDS, "course_1": "tres", "course_2": "uno", "go": "preview"})

    preview = boss.page.html.split('id="preview"')[1]
    assert "Capacítese &lt;hoy&gt;" in preview
    assert re.findall(r'href="/courses/(\w+)"', preview) == ["tres", "uno"]
    assert in_spanish("This is how it would look. It is not in force yet.") in boss.page.text
    assert 'value="Train today"' in boss.page.html, "nothing that was typed is lost"
    assert front_verbs(instance) == before
    assert "Capacítese" not in boss.another().get("/").html

    boss.submit(FORM, {"go": "save"})

    assert 'id="title">Capacítese &lt;hoy&gt;</h1>' in boss.another().get("/").html
    assert courses_of(boss.another()) == ["tres", "uno"]


def test_what_is_saved_is_in_force_in_both_languages_and_in_the_audit_log(boss: Browser, instance: Instance) -> None:
    boss.submit(FORM, {**WORDS, "go": "save"})

    spanish, english = boss.another().get("/"), boss.another("en").get("/")
    assert "Capacítese &lt;hoy&gt;</h1>" in spanish.html
    assert english.headings[0] == "Train today"
    assert "Cursos del Páramo." in spanish.text
    assert "Cursos del Páramo." in english.text, "English has none of its own"
    verb, facts = front_verbs(instance)[-1]
    assert verb == "changed"
    assert facts["new"] == {
        "front_titles": {"es": "Capacítese <hoy>", "en": "Train today"},
        "front_texts": {"es": "Cursos del Páramo."},
    }

    boss.get(FORM)
    boss.submit(FORM, {"front_titles_es": "", "front_titles_en": "", "front_texts_es": "", "go": "save"})
    assert boss.another().get("/").headings[0] == in_spanish("Learn at your own pace")


def test_a_text_that_is_too_long_is_refused_at_its_field(boss: Browser, instance: Instance) -> None:
    boss.submit(FORM, {"front_titles_es": "x" * 121, "front_texts_es": "Queda.", "go": "save"}, status=422)

    assert 'id="front_titles_es-error"' in boss.page.html
    assert "Queda." in boss.page.html
    assert front_verbs(instance) == []


def send(boss: Browser, content: bytes, name: str = "foto.png", **changed: object) -> int:
    boss.get(FORM)
    answer = boss._request("POST", FORM, data={**fields(boss), "upload": (BytesIO(content), name), **changed})
    boss.page = type(boss.page)(answer.get_data(as_text=True))
    return answer.status_code


def test_a_picture_is_tried_then_put_in_force_with_what_it_shows(boss: Browser, instance: Instance) -> None:
    photograph = a_picture(size=(1600, 900))
    assert send(boss, photograph, go="preview") == 200
    tried = re.findall(r'src="(/site/front/[0-9a-f]{64})"', boss.page.html.split('id="preview"')[1])
    assert len(tried) == 1
    assert "/site/front/" not in boss.another().get("/").html

    boss.submit(FORM, {"front_alts_es": "Un aula", "go": "save"})

    page = boss.another().get("/").html
    assert f'src="{tried[0]}" alt="Un aula"' in page
    answer = boss.another()._request("GET", tried[0])
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert "immutable" in answer.headers["Cache-Control"]
    assert [verb for verb, _facts in front_verbs(instance)] == ["picture_added", "changed"]
    boss.get(FORM)
    boss.submit(FORM, {"front_picture": "", "go": "save"})
    assert "/site/front/" not in boss.another().get("/").html


def test_another_picture_replaces_what_was_only_tried(boss: Browser, instance: Instance) -> None:
    for width in (40, 50, 60):
        assert send(boss, a_picture(size=(width, 30)), go="preview") == 200
    boss.get(FORM)

    assert len(set(re.findall(r"/site/front/[0-9a-f]{64}", boss.page.html))) == 1
    assert boss._request("GET", f"/site/front/{'0' * 64}").status_code == 404


@pytest.mark.parametrize("content", [b"%PDF-1.4", b"\x89PNG\r\n\x1a\nbroken", b"GIF89a"])
def test_what_is_no_picture_is_refused_at_its_field(boss: Browser, instance: Instance, content: bytes) -> None:
    assert send(boss, content, front_titles_es="Aquí estoy", go="save") == 422
    assert 'id="upload-error"' in boss.page.html
    assert 'value="Aquí estoy"' in boss.page.html
    assert front_verbs(instance) == []


@pytest.mark.fresh
def test_entries_are_hidden_and_shown(boss: Browser, instance: Instance) -> None:
    boss._request("POST", FORM, data=fields(boss, entries=["recordings", "simulator", "communities"], go="save"))

    visitor = boss.another()
    assert visitor.get("/campus").has_link("/simulators/social-budget")
    page = visitor.get("/")
    assert page.has_link("/simulators/social-budget")
    assert in_spanish("Did you receive a certificate?") not in page.text
    assert 'href="/verify"' not in page.html.split("</header>")[0]
    assert visitor.get("/verify").headings, "its address works on"
    assert sorted(profile_of(instance).turned_entries) == ["simulator", "verify"]


def test_a_chosen_course_that_is_gone_is_left_out_and_named_in_the_form(boss: Browser, instance: Instance) -> None:
    boss.submit(FORM, {"course_1": "dos", "course_2": "uno", "go": "save"})
    with instance.database.unit_of_work() as session:
        session.scalars(select(Course).where(Course.slug == "dos")).one().archived_at = profile_of(instance).changed_at

    assert courses_of(boss.another()) == ["uno"]
    assert in_spanish("%(key)s (not announced now)", key="dos") in boss.get(FORM).text


def test_somebody_else_s_change_is_not_undone_unseen(boss: Browser, instance: Instance) -> None:
    stale = fields(boss, front_titles_es="Tarde", go="save")
    boss.submit(FORM, {"front_titles_es": "Antes", "go": "save"})

    assert boss._request("POST", FORM, data=stale).status_code == 409
    assert boss.another().get("/").headings[0] == "Antes"


def test_only_administrators_write_it(boss: Browser) -> None:
    visitor = boss.another()
    assert visitor._request("GET", FORM).status_code == 303
    assert visitor._request("POST", FORM, data={"go": "save"}).status_code in (302, 303, 400)
