"""Chapter 15 of spec/certificates on the pages: each with a plain sentence, without an effect, and never a fault of the server.

Which test shows each item of the chapter stands in `tests/structure/test_certificate_rules.py`.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from certificates.models import Credential, StoredTemplate
from certificates.templates import clean_picture, create_template
from certificates.views import file_verification
from kernel import clock
from kernel.codes import printed_code
from kernel.errors import Invalid
from kernel.permissions import SYSTEM
from kernel.web.limits import limit
from lms.certificate_files import UNREADABLE
from lms.instance import Instance
from tests.support.badges import vector
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, sign_in
from tests.support.certificate_acts import ACTS, CertificateAct, CertificateSituation
from tests.support.certificates import a_certificate, complete, issue
from tests.support.commands import commands_on
from tests.support.scenes import scene
from tests.support.wording import in_spanish

LIST = "/administration/certificate-templates"
HEAD = "format: 1\nkey: diploma\ntitle: {es: Propia, en: Own}\nelements:\n"
QR, CODE = "  - {kind: qr, at: [200, 20], size: 26}\n", "  - {kind: code, at: [200, 60], width: 41}\n"
LINE = "  - {kind: text, text: hola, at: [20, 60], width: 30, size: 4}\n"
TEMPLATES = {
    "unknown key": HEAD + QR + CODE + LINE.replace("width", "widht"),
    "unknown field": HEAD + QR + CODE + LINE.replace("hola", "'{person.email}'"),
    "field in an attribute": HEAD + QR + CODE + LINE.replace("size: 4", "size: 4, colour: '{person.name}'"),
    "outside the page": HEAD + QR + CODE + LINE.replace("[20, 60]", "[280, 60]"),
    "size 0": HEAD + QR + CODE + LINE.replace("size: 4", "size: 0"),
    "size of a million": HEAD + QR + CODE + LINE.replace("size: 4", "size: 1000000"),
    "many elements": HEAD + QR + CODE + "  - {kind: border, inset: 8}\n" * 1_500,
    "picture missing": HEAD + QR + CODE + "  - {kind: image, file: fondo.png, at: [20, 60], size: [30, 30], decorative: true}\n",
    "without the first language": HEAD + QR + CODE + LINE.replace("hola", "{en: hello}"),
    "two codes": HEAD + QR + CODE * 2,
    "no QR": HEAD + CODE,
    "cyclic": HEAD + QR + CODE + "  - &uno [*uno]\n",
    "tabs": HEAD + QR + CODE + "\t- {kind: border, inset: 8}\n",
    "no YAML": "{{{{",
}
"""What a template may not say, each with everything else that it needs."""


@pytest.fixture
@scene
def template(browser: Browser, instance: Instance) -> StoredTemplate:
    """Return a draft of an administrator who is signed in."""
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    with instance.database.unit_of_work() as session:
        return create_template(session, SYSTEM, instance.settings, "diploma", now=clock.now())


def present(instance: Instance, row: StoredTemplate) -> StoredTemplate:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(StoredTemplate, row.id)


def packed(text: str) -> bytes:
    """Return a template's text as the folder that the page imports."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("template.yaml", text, zipfile.ZIP_DEFLATED)
    return target.getvalue()


@pytest.mark.parametrize("what", TEMPLATES)
def test_a_template_that_is_wrong_is_reported_and_never_used(
    browser: Browser, instance: Instance, template: StoredTemplate, what: str
) -> None:
    """spec/certificates 15: kept as a draft with what is wrong at its line; neither drawn nor published, and not imported."""
    page = f"{LIST}/{template.uuid}"
    browser.post(f"{page}/text", {"text": TEMPLATES[what], "revision": str(template.revision)})

    shown, row = browser.get(page), present(instance, template)

    assert in_spanish("What is wrong") in shown.text
    assert in_spanish("Correct the errors first.") in shown.text
    assert browser._request("GET", f"{page}/preview.pdf").status_code == 409
    browser.post(f"{page}/publishing", {"note": "", "revision": str(row.revision)}, status=409)
    sent = {"folder": (io.BytesIO(packed(TEMPLATES[what])), "diploma.zip")}
    browser.post(f"{LIST}/import", sent, status=422, content_type="multipart/form-data")
    after = present(instance, template)
    assert (after.published_number, after.revision) == (None, row.revision)


