"""Actas as files: tables, PDF, the signed document and its signature, verified without the site (spec/selection 4.13)."""

import io
import json
import subprocess
from contextlib import redirect_stdout
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from openpyxl import load_workbook
from sqlalchemy import select

from accounts.models import NationalIdentity, Person
from accounts.privacy import PeopleListKind
from kernel import i18n
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.crypto import signing_keys
from kernel.i18n import reading
from kernel.tables import read_csv
from lms.access_log import list_access_rows
from lms.instance import Instance
from lms.selection_commands import selection as command
from selections.models import ActaExport, Selection, SelectionActa, SelectionActaEntry
from selections.views import actas, exports
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.programs import program
from tests.support.scenes import scene
from tests.support.selections import a_final, a_sat_selection, all_actas, document, sign_by_two, void
from tests.support.wording import in_spanish

CEDULA = "1710034065"


@pytest.fixture
@scene
def selection(instance: Instance) -> Selection:
    """Four people who sat a selecting quiz of five questions, one of them with an identity number, and one who did not."""
    found = a_sat_selection(instance)
    with instance.database.unit_of_work() as session:
        ana = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        session.add(NationalIdentity(person_id=ana.id, number=CEDULA))
    return found


@pytest.fixture
def juror(browser: Browser, instance: Instance, selection: Selection) -> Browser:
    """Return a member of the jury of a selection whose final acta is in force."""
    return a_final(browser, instance, selection)


def taken(visitor: Browser, kind: str, query: str = "") -> bytes:
    visitor.get(f"/selections/actas/{all_actas(visitor.instance)[-1].uuid}/exports/{kind}{query}")
    return visitor.response.data


