"""Files judged by their bytes: PDF, JSON, token, picture; the golden files, and those that are none."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from certificates.pdf import render
from certificates.sealing import (
    FileFault,
    FileFinding,
    FileVerdict,
    SealState,
    SignatureVerifier,
    VerifierKeys,
    judge_files,
    seal,
    seal_verifiers,
)
from certificates.sheet import compose
from kernel.keys import SealKeys, seal_keys
from kernel.pdf.document import PdfAttachment, PdfSealField
from kernel.sandbox import run_sandboxed
from tests.support.badges import METHOD, vector, vector_document
from tests.support.certificates import FACTS
from tests.support.seals import GOLDEN_KEYS, a_sealed_sheet, a_sheet_with_room

OUTCOMES = {"genuine": FileVerdict.GENUINE, "altered": FileVerdict.ALTERED, "revoked": FileVerdict.GENUINE}
OUTCOMES["credential genuine, sheet not sealed"] = FileVerdict.UNSEALED


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SealKeys:
    """Return the keys of an instance."""
    return seal_keys(tmp_path_factory.mktemp("keys"), "IESS-EDUCA")


def judged(content: bytes, keys: SealKeys | None = None) -> FileFinding:
    """Judge a file with the golden key of credentials, and the seal keys of an instance."""
    seals = seal_verifiers(keys.trusted) if keys else GOLDEN_KEYS.seals
    return judge_files([("file", content)], VerifierKeys(GOLDEN_KEYS.signatures, seals))[0]


@pytest.mark.parametrize("case", vector_document("cases.json"), ids=lambda case: case["what"])
def test_the_golden_files_are_judged_as_wanted(case: dict[str, Any]) -> None:
    """spec/certificates V1, V3: the verdict before a status list is looked at."""
    wanted = OUTCOMES.get(case["says"], FileVerdict.GENUINE)

    assert judged(vector(case["file"])).verdict is wanted


def test_a_sealed_sheet_is_genuine(keys: SealKeys) -> None:
    """spec/certificates V3: seal, credential, and the same code in both."""
    found = judged(a_sealed_sheet(keys), keys)

    assert found.verdict is FileVerdict.GENUINE
    assert found.badge is not None
    assert found.badge.person_name == "Luis Alberto Chasi Guamán"
    assert found.codes == ("7K4M-92XD-C3QF-8TRA",)


@pytest.mark.slow
def test_files_are_judged_in_another_process(keys: SealKeys) -> None:
    """spec/certificates V1: read in the confined process."""
    files = [("a.pdf", a_sealed_sheet(keys)), ("b.json", vector("credential.json"))]
    found = run_sandboxed(judge_files, files, VerifierKeys(GOLDEN_KEYS.signatures, seal_verifiers(keys.trusted)))

    assert [(one.name, one.verdict) for one in found] == [("a.pdf", FileVerdict.GENUINE), ("b.json", FileVerdict.GENUINE)]


def test_a_byte_changed_anywhere_is_never_genuine(keys: SealKeys) -> None:
    """spec/certificates attack 2."""
    sealed, chance = a_sealed_sheet(keys), random.Random(11)  # noqa: S311 - the same places each time

    for _time in range(200):
        changed = bytearray(sealed)
        changed[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
        assert judged(bytes(changed), keys).verdict in (FileVerdict.ALTERED, FileVerdict.UNREADABLE)


def test_a_sealed_sheet_needs_exactly_one_credential(keys: SealKeys) -> None:
    """spec/certificates V3 c."""
    changed = a_sealed_sheet(keys, credential=vector("credential-name.json"))
    none = seal(render(compose(FACTS), seal=PdfSealField("IESS", keys.current.begins, "Sello")), keys.current, keys.authority)

    assert judged(changed, keys).verdict is FileVerdict.ALTERED
    assert (judged(none, keys).verdict, judged(none, keys).fault) == (FileVerdict.ALTERED, FileFault.NO_CREDENTIAL)
    twice = vector("unsealed.pdf").replace(b"%%EOF", b"9 0 obj <</Type /EmbeddedFile /Length 2>>\nstream\n{}endstream\n%%EOF")
    assert judged(twice).fault == FileFault.SEVERAL_CREDENTIALS


def test_the_sheet_of_one_with_the_code_of_another_says_what_differs() -> None:
    """spec/certificates V3 d, attack 7: whose credential it is, and which code the sheet names."""
    other = compose(replace(FACTS, code="0000111122223333"))
    found = judged(render(other, PdfAttachment("credential.json", "application/vc+ld+json", vector("credential.json"))))

    assert (found.verdict, found.fault) == (FileVerdict.ALTERED, FileFault.OTHER_CODE)
    assert found.badge is not None
    assert found.badge.code == "7K4M-92XD-C3QF-8TRA"
    assert "0000-1111-2222-3333" in found.codes


def test_an_update_of_a_sealed_sheet_is_altered(keys: SealKeys) -> None:
    """spec/certificates attack 4: text over the name, another attachment, other metadata, no more `/Perms`."""
    sealed = a_sealed_sheet(keys)
    for update in (b"31 0 obj <<>>\nstream\nBT ET\nendstream", b"/Type /EmbeddedFile", b"/Metadata 99 0 R", b"/Type /Catalog"):
        changed = sealed + b"99 0 obj\n" + update + b"\nendobj\nstartxref\n9\n%%EOF\n"
        assert judged(changed, keys).verdict is FileVerdict.ALTERED
    assert judged(sealed.replace(b"/Perms", b"/Kerms"), keys).verdict is FileVerdict.ALTERED


def test_a_sheet_before_there_were_seals_names_its_code() -> None:
    """spec/certificates M5."""
    found = judged(render(compose(FACTS)))

    assert (found.verdict, found.codes, found.badge) == (FileVerdict.WITHOUT_SEAL, ("7K4M-92XD-C3QF-8TRA",), None)


def test_the_credential_of_another_site_is_not_issued_here() -> None:
    """spec/certificates attack 14."""
    ours = VerifierKeys((SignatureVerifier("did:web:other.example#k1", GOLDEN_KEYS.signatures[0].public),), ())

    for name in ("credential.json", "unsealed.pdf"):
        found = judge_files([("a", vector(name))], ours)[0]
        assert (found.fault, found.issuer) == ("other_issuer", "aulario.example")


def test_a_key_counts_for_nothing_once_it_was_in_other_hands() -> None:
    """spec/certificates K4, attack 6."""
    key = SignatureVerifier(METHOD, GOLDEN_KEYS.signatures[0].public, datetime(2026, 7, 1, tzinfo=UTC))

    assert judge_files([("a", vector("credential.json"))], VerifierKeys((key,), ()))[0].verdict is FileVerdict.ALTERED


def test_the_seal_of_a_sheet_covers_a_credential_by_a_key_that_was_lost_later(keys: SealKeys) -> None:
    """spec/certificates K4: of others only the register can say whether they were signed before."""
    lost = datetime(2026, 11, 30, tzinfo=UTC)
    trusted = VerifierKeys((replace(GOLDEN_KEYS.signatures[0], compromised_since=lost),), seal_verifiers(keys.trusted))
    files = [("a", a_sealed_sheet(keys)), ("b", vector("credential.json")), ("c", vector("unsealed.pdf"))]

    found = judge_files(files, trusted)

    assert [one.compromised_since for one in found] == [None, lost, lost]
    assert [one.verdict for one in found] == [FileVerdict.GENUINE, FileVerdict.GENUINE, FileVerdict.UNSEALED]


def test_a_seal_whose_range_was_taken_away_is_no_sheet_without_a_seal(keys: SealKeys) -> None:
    """spec/certificates attack 5."""
    found = judged(a_sealed_sheet(keys).replace(b"/ByteRange", b"/ByteRanye"), keys)

    assert (found.verdict, found.fault) == (FileVerdict.ALTERED, SealState.NOT_WHOLE)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", FileVerdict.UNREADABLE),
        (b"a", FileVerdict.UNREADABLE),
        (b"\0" * 2_000_000, FileVerdict.UNREADABLE),
        (b"%PDF-1.7\n" + b"x" * 3_000_000, FileVerdict.UNREADABLE),
        (b"%PDF-1.7\n", FileVerdict.UNREADABLE),
        (b"%PDF-2.0\n1 0 obj <<>> endobj\ntrailer <</Encrypt 5 0 R>>\nstartxref\n9\n%%EOF", FileVerdict.UNREADABLE),
        (b"%PDF-2.0\n1 0 obj <</Linearized 1>> endobj\nstartxref\n9\n%%EOF", FileVerdict.UNREADABLE),
        (b"%PDF-2.0\n1 0 obj <</JS (app.alert)>> endobj\nstartxref\n9\n%%EOF", FileVerdict.ALTERED),
        (b"%PDF-1.7\n" + b"1 0 obj 1 0 R endobj " * 90_000 + b"startxref\n9\n%%EOF", FileVerdict.ALTERED),
        (b"%PDF-1.7\n" + b"/Type /EmbeddedFile obj" * 80_000 + b"startxref\n9\n%%EOF", FileVerdict.ALTERED),
        (b"\xef\xbb\xbf{}", FileVerdict.UNREADABLE),
    ],
    ids=range(11),
)
def test_what_is_no_certificate_is_unreadable_or_not_ours(content: bytes, wanted: FileVerdict) -> None:
    """spec/certificates 15, attack 12: unreadable is not altered."""
    assert judged(content).verdict is wanted


def test_a_sheet_that_was_saved_again_cannot_be_judged(keys: SealKeys, tmp_path: Path) -> None:
    """spec/certificates 15: a linearised copy."""
    (tmp_path / "sealed.pdf").write_bytes(a_sealed_sheet(keys))
    with pikepdf.open(tmp_path / "sealed.pdf") as document:
        document.save(tmp_path / "again.pdf", linearize=True)

    found = judged((tmp_path / "again.pdf").read_bytes(), keys)
    assert (found.verdict, found.fault) == (FileVerdict.UNREADABLE, FileFault.SAVED_AGAIN)


def test_room_for_a_seal_is_no_seal(keys: SealKeys) -> None:
    found = judged(a_sheet_with_room(keys), keys)

    assert (found.verdict, found.fault) == (FileVerdict.ALTERED, SealState.NOT_WHOLE)