def test_a_text_of_two_megabytes_is_refused(browser: Browser, instance: Instance, template: StoredTemplate) -> None:
    """spec/certificates 15: as text and as a folder."""
    page, text = f"{LIST}/{template.uuid}", HEAD + QR + CODE + "# " + "x" * 2_000_000
    browser.get(page)

    status = browser._request("POST", f"{page}/text", data={**token(browser), "text": text, "revision": "1"}).status_code
    assert status in (413, 422)
    browser.post(f"{LIST}/import", {"folder": (io.BytesIO(packed(text)), "diploma.zip")}, status=422, content_type="multipart/form-data")
    assert present(instance, template).text == template.text


def token(browser: Browser) -> dict[str, str]:
    return {"csrf_token": dict(browser.page.form("/language").fields)["csrf_token"]}


def a_picture(size: tuple[int, int] = (9, 9), kind: str = "PNG", mode: str = "RGB", frames: int = 1) -> bytes:
    target = io.BytesIO()
    pictures = [Image.new(mode, size, number) for number in range(frames)]
    pictures[0].save(target, kind, **({"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}))
    return target.getvalue()


SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
DAMAGED = "The picture cannot be read: it is damaged, or its content does not match its file extension. Save it again and upload it."
LARGE = "The picture is too large: at most 2 MB and 10 million pixels. Make it smaller and upload it again."
MOVING = "A moving picture cannot be printed. Save one of its pictures and upload that."
KIND = "Pictures of templates are PNG or JPEG."


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("fondo.png", lambda: a_picture(frames=2), MOVING),
        ("fondo.gif", lambda: a_picture(kind="GIF", mode="P", frames=2), KIND),
        ("fondo.png", lambda: a_picture((60_000, 170)), LARGE),
        ("fondo.svg", lambda: SCRIPT, KIND),
        ("fondo.png", lambda: SCRIPT, DAMAGED),
        ("fondo.png", lambda: a_picture()[:40], DAMAGED),
        ("fondo", a_picture, KIND),
        ("fondo.png", lambda: b"", DAMAGED),
    ],
    ids=["moving", "GIF", "60,000 a side", "drawing", "drawing as PNG", "cut", "no kind", "empty"],
)
def test_a_picture_that_cannot_be_printed_is_refused_in_words(
    browser: Browser, instance: Instance, template: StoredTemplate, name: str, make: object, message: str
) -> None:
    """spec/certificates 15, T1."""
    assert callable(make)
    sent = {"picture": (io.BytesIO(make()), name)}

    shown = browser.post(f"{LIST}/{template.uuid}/pictures", sent, content_type="multipart/form-data")

    assert in_spanish(message) in shown.text
    assert present(instance, template).pictures == {}


def test_a_picture_of_more_than_two_megabytes_is_refused() -> None:
    """spec/certificates 15."""
    with pytest.raises(Invalid) as refused:
        clean_picture("fondo.png", a_picture() + b"x" * 2_000_000)

    assert refused.value.text == LARGE


def test_the_colours_of_a_printing_press_become_those_of_a_screen(browser: Browser, instance: Instance, template: StoredTemplate) -> None:
    """spec/certificates 15: a picture in CMYK is taken, and the name that it is sent with is one of a file, without a folder."""
    sent = {"picture": (io.BytesIO(a_picture(kind="JPEG", mode="CMYK")), "../../fondo.jpg")}

    browser.post(f"{LIST}/{template.uuid}/pictures", sent, content_type="multipart/form-data")

    assert list(present(instance, template).pictures) == ["fondo.jpg"]


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("valid", "0", ""),
        ("valid", "0 days", ""),
        ("valid", "-1 month", ""),
        ("valid", "1.7 months", "18 meses"),
        ("valid", "mucho", "24 meses"),
        ("renew", "25 months", ""),
    ],
)
def test_a_course_with_another_validity_is_refused_beside_the_field(
    browser: Browser, instance: Instance, template: StoredTemplate, field: str, typed: str, words: str
) -> None:
    """spec/certificates 15: by the form of the course, with an example in its reader's language, and nothing is written."""
    a_course(instance, modules=1)
    browser.get("/teaching/prueba/settings")
    valid = {} if field == "valid" else {"certificate__valid": "24 months"}

    page = browser.submit("/settings", {**valid, f"certificate__{field}": typed}, status=422)

    assert f'id="certificate__{field}-error"' in page.html
    assert words in page.text
    assert dict(page.form("/settings").fields)[f"certificate__{field}"] == typed


