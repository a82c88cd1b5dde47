"""Seals of PDF files: equal bytes, valid for programs that are not ours, and genuine only where every byte is covered."""

import asyncio
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import cms, x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certificates.sealing import SealState, judge_seal, seal, seal_verifiers
from kernel.keys import SealKeys, rotate_seal_key, seal_keys
from kernel.pdf.document import SEAL_ROOM
from tests.support.badges import vector
from tests.support.programs import program
from tests.support.seals import GOLDEN_SEAL, a_sealed_sheet, a_sheet_with_room

NAME = "IESS-EDUCA"
_RANGE = re.compile(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SealKeys:
    """Return the keys of an instance."""
    return seal_keys(tmp_path_factory.mktemp("keys"), NAME)


@pytest.fixture(scope="module")
def sealed(keys: SealKeys) -> bytes:
    """Return a sealed sheet."""
    return a_sealed_sheet(keys)


def hole(content: bytes) -> tuple[int, int]:
    """Return where the hole of a seal begins and ends."""
    found = _RANGE.search(content)
    assert found
    return int(found[1]), int(found[2])


def with_contents(content: bytes, contents: bytes) -> bytes:
    """Return a file with other contents of its seal."""
    start, end = hole(content)
    return content[: start + 1] + contents.hex().upper().ljust(end - start - 2, "0").encode() + content[end - 1 :]


def contents_of(content: bytes) -> bytes:
    """Return the seal of a file, with the zeros after it."""
    start, end = hole(content)
    return bytes.fromhex(content[start + 1 : end - 1].decode())


def state(content: bytes, keys: SealKeys) -> SealState:
    return judge_seal(content, seal_verifiers(keys.trusted))


def test_a_seal_of_ours_is_genuine(keys: SealKeys, sealed: bytes) -> None:
    """spec/certificates V3 a, b."""
    assert state(sealed, keys) is SealState.GENUINE
    assert len(sealed) <= 60_000


@pytest.mark.slow
def test_the_same_request_gives_the_same_bytes_in_another_process(keys: SealKeys, sealed: bytes, tmp_path: Path) -> None:
    """spec/certificates P8, D3: also after a restart; another key gives others."""
    folder = tmp_path / "keys"
    folder.mkdir()
    made = seal_keys(folder, NAME)
    script = """
import hashlib, sys
from pathlib import Path
from kernel.keys import seal_keys
from tests.support.seals import a_sealed_sheet
print(hashlib.sha256(a_sealed_sheet(seal_keys(Path(sys.argv[1]), "IESS-EDUCA"))).hexdigest())
"""
    digests = {
        subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True).stdout for _process in range(2)
    }

    assert len(digests) == 1
    assert a_sealed_sheet(made) == a_sealed_sheet(made) != sealed
    renewed = rotate_seal_key(folder, NAME)
    assert a_sealed_sheet(renewed, at=renewed.current.begins) != a_sealed_sheet(made, at=renewed.current.begins)


def test_a_seal_verifies_after_its_key_was_renewed(tmp_path: Path) -> None:
    """spec/certificates K3."""
    before = seal_keys(tmp_path, NAME)
    sealed = a_sealed_sheet(before)

    assert state(sealed, rotate_seal_key(tmp_path, NAME, with_authority=True)) is SealState.GENUINE


def test_pyhanko_trusts_it(keys: SealKeys, sealed: bytes) -> None:
    """spec/certificates D3, D4: trusted, untouched, the whole file."""
    authority = x509.Certificate.load(keys.authority.certificate_der)
    signature = PdfFileReader(BytesIO(sealed)).embedded_signatures[0]
    context = ValidationContext(trust_roots=[authority], allow_fetching=False)

    with ThreadPoolExecutor(1) as aside:  # this thread may hold the loop of a browser
        status = aside.submit(lambda: asyncio.run(async_validate_pdf_signature(signature, signer_validation_context=context))).result()

    assert status.trusted
    assert status.intact
    assert status.valid
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"


def test_openssl_verifies_it_as_cades(keys: SealKeys, sealed: bytes, tmp_path: Path) -> None:
    """spec/certificates D4."""
    start, end = hole(sealed)
    (tmp_path / "seal.der").write_bytes(cms.ContentInfo.load(contents_of(sealed)).dump())
    (tmp_path / "covered").write_bytes(sealed[:start] + sealed[end:])
    (tmp_path / "authority.pem").write_bytes(keys.authority.certificate.public_bytes(Encoding.PEM))
    command = "cms -verify -cades -inform DER -in seal.der -content covered -binary -CAfile authority.pem -purpose any -out seen"

    done = subprocess.run([program("openssl"), *command.split()], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_pdfsig_calls_it_valid(sealed: bytes, tmp_path: Path) -> None:
    """spec/certificates D3."""
    (tmp_path / "sealed.pdf").write_bytes(sealed)

    said = subprocess.run([program("pdfsig"), tmp_path / "sealed.pdf"], capture_output=True, text=True, check=False).stdout

    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("sealed.pdf", SealState.GENUINE),
        ("sealed-trailing.pdf", SealState.NOT_WHOLE),
        ("sealed-incremental.pdf", SealState.NOT_WHOLE),
        ("sealed-edited.pdf", SealState.CHANGED),
        ("sealed-other-key.pdf", SealState.OTHER_KEY),
        ("unsealed.pdf", SealState.NONE),
    ],
)
def test_the_golden_files_are_told_apart(name: str, wanted: SealState) -> None:
    """spec/certificates V3."""
    assert judge_seal(vector(name), [GOLDEN_SEAL]) is wanted