def text_of(content: bytes, folder: Path) -> str:
    path = folder / "acta.pdf"
    path.write_bytes(content)
    return subprocess.run([program("pdftotext"), "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout


def test_the_tables_have_every_line_with_masked_identity_numbers(juror: Browser, instance: Instance, selection: Selection) -> None:
    """spec/selection 4.13: CSV and XLSX say the same; the exact fraction beside what is shown."""
    rows = [cells for _line, cells in read_csv(taken(juror, "csv")).rows]
    book = load_workbook(io.BytesIO(taken(juror, "xlsx")))

    assert [row[3:6] for row in rows[1:]] == [
        ("1", "100,00", "100"),
        ("2", "80,00", "80"),
        ("2", "80,00", "80"),
        ("4", "60,00", "60"),
        ("", "", ""),
    ]
    assert rows[1][2] == f"{'•' * 6}4065"
    assert book.sheetnames == ["datos", "acta"]
    assert [cell.value for cell in next(book["datos"].iter_rows(min_row=2, max_row=2))][:3] == [1, rows[1][1], rows[1][2]]
    assert CEDULA not in "".join(map(str, rows))


def test_the_open_document_table_is_read_by_another_program(juror: Browser, selection: Selection, tmp_path: Path) -> None:
    """spec/selection 4.13: ODS."""
    content = taken(juror, "ods")

    assert content[30:38] == b"mimetype"
    assert b"opendocument.spreadsheet" in content[:120]


def test_the_pdf_prints_the_lines_with_the_qr_code_of_the_public_page(juror: Browser, instance: Instance, tmp_path: Path) -> None:
    """spec/selection 4.13: tagged, signatures named, identity numbers masked, the QR code leads to the page."""
    content = taken(juror, "pdf")
    text, code = text_of(content, tmp_path), printed_code(all_actas(instance)[-1].code)

    assert all(words in text for words in (in_spanish("Final acta"), "Marzo", "Julia", "Hugo", "100,00", "60,00", "4065", code))
    assert CEDULA not in text
    with pikepdf.open(io.BytesIO(content)) as opened:
        kinds = {str(kid.S) for kid in opened.Root.StructTreeRoot.K[0].K}
    assert {"/H1", "/P", "/Table", "/Figure"} <= kinds
    document = pypdfium2.PdfDocument(content)
    codes = [one.text for page in document for one in zxingcpp.read_barcodes(page.render(scale=3).to_pil())]
    assert [one.endswith(f"/acta/selection/{code}") for one in codes] == [True]


@pytest.mark.parametrize("precision", [{}, {"sem": "9.1", "reliability": "0.55", "consistency": "0.71"}])
def test_what_the_page_says_of_how_sure_it_is_stands_in_the_files(
    juror: Browser, instance: Instance, tmp_path: Path, precision: dict[str, str]
) -> None:
    """spec/selection 3.7: that a test alone is too little to decide, and what the bands mean, is for those who have only the file too."""
    acta = all_actas(instance)[-1]
    with instance.database.unit_of_work() as session:
        row = session.get_one(SelectionActa, acta.id)
        row.head = json.dumps(json.loads(row.head) | precision)
        with reading("es"):
            texts = [i18n._(actas.BANDS if precision else actas.TOO_FEW), *([actas.caution(row)] if precision else [])]

    page = juror.get(f"/selections/actas/{acta.uuid}").text
    sheet = [row[1].value for row in load_workbook(io.BytesIO(taken(juror, "xlsx")))["acta"].iter_rows()]
    printed = "".join(text_of(taken(juror, "pdf"), tmp_path).split())

    assert all(texts)
    assert [text in page for text in texts] == [text in sheet for text in texts] == [True] * len(texts)
    assert all("".join(text.split()) in printed for text in texts)


def test_equal_actas_give_equal_files(juror: Browser, browser: Browser, instance: Instance) -> None:
    """spec/selection 4.13: whoever of the jury takes it out, in one language; the signed document always."""
    for kind in ("pdf", "csv", "ods", "json", "sig"):
        assert taken(juror, kind) == taken(juror, kind), kind
    assert taken(juror, "json") == document(instance, all_actas(instance)[-1])


def test_a_long_list_comes_in_parts(juror: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """spec/selection 4.13: no PDF takes the server for long; the parts have every line once."""
    for module in (actas, exports):
        monkeypatch.setattr(module, "PART", 2)

    texts = [text_of(taken(juror, "pdf", f"?part={part}"), tmp_path) for part in (1, 2, 3)]

    assert [sum(text.count(result) for result in ("100,00", "80,00", "60,00")) for text in texts] == [2, 2, 0]
    juror.get(f"/selections/actas/{all_actas(instance)[-1].uuid}/exports/pdf?part=4", status=404)
    juror.get(f"/selections/actas/{all_actas(instance)[-1].uuid}/exports/pdf?part=0", status=404)


@pytest.mark.slow
def test_whole_identity_numbers_need_a_reason_that_is_kept(browser: Browser, juror: Browser, instance: Instance) -> None:
    """spec/selection 4.13: for administrators, audited."""
    boss = sign_in(browser.another(), "admin@example.org")
    path = f"/selections/actas/{all_actas(instance)[-1].uuid}/identity-numbers"
    boss.get(path)
    boss.submit("/identity-numbers", {"kind": "csv", "reason": " "}, status=422)
    boss.get(path)

    boss.submit("/identity-numbers", {"kind": "csv", "reason": "Resolución 12"})

    assert CEDULA.encode() in boss.response.data
    with instance.database.unit_of_work(write=False) as session:
        facts = json.loads(session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "selection.acta_exported")).one())
        kept = session.scalars(select(ActaExport)).one()
    assert (facts["reason"], facts["identities"], facts["sha256"]) == ("Resolución 12", True, kept.sha256)


def test_each_download_is_an_entry_in_the_audit_log(juror: Browser, instance: Instance) -> None:
    """spec/selection 4.13 and 4.14."""
    taken(juror, "csv")

    with instance.database.unit_of_work(write=False) as session:
        facts = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "selection.acta_exported")).all()
    assert [json.loads(one)["kind"] for one in facts] == ["csv"]


def test_who_opened_an_acta_stands_in_the_log_of_its_people_with_the_acta_and_the_role(juror: Browser, instance: Instance) -> None:
    """Findings S3, «Who saw this list?»: which acta it was, and that the jury opened it, not the course team."""
    acta = all_actas(instance)[-1]
    juror.get(f"/selections/actas/{acta.uuid}")
    with instance.database.unit_of_work(write=False) as session:
        ana = session.scalars(select(Person.id).where(Person.email == "ana@example.org")).one()
        rows = [row for row in list_access_rows(session, ana) if row.purpose == PeopleListKind.ACTA.value]
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.verb == "account.list_looked_at").order_by(AuditEntry.id.desc())
        ).first()

    assert entry is not None
    assert (entry.subject_kind, entry.subject_id) == ("selection_acta", acta.id)
    assert {row.role for row in rows} == {"jury"}
    assert all(row.where for row in rows), "the course is named"


