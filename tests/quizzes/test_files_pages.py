"""Essays and files over HTTP: sent with plain forms, kept across pages, fetched by their learner and the course's graders only."""

import hashlib
import re
import zlib
from io import BytesIO, RawIOBase

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course, StaffRole
from kernel.files import StoredFile
from lms.instance import Instance
from quizzes.models import AnswerFile
from tests.support.access import a_cast
from tests.support.attempts import begin, stored
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, an_administrator, sign_in
from tests.support.quizzes import a_quiz_asking
from tests.support.uploads import PDF, UPLOADS, sending
from tests.support.wording import in_spanish


@pytest.fixture
def course(instance: Instance) -> Course:
    """Publish a quiz with a file and a text."""
    return a_quiz_asking(instance, UPLOADS, "attempts: 0\nper_page: 1\n", ("archivo-1", "ensayo-1"))


def test_a_file_is_kept_across_pages_and_fetched_as_it_was_sent(browser: Browser, course: Course, instance: Instance) -> None:
    """The answer names it; going on and back changes nothing; the review shows it."""
    a_learner_in(browser, course)
    path = begin(browser)
    sending(browser, ("../mi informe.pdf", PDF))
    browser.submit("/answers", button=("go", "next"))
    page = browser.get(path)
    address = next(href for href, _words in page.links if "/files/" in href)
    fetched = browser._request("GET", address)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")
    review = browser.page.text

    assert "mi informe.pdf" in page.text
    assert (fetched.get_data(), fetched.mimetype) == (PDF, "application/pdf")
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in fetched.headers["Content-Security-Policy"]
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["Cache-Control"] == "no-store"
    assert len(stored(instance)) == 1
    assert "mi informe.pdf" in review
    assert in_spanish("Submitted: not yet graded") in review


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("informe.exe", b"MZ", "su tipo no está entre los que se aceptan"),
        ("dibujo.svg", b"<svg/>", "su tipo no está entre los que se aceptan"),
        ("sin-extension", PDF, "su tipo no está entre los que se aceptan"),
        ("informe.pdf", b"<html>", "su contenido no es lo que dice su nombre"),
        ("informe.pdf", b"", "está vacío"),
        ("informe.pdf", PDF + b" " * 1_000_001, "pesa más de 1 MB"),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(
    browser: Browser, course: Course, instance: Instance, name: str, content: bytes, said: str
) -> None:
    """spec/security 4.3: extension and content, size; nothing is kept, and what was there stays."""
    a_learner_in(browser, course)
    begin(browser)
    sending(browser, ("bueno.pdf", PDF))

    page = sending(browser, (name, content))

    assert said in page.text
    assert "bueno.pdf" in page.text
    assert _files(instance) == ["bueno.pdf"]


