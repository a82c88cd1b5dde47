"""Lessons of a course's draft for tests: saved as by somebody else, and written through the pages of the editor, with their pictures."""

import io
import json

from PIL import Image

from courses import catalogue, drafts
from courses.models import Course
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser

PATH = "01-parte/01-leccion.es.md"
EDITOR = "/teaching/prueba/lessons/leccion-1"


def write(instance: Instance, course: Course, written: dict[str, str]) -> None:
    """Save texts as somebody else would."""
    with instance.database.unit_of_work() as session:
        row = catalogue.lock_course(session, course.id)
        drafts.save_files(session, SYSTEM, row, {path: drafts.text_content(text) for path, text in written.items()}, now=clock.now())


def fields(browser: Browser) -> dict[str, str]:
    """Return what the form of the page holds."""
    return dict(browser.page.form("/lessons/leccion-1").fields)


def ask(browser: Browser, what: str, values: dict[str, object], status: int = 200) -> dict[str, object]:
    """Send what the script sends; return the answer."""
    known = dict(browser.page.form("/lessons/leccion-1").fields)
    kept = {name: known[name] for name in ("csrf_token", "title", "summary", "body", "seen")}
    browser._request("POST", f"{EDITOR}/{what}", data={**kept, **values})
    assert browser.response.status_code == status, browser.response.get_data(as_text=True)[:500]
    return json.loads(browser.response.get_data(as_text=True))


def a_picture(form: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    """Return a small picture that says where it was taken."""
    target = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Quito, en casa"
    Image.new("RGB", size, (10, 90, 120)).save(target, form, exif=exif)
    return target.getvalue()
