"""Tagged documents: structure, metadata, an attachment, and equal bytes; judged by programs that are not ours."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest

from kernel.pdf.document import PdfAttachment, PdfDocument, PdfProperties, PdfSealField, compose_pdf
from kernel.pdf.pen import STRONG, TEXT
from tests.support.programs import program

AT = datetime(2026, 7, 14, 12, tzinfo=UTC)
FACTS = PdfProperties("Acta de «fin» & más", "IESS", "es", AT, "acta 1", subject="Curso", keywords="acta, curso", creator="Aulario")
FULL = replace(
    FACTS, attachment=PdfAttachment("acta.json", "application/vc+ld+json", b'{"acta": 1}'), seal=PdfSealField("IESS", AT, "Sello de IESS")
)


def draw(document: PdfDocument) -> None:
    """Draw a heading, a table, a figure and a second page."""
    with document.artifact() as pen:
        pen.box(0, 0, 210, 20, "#0c2c3c")
    with document.element("H1") as pen:
        pen.text(20, 40, "Acta", STRONG, 6, "#15212a")
    with document.element("Table"), document.element("TR"):
        with document.element("TH") as pen:
            pen.text(20, 60, "Persona", STRONG, 4, "#15212a")
        with document.element("TD") as pen:
            pen.text(80, 60, "Ana", TEXT, 4, "#15212a")
    with document.element("Figure", alt="Código QR: https://aulario.example", box=(20, 80, 30, 30)) as pen:
        pen.qr(20, 80, 30, "https://aulario.example", "#15212a")
    document.next_page()
    with document.element("P", language="en") as pen:
        pen.text(20, 40, "The end", TEXT, 4, "#15212a")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a document with everything in it."""
    path = tmp_path / "acta.pdf"
    path.write_bytes(compose_pdf(FULL, draw))
    return path


def test_a_document_is_tagged(file: Path) -> None:
    """spec/certificates P1: structure, alternative texts, artifacts, language, order of tabs."""
    with pikepdf.open(file) as document:
        root = document.Root.StructTreeRoot.K[0]
        kinds = [str(kid.S) for kid in root.K]
        row = root.K[1].K[0]

        assert document.Root.MarkInfo.Marked
        assert str(document.Root.Lang) == "es"
        assert str(root.Lang) == "es"
        assert kinds == ["/H1", "/Table", "/Figure", "/P", "/Form"]
        assert [str(cell.S) for cell in row.K] == ["/TH", "/TD"]
        assert str(root.K[2].Alt) == "Código QR: https://aulario.example"
        assert str(root.K[3].Lang) == "en"
        assert [page.obj.StructParents for page in document.pages] == [0, 1]
        assert [str(page.obj.Tabs) for page in document.pages] == ["/S", "/S"]
        assert b"/Artifact BMC" in document.pages[0].Contents.read_bytes()
        assert str(document.Root.ViewerPreferences.DisplayDocTitle) == "True"


def test_each_marked_piece_leads_to_its_element(file: Path) -> None:
    """spec/certificates P1."""
    with pikepdf.open(file) as document:
        numbers = list(document.Root.StructTreeRoot.ParentTree.Nums)
        on_first, on_second = numbers[1], numbers[3]

        assert [str(one.S) for one in on_first] == ["/H1", "/TH", "/TD", "/Figure"]
        assert [int(one.K) for one in on_first] == [0, 1, 2, 3]
        assert [str(one.S) for one in on_second] == ["/P"]
        assert str(numbers[5].S) == "/Form"


def test_its_metadata_say_what_it_is(file: Path) -> None:
    """spec/certificates P1, P3: title, author, language and dates, in both places; the producer without its version."""
    with pikepdf.open(file) as document:
        found = document.open_metadata()

        assert found["dc:title"] == "Acta de «fin» & más"
        assert found["dc:creator"] == ["IESS"]
        assert found["pdfuaid:part"] == "1"
        assert found["xmp:CreateDate"] == "2026-07-14T12:00:00Z"
        assert found["dc:language"] == {"es"}
        assert str(document.docinfo["/CreationDate"]).startswith("D:20260714120000")
        assert str(document.docinfo["/Producer"]) == "ReportLab"
        assert str(document.docinfo["/Keywords"]) == "acta, curso"


def test_a_file_can_be_attached(file: Path) -> None:
    """spec/certificates P2: a proper name for its type, data of the whole document, uncompressed."""
    with pikepdf.open(file) as document:
        attached = document.attachments["acta.json"].get_file()

        assert attached.read_bytes() == b'{"acta": 1}'
        assert attached.mime_type == "application/vc+ld+json"
        assert str(document.Root.AF[0].AFRelationship) == "/Data"
    assert b'{"acta": 1}' in file.read_bytes()
    assert b"/application#2Fvc+ld+json" in file.read_bytes()


def test_no_fault_of_syntax_is_found(file: Path) -> None:
    """spec/certificates P1."""
    with pikepdf.open(file) as document:
        assert document.check_pdf_syntax() == []


def test_the_same_facts_give_the_same_bytes() -> None:
    """spec/certificates P8."""
    once = compose_pdf(FULL, draw)

    assert compose_pdf(FULL, draw) == once
    assert compose_pdf(replace(FULL, identifier="acta 2"), draw) != once
    assert compose_pdf(replace(FULL, made_at=datetime(2026, 7, 15, tzinfo=UTC)), draw) != once


def test_its_text_can_be_read_in_order(file: Path) -> None:
    """spec/certificates P1: `pdfinfo -struct-text`."""
    said = subprocess.run([program("pdfinfo"), "-struct-text", file], capture_output=True, text=True, check=True).stdout

    texts = [line.strip().strip('"') for line in said.splitlines() if line.strip().startswith('"')]
    assert [text for text in texts if text] == ["Acta", "Persona", "Ana", "The end"]
