"""The picture of a course in the catalogue, on its page and in “My learning”: what it says, who gets it, and what stands there else."""

import re
from collections.abc import Mapping

from sqlalchemy import select

from courses.models import CourseFile
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_learner, a_learner_in, folder, publish, sign_in
from tests.support.editions import enrol
from tests.support.lessons import a_picture
from tests.support.wording import in_spanish

WINDOWS = in_spanish(
    "Each window is a module; the taller it is, the longer it takes. They light up as you complete them. A lit door means that "
    "enrolment is open."
)
BEACH = "{es: Una playa., en: A beach.}"


def with_picture(key: str = "prueba", *, alternative: str = BEACH, wider: int = 0, **options: str) -> dict[str, bytes]:
    """Return a course folder with a picture."""
    files = folder(key, modules=1, **options)  # type: ignore[arg-type]  # fields by name
    lines = f"image: media/foto.png\nimage_alt: {alternative}\n"
    return {**files, "course.yaml": files["course.yaml"] + lines.encode(), "media/foto.png": a_picture(size=(1600 + wider, 900))}


def covers(html: str) -> list[Mapping[str, str]]:
    """Return the attributes of the pictures of courses on a page."""
    return [dict(re.findall(r'([a-z]+)="([^"]*)"', tag)) for tag in re.findall(r'<img class="cover"[^>]*>', html)]


def test_a_course_shows_its_picture_where_its_windows_would_stand(browser: Browser, instance: Instance) -> None:
    """With its alternative text and its size, so that nothing jumps; below the fold it is loaded when it comes into sight."""
    publish(instance, with_picture())
    publish(instance, folder("otro", modules=1))

    for address in ("/courses", "/"):
        html = browser.get(address).html
        (cover,) = covers(html)
        assert (cover["alt"], cover["width"], cover["height"], cover["loading"]) == ("Una playa.", "720", "405", "lazy")
        assert html.count('class="wall tone-') == 1
        assert WINDOWS in browser.page.text
    html = browser.get("/courses/prueba").html
    (cover,) = covers(html)
    assert (cover["alt"], cover["width"], cover["height"], cover.get("loading")) == ("Una playa.", "720", "405", None)
    assert 'class="facade"' not in html.split("</header>")[1]
    browser.get(cover["src"])
    assert browser.response.headers["Content-Type"] == "image/webp"
    assert browser.response.headers["Content-Disposition"].startswith("inline")
    assert covers(browser.get("/courses/otro").html) == []


def test_who_is_enrolled_keeps_the_windows_and_sees_the_picture_beside_them(browser: Browser, instance: Instance) -> None:
    course, _version = publish(instance, with_picture())
    a_learner_in(browser, course)

    html = browser.get("/courses/prueba").html
    assert [cover["alt"] for cover in covers(html.split("<aside")[1])] == ["Una playa."]
    assert covers(html.split("<aside")[0]) == []
    assert 'class="facade"' in html
    assert WINDOWS not in browser.get("/courses").text


def test_what_the_picture_shows_is_marked_where_it_is_in_another_language(browser: Browser, instance: Instance) -> None:
    publish(instance, with_picture(alternative="{es: Una playa.}"))

    (cover,) = covers(browser.get("/courses", headers={"Accept-Language": "en"}).html)

    assert (cover["alt"], cover["lang"]) == ("Una playa.", "es")


def test_who_follows_an_earlier_version_sees_the_picture_of_the_catalogue(browser: Browser, instance: Instance) -> None:
    course, _version = publish(instance, with_picture())
    a_learner_in(browser, course)
    publish(instance, with_picture(wider=700, alternative="{es: Una cumbre., en: A summit.}"))

    (listed,) = covers(browser.get("/courses").html)
    (own,) = covers(browser.get("/courses/prueba").html)

    assert {listed["alt"], own["alt"]} == {"Una cumbre.", "Una playa."}
    for cover in (listed, own):
        browser.get(cover["src"])
        assert browser.response.headers["Content-Type"] == "image/webp"


def test_the_picture_of_a_course_that_one_does_not_find_is_for_those_who_take_part(browser: Browser, instance: Instance) -> None:
    course, _version = publish(instance, with_picture(visibility="participants"))
    with instance.database.unit_of_work(write=False) as session:
        cards = session.scalars(select(CourseFile).where(CourseFile.is_picture)).all()
    addresses = [f"/courses/prueba/files/{card.sha256}/card.webp" for card in cards]
    assert len(addresses) == 2

    for address in addresses:
        browser.get(address)
        assert browser.path.startswith("/sign-in")
    a_learner_in(browser, course)
    for address in addresses:
        browser.get(address)
        assert browser.path == address


def test_the_courses_of_a_learner_carry_their_pictures_in_small(browser: Browser, instance: Instance) -> None:
    """The title stands beside them, so that they are told to nobody twice."""
    courses = [publish(instance, with_picture(key))[0] for key in ("uno", "dos")]
    actor = a_learner(instance, courses[0])
    enrol(instance, courses[1], [actor])
    sign_in(browser, "ana@example.org")

    shown = covers(browser.get("/learning").html)

    assert [cover["alt"] for cover in shown] == [""]
    assert shown[0]["loading"] == "lazy"