def test_a_byte_changed_anywhere_is_noticed(keys: SealKeys, sealed: bytes) -> None:
    """spec/certificates attack 2: 200 random places, and each place of the hole's first kilobyte."""
    chance = random.Random(7)  # noqa: S311 - the same places each time
    start, _end = hole(sealed)
    places = [chance.randrange(len(sealed)) for _place in range(200)] + list(range(start - 1, start + 1000))

    for place in places:
        changed = bytearray(sealed)
        changed[place] ^= 1 << chance.randrange(8)
        assert state(bytes(changed), keys) is not SealState.GENUINE, place


@pytest.mark.parametrize("added", [b"\n", b"%", b"\x00", b"%%EOF\n", b"1 0 obj\n<<>>\nendobj\n"])
def test_anything_after_the_last_byte_is_noticed(keys: SealKeys, sealed: bytes, added: bytes) -> None:
    """spec/certificates attack 3."""
    assert state(sealed + added, keys) is SealState.NOT_WHOLE


def test_a_seal_cannot_be_wrapped(keys: SealKeys, sealed: bytes) -> None:
    """spec/certificates attack 5: a second range, a range of less than all, a second seal after the first, a seal of another file."""
    start, end = hole(sealed)
    less = sealed.replace(b"/ByteRange [0 %d %d %d]" % (start, end, len(sealed) - end), b"/ByteRange [0 %d %d %d]" % (start, end, 9))
    whole = contents_of(sealed).rstrip(b"\0")
    other = a_sealed_sheet(keys, credential=vector("credential-name.json"))

    assert state(sealed + b"/ByteRange [0 1 2 3]", keys) is SealState.NOT_WHOLE
    assert state(less, keys) is SealState.NOT_WHOLE
    assert state(with_contents(sealed, whole + b"\0\0" + whole[:500]), keys) is SealState.CHANGED
    assert state(with_contents(sealed, contents_of(other)), keys) is SealState.CHANGED
    assert state(sealed[: start + 1] + sealed[start + 1 : end].lower() + sealed[end:], keys) is SealState.NOT_WHOLE


@pytest.mark.parametrize("place", ["signed_attrs", "unsigned_attrs"])
def test_a_seal_says_nothing_beside_its_form(keys: SealKeys, sealed: bytes, place: str) -> None:
    """spec/certificates attack 5: two digests in what is signed, and attributes that are not signed."""
    information = cms.ContentInfo.load(contents_of(sealed))
    signer = information["content"]["signer_infos"][0]
    digest = cms.CMSAttribute({"type": "message_digest", "values": [b"d" * 32]})
    signer[place] = cms.CMSAttributes([*(signer[place] if place == "signed_attrs" else ()), digest])

    assert state(with_contents(sealed, information.dump(force=True)), keys) is SealState.CHANGED


def test_another_key_of_the_same_name_is_not_ours(keys: SealKeys, tmp_path: Path) -> None:
    """spec/certificates attack 6: also with an authority of the same name."""
    other = seal_keys(tmp_path, NAME)

    assert state(a_sealed_sheet(other), keys) is SealState.OTHER_KEY
    forged = seal(a_sheet_with_room(keys), other.current, keys.authority)
    assert state(forged, keys) is SealState.OTHER_KEY


def test_a_seal_holds_while_its_certificate_does(keys: SealKeys) -> None:
    """spec/certificates attack 6: expired, or before its beginning."""
    late, early = keys.current.ends + timedelta(days=1), keys.current.begins - timedelta(days=1)

    assert [state(a_sealed_sheet(keys, at=at), keys) for at in (late, early)] == [SealState.OUT_OF_TIME] * 2


def test_a_compromised_key_seals_nothing(keys: SealKeys, sealed: bytes, tmp_path: Path) -> None:
    """spec/certificates attack 6, K4: it may claim any time."""
    verifiers = [type(one)(one.spki, one.certificate, is_compromised=True) for one in seal_verifiers(keys.trusted)]

    assert judge_seal(sealed, verifiers) is SealState.COMPROMISED


def test_the_keys_of_the_golden_files_are_accepted_nowhere(keys: SealKeys) -> None:
    """spec/certificates attack 16."""
    assert state(vector("sealed.pdf"), keys) is SealState.OTHER_KEY


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"/ByteRange [0 1 2 3]", b"/ByteRange [0 0 2 0]<>", b"\0" * 2_000_000])
def test_whatever_is_no_seal_raises_nothing(keys: SealKeys, content: bytes) -> None:
    """spec/certificates 15."""
    assert state(content, keys) in (SealState.NONE, SealState.NOT_WHOLE)


def test_a_seal_leaves_room(sealed: bytes) -> None:
    assert len(contents_of(sealed).rstrip(b"\0")) < SEAL_ROOM - 200


def test_nothing_is_sealed_without_room() -> None:
    with pytest.raises(ValueError, match="no room"):
        seal(b"%PDF-1.7", None, None)  # type: ignore[arg-type]  # no key is looked at