@pytest.mark.parametrize(
    ("field", "typed", "shown"), [("valid", "1.5 years", "18 meses"), ("valid", "24 meses", "24 meses"), ("renew", "2 meses", "2 meses")]
)
def test_a_period_that_is_meant_is_taken(
    browser: Browser, instance: Instance, template: StoredTemplate, field: str, typed: str, shown: str
) -> None:
    """A period is typed as people write it, in their language (spec/content-format)."""
    a_course(instance, modules=1)
    browser.get("/teaching/prueba/settings")
    valid = {} if field == "valid" else {"certificate__valid": "24 months"}

    page = browser.submit("/settings", {**valid, f"certificate__{field}": typed})

    assert dict(page.form("/settings").fields)[f"certificate__{field}"] == shown


@pytest.fixture
@scene
def situation(instance: Instance) -> CertificateSituation:
    """Return what Ana holds."""
    holder = complete(instance, a_course(instance, modules=1))
    row = issue(instance)
    an_administrator(instance)
    assert holder.person_uuid is not None
    return CertificateSituation(instance, holder.person_uuid, row.uuid)


WITH_WORDS = [act for act in ACTS if set(act.values) & {"reason", "words", "note"}]


def certificates(instance: Instance) -> list[tuple[object, ...]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(Credential).order_by(Credential.id))
        return [(row.id, row.revoked_at, row.replaced_at, row.replaced_by_id) for row in rows]


@pytest.mark.parametrize("act", WITH_WORDS, ids=[act.endpoint for act in WITH_WORDS])
def test_an_act_asks_for_words_of_a_usual_length(
    browser: Browser, instance: Instance, situation: CertificateSituation, act: CertificateAct
) -> None:
    """spec/certificates 15: spaces alone and ten kilobytes are refused beside the field; marks of HTML are words like others."""
    act.before(situation)
    visitor = sign_in(browser, "ana@example.org" if act.by_holder else "admin@example.org")
    [name] = set(act.values) & {"reason", "words", "note"}
    before = certificates(instance)

    for words in ("   \t ", "\u00a0\u200b", "x" * 10_000):
        form = visitor.get(act.page.format(credential=situation.credential, person=situation.person)).form(act.action)
        page = visitor.submit(act.action, {**act.values, name: words}, button=act.button, form=form, status=422)
        assert 'aria-invalid="true"' in page.html
    assert certificates(instance) == before

    form = visitor.get(act.page.format(credential=situation.credential, person=situation.person)).form(act.action)
    visitor.submit(act.action, {**act.values, name: "<script>alert(1)</script> {{ 7*7 }}"}, button=act.button, form=form)
    browser.deliver_jobs()
    for path in (f"/certificates/{situation.credential}", "/administration/certificates/reviews"):
        shown = sign_in(browser.another(), "admin@example.org").get(path)
        assert "<script>alert" not in shown.html
        assert "49" not in shown.text.partition("{{")[2][:8]


A_REQUEST = 450_000
"""Bytes that the client of the tests keeps in memory; the command is given all of them."""
NO_CERTIFICATE: Mapping[str, bytes] = {
    "empty": b"",
    "one byte": b"x",
    "zeros": bytes(2_000_000),
    "encrypted PDF": b"%PDF-2.0\n1 0 obj <<>> endobj\ntrailer <</Encrypt 5 0 R>>\nstartxref\n9\n%%EOF",
    "PDF 2.0 without a certificate, saved again": b"%PDF-2.0\n1 0 obj <</Linearized 1>> endobj\nstartxref\n9\n%%EOF",
    "deep JSON": b"[" * 10_000,
    "deep object": b'{"a":' * 10_000,
    "BOM": b"\xef\xbb\xbf" + vector("credential.json"),
    "UTF-16": vector("credential.json").decode().encode("utf-16"),
}


