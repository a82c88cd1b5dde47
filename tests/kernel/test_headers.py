"""Headers on every answer, and static files (spec/security 3.4)."""

import gzip
import re
from pathlib import Path
from urllib.parse import quote

import brotli
import pytest
from flask import Flask, Response
from sqlalchemy import event
from werkzeug.test import TestResponse

from kernel.errors import NotFound
from kernel.paths import STATIC
from kernel.web.assets import Assets
from kernel.web.headers import vary_by
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, sign_in
from tests.support.shared import attacks, needs_shared

SITE = "https://localhost"


def ask(app: Flask, path: str, method: str = "GET", **headers: str) -> TestResponse:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    response = app.test_client().open(path, method=method, base_url=SITE, headers=names)
    response.get_data()
    response.close()
    return response


def style_sheet(app: Flask) -> str:
    return str(app.jinja_env.globals["static_url"]("css/aulario.css"))  # type: ignore[operator]  # a function


ANSWERS = [
    ("GET", "/", 200),
    ("HEAD", "/", 200),
    ("OPTIONS", "/sign-in", 200),
    ("GET", "/nowhere", 404),
    ("GET", "/profile", 303),
    ("POST", "/sign-in", 400),
    ("POST", "/courses", 405),
    ("GET", "/health/live", 200),
    ("GET", "/robots.txt", 200),
    ("GET", "STYLE", 200),
    ("GET", "/static/nothing.css", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_carries_the_headers(app: Flask, method: str, path: str, status: int) -> None:
    response = ask(app, style_sheet(app) if path == "STYLE" else path, method)

    assert response.status_code == status
    policy = response.headers["Content-Security-Policy"]
    for part in (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ):
        assert part in policy.split("; ")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Server" not in response.headers
    for name in set(response.headers.keys()) - {"Set-Cookie"}:
        assert len(response.headers.getlist(name)) == 1, f"{name} stands twice"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-up", "/profile", "/profile/devices", "/learning", "/administration", "/", "/help"])
def test_account_pages_are_not_kept(browser: Browser, instance: Instance, path: str) -> None:
    a_person(instance)
    sign_in(browser)
    browser._request("GET", path)

    assert browser.response.headers["Cache-Control"] == "no-store"
    assert "Cookie" in browser.response.headers["Vary"]


def test_a_course_page_may_be_kept_and_asked_for_again(browser: Browser, instance: Instance) -> None:
    """spec/security 3.4: `private, no-cache` with an `ETag` and `Vary: Cookie`; the tag depends on the session."""
    course = a_course(instance)
    a_person(instance)
    browser.get("/")  # the cookie with the form token comes with the first page
    browser.get(f"/courses/{course.slug}")
    assert browser.response.headers["Cache-Control"] == "private, no-cache"
    tag = browser.response.headers["ETag"]
    again = browser._request("GET", f"/courses/{course.slug}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    weakened = browser._request(
        "GET", f"/courses/{course.slug}", headers={"If-None-Match": f"W/{tag}"}
    )  # as a proxy that compresses writes it
    assert weakened.status_code == 304
    assert again.headers["Content-Security-Policy"]
    assert "Cookie" in again.headers["Vary"]
    sign_in(browser)

    signed_in = browser._request("GET", f"/courses/{course.slug}", headers={"If-None-Match": tag})
    assert signed_in.status_code == 200


def test_vary_names_each_reason_once(app: Flask) -> None:
    response = ask(app, "/sign-in", Accept_Encoding="gzip")

    assert sorted(response.vary.to_header().replace(" ", "").split(",")) == ["Accept-Encoding", "Cookie"]
    assert response.headers["Content-Encoding"] == "gzip"
    assert b"</html>" in gzip.decompress(response.data)


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, br", "gzip"), ("gzip;q=0", None), ("identity", None), ("", None), ("deflate", None)]
)
def test_a_page_is_compressed_for_those_who_can_read_it(app: Flask, accepted: str, encoding: str | None) -> None:
    response = ask(app, "/", Accept_Encoding=accepted)

    assert response.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("", None), ("brotli-like", None)]
)
def test_a_style_sheet_comes_compressed_and_for_ever(app: Flask, accepted: str, encoding: str | None) -> None:
    response = ask(app, style_sheet(app), Accept_Encoding=accepted)
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]

    assert response.headers.get("Content-Encoding") == encoding
    assert b"{" in unpack(response.data)
    assert response.mimetype == "text/css"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in response.headers