def judged(*words: object) -> tuple[int, str]:
    """Run `lms selection verify` without any instance."""
    written = io.StringIO()
    with redirect_stdout(written), pytest.raises(SystemExit) as ended:
        command.main(["verify", *map(str, words)])
    return int(ended.value.code or 0), written.getvalue()


@pytest.fixture
def folder(juror: Browser, instance: Instance, tmp_path: Path) -> Path:
    """Return a folder with the final acta, its signature, the document before it and the public key."""
    (tmp_path / "acta.json").write_bytes(taken(juror, "json"))
    (tmp_path / "acta.json.sig").write_bytes(taken(juror, "sig"))
    (tmp_path / "before.json").write_bytes(document(instance, all_actas(instance)[0]))
    (tmp_path / "key.pem").write_text(signing_keys(instance.settings.data_dir).public_text())
    return tmp_path


def test_the_command_verifies_without_a_site(folder: Path, instance: Instance) -> None:
    """spec/selection 4.13: signature, chain, and a person's line by its salt."""
    with instance.database.unit_of_work(write=False) as session:
        line = session.scalars(select(SelectionActaEntry).order_by(SelectionActaEntry.id.desc()).limit(1)).one()
    (folder / "line.txt").write_text(f"{line.sealed}\n")
    own = ("--line", folder / "line.txt", "--salt", line.salt)

    code, text = judged(folder / "acta.json", "--key", folder / "key.pem", "--previous", folder / "before.json", *own)

    assert (code, text.count("yes "), "NO " in text) == (0, 4, False)
    assert '"kind": "final"' in text


@pytest.mark.parametrize("change", ["byte", "cut", "order", "key", "line", "previous"])
def test_the_command_says_what_does_not_hold(folder: Path, instance: Instance, change: str) -> None:
    """spec/selection 4.13 and 12, bad input: changed byte, encoded again, another key, another line, another chain."""
    content, more = (folder / "acta.json").read_bytes(), list[object]()
    if change == "byte":
        (folder / "acta.json").write_bytes(content.replace(b'"100.00"', b'"101.00"'))
    elif change == "order":
        (folder / "acta.json").write_text(json.dumps(json.loads(content)))
    elif change == "key":
        (folder / "key.pem").write_text(signing_keys(folder / "other").public_text() if (folder / "other").mkdir() is None else "")
    elif change == "line":
        (folder / "line.txt").write_text("{}")
        more = ["--line", folder / "line.txt", "--salt", "00" * 16]
    elif change == "previous":
        more = ["--previous", folder / "acta.json"]
    else:
        (folder / "acta.json").write_bytes(content[:-1])

    code, text = judged(folder / "acta.json", "--key", folder / "key.pem", *more)

    assert code == (64 if change == "cut" else 1)
    assert ("NO " in text) == (change != "cut")


def test_the_command_refuses_files_that_are_none(folder: Path) -> None:
    """spec/selection 4.13: nothing but a sentence."""
    for name, words in (("acta.json", b"[]"), ("acta.json", b'{"lines":7,"x":"\\ud800"}'), ("acta.json.sig", b"\xff"), ("key.pem", b"-")):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(words)
        code, _text = judged(folder / "acta.json", "--key", folder / "key.pem")
        (folder / name).write_bytes(kept)
        assert code in (1, 64), words


@pytest.mark.slow
def test_an_amendment_is_exported_with_what_each_line_said_before(
    browser: Browser, juror: Browser, instance: Instance, selection: Selection, tmp_path: Path
) -> None:
    """spec/selection 4.10 and 4.13."""
    void(instance, "p5")
    juror.deliver_jobs()
    sign_by_two(browser, instance, selection, juror, "La pregunta 5 admitía dos respuestas.")

    rows = [cells for _line, cells in read_csv(taken(juror, "csv")).rows]
    text = text_of(taken(juror, "pdf"), tmp_path)

    was = rows[0].index(in_spanish("Before"))
    assert [bool(row[was]) for row in rows[1:]] == [False, True, True, True, False]
    assert "admitía dos respuestas" in text
    assert text.count(in_spanish("before: %(words)s", words="")[:-1]) == 3
