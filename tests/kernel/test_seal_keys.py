"""Keys that seal PDF files: an authority of twenty years, certificates of five, renewed in their last (spec/certificates K1)."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import BasicConstraints, KeyUsage

from kernel import clock
from kernel.keys import KeyState, SealKeys, is_renewal_due, rotate_seal_key, seal_keys
from kernel.settings import SettingsError, private_file

NAME = "Escuela de seguridad social"


def _extension(keys: SealKeys, kind: type) -> object:
    return keys.current.certificate.extensions.get_extension_for_class(kind).value


def test_the_first_start_makes_an_authority_and_a_seal(tmp_path: Path) -> None:
    """spec/certificates K1: P-256; the authority twenty years and path length 0, the seal five years."""
    keys, again = seal_keys(tmp_path, NAME), seal_keys(tmp_path, NAME)
    authority = keys.authority.certificate

    assert again.current.identifier == keys.current.identifier
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.key")} == {0o600}
    assert keys.current.key.curve.name == keys.authority.key.curve.name == "secp256r1"
    keys.current.certificate.verify_directly_issued_by(authority)
    assert authority.extensions.get_extension_for_class(BasicConstraints).value == BasicConstraints(ca=True, path_length=0)
    assert _extension(keys, BasicConstraints) == BasicConstraints(ca=False, path_length=None)
    usage = _extension(keys, KeyUsage)
    assert isinstance(usage, KeyUsage)
    assert usage.digital_signature
    assert usage.content_commitment
    assert not usage.key_cert_sign
    assert keys.current.ends - keys.current.begins == timedelta(days=5 * 365)
    assert keys.authority.ends - keys.authority.begins == timedelta(days=20 * 365)


def test_the_same_content_has_the_same_seal(tmp_path: Path) -> None:
    """spec/certificates D3: nonces by RFC 6979."""
    keys = seal_keys(tmp_path, NAME)
    signature = keys.current.sign(b"content")

    assert signature == keys.current.sign(b"content")
    keys.current.key.public_key().verify(signature, b"content", ECDSA(SHA256()))


def test_a_seal_is_renewed_in_its_last_year_and_the_old_one_stays_known(tmp_path: Path) -> None:
    """spec/certificates K1, K3."""
    before = seal_keys(tmp_path, NAME)
    assert not is_renewal_due(before, now=before.current.ends - timedelta(days=366))
    assert is_renewal_due(before, now=before.current.ends - timedelta(days=364))

    with time_machine.travel(before.current.ends - timedelta(days=100), tick=False):
        after = rotate_seal_key(tmp_path, NAME)

        assert [key.state for key in after.trusted] == [KeyState.CURRENT, KeyState.RETIRED]
        assert [key.identifier for key in after.trusted] == [after.current.identifier, before.current.identifier]
        assert after.trusted[1].history.ended_at == clock.now().replace(microsecond=0)
        assert after.authority.identifier == before.authority.identifier
        assert after.current.begins == clock.now().replace(microsecond=0)


def test_a_seal_does_not_outlive_its_authority(tmp_path: Path) -> None:
    before = seal_keys(tmp_path, NAME)
    with time_machine.travel(before.authority.ends - timedelta(days=30), tick=False):
        assert rotate_seal_key(tmp_path, NAME).current.ends == before.authority.ends
        renewed = rotate_seal_key(tmp_path, NAME, with_authority=True)

    assert [key.state for key in renewed.authorities] == [KeyState.CURRENT, KeyState.RETIRED]
    assert renewed.current.ends - renewed.current.begins == timedelta(days=5 * 365)


def test_a_long_name_of_an_institution_fits_into_a_certificate(tmp_path: Path) -> None:
    keys = seal_keys(tmp_path, "Dirección Provincial de " * 5)

    assert keys.current.certificate.subject != keys.authority.certificate.subject


def test_a_seal_of_another_authority_is_refused(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        seal_keys(tmp_path / name, NAME)
    (tmp_path / "other" / "seal.key").replace(tmp_path / "one" / "seal.key")

    with pytest.raises(SettingsError, match="another authority"):
        seal_keys(tmp_path / "one", NAME)


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_file_that_is_no_seal_key_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    private_file(tmp_path / "seal.key", content)

    with pytest.raises(SettingsError, match="not a P-256 key"):
        seal_keys(tmp_path, NAME)
