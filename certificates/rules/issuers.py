"""Names of an issuer and of its keys as documents state them: `did:web:HOST`, and after a hash the key (spec/certificates B2, K2)."""

from urllib.parse import urlsplit

from certificates.rules.profiles import Document
from certificates.rules.proofs import encoded_base58

ED25519_MULTICODEC = b"\xed\x01"


def issuer_of(address: str) -> str:
    """Return the issuer of everything that is published under the address of a site."""
    return f"did:web:{urlsplit(address).netloc.replace(':', '%3A')}"


def host_of(issuer: str) -> str:
    """Return an issuer as people read an address: host with its port, and what follows it."""
    return issuer.removeprefix("did:web:").replace(":", "/").replace("%3A", ":")


def method_of(address: str, identifier: str) -> str:
    """Return the name of a key of the site with this address."""
    return f"{issuer_of(address)}#{identifier}"


def multikey(public: bytes) -> str:
    """Return an Ed25519 public key as the text of a Multikey."""
    return f"z{encoded_base58(ED25519_MULTICODEC + public)}"


def did_document(address: str, keys: dict[str, bytes], trusted: frozenset[str]) -> Document:
    """Return the DID document of a site: its keys by their identifiers, in this order, and which of them count for others.

    A compromised key stays in the list, so that it is known, and out of those that others may believe.
    """
    issuer = issuer_of(address)
    methods = [
        {"id": method_of(address, name), "type": "Multikey", "controller": issuer, "publicKeyMultibase": multikey(public)}
        for name, public in keys.items()
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": issuer,
        "verificationMethod": methods,
        "assertionMethod": [method_of(address, name) for name in keys if name in trusted],
    }
