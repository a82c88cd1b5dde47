"""Files of a course over HTTP: their type and policy, who gets them, and while which lesson is open."""

import hashlib

import pytest
from sqlalchemy import select

from courses.models import Course
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_person, folder, publish, sign_in
from tests.support.folders import a_folder

PNG = a_folder()["media/gota.png"]


def a_course_with_files(instance: Instance) -> dict[str, str]:
    """Publish a course with files of several kinds; return their addresses by name."""
    files = folder(modules=2)
    contents = {"foto.png": PNG, "nota.txt": b"Hola\n", "datos.csv": b"a,b\n1,2\n"}
    lesson = files["01-parte/01-leccion.es.md"].decode()
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 100 20"><title>T</title><desc>D.</desc></svg>'
    for name, content in (*contents.items(), ("dibujo.svg", drawing)):
        files[f"01-parte/media/{name}"] = content
        lesson += f"\n[{name}](media/{name})\n"
    files["01-parte/01-leccion.es.md"] = lesson.encode()
    preview = files["02-parte/01-leccion.es.md"].decode().replace("title: Contar 2\n", "title: Contar 2\npreview: true\n")
    files["02-parte/01-leccion.es.md"] = f"{preview}\n[abierta](media/abierta.txt)\n".encode()
    files["02-parte/media/abierta.txt"] = b"Abierta\n"
    publish(instance, files)
    everything = contents | {"dibujo.svg": drawing, "abierta.txt": b"Abierta\n"}
    return {name: f"/courses/prueba/files/{hashlib.sha256(content).hexdigest()}/{name}" for name, content in everything.items()}


def fetch(browser: Browser, path: str, **headers: str) -> int:
    """Ask for a file; return the status."""
    browser._request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return browser.response.status_code


