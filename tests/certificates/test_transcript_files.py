"""Files of transcripts: judged on the page and by the command, with the states of their day and of today (spec/certificates R7)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import update

from certificates.keys import verifier_keys
from certificates.models import Credential
from certificates.pdf import render_transcript
from certificates.rules.badges import compact_json, signed_document
from certificates.rules.status_lists import StatusListContent, StatusPurpose, encoded_bits, status_list_document, status_list_quads
from certificates.sealing import FileVerdict, judge_files, seal
from certificates.transcripts import TranscriptSealer
from kernel import clock
from kernel.pdf.document import PdfAttachment, PdfSealField
from lms.certificate_files import exit_code, reports_of
from lms.instance import Instance
from tests.support.badges import METHOD, VECTOR_KEY
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.certificates import a_certificate
from tests.support.seals import GOLDEN_KEYS
from tests.support.transcripts import CONTENT, golden_transcript
from tests.support.wording import in_spanish

SITE = "https://aulario.example"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.mark.slow
def test_a_file_is_judged_by_its_seal_and_its_summary(browser: Browser, instance: Instance) -> None:
    """spec/certificates R7, V3: PDF and JSON on the page for files, with the states of that day and of today."""
    a_certificate(instance)
    sign_in(browser, "ana@example.org")
    browser.get("/transcript")
    browser.submit("/transcript", {})
    address = next(found[0] for found in [re.search(r"/transcripts/[0-9A-Z-]+\.pdf", browser.page.html)] if found)
    files = {end: _file_of(browser, address.replace(".pdf", f".{end}")) for end in ("pdf", "json")}
    browser.get("/verify")
    page = _verified(browser, files)
    assert page.count(in_spanish("Genuine as of %(day)s, and nothing has changed since").split("%")[0].strip()) == 2

    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).values(revoked_at=clock.now(), revoked_reason="Por error.", revoked_class="irregularity"))
    assert in_spanish("Revoked") in _verified(browser, files)
    altered = {"pdf": files["pdf"] + b"\n", "json": files["json"].replace(b"Quinde", b"Quinda")}
    page = _verified(browser, altered)
    assert page.count(in_spanish("Altered or not issued here")) == 2
    assert in_spanish("Completed courses") not in page


def _file_of(browser: Browser, path: str) -> bytes:
    browser._request("GET", path)
    content: bytes = browser.response.get_data()
    return content


def _verified(browser: Browser, files: dict[str, bytes]) -> str:
    form = next(form for form in browser.page.forms if form.method == "post" and form.action.startswith("/verify"))
    token = {"csrf_token": dict(form.fields)["csrf_token"]}
    data = {**token, "files": [(BytesIO(content), f"expediente.{end}") for end, content in files.items()]}
    browser._request("POST", "/verify", data=data, content_type="multipart/form-data")
    return browser._arrive(200).text


def test_the_sheet_of_one_with_the_summary_of_another_is_found(instance: Instance) -> None:
    """spec/certificates V3 a, d: another code in the metadata; a summary on a sheet without a seal."""
    sealer = TranscriptSealer(SITE, instance.keys, instance.seal_keys)
    attachment = PdfAttachment("transcript.json", "application/json", compact_json(sealer.summary(CONTENT)))
    keys = verifier_keys(instance.keys, instance.seal_keys, [SITE])
    own, other = (
        seal(
            render_transcript(replace(CONTENT, code=code), attachment, PdfSealField("IESS", clock.now(), "Sello")),
            instance.seal_keys.current,
            instance.seal_keys.authority,
        )
        for code in (CONTENT.code, "ZZZZ-1111-2222-3333")
    )
    unsealed = render_transcript(CONTENT, attachment)

    found = judge_files([("a", own), ("b", other), ("c", unsealed)], keys)
    assert [one.verdict for one in found] == [FileVerdict.GENUINE, FileVerdict.ALTERED, FileVerdict.UNSEALED]
    assert [one.transcript for one in found] == [CONTENT, None, CONTENT]


def a_list(places: tuple[int, ...], purpose: StatusPurpose = StatusPurpose.REVOCATION) -> tuple[str, bytes]:
    """Return a status list of the golden key in which these places are set."""
    content = StatusListContent(
        address=f"{SITE}/status/1{'' if purpose is StatusPurpose.REVOCATION else '/replaced'}",
        issuer="did:web:aulario.example",
        encoded=encoded_bits(places, 131_072),
        valid_from=NOW - timedelta(days=1),
        valid_until=NOW + timedelta(days=29),
        purpose=purpose,
    )
    document = signed_document(status_list_document(content), status_list_quads(content), METHOD, content.valid_from, VECTOR_KEY.sign)
    return ("list.json", compact_json(document))


@pytest.mark.parametrize(
    ("lists", "state", "code"),
    [
        ([], "unknown", 3),
        ([a_list(())], "in_force", 0),
        ([a_list((4711,))], "revoked", 2),
        ([a_list((4711,)), a_list((4711,), StatusPurpose.REFRESH)], "replaced", 2),
    ],
    ids=["without a list", "in force", "revoked", "replaced"],
)
def test_the_command_says_of_each_record_what_a_list_says(lists: list[tuple[str, bytes]], state: str, code: int) -> None:
    """spec/certificates R7: the state of that day, and beside it that of the list."""
    [report] = reports_of([("a.json", golden_transcript())], lists, GOLDEN_KEYS, now=NOW)

    assert (report.verdict, report.state, exit_code([report])) == ("genuine", state, code)
    assert report.records == ({"code": "7K4M-92XD-C3QF-8TRA", "title": "Prueba", "then": "valid", "now": state},)


def test_the_last_day_of_a_certificate_counts_without_a_list() -> None:
    """What has expired since is known by its own day."""
    record = CONTENT.records[0]
    assert record.certificate is not None
    held = replace(record.certificate, expires_on=(NOW - timedelta(days=1)).date())
    ending = replace(CONTENT, records=(replace(record, certificate=held),))
    [report] = reports_of([("a.json", golden_transcript(ending))], [], GOLDEN_KEYS, now=NOW)
    assert (report.state, exit_code([report])) == ("expired", 2)