def test_static_files_ask_the_database_nothing_and_know_nobody(browser: Browser, instance: Instance, app: Flask) -> None:
    a_person(instance)
    sign_in(browser)
    counter = every_statement(instance.database)
    begun: list[object] = []
    event.listen(instance.database.reading, "begin", begun.append)
    response = browser._request("GET", style_sheet(app))

    assert response.status_code == 200
    assert counter.statements == []
    assert begun == []
    assert "Cookie" not in response.headers["Vary"]
    assert browser._request("GET", style_sheet(app), headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of static files."""
    place = tmp_path / "static"
    files = {
        "css/a.css": '@font-face{src:url("../fonts/f.woff2")} i{background:url(../img/p.svg)}',
        "fonts/f.woff2": "font",
        "img/p.svg": "<svg/>",
        "js/m.js": "export {}",
        "LICENCE": "free",
    }
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    return place


@pytest.mark.slow
@pytest.mark.shared
@needs_shared
def test_no_known_way_out_of_a_folder_gives_a_file(browser: Browser, instance: Instance) -> None:
    """spec/security 3.5, 4.3: as it is listed, and with its signs escaped, under static files and under those of a course."""
    course = a_course(instance, modules=1)
    browser.checks = False
    found = {}
    ways = attacks("directory_traversal.txt")
    for way in ways:
        for sent in (way, quote(way, safe="")):
            for place in ("/static/", f"/courses/{course.slug}/files/", f"/courses/{course.slug}/files/{'0' * 64}/"):
                response = browser.client.get(place + sent, base_url="https://localhost")
                text = response.get_data(as_text=True)
                response.close()
                if response.status_code not in (302, 303, 308, 400, 404) or "root:" in text or "[boot loader]" in text:
                    found[place + sent] = response.status_code

    assert len(ways) > 100
    assert found == {}


def test_the_address_of_a_static_file_follows_its_content(folder: Path) -> None:
    before = Assets(folder).url("js/m.js")
    (folder / "js/m.js").write_text("export { a }")
    after = Assets(folder)

    assert re.fullmatch(r"/static/js/m\.[0-9a-f]{12}\.js", before)
    assert after.url("js/m.js") != before
    with pytest.raises(NotFound):
        after.find(before.removeprefix("/static/"))
    with pytest.raises(NotFound):
        after.find("js/m.js")
    with pytest.raises(NotFound):
        after.find("../accounts/views/signing.py")
    with pytest.raises(KeyError):
        after.url("js/typing-error.js")


def test_style_sheets_point_to_the_addresses_of_their_fonts_and_pictures(folder: Path) -> None:
    found = Assets(folder)
    text = found.find(found.url("css/a.css").removeprefix("/static/")).content.decode()

    assert found.url("fonts/f.woff2").removeprefix("/static/fonts/") in text
    assert found.url("img/p.svg").removeprefix("/static/img/") in text
    assert "../fonts/f.woff2" not in text
    sheet = found.url("css/a.css")
    (folder / "fonts/f.woff2").write_text("another font")
    assert Assets(folder).url("css/a.css") != sheet


def test_every_address_in_the_products_style_sheets_exists(app: Flask) -> None:
    names = [path.relative_to(STATIC).as_posix() for path in sorted(STATIC.rglob("*.css"))]
    assert "css/aulario.css" in names
    for name in names:
        content = ask(app, str(app.jinja_env.globals["static_url"](name))).text  # type: ignore[operator]  # a function
        for address in re.findall(r"url\(\"?\.\./([^)\"]+)\"?\)", content):
            assert ask(app, f"/static/{address}").status_code == 200, f"{name}: {address}"


def test_a_static_file_without_a_suffix_has_an_address_too(folder: Path) -> None:
    assert re.fullmatch(r"/static/LICENCE\.[0-9a-f]{12}", Assets(folder).url("LICENCE"))


HEADS = [
    "/",
    "/sign-in",
    "/sign-up",
    "/password/forgotten",
    "/courses",
    "/help",
    "/verify",
    "/health/ready",
    "/learning",
    "/profile",
    "/profile/password",
]


@pytest.mark.parametrize("path", HEADS)
def test_a_head_is_a_get_without_its_body(browser: Browser, instance: Instance, path: str) -> None:
    a_person(instance)
    sign_in(browser)
    got = browser._request("GET", path)
    length = got.headers.get("Content-Length")
    head = browser._request("HEAD", path)

    assert head.status_code == got.status_code
    assert head.data == b""
    assert head.headers.get("Content-Type") == got.headers.get("Content-Type")
    assert abs(int(head.headers.get("Content-Length", 0)) - int(length or 0)) < 200  # form tokens differ in length


@pytest.mark.parametrize("path", ["/confirm/none", "/password/reset/none"])
def test_pages_with_a_secret_in_their_address_tell_it_nobody(app: Flask, path: str) -> None:
    """spec/security 2.5."""
    response = ask(app, path)

    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert len(response.headers.getlist("Referrer-Policy")) == 1


def test_each_header_that_an_answer_depends_on_is_named_once() -> None:
    response = Response()
    for name in ("Cookie", "Accept-Encoding", "cookie", "Accept-Encoding", "Accept"):
        vary_by(response, name)

    assert response.headers.getlist("Vary") == ["Cookie, Accept-Encoding, Accept"]