def test_files_come_with_their_type_their_policy_and_only_harmless_kinds_in_the_page(browser: Browser, instance: Instance) -> None:
    """spec/security 4.3: our own content type, nosniff, sandbox; SVG and the rest are attachments."""
    addresses = a_course_with_files(instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
    a_learner_in(browser, course)

    found = {}
    for name in ("foto.png", "nota.txt", "datos.csv", "dibujo.svg"):
        assert fetch(browser, addresses[name]) == 200
        headers = browser.response.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"].startswith("private")
        found[name] = (headers["Content-Type"].split(";")[0], headers["Content-Disposition"].split(";")[0])

    assert found == {
        "foto.png": ("image/png", "inline"),
        "nota.txt": ("text/plain", "inline"),
        "datos.csv": ("text/csv", "attachment"),
        "dibujo.svg": ("image/svg+xml", "attachment"),
    }


def test_files_are_sent_in_ranges_and_not_twice(browser: Browser, instance: Instance) -> None:
    """Players ask for pieces; a browser that holds the file gets 304."""
    addresses = a_course_with_files(instance)
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
    a_learner_in(browser, course)

    assert fetch(browser, addresses["foto.png"], Range="bytes=1-3") == 206
    assert browser.response.get_data() == b"PNG"
    assert browser.response.headers["Content-Range"] == f"bytes 1-3/{len(PNG)}"
    assert fetch(browser, addresses["foto.png"], Range=f"bytes={len(PNG)}-") == 416
    assert fetch(browser, addresses["foto.png"], If_None_Match=f'"{hashlib.sha256(PNG).hexdigest()}"') == 304


def test_a_file_is_for_those_who_take_part_unless_a_previewed_lesson_uses_it(browser: Browser, instance: Instance) -> None:
    """spec/security 9: files obey the lesson, not their address; the name in the address decides nothing."""
    addresses = a_course_with_files(instance)

    assert fetch(browser, addresses["abierta.txt"]) == 200
    assert fetch(browser, addresses["nota.txt"]) == 303
    assert fetch(browser, addresses["nota.txt"].replace("nota.txt", "abierta.txt")) == 303
    sign_in(browser, a_person(instance).email)
    assert fetch(browser, addresses["nota.txt"]) == 403
    assert fetch(browser, addresses["abierta.txt"].replace("abierta.txt", "%0d%0aSet-Cookie:x")) == 200
    assert browser.response.headers["Content-Disposition"] == "inline; filename=abierta.txt"


def test_a_file_waits_with_its_lesson_and_stays_where_another_open_lesson_uses_it(browser: Browser, instance: Instance) -> None:
    """spec/security 9: whoever knows the address of a locked lesson's file gets it when the lesson opens, not before."""
    files = folder(modules=2)
    for part, names in ((1, ("comun",)), (2, ("comun", "propia"))):
        links = "".join(f"\n[{name}](../media/{name}.txt)\n" for name in names)
        files[f"0{part}-parte/01-leccion.es.md"] += links.encode()
    files |= {"media/comun.txt": b"De todas\n", "media/propia.txt": b"De la segunda\n"}
    files["02-parte/01-leccion.es.md"] = files["02-parte/01-leccion.es.md"].replace(
        b"key: leccion-2\n", b"key: leccion-2\nrequires: [leccion-1]\n"
    )
    course, _version = publish(instance, files)
    common, own = (
        f"/courses/prueba/files/{hashlib.sha256(files[f'media/{name}.txt']).hexdigest()}/{name}.txt" for name in ("comun", "propia")
    )
    a_learner_in(browser, course)

    assert (fetch(browser, common), fetch(browser, own)) == (200, 403)
    browser.get("/courses/prueba/activities/leccion-1")
    browser.submit(action="/done")
    assert fetch(browser, own) == 200


def test_a_file_of_an_earlier_version_obeys_the_lesson_under_its_present_name(browser: Browser, instance: Instance) -> None:
    """Old attempts and open pages still show it; a lesson that got another key still guards it."""
    files = folder(modules=2)
    files["02-parte/01-leccion.es.md"] += b"\n[vieja](media/vieja.txt)\n"
    files["02-parte/media/vieja.txt"] = b"Vieja\n"
    files["02-parte/module.yaml"] += b"requires: [parte-1]\n"
    publish(instance, files)
    address = f"/courses/prueba/files/{hashlib.sha256(files.pop('02-parte/media/vieja.txt')).hexdigest()}/vieja.txt"
    lesson = files["02-parte/01-leccion.es.md"].replace(b"\n[vieja](media/vieja.txt)\n", b"")
    renamed = lesson.replace(b"key: leccion-2\n", b"key: otra\nformer_keys: [leccion-2]\n")
    course, _version = publish(instance, {**files, "02-parte/01-leccion.es.md": renamed})
    a_learner_in(browser, course)

    assert fetch(browser, address) == 403


def test_a_file_of_a_lesson_that_is_no_more_is_for_those_who_take_part(browser: Browser, instance: Instance) -> None:
    """Nothing is left that could guard it, and old attempts may show it."""
    files = folder(modules=1)
    publish(
        instance,
        {
            **files,
            "01-parte/01-leccion.es.md": files["01-parte/01-leccion.es.md"] + b"\n[vieja](media/v.txt)\n",
            "01-parte/media/v.txt": b"V\n",
        },
    )
    course, _version = publish(
        instance, {**files, "01-parte/01-leccion.es.md": files["01-parte/01-leccion.es.md"].replace(b"leccion-1", b"nueva")}
    )
    digest = hashlib.sha256(b"V\n").hexdigest()
    address = f"/courses/prueba/files/{digest}/v.txt"

    assert fetch(browser, address) == 303
    a_learner_in(browser, course)
    assert fetch(browser, address) == 200


@pytest.mark.parametrize("sha256", ["0" * 64, "x", "..%2f..%2fsecret", "0" * 63])
def test_files_that_are_not_there_do_not_exist(browser: Browser, instance: Instance, sha256: str) -> None:
    """spec/security 3.5."""
    a_course_with_files(instance)

    assert fetch(browser, f"/courses/prueba/files/{sha256}/a.txt") == 404