def a_photo(size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a photograph that says where it was taken, lying on its side."""
    exif, target = Image.Exif(), BytesIO()
    exif[0x010E], exif[0x0112] = "Quito, en casa", 6
    Image.new("RGB", size, (10, 90, 120)).save(target, "JPEG", exif=exif)
    return target.getvalue()


def test_a_picture_is_kept_upright_and_without_where_it_was_taken(browser: Browser, instance: Instance) -> None:
    """spec/security 4.3, as media of a course."""
    course = a_quiz_asking(instance, UPLOADS, "attempts: 0\nper_page: 1\n", ("ensayo-1",))
    a_learner_in(browser, course)
    begin(browser)
    assert b"Quito" in a_photo()

    page = sending(browser, ("foto.jpg", a_photo()))
    again = sending(browser, ("foto.jpg", a_photo()))

    assert _files(instance) == ["foto.jpg"]
    assert "foto.jpg" in again.text
    address = re.search(r'href="(/attempts/[^"]+/files/[^"]+)"', page.html)
    assert address
    browser._request("GET", address[1])
    assert b"Quito" not in browser.response.data
    with Image.open(BytesIO(browser.response.data)) as kept:
        assert kept.size == (30, 40)


@pytest.mark.parametrize("fault", ["cut", "huge"])
def test_a_picture_that_is_broken_or_too_large_is_not_taken(browser: Browser, instance: Instance, fault: str) -> None:
    course = a_quiz_asking(instance, UPLOADS, "attempts: 0\nper_page: 1\n", ("ensayo-1",))
    a_learner_in(browser, course)
    begin(browser)
    whole = BytesIO()
    Image.effect_noise((40, 30), 50).save(whole, "PNG")
    content = whole.getvalue()
    if fault == "cut":
        content = content[: len(content) // 2]
    else:
        head = content[12:16] + (60_000).to_bytes(4, "big") * 2 + content[24:29]
        content = content[:12] + head + zlib.crc32(head).to_bytes(4, "big") + content[33:]

    page = sending(browser, ("foto.png", content))

    assert (
        in_spanish(
            "The file was not uploaded because the image is damaged or has more than 40 million pixels."
            " Save it again at a smaller size and upload it."
        )
        in page.text
    )
    assert _files(instance) == []


def _files(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AnswerFile.name).order_by(AnswerFile.id)))


def test_files_are_counted_sent_once_and_taken_away(browser: Browser, course: Course, instance: Instance) -> None:
    """A page that is sent twice hands nothing in twice; a third file finds no room until one is taken away."""
    a_learner_in(browser, course)
    begin(browser)
    form = browser.page
    sending(browser, ("uno.pdf", PDF))
    browser.page = form
    sending(browser, ("uno.pdf", PDF))
    twice = _files(instance)
    browser.get(browser.path)
    full = sending(browser, ("dos.txt", b"dos"), ("tres.txt", b"tres"))
    drop = next(value for name, value in full.form("/answers").buttons if name == "drop")
    browser.submit("/answers", button=("drop", drop))
    after = sending(browser, ("tres.txt", b"tres"))

    assert twice == ["uno.pdf"]
    assert "no cabe otro" in full.text
    assert ("uno.pdf" in after.text, "dos.txt" in after.text, "tres.txt" in after.text) == (False, True, True)


@pytest.mark.settings(quota_person_mb=1)
def test_a_person_has_so_much_room_in_a_course(browser: Browser, course: Course, instance: Instance) -> None:
    """spec/security 4.3: the quota is a setting; what is taken away makes room."""
    a_learner_in(browser, course)
    begin(browser)
    sending(browser, ("uno.txt", b"u" * 600_000))
    full = sending(browser, ("dos.txt", b"d" * 600_000))
    drop = next(value for name, value in full.form("/answers").buttons if name == "drop")
    browser.submit("/answers", button=("drop", drop))
    after = sending(browser, ("dos.txt", b"d" * 600_000))

    assert (
        in_spanish(
            "The file was not uploaded because you have used all your file space in this course. Upload a smaller file or remove one."
        )
        in full.text
    )
    assert "dos.txt" not in full.text
    assert "dos.txt" in after.text


@pytest.mark.settings(quota_person_mb=1)
def test_what_is_sent_and_taken_away_again_and_again_fills_no_disk(browser: Browser, course: Course, instance: Instance) -> None:
    """spec/security 4.3: what an answer had stays in its record, so that it makes room only so often."""
    a_learner_in(browser, course)
    begin(browser)
    pages = []
    for sign in b"abcdefgh":
        pages.append(sending(browser, ("uno.txt", bytes([sign]) * 900_000)))
        for drop in [value for name, value in pages[-1].form("/answers").buttons if name == "drop"]:
            browser.submit("/answers", button=("drop", drop))

    assert [
        in_spanish(
            "The file was not uploaded because you have used all your file space in this course. Upload a smaller file or remove one."
        )
        in page.text
        for page in pages
    ] == [False] * 5 + [True] * 3


def test_the_same_content_is_kept_once(browser: Browser, course: Course, instance: Instance) -> None:
    """Two names of one content are two files of the answer and one on the disk."""
    a_learner_in(browser, course)
    begin(browser)
    sending(browser, ("uno.pdf", PDF), ("dos.pdf", PDF))

    assert _files(instance) == ["uno.pdf", "dos.pdf"]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(StoredFile).where(StoredFile.size == len(PDF))) == 1


def test_a_file_is_for_its_learner_and_the_graders_of_its_course(browser: Browser, course: Course, instance: Instance) -> None:
    """Access matrix, attempt.view: of another learner for graders, instructors of this course and administrators; others: not there."""
    a_learner_in(browser, course)
    begin(browser)
    page = sending(browser, ("uno.pdf", PDF))
    address = next(href for href, _words in page.links if "/files/" in href)
    other = a_course(instance, "otro", modules=1)
    a_teacher(instance, course, "grader@example.org", StaffRole.GRADER)
    a_teacher(instance, course, "editor@example.org")
    a_teacher(instance, other, "stranger@example.org")
    an_administrator(instance)
    a_person(instance, "eva@example.org")
    found = {}
    for who in ("grader", "editor", "admin", "stranger", "eva"):
        visitor = sign_in(browser.another(), f"{who}@example.org")
        found[who] = visitor._request("GET", address).status_code
    anonymous = browser.another()._request("GET", address).status_code
    elsewhere = browser._request("GET", address[:-12] + "000000000000").status_code

    assert found == {"grader": 200, "editor": 200, "admin": 200, "stranger": 404, "eva": 404}
    assert (anonymous, elsewhere) == (303, 404)


def test_the_file_of_another_question_or_person_cannot_be_named(browser: Browser, course: Course, instance: Instance) -> None:
    """spec/security 1.5: a forged name in the form is not shown as a file of the answer."""
    a_learner_in(browser, course)
    begin(browser)
    sending(browser, ("uno.pdf", PDF))
    with instance.database.unit_of_work(write=False) as session:
        name = session.scalars(select(AnswerFile.uuid)).one()
    other = browser.another()
    a_learner_in(other, course, "eva@example.org")
    path = begin(other)
    other.submit("/answers", {"p1-files": [str(name)]}, button=("go", "save"))

    assert "uno.pdf" not in other.get(path).text


def test_an_essay_says_how_long_and_counts_its_words(browser: Browser, course: Course) -> None:
    """spec/content-format 8: word limits advise; the outline is shown; the model answer is not, until it may be."""
    a_learner_in(browser, course)
    path = begin(browser)
    browser.submit("/answers", button=("go", "next"))
    browser.submit("/answers", {"p2": "Uno dos tres.\n\nCuatro."}, button=("go", "save"))
    page = browser.get(f"{path}?page=2")
    browser.submit("/answers", button=("go", "review"))
    told = [page.html, browser.page.html, browser.submit("/submission").html]

    assert in_spanish("Aim for between %(minimum)s and %(maximum)s words.", minimum="2", maximum="5") in page.text
    assert in_spanish("%(count)s word", 4) in page.text
    assert "Empiece por el porqué." in page.text
    assert "Uno dos tres.\n\nCuatro." in told[2]
    assert [text for text in told if "UN-MODELO" in text] == []


def test_a_body_that_is_too_large_is_refused(browser: Browser, course: Course, instance: Instance) -> None:
    """spec/security 3.5: pages with files have a limit of their own; other routes keep theirs."""
    a_learner_in(browser, course)
    begin(browser)
    large = b"x" * 1_100_000
    sending(browser, ("uno.txt", large), status=200)
    token = dict(browser.page.form("/answers").fields)["csrf_token"]
    refused = browser._request("POST", "/language", data={"csrf_token": token, "language": "en", "x": large.decode()})

    assert "pesa más de 1 MB" in browser.page.text
    assert refused.status_code == 413


def alone(
    browser: Browser, path: str, name: str, content: bytes, *, place: int = 1, named: tuple[str, ...] = ()
) -> tuple[int, dict[str, object]]:
    """Send one file on its own, as the page's script does; return status and answer."""
    token = dict(browser.page.form("/answers").fields)["csrf_token"]
    data = {"csrf_token": token, "place": str(place), "named": list(named), "upload": (BytesIO(content), name)}
    headers = {"Accept": "application/json"}
    response = browser._request("POST", f"{path}/files", data=data, content_type="multipart/form-data", headers=headers)
    response.request.environ["wsgi.input"].close()
    return response.status_code, response.get_json()


def test_a_file_sent_alone_is_kept_for_the_next_answer_to_name(browser: Browser, course: Course, instance: Instance) -> None:
    """spec/quiz-engine 5.4: it is no answer itself; the same one twice is kept once; what does not fit is told;
    no more than the question takes.
    """
    a_learner_in(browser, course)
    path = begin(browser)
    status, told = alone(browser, path, "uno.pdf", PDF)
    again = alone(browser, path, "uno.pdf", PDF)
    uuid = re.search(r'value="([0-9a-f-]{36})"', str(told["html"]))[1]  # type: ignore[index]  # the field of its name
    refused = alone(browser, path, "uno.exe", PDF)
    second = alone(browser, path, "dos.txt", b"dos", named=(uuid,))
    names = re.findall(r'name="p1-files"\s+value="([0-9a-f-]{36})"', f"{told['html']} {second[1]['html']}")
    third = alone(browser, path, "tres.txt", b"tres", named=tuple(names))

    assert (status, again[1]["html"]) == (200, told["html"])
    assert (told["full"], second[1]["full"]) == (False, True)
    assert refused[0] == 422
    assert "su tipo no está entre los que se aceptan" in str(refused[1]["problem"])
    assert third == (
        422,
        {"problem": in_spanish("The file was not uploaded because you have reached the maximum number of files. Remove one first.")},
    )
    assert _files(instance) == ["uno.pdf", "dos.txt"]
    assert stored(instance) == []


def test_a_file_sent_alone_comes_too_late_to_others_attempts_and_to_questions_without_files(
    browser: Browser, course: Course, instance: Instance
) -> None:
    """spec/security 9: only the learner, only while the attempt takes answers, only where files are asked for."""
    a_learner_in(browser, course)
    path = begin(browser)
    other = browser.another()
    a_learner_in(other, course, "eva@example.org")
    begin(other)
    foreign = alone(other, path, "uno.pdf", PDF)[0]
    nowhere = alone(browser, path, "uno.pdf", PDF, place=99)[0]
    page = browser.page
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")
    browser.page = page

    assert (foreign, nowhere, alone(browser, path, "uno.pdf", PDF)[0]) == (404, 404, 409)
    assert _files(instance) == []


@pytest.mark.parametrize("alone_", [True, False])
def test_what_finds_no_place_leaves_nothing_on_the_disk(browser: Browser, course: Course, app: Flask, *, alone_: bool) -> None:
    """spec/security 4.3: neither beyond what the question takes, nor several at once, nor after handing in;
    the same file again is no other.
    """
    a_learner_in(browser, course)
    path = begin(browser)
    sending(browser, ("uno.pdf", PDF), ("dos.txt", b"dos"), ("tres.txt", b"tres"))
    full = browser.page
    names = tuple(re.findall(r'name="p1-files" value="([0-9a-f-]{36})"', full.html))
    before = sorted(app.extensions["files"].names())
    if alone_:
        answers = [alone(browser, path, "cuatro.txt", b"cuatro", named=names)[0], alone(browser, path, "uno.pdf", PDF, named=names)[0]]
    else:
        answers = [_sent(browser, "cuatro.txt", b"cuatro"), _sent(browser, "uno.pdf", PDF)]
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")
    browser.page = full
    answers += [alone(browser, path, "cinco.txt", b"cinco")[0] if alone_ else _sent(browser, "cinco.txt", b"cinco", status=409)]

    assert len(before) == len(names) == 2
    assert answers == [422, 200, 409]
    assert sorted(app.extensions["files"].names()) == before


def _sent(browser: Browser, name: str, content: bytes, *, status: int = 200) -> int:
    """Send a file with its page; return what the page's script would be answered."""
    page = sending(browser, (name, content), status=status)
    return 422 if "no cabe otro" in page.text else browser.response.status_code


@pytest.mark.settings(quota_person_mb=1)
def test_files_of_one_form_share_the_room_that_is_left(browser: Browser, course: Course, app: Flask, instance: Instance) -> None:
    """spec/security 4.3: what has no room beside the others of its form is not on the disk either."""
    a_learner_in(browser, course)
    begin(browser)
    page = sending(browser, ("uno.txt", b"u" * 600_000), ("dos.txt", b"d" * 600_000))

    assert (
        in_spanish(
            "The file was not uploaded because you have used all your file space in this course. Upload a smaller file or remove one."
        )
        in page.text
    )
    assert _files(instance) == ["uno.txt"]
    assert len(list(app.extensions["files"].names())) == 1


def test_the_same_file_twice_in_one_form_is_one(browser: Browser, course: Course, instance: Instance) -> None:
    a_learner_in(browser, course)
    begin(browser)
    page = sending(browser, ("uno.pdf", PDF), ("uno.pdf", PDF), ("dos.txt", b"dos"))

    assert "no cabe otro" not in page.text
    assert _files(instance) == ["uno.pdf", "dos.txt"]


@pytest.mark.slow
def test_nobody_sends_files_without_end(browser: Browser, course: Course, instance: Instance) -> None:
    """spec/security 4.3: far more than an examination on a bad line needs; what is refused is sent again later."""
    a_learner_in(browser, course)
    path = begin(browser)
    statuses = [alone(browser, path, "uno.exe", b"MZ")[0] for _time in range(121)]

    assert statuses == [422] * 120 + [429]
    assert _files(instance) == []


@pytest.mark.parametrize("alone_", [True, False])
def test_a_files_content_is_on_the_disk_before_anything_is_locked(
    browser: Browser, course: Course, instance: Instance, app: Flask, *, alone_: bool
) -> None:
    """Nobody waits for a large file: when the writing transaction begins, its content is kept already."""
    a_learner_in(browser, course)
    path, seen = begin(browser), list[bool]()
    sha256 = hashlib.sha256(PDF).hexdigest()
    begin_ = instance.database.begin

    def noted(*, write: bool, optimistic: bool = False) -> Session:
        if write:
            seen.append(app.extensions["files"].path(sha256).is_file())
        return begin_(write=write, optimistic=optimistic)

    object.__setattr__(instance.database, "begin", noted)
    alone(browser, path, "uno.pdf", PDF) if alone_ else sending(browser, ("uno.pdf", PDF))
    object.__setattr__(instance.database, "begin", begin_)

    assert seen
    assert all(seen)


@pytest.mark.parametrize("where", ["files", "answers"])
def test_others_write_while_a_file_is_on_its_way(browser: Browser, course: Course, instance: Instance, app: Flask, where: str) -> None:
    """The body is read before the transaction: a line that stands still in the middle of a file locks nothing."""
    a_learner_in(browser, course)
    path = begin(browser)
    fields = dict(browser.page.form("/answers").fields) | {"place": "1", "at": "1"}
    name = "upload" if where == "files" else "p1-upload"
    parts = [f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="uno.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + PDF + b" " * 700_000 + b"\r\n--b--\r\n"
    written: list[int] = []

    class Slow(RawIOBase):
        """A line on which somebody else writes while the file comes in."""

        rest = body

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            if len(self.rest) < 300_000 and not written:
                with instance.database.unit_of_work() as session:  # an error where the request held the lock
                    session.execute(update(Person).values(given_names="Otra"))
                    written.append(1)
            view = memoryview(buffer)[:65_536]  # type: ignore[arg-type]  # a buffer
            taken, self.rest = self.rest[: len(view)], self.rest[len(view) :]
            view[: len(taken)] = taken
            return len(taken)

    browser.checks = False  # the other one's change stands among those of the request
    environ = {"wsgi.input": Slow(), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "multipart/form-data; boundary=b"}
    response = browser._request("POST", f"{path}/{where}", environ_overrides=environ)

    assert written
    assert response.status_code in (200, 303)
    assert _files(instance) == ["uno.pdf"]


def test_every_cell_of_fetching_a_file_of_an_answer(browser: Browser, course: Course, instance: Instance) -> None:
    """Access, attempt.file: the course's team besides the learner; to all others there is no such file."""
    cast = a_cast(browser, instance)
    cast.join(course)
    a_learner_in(browser, course)
    path = begin(browser)
    sending(browser, ("informe.pdf", PDF))
    address = next(href for href, _words in browser.get(path).links if "/files/" in href)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    assert cast.check("attempt.file", "of_another_learner", cast.outcomes(address)) == []
