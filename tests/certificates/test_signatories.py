"""Who signs for the institution: settings, kept with each certificate as it was issued, printed on the sheet and on the page."""

from io import BytesIO
from pathlib import Path

import pypdfium2
import pypdfium2.raw
import pytest
from PIL import Image, ImageDraw
from sqlalchemy import func, select, update

from certificates import credentials, pdf
from certificates.certificate_page import sheet_of
from certificates.models import Credential, CredentialSignatory, SignaturePicture
from certificates.rules.credentials import canonical_content
from kernel import clock
from kernel.codes import printed_code
from kernel.outbox import deliver_waiting
from kernel.settings import Settings, SettingsError, load
from lms.app import open_instance
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, sign_in
from tests.support.certificates import a_certificate, complete, issue, only_credential, words_of
from tests.support.wording import in_spanish

FIRST = "María Fernanda Ortiz; Dirección de la Escuela; Director of the School"
SECOND = "Jorge Paredes; Coordinación académica"


def a_signature(path: Path, colour: tuple[int, int, int] = (20, 40, 120)) -> Path:
    """Write a picture of a signature, clear around the strokes."""
    picture = Image.new("RGBA", (520, 160), (255, 255, 255, 0))
    ImageDraw.Draw(picture).line([(20, 120), (140, 20), (220, 140), (360, 30), (500, 110)], fill=(*colour, 255), width=8)
    picture.save(path)
    return path


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Let two people sign, one of them by a picture."""
    given = {"signatory_1": FIRST, "signatory_1_picture": a_signature(tmp_path / "firma.png"), "signatory_2": SECOND}
    return settings.model_copy(update=given)


def sheets(instance: Instance, row: Credential) -> dict[str, bytes]:
    """Return the PDF of a credential in each language."""
    with instance.database.unit_of_work(write=False) as session:
        signers = credentials.list_signers(session, row)
    return {language: pdf.render(sheet_of(row, signers, "http://localhost:8000", language)) for language in ("es", "en")}


def pictures_of(content: bytes) -> list[tuple[float, ...]]:
    """Return the boxes of the pictures on a sheet, in millimetres."""
    page = pypdfium2.PdfDocument(content)[0]
    return [tuple(round(edge * 25.4 / 72) for edge in one.get_bounds()) for one in page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])]


def test_the_sheet_names_who_signs_with_their_office_in_its_language_and_the_picture(instance: Instance) -> None:
    """Rules at 166, names at 172, offices at 177; the picture stands on its rule."""
    complete(instance, a_course(instance, modules=1))

    drawn = sheets(instance, issue(instance))

    words = {language: words_of(content) for language, content in drawn.items()}
    assert words["es"][-9:-5] == ["María Fernanda Ortiz", "Dirección de la Escuela", "Jorge Paredes", "Coordinación académica"]
    assert words["en"][-9:-5] == ["María Fernanda Ortiz", "Director of the School", "Jorge Paredes", "Coordinación académica"]
    [(left, bottom, right, top)] = pictures_of(drawn["es"])
    assert (left, bottom) == (98, 210 - 166)
    assert right <= 98 + 52
    assert top <= 210 - 149
    assert sheets(instance, only_credential(instance)) == drawn


def test_an_issued_certificate_keeps_its_signatories_whatever_the_settings_say_later(instance: Instance, tmp_path: Path) -> None:
    row = a_certificate(instance)
    before = sheets(instance, row)
    a_signature(tmp_path / "firma.png", (200, 0, 0))
    later = open_instance(instance.settings.model_copy(update={"signatory_1": "Otra Persona; Dirección", "signatory_2": ""}))
    complete(later, a_course(later, "otro", modules=1), "eva@example.org")
    deliver_waiting(later.worker, now=clock.now())

    with later.database.unit_of_work(write=False) as session:
        newest = session.scalars(select(Credential).order_by(Credential.id.desc())).first()
        assert newest is not None
        names = [one.name for one in credentials.list_signers(session, newest)]
        pictures = session.scalar(select(func.count()).select_from(SignaturePicture))

    assert sheets(later, row) == before
    assert names == ["Otra Persona"]
    assert pictures == 2
    later.database.dispose()


def test_a_picture_is_kept_once_for_all_the_certificates_that_print_it(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    for email in ("ana@example.org", "eva@example.org"):
        complete(instance, course, email)
    deliver_waiting(instance.worker, now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (CredentialSignatory, SignaturePicture)]

    assert counts == [4, 1]


def test_who_signed_is_under_the_signature_and_verification_says_it(browser: Browser, instance: Instance) -> None:
    row = a_certificate(instance)
    sign_in(browser)
    own = browser.get(f"/certificates/{row.uuid}")
    honest = browser.get(f"/verify/{printed_code(row.code)}").text
    with instance.database.unit_of_work(write=False) as session:
        content = canonical_content(credentials.signed_content(row, credentials.list_signers(session, row)))
    with instance.database.unit_of_work() as session:
        session.execute(update(CredentialSignatory).where(CredentialSignatory.place == 2).values(name="Otra Persona"))
    forged = browser.get(f"/verify/{printed_code(row.code)}").text

    assert own.html.count('href="data:image/png;base64,') == 1
    assert "María Fernanda Ortiz, Dirección de la Escuela; Jorge Paredes, Coordinación académica" in honest
    assert in_spanish("Genuine and in force") in honest
    assert instance.keys.verifies(row.key_id, content, row.signature)
    assert in_spanish("Genuine and in force") not in forged


@pytest.mark.parametrize(
    ("words", "content", "told"),
    [
        ("María Ortiz", None, "NAME; OFFICE"),
        ("; Dirección", None, "NAME; OFFICE"),
        (f"{'x' * 101}; Dirección", None, "100 signs"),
        (FIRST, b"GIF89a", "PNG or JPEG"),
        (FIRST, b"\x89PNG\r\n" + bytes(300_000), "300 kB"),
        (FIRST, b"", "cannot be read"),
    ],
)
def test_what_cannot_be_signed_with_is_told_at_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str, content: bytes | None, told: str
) -> None:
    monkeypatch.setenv("LMS_SIGNATORY_1", words)
    if content is not None:
        monkeypatch.setenv("LMS_SIGNATORY_1_PICTURE", str(tmp_path / "firma.png"))
    if content:
        (tmp_path / "firma.png").write_bytes(content)

    with pytest.raises(SettingsError, match=told):
        load()


def test_a_photograph_of_a_signature_is_drawn_too(instance: Instance, tmp_path: Path) -> None:
    target = BytesIO()
    Image.open(tmp_path / "firma.png").convert("RGB").save(target, "JPEG")
    (tmp_path / "firma.png").write_bytes(target.getvalue())
    complete(instance, a_course(instance, modules=1))

    assert len(pictures_of(sheets(instance, issue(instance))["es"])) == 1
