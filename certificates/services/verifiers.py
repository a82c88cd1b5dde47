"""The keys of a site as files are judged by them, also in another process."""

from collections.abc import Sequence

from certificates.file_judgement import SignatureVerifier, VerifierKeys
from certificates.rules.issuers import method_of
from certificates.sealing import seal_verifiers
from kernel.crypto import SigningKeys
from kernel.keys import SealKeys


def verifier_keys(keys: SigningKeys, seals: SealKeys, addresses: Sequence[str]) -> VerifierKeys:
    """Return every key that ever signed or sealed here, under each address that the site has or had."""
    signatures = tuple(
        SignatureVerifier(method_of(address, key.identifier), keys.public_text(key.identifier), key.history.compromised_since)
        for address in addresses
        for key in keys.trusted
    )
    return VerifierKeys(signatures, seal_verifiers(seals.trusted))
