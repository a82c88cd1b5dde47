"""Certificates as files: what is downloaded is sealed, and page and command judge files alike."""

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from certificates.keys import verifier_keys
from certificates.models import Credential
from certificates.pdf import render
from certificates.sealing import FileVerdict, judge_files
from certificates.sheet import compose
from certificates.views import file_verification
from kernel import clock
from kernel.codes import printed_code
from kernel.keys import rotate_seal_key
from lms import certificate_files
from lms.certificate_files import exit_code, reports_of
from lms.instance import Instance
from tests.support.badges import vector, vector_document
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.certificates import FACTS, a_certificate
from tests.support.commands import Command, commands_on
from tests.support.seals import GOLDEN_KEYS
from tests.support.wording import in_spanish

GOLDEN_CODE = "7K4M92XDC3QF8TRA"
WORDS = {
    "genuine": in_spanish("Genuine and in force"),
    "altered": in_spanish("Altered or not issued here"),
    "revoked": "Auténtico, anulado el",
    "credential genuine, sheet not sealed": "Credencial auténtica en una hoja sin sello",
}


@pytest.fixture
def credential(instance: Instance) -> Credential:
    """Return what Ana holds."""
    return a_certificate(instance)


@pytest.fixture
def lms(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return what runs commands on this instance."""
    monkeypatch.setenv("LMS_PUBLIC_URL", instance.settings.public_url or "http://localhost")
    return commands_on(instance.settings, monkeypatch, capsys)


def download(browser: Browser, credential: Credential, query: str = "", **headers: str) -> bytes:
    """Return the PDF of a certificate."""
    browser._request("GET", f"/certificates/{credential.uuid}.pdf{query}", headers=headers)
    return browser.response.get_data()


def verdicts(browser: Browser, *files: tuple[str, bytes]) -> str:
    """Return what the page says of files."""
    browser.get("/verify")
    return browser.post("/verify", data={"files": [(BytesIO(content), name) for name, content in files]}).text


def change(instance: Instance, **values: object) -> None:
    """Change the only credential."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(values))


def test_what_is_downloaded_is_sealed_and_holds_its_badge(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates D3, D6, P2, V3."""
    content = download(sign_in(browser), credential)
    address = "http://localhost:8000" if not instance.settings.public_url else instance.settings.public_url

    found = judge_files([("a", content)], verifier_keys(instance.keys, instance.seal_keys, [address]))[0]
    assert found.verdict is FileVerdict.GENUINE
    assert found.badge is not None
    assert (found.badge.person_name, found.badge.code) == ("Ana Quinde", printed_code(credential.code))


def test_equal_requests_get_equal_bytes_until_the_key_is_renewed(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates P8: the tag is the SHA-256, 304 works, and a new key of seals changes it."""
    first = download(sign_in(browser), credential)
    tag = browser.response.headers["ETag"]

    assert tag == f'"{hashlib.sha256(first).hexdigest()}"'
    assert download(browser, credential) == first
    download(browser, credential, **{"If-None-Match": tag})
    assert browser.response.status_code == 304
    rotate_seal_key(instance.settings.data_dir, "IESS")
    assert download(browser, credential, **{"If-None-Match": tag}) != first
    assert browser.response.status_code == 200


def test_the_language_of_issue_is_the_usual_one(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates P4, P6: both languages are the same credential."""
    sign_in(browser)

    assert b"/Lang (es)" in download(browser, credential)
    assert "certificado-prueba-" in browser.response.headers["Content-Disposition"]
    english = download(browser, credential, "?language=en")
    assert b"/Lang (en)" in english
    assert f"certificate-prueba-{printed_code(credential.code)}.pdf" in browser.response.headers["Content-Disposition"]
    assert download(browser, credential, "?language=xx") == download(browser, credential)


@pytest.mark.slow
def test_the_page_says_that_a_certificate_is_genuine_and_in_force(browser: Browser, instance: Instance, credential: Credential) -> None:
    """spec/certificates V1, V2."""
    content = download(sign_in(browser), credential)

    said = verdicts(browser, ("mine.pdf", content), ("notes.txt", b"hello"))

    assert in_spanish("Genuine and in force") in said
    assert "Ana Quinde" in said
    assert in_spanish("It cannot be read") in said


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"expires_on": date(2026, 1, 31)}, "Auténtico, venció el 31 de enero de 2026"),
        (
            {"revoked_at": datetime(2026, 6, 2, 15, tzinfo=UTC), "revoked_reason": "x", "revoked_class": "irregularity"},
            "Auténtico, anulado el 2 de junio de 2026 (Irregularidad",
        ),
    ],
)
def test_the_register_decides_about_the_state(
    browser: Browser, instance: Instance, credential: Credential, values: dict[str, object], words: str
) -> None:
    """spec/certificates V2, E11."""
    content = download(sign_in(browser), credential)
    change(instance, **values)

    assert words in verdicts(browser, ("mine.pdf", content))


@pytest.mark.parametrize(
    ("moment", "is_over"),
    [("2026-11-05T23:30Z", False), ("2026-11-06T00:30Z", False), ("2026-11-06T04:59Z", False), ("2026-11-06T05:01Z", True)],
)
def test_the_last_day_ends_where_the_institution_is(
    browser: Browser, instance: Instance, credential: Credential, moment: str, is_over: bool
) -> None:
    """spec/certificates E1: by the register, the badge and the command alike."""
    change(instance, expires_on=date(2026, 11, 5))
    over = "Auténtico, venció el 5 de noviembre de 2026"
    with time_machine.travel(moment, tick=False):
        content = download(sign_in(browser), credential)
        page = browser.get(f"/certificates/{credential.uuid}").text
        said = verdicts(browser, ("mine.pdf", content))
        [report] = reports_of(
            [("mine.pdf", content)],
            [],
            verifier_keys(instance.keys, instance.seal_keys, [instance.settings.public_url or "http://localhost"]),
            now=clock.now(),
        )

    assert (in_spanish("It was valid until %(day)s.", day="5 de noviembre de 2026") in page, over in said) == (is_over, is_over)
    assert (report.verdict, report.state) == ("genuine", "expired" if is_over else "unknown")


@pytest.mark.slow
def test_the_page_judges_the_golden_files_as_wanted(
    browser: Browser, instance: Instance, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates V1: by their keys, and a register that knows them."""
    change(instance, code=GOLDEN_CODE)
    monkeypatch.setattr(file_verification, "trusted_keys", lambda: GOLDEN_KEYS)
    cases = {case["file"]: case["says"] for case in vector_document("cases.json") if case["says"] in WORDS and case["says"] != "revoked"}

    waiting = iter(cases)
    while names := list(islice(waiting, 15)):
        verdicts(browser, *((name, vector(name)) for name in names))
        headings = re.findall(r'<h2 id="file-\d+">(.*?)</h2>', browser.page.html)
        assert [(name, heading) for name, heading in zip(names, headings, strict=True) if WORDS[cases[name]] not in heading] == []


@pytest.mark.slow
def test_the_page_says_of_a_revoked_golden_file_that_it_is_revoked(
    browser: Browser, instance: Instance, credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates V1, V2; without the register its state is unknown."""
    change(instance, code=GOLDEN_CODE, revoked_at=clock.now(), revoked_reason="x")
    monkeypatch.setattr(file_verification, "trusted_keys", lambda: GOLDEN_KEYS)

    assert WORDS["revoked"] in verdicts(browser, ("credential.json", vector("credential.json")))
    change(instance, code="0000111122223333")
    assert in_spanish("Genuine, state unknown") in verdicts(browser, ("credential.json", vector("credential.json")))


@pytest.mark.parametrize("case", vector_document("cases.json"), ids=lambda case: case["what"])
def test_the_command_judges_the_golden_files_as_wanted(case: dict[str, Any]) -> None:
    """spec/certificates V1: 0 genuine and in force, 1 altered or unsealed, 2 not in force, 3 unknown."""
    lists = [(name, vector(name)) for name in (case.get("with_status"), case.get("and_newer")) if name]
    wanted = {"genuine": 0, "revoked": 2, "altered": 1, "credential genuine, sheet not sealed": 1}.get(case["says"], 3)
    now = datetime.fromisoformat(case["on"]).replace(tzinfo=UTC)

    assert exit_code(reports_of([(case["file"], vector(case["file"]))], lists, GOLDEN_KEYS, now=now)) == wanted


def test_the_keys_of_the_golden_files_are_accepted_nowhere(browser: Browser, instance: Instance, lms: Command, tmp_path: Path) -> None:
    """spec/certificates attack 16."""
    (tmp_path / "sealed.pdf").write_bytes(vector("sealed.pdf"))

    assert in_spanish("Altered or not issued here") in verdicts(browser, ("sealed.pdf", vector("sealed.pdf")))
    assert lms("certificates", "verify", tmp_path / "sealed.pdf").code == 1


def test_the_command_says_of_nothing_that_it_was_forged_when_it_cannot_judge(
    browser: Browser, instance: Instance, credential: Credential, lms: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates V1: 1 and 2 are words on a file; without the address of the site there is none."""
    mine = tmp_path / "mine.pdf"
    mine.write_bytes(download(sign_in(browser), credential))
    monkeypatch.setenv("LMS_PUBLIC_URL", "")

    without_address, without_file = lms("certificates", "verify", mine), lms("certificates", "verify", tmp_path / "other.pdf")

    assert ("LMS_PUBLIC_URL" in without_address.err, without_address.code) == (True, 64)
    assert ("other.pdf" in without_file.err, without_file.code) == (True, 64)


def test_the_command_says_what_it_found(browser: Browser, instance: Instance, credential: Credential, lms: Command, tmp_path: Path) -> None:
    """spec/certificates V1: lines, JSON, and exit codes."""
    mine, altered, other = tmp_path / "mine.pdf", tmp_path / "altered.pdf", tmp_path / "other.txt"
    mine.write_bytes(download(sign_in(browser), credential))
    altered.write_bytes(mine.read_bytes() + b"\n")
    other.write_bytes(b"hello")

    alone = lms("certificates", "verify", mine)
    assert (alone.code, "Ana Quinde" in alone.out) == (3, True)
    assert lms("certificates", "verify", mine, altered, other).code == 1
    assert lms("certificates", "verify", mine, other).code == 64
    found = json.loads(lms("certificates", "verify", mine, "--json").out)
    assert [(one["verdict"], one["state"], one["code"]) for one in found] == [("genuine", "unknown", printed_code(credential.code))]
    refused = lms("certificates", "verify", mine, "--list", other)
    assert ("no status list" in refused.err, refused.code) == (True, 64)


@pytest.mark.slow
def test_a_sheet_before_there_were_seals_is_compared_with_the_register(
    browser: Browser, instance: Instance, credential: Credential
) -> None:
    """spec/certificates M5."""
    change(instance, code=GOLDEN_CODE)

    said = verdicts(browser, ("old.pdf", render(compose(FACTS))))

    words = in_spanish("Sheet without a seal, issued before %(day)s: compare it with the register", day="|")
    assert words.partition("|")[0] in said
    assert "Ana Quinde" in said
    assert "Luis Alberto" not in said
    change(instance, code="0000111122223333")
    assert in_spanish("Altered or not issued here") in verdicts(browser, ("old.pdf", render(compose(FACTS))))


def test_too_many_files_or_none_are_refused(browser: Browser, instance: Instance) -> None:
    """spec/certificates V1: up to 20."""
    browser.get("/verify")
    page = browser.post("/verify", data={"files": [(BytesIO(b"x"), f"{place}.pdf") for place in range(21)]}, status=422)
    assert "20" in page.text
    browser.get("/verify")
    assert in_spanish("Choose at least one file.") in browser.post("/verify", status=422).text


def test_a_list_out_of_date_leaves_the_state_unknown() -> None:
    """spec/certificates K7."""
    files = [("credential.json", vector("credential.json"))]
    lists = [("list", vector("status-clean-older.json"))]
    inside = datetime(2026, 12, 1, tzinfo=UTC)

    fresh = reports_of(files, lists, GOLDEN_KEYS, now=inside)[0]
    late = reports_of(files, lists, GOLDEN_KEYS, now=inside + timedelta(days=60))[0]
    assert (fresh.state, late.state) == ("in_force", "unknown")
    assert late.list_of == "2026-11-20"
    assert exit_code([late]) == certificate_files.UNKNOWN
