"""Signing keys: made once, kept apart, old ones still verify (spec/security 5.4)."""

import json
import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat

from kernel.crypto import is_signed, lock_text, read_public_keys, rotate_signing_key, seal, signing_keys, unlock_text, unseal
from kernel.keys import TEST_KEYS, KeyState
from kernel.settings import SettingsError, private_file
from tests.support.former_versions import locked_before

VECTORS = Path(__file__).parent.parent / "certificates" / "vectors"


def test_the_first_start_makes_a_key_and_the_next_ones_use_it(tmp_path: Path) -> None:
    keys = signing_keys(tmp_path)
    again = signing_keys(tmp_path)

    assert (tmp_path / "signing.key").stat().st_mode & 0o777 == 0o600
    assert again.identifier == keys.identifier
    assert again.verifies(keys.identifier, b"content", keys.sign(b"content"))


def test_only_the_right_key_content_and_signature_verify(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    keys, other = signing_keys(tmp_path), signing_keys(tmp_path / "other")
    signature = keys.sign(b"content")

    assert keys.verifies(keys.identifier, b"content", signature)
    for identifier, content, signed in (
        (keys.identifier, b"content!", signature),
        (keys.identifier, b"content", other.sign(b"content")),
        (other.identifier, b"content", signature),
        ("", b"content", signature),
        (keys.identifier, b"content", ""),
        (keys.identifier, b"content", "no base64!"),
        (keys.identifier, b"content", "ñ"),
        (keys.identifier, b"content", signature[:-4]),
    ):
        assert not keys.verifies(identifier, content, signed)


def test_public_keys_are_told_and_read_as_text(tmp_path: Path) -> None:
    """spec/compulsory 12.4: the present key first, so that others verify what it and the older ones signed."""
    before = signing_keys(tmp_path)
    keys = rotate_signing_key(tmp_path)
    read = read_public_keys(keys.public_text())

    assert list(read) == [keys.identifier, before.identifier]
    assert list(read_public_keys(keys.public_text(before.identifier))) == [before.identifier]
    assert is_signed(read, before.identifier, b"content", before.sign(b"content"))
    assert not is_signed(read, keys.identifier, b"content", before.sign(b"content"))


def test_what_holds_no_public_key_of_ours_gives_none(tmp_path: Path) -> None:
    foreign = generate_private_key(SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    broken = signing_keys(tmp_path).public_text().replace("M", "N", 1)

    for text in ("", "words", foreign, broken, (tmp_path / "signing.key").read_text()):
        assert not read_public_keys(text)


def test_a_key_that_was_replaced_still_verifies_what_it_signed(tmp_path: Path) -> None:
    before = signing_keys(tmp_path)
    signature = before.sign(b"content")
    (tmp_path / "signing.old").mkdir()
    (tmp_path / "signing.key").rename(tmp_path / "signing.old" / "2026.key")
    after = signing_keys(tmp_path)

    assert after.identifier != before.identifier
    assert after.verifies(before.identifier, b"content", signature)
    assert after.verifies(after.identifier, b"content", after.sign(b"content"))


def test_a_key_is_replaced_by_a_command_and_what_it_signed_still_verifies(tmp_path: Path) -> None:
    before = signing_keys(tmp_path)
    signature = before.sign(b"content")

    first = rotate_signing_key(tmp_path)
    second = rotate_signing_key(tmp_path)

    assert len({before.identifier, first.identifier, second.identifier}) == 3
    assert signing_keys(tmp_path).identifier == second.identifier
    assert second.verifies(before.identifier, b"content", signature)
    assert second.verifies(first.identifier, b"content", first.sign(b"content"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.key")} == {0o600}
    assert not (tmp_path / "signing.key.new").exists()


def test_a_replacement_that_was_broken_off_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signing_keys(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", lambda _self, _target: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            rotate_signing_key(tmp_path)
    assert signing_keys(tmp_path).identifier == before.identifier

    after = rotate_signing_key(tmp_path)

    assert after.identifier != before.identifier
    assert after.verifies(before.identifier, b"content", before.sign(b"content"))


def _pem(password: bytes | None) -> bytes:
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize("content", [b"", b"garbage", _pem(None), _pem(b"password")])
def test_a_file_that_is_no_key_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    private_file(tmp_path / "signing.key", content)
    with pytest.raises(SettingsError, match="not an Ed25519 key"):
        signing_keys(tmp_path)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    signing_keys(tmp_path)
    (tmp_path / "signing.key").chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        signing_keys(tmp_path)
    (tmp_path / "signing.key").chmod(0o600)

    assert signing_keys(tmp_path).identifier


def test_a_sealed_value_comes_back_for_its_purpose_and_time() -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        text = seal("s" * 32, "resume", {"a": ["ñ", 1]})
        clock.shift(60)

        assert unseal("s" * 32, "resume", text, seconds=60) == {"a": ["ñ", 1]}
        assert unseal("s" * 32, "known", text, seconds=60) is None
        assert unseal("t" * 32, "resume", text, seconds=60) is None
        assert unseal([b"t" * 32, b"s" * 32], "resume", text, seconds=60) == {"a": ["ñ", 1]}
        assert unseal([b"t" * 32], "resume", seal([b"t" * 32, b"s" * 32], "resume", 1), seconds=60) == 1
        for changed in ("", text[:-1], text + "A", text[1:], "ñ", "a.b.c", "." * 5):
            assert unseal("s" * 32, "resume", changed, seconds=60) is None
        clock.shift(1)
        assert unseal("s" * 32, "resume", text, seconds=60) is None


OLD, NEW = b"o" * 32, b"n" * 32


def test_a_locked_text_names_its_algorithm_and_key_and_opens_for_its_purpose_alone() -> None:
    """ASVS V11.3.2, V11.2.2: AES-256-GCM."""
    text = lock_text([NEW, OLD], "second factor", "ñandú")

    assert text.startswith("gcm1.")
    assert text != lock_text([NEW, OLD], "second factor", "ñandú")
    assert unlock_text([OLD, NEW], "second factor", text) == "ñandú"
    assert unlock_text([OLD], "second factor", text) is None
    assert unlock_text([NEW], "new address", text) is None
    assert text.split(".")[1] != lock_text([OLD], "second factor", "ñandú").split(".")[1]


def test_what_was_changed_on_the_way_does_not_open() -> None:
    text = lock_text([NEW], "second factor", "secreto")
    broken = [text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :] for at in range(len(text))]

    assert {unlock_text([NEW], "second factor", other) for other in broken} == {None}
    assert {unlock_text([NEW], "second factor", other) for other in ("", "gcm1.", "gcm1..", "gcm1.ñ.ñ", text[:-8], text + "AAAA")} == {None}


def test_a_locked_text_opens_as_long_as_it_holds() -> None:
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as clock:
        text = lock_text([NEW], "new address", "a")
        clock.shift(900)
        assert unlock_text([NEW], "new address", text, seconds=900) == "a"
        clock.shift(1)
        assert unlock_text([NEW], "new address", text, seconds=900) is None
        assert unlock_text([NEW], "new address", text) == "a"
        clock.shift(-2000)
        assert unlock_text([NEW], "new address", text, seconds=900) is None


def test_what_was_locked_before_is_still_read() -> None:
    assert unlock_text([NEW, OLD], "second factor", locked_before(OLD, "second factor", "secreto")) == "secreto"
    assert unlock_text([NEW], "second factor", locked_before(OLD, "second factor", "secreto")) is None


def test_a_key_says_from_when_until_when_it_signed(tmp_path: Path) -> None:
    """spec/certificates K2: the current one first, then the latest."""
    with time_machine.travel("2026-03-01T12:00Z", tick=False):
        first = signing_keys(tmp_path)
    with time_machine.travel("2026-06-01T12:00Z", tick=False):
        second = rotate_signing_key(tmp_path)
    with time_machine.travel("2026-09-01T12:00Z", tick=False):
        keys = rotate_signing_key(tmp_path)

    assert [key.identifier for key in keys.trusted] == [keys.identifier, second.identifier, first.identifier]
    assert [key.state for key in keys.trusted] == [KeyState.CURRENT, KeyState.RETIRED, KeyState.RETIRED]
    said = [(key.history.begun_at, key.history.ended_at) for key in keys.trusted]
    march, june, september = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (3, 6, 9))
    assert said == [(september, None), (june, september), (march, june)]
    assert all(len(key.fingerprint) == 64 for key in keys.trusted)


def test_a_process_signs_with_a_new_key_at_once(tmp_path: Path) -> None:
    """spec/certificates K3: rotated by another process."""
    code = "import sys; from pathlib import Path; from kernel.crypto import rotate_signing_key as r; print(r(Path(sys.argv[1])).identifier)"
    before = signing_keys(tmp_path)
    made = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)

    assert signing_keys(tmp_path).identifier == made.stdout.strip() != before.identifier


def test_the_published_example_keys_are_accepted_nowhere(tmp_path: Path) -> None:
    """spec/certificates attack 16: their private halves are in the golden files."""
    example = Ed25519PrivateKey.from_private_bytes(sha256(b"aulario test vector key 1").digest())
    private_file(tmp_path / "signing.key", example.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    with pytest.raises(SettingsError, match="published examples"):
        signing_keys(tmp_path)


def test_the_published_example_seal_is_among_the_refused() -> None:
    """spec/certificates attack 16."""
    vectors = json.loads((VECTORS / "keys.json").read_text())

    assert sha256(b64decode(vectors["seal_p256"]["public_spki_base64"])).hexdigest() in TEST_KEYS