@pytest.fixture
def any_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a visitor have many files judged."""
    monkeypatch.setattr(file_verification, "FILES", limit("verify_files", "1000 per minute"))


def judged(browser: Browser, name: str, content: bytes) -> str:
    browser.get("/verify")
    return browser.post("/verify", data={"files": [(io.BytesIO(content), name)]}, status=200).text


@pytest.mark.usefixtures("any_rate")
@pytest.mark.slow
def test_what_is_no_certificate_is_called_unreadable_and_not_altered(browser: Browser, instance: Instance, tmp_path: Path) -> None:
    """spec/certificates 15: on the page, which reads files in a confined process."""
    found = {
        what: in_spanish("It cannot be read") in judged(browser, "a", content[:A_REQUEST])
        for what, content in NO_CERTIFICATE.items()
        if content
    }

    assert found == dict.fromkeys([what for what, content in NO_CERTIFICATE.items() if content], True)
    browser.get("/verify")
    browser.post("/verify", data={"files": [(io.BytesIO(b""), "empty.pdf")]}, status=200)


def test_the_command_calls_them_unreadable_too(
    instance: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """spec/certificates 15, V1: 64."""
    monkeypatch.setenv("LMS_PUBLIC_URL", instance.settings.public_url or "http://localhost")
    lms, found = commands_on(instance.settings, monkeypatch, capsys), {}
    for what, content in NO_CERTIFICATE.items():
        path = tmp_path / "file"
        path.write_bytes(content)
        found[what] = lms("certificates", "verify", path).code

    assert found == dict.fromkeys(NO_CERTIFICATE, UNREADABLE)


@pytest.mark.usefixtures("any_rate")
@pytest.mark.slow
def test_a_badge_of_ours_that_was_wrapped_or_doubled(browser: Browser, instance: Instance) -> None:
    """spec/certificates 15: line breaks in a JWT are taken, as mail programs make them; a key that stands twice is altered."""
    code = printed_code(a_certificate(instance).code)
    document, token = (browser._request("GET", f"/v/{code}.{form}").get_data() for form in ("json", "jwt"))
    wrapped = b"\r\n".join(token[start : start + 76] for start in range(0, len(token), 76))
    first = json.dumps(next(iter(json.loads(document)))).encode()

    assert in_spanish("Genuine and in force") in judged(browser, "a.jwt", wrapped)
    assert in_spanish("Genuine and in force") in judged(browser, "a.json", document)
    assert in_spanish("Altered or not issued here") in judged(browser, "a.json", document.replace(b"{", b"{" + first + b': "x", ', 1))


def test_a_code_is_read_as_people_write_it(browser: Browser, instance: Instance) -> None:
    """spec/certificates 15: O for 0, small letters, spaces; digits of another script are refused in words."""
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        session.get_one(Credential, row.id).code = "0000111122223333"
    shown = "/verify/0000-1111-2222-3333"

    for typed in ("0000-1111-2222-3333", "OOOO iiii 2222-3333", "oO0o-IL1l-2222-3333", "0000–1111–2222–3333"):
        browser._request("GET", "/verify", query_string={"code": typed})
        assert browser.response.headers.get("Location", "").endswith(shown), typed
    for typed in ("٠٠٠٠-١١١١-٢٢٢٢-٣٣٣٣", "0000-1111-2222-333", "0000-1111-2222-33333", "<script>", "x" * 10_000, "\u202e0000"):
        browser._request("GET", "/verify", query_string={"code": typed})
        assert browser.response.status_code == 422, typed
        assert in_spanish("This is not a valid certificate code.") in browser.response.get_data(as_text=True)
        assert browser._request("GET", f"/verify/{typed}").status_code == 404
