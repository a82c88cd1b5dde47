"""Attacks on certificates as files (spec/certificates 10), each made from a genuine sheet or badge, for all three ways of verifying."""

import base64
import json
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certificates.pdf import render
from certificates.rules.badges import KEYWORD, badge_document, badge_quads, baked_png, baked_svg, compact_json, signed_document
from certificates.sealing import SealVerifier, VerifierKeys, seal, seal_verifiers
from certificates.sheet import compose
from kernel.keys import SealKeys
from kernel.pdf.document import PdfAttachment, PdfSealField
from tests.support.badges import BADGE, METHOD, token_of, vector, vector_document
from tests.support.certificates import FACTS
from tests.support.seals import GOLDEN_KEYS, a_sealed_sheet, a_sheet_with_room

CREDENTIAL = vector("credential.json")
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M0 0h9"/></svg>'
PLACES = 200
"""Bytes of a sheet that are changed one by one."""
BROKEN = ("altered", "unreadable")


@dataclass(frozen=True, slots=True)
class FileAttack:
    """A file that somebody made of a genuine one, by the number of its class, and the verdicts that are right."""

    number: int
    what: str
    content: bytes
    verdicts: tuple[str, ...] = ("altered",)

    @property
    def name(self) -> str:
        """Return it as the name of a file."""
        return f"{self.number} {self.what}"


@dataclass(frozen=True, slots=True)
class AttackedKeys:
    """The keys that are attacked, keys of somebody who calls themselves the same, and those by which files are judged."""

    ours: SealKeys
    theirs: SealKeys
    lost: SealVerifier

    @property
    def verifiers(self) -> VerifierKeys:
        """Return what page and command trust: the golden key of badges, our seals, and one seal that is known to be compromised."""
        return VerifierKeys(GOLDEN_KEYS.signatures, (*seal_verifiers(self.ours.trusted), self.lost))


def attacked_keys(ours: SealKeys, theirs: SealKeys, lost: SealKeys) -> AttackedKeys:
    """Return the keys of the attacks; the present key of `lost` came into other hands."""
    return AttackedKeys(ours, theirs, replace(seal_verifiers(lost.trusted)[0], is_compromised=True))


def file_attacks(keys: AttackedKeys, lost: SealKeys) -> list[FileAttack]:
    """Return every attack that is a file."""
    sealed = a_sealed_sheet(keys.ours)
    return [
        *_changed_fields(),
        *_changed_bytes(sealed),
        *(FileAttack(3, repr(more), sealed + more) for more in (b"\n", b"%", b"\0", b"%%EOF\n", b"1 0 obj\n<<>>\nendobj\n")),
        *_updates(sealed),
        *_wrapped_seals(sealed, keys.ours),
        *_other_seals(keys, lost),
        *_exchanged_codes(keys.ours),
        *_tokens(),
        *_pictures(),
        *_hostile_pdfs(),
        *_names(),
        *_other_installations(keys.ours),
    ]


def leaves(document: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return where each value of a document stands."""
    if isinstance(document, dict):
        return [leaf for name, value in document.items() for leaf in leaves(value, (*path, name))]
    if isinstance(document, list):
        return [leaf for place, value in enumerate(document) for leaf in leaves(value, (*path, place))]
    return [path]


def changed_value(value: object) -> object:
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    return value[:-1] + ("x" if value[-1] != "x" else "y") if isinstance(value, str) else value


def with_change(path: tuple[str | int, ...], *, is_gone: bool) -> bytes:
    """Return the golden credential with one value changed or taken out."""
    document: Any = vector_document()
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    if is_gone:
        del holder[path[-1]]
    else:
        holder[path[-1]] = changed_value(holder[path[-1]])
    return json.dumps(document).encode()


def _changed_fields() -> Iterator[FileAttack]:
    for path in leaves(vector_document()):
        for is_gone in (False, True):
            what = f"{'.'.join(map(str, path))} {'gone' if is_gone else 'changed'}"
            yield FileAttack(1, what, with_change(path, is_gone=is_gone))


def _changed_bytes(sealed: bytes) -> Iterator[FileAttack]:
    chance = random.Random(11)  # noqa: S311 - the same places each time
    for _place in range(PLACES):
        changed, at = bytearray(sealed), chance.randrange(len(sealed))
        changed[at] ^= 1 << chance.randrange(8)
        yield FileAttack(2, f"byte {at}", bytes(changed), BROKEN)


def _updates(sealed: bytes) -> Iterator[FileAttack]:
    for update in (b"31 0 obj <<>>\nstream\nBT ET\nendstream", b"/Type /EmbeddedFile", b"/Metadata 99 0 R", b"/Type /Catalog"):
        yield FileAttack(4, update[:18].decode(), sealed + b"99 0 obj\n" + update + b"\nendobj\nstartxref\n9\n%%EOF\n")
    yield FileAttack(4, "permissions removed", sealed.replace(b"/Perms", b"/Kerms"))


def hole_of(content: bytes) -> tuple[int, int]:
    """Return where the contents of a seal begin and end."""
    start = content.index(b"/Contents <") + len(b"/Contents ")
    return start, content.index(b">", start) + 1


def _with_contents(content: bytes, contents: bytes) -> bytes:
    start, end = hole_of(content)
    return content[: start + 1] + contents.hex().upper().ljust(end - start - 2, "0").encode() + content[end - 1 :]


def _wrapped_seals(sealed: bytes, keys: SealKeys) -> Iterator[FileAttack]:
    start, end = hole_of(sealed)
    written = b"/ByteRange [0 %d %d %d]" % (start, end, len(sealed) - end)
    contents = bytes.fromhex(sealed[start + 1 : end - 1].decode())
    whole, other = contents.rstrip(b"\0"), a_sealed_sheet(keys, credential=vector("credential-name.json"))
    o_start, o_end = hole_of(other)
    yield FileAttack(5, "two ranges", sealed.replace(b"%%EOF", b"%/ByteRange [0 1 2 3]\n%%EOF", 1))
    yield FileAttack(5, "range of less than all", sealed.replace(written, b"/ByteRange [0 %d %d %d]" % (start, end, 9)))
    yield FileAttack(5, "larger hole", sealed.replace(written, b"/ByteRange [0 %d %d %d]" % (start - 9, end, len(sealed) - end)))
    yield FileAttack(5, "range taken away", sealed.replace(b"/ByteRange", b"/ByteRanye"))
    yield FileAttack(5, "second seal after the first", _with_contents(sealed, whole + b"\0\0" + whole[:500]))
    yield FileAttack(5, "seal of another file", _with_contents(sealed, bytes.fromhex(other[o_start + 1 : o_end - 1].decode())))
    yield FileAttack(5, "lower case", sealed[: start + 1] + sealed[start + 1 : end].lower() + sealed[end:])
    for place in ("signed_attrs", "unsigned_attrs"):
        information = cms.ContentInfo.load(contents)
        signer = information["content"]["signer_infos"][0]
        digest = cms.CMSAttribute({"type": "message_digest", "values": [b"d" * 32]})
        signer[place] = cms.CMSAttributes([*(signer[place] if place == "signed_attrs" else ()), digest])
        yield FileAttack(5, f"second digest in {place}", _with_contents(sealed, information.dump(force=True)))


def _other_seals(keys: AttackedKeys, lost: SealKeys) -> Iterator[FileAttack]:
    yield FileAttack(6, "key and authority of the same name", a_sealed_sheet(keys.theirs))
    yield FileAttack(6, "another key with our authority", seal(a_sheet_with_room(keys.ours), keys.theirs.current, keys.ours.authority))
    yield FileAttack(6, "our key with another authority", seal(a_sheet_with_room(keys.ours), keys.ours.current, keys.theirs.authority))
    for what, at in (
        ("expired", keys.ours.current.ends + timedelta(days=1)),
        ("before its beginning", keys.ours.current.begins - timedelta(days=1)),
    ):
        yield FileAttack(6, what, a_sealed_sheet(keys.ours, at=at))
    yield FileAttack(6, "compromised", a_sealed_sheet(lost))


def _exchanged_codes(keys: SealKeys) -> Iterator[FileAttack]:
    other, badge = compose(replace(FACTS, code="0000111122223333")), PdfAttachment("a.json", "application/vc+ld+json", CREDENTIAL)
    yield FileAttack(7, "code of another, no seal", render(other, badge))
    room = render(other, badge, PdfSealField("IESS-EDUCA", keys.current.begins, "Sello"))
    yield FileAttack(7, "code of another, sealed", seal(room, keys.current, keys.authority))
    lookalike = replace(FACTS, verify_address="aulario-example.com/v", verify_url="https://aulario-example.com/v/7K4M-92XD-C3QF-8TRA")
    yield FileAttack(8, "address of another host", render(compose(lookalike), badge), ("unsealed",))


def _tokens() -> Iterator[FileAttack]:
    payload = json.loads(base64.urlsafe_b64decode(vector("credential.jwt").split(b".")[1] + b"=="))
    head = {"alg": "EdDSA", "kid": METHOD, "typ": "vc+jwt"}
    heads = {
        "alg none": {**head, "alg": "none"},
        "ES256": {**head, "alg": "ES256"},
        "HS256": {**head, "alg": "HS256"},
        "own key": {**head, "jwk": {"kty": "OKP"}},
        "path": {**head, "kid": "did:web:aulario.example#../k1"},
        "key of another host": {**head, "kid": "did:web:evil.example#k1"},
    }
    for what, one in heads.items():
        yield FileAttack(11, what, token_of(one, payload).encode())
    yield FileAttack(11, "no signature", token_of({**head, "alg": "none"}, payload, None).encode())
    yield FileAttack(11, "signed by another", token_of(head, payload, OTHER).encode())
    yield FileAttack(11, "later end", token_of(head, {**payload, "exp": 4_102_444_800}).encode())


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(*chunks: bytes) -> bytes:
    """Return the golden picture without its badge, with other chunks before its end."""
    plain = baked_png(vector("badge.png"), b"")
    place = plain.index(b"iTXt") - 4
    return plain[:place] + b"".join(chunks) + plain[-12:]


def _pictures() -> Iterator[FileAttack]:
    text = chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + CREDENTIAL)
    yield FileAttack(12, "two badges in a PNG", with_chunks(text, text))
    yield FileAttack(12, "bomb", with_chunks(chunk(b"iTXt", KEYWORD + b"\0\1\0\0\0" + zlib.compress(b" " * 10**8))), ("unreadable",))
    baked = baked_svg(SVG, CREDENTIAL.decode())
    tricks = {
        "script": baked.replace("<path", "<script>alert(1)</script><path"),
        "handler": baked.replace("<path", '<path onload="alert(1)"'),
        "entity": '<!DOCTYPE svg [<!ENTITY a "b">]>' + baked,
        "outside reference": baked.replace("<path", '<image href="https://evil.example/a.png"/><path'),
        "two badges": baked.replace("</svg>", baked[baked.index("<openb") : baked.index("<path")] + "</svg>"),
    }
    for what, picture in tricks.items():
        yield FileAttack(12, f"SVG with {what}", picture.encode())


def _hostile_pdfs() -> Iterator[FileAttack]:
    end = b"startxref\n9\n%%EOF"
    yield FileAttack(12, "objects without end", b"%PDF-1.7\n" + b"1 0 obj 1 0 R endobj " * 15_000 + end)
    yield FileAttack(12, "attachments without end", b"%PDF-1.7\n" + b"/Type /EmbeddedFile obj" * 15_000 + end)
    yield FileAttack(12, "PDF with script", b"%PDF-2.0\n1 0 obj <</JS (app.alert)>> endobj\n" + end)
    yield FileAttack(12, "encrypted PDF", b"%PDF-2.0\n1 0 obj <<>> endobj\ntrailer <</Encrypt 5 0 R>>\n" + end, ("unreadable",))


def _names() -> Iterator[FileAttack]:
    for what, old, new in (
        ("accent apart", "Guamán", "Guama\u0301n"),
        ("Cyrillic letter", "Luis", "Lu\u0456s"),
        ("turned text", "Luis", "\u202eLuis"),
        ("control character", "Luis", "Lu\u0007is"),
    ):
        document = vector_document()
        identity = document["credentialSubject"]["identifier"][0]
        identity["identityHash"] = identity["identityHash"].replace(old, new)
        yield FileAttack(13, what, json.dumps(document).encode())


def _other_installations(keys: SealKeys) -> Iterator[FileAttack]:
    theirs = replace(BADGE, issuer="did:web:other.example")
    document = signed_document(badge_document(theirs), badge_quads(theirs), "did:web:other.example#k1", BADGE.valid_from, OTHER.sign)
    yield FileAttack(14, "badge of another installation", compact_json(document))
    yield FileAttack(14, "in a sheet of ours", a_sealed_sheet(keys, credential=compact_json(document)))
    ours = signed_document(badge_document(BADGE), badge_quads(BADGE), "did:web:other.example#k1", BADGE.valid_from, OTHER.sign)
    yield FileAttack(14, "our issuer by a key of another", compact_json(ours))
    yield FileAttack(16, "golden seal", vector("sealed.pdf"))
