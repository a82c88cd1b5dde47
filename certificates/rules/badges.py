"""Documents of badges, written, read and signed by their fixed form, as JSON, token or picture: canonical N-Quads, JSON, base 58, DIDs.

A document of a fixed profile has a fixed graph. Its lines are written directly; the tests compare them with PyLD's.
"""

import base64
import hashlib
import json
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeAlias, TypeVar
from urllib.parse import urlsplit

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
CREDENTIALS = "https://www.w3.org/2018/credentials#"
STATUS = "https://www.w3.org/ns/credentials/status#"
SECURITY = "https://w3id.org/security#"
BADGES = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
SCHEMA = "https://schema.org/"
DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
"""All that canonical N-Quads escape in signable text."""

Quad = tuple[str, str, str]
"""Subject, predicate and object, each as it is written."""


def iri(address: str) -> str:
    """Return an address as a term."""
    return f"<{address}>"


def literal(text: str, datatype: str = "") -> str:
    """Return a text as a term, of a datatype where it is no plain string."""
    quoted = f'"{text.translate(_ESCAPES)}"'
    return f"{quoted}^^<{datatype}>" if datatype else quoted


def quad(subject: str, predicate: str, value: str) -> Quad:
    """Return a statement; the subject is an address or the label of a blank node.

    No JSON-LD processor is needed: a document of a fixed profile has a fixed graph. Its lines are written directly, as canonical N-Quads
    (RDFC-1.0) of the few shapes of document that are signed here; the tests compare them with PyLD's.
    """
    return (subject if subject.startswith("_:") else iri(subject), iri(predicate), value)


def _lines(quads: Iterable[Quad], names: Mapping[str, str]) -> list[str]:
    """Return the statements as sorted lines; bytes of UTF-8 sort as code points do."""
    return sorted({" ".join(names.get(term, term) for term in statement) + " .\n" for statement in quads}, key=str.encode)


def canonical(quads: Iterable[Quad]) -> bytes:
    """Return statements as canonical N-Quads; every blank node must differ from the others in its own statements.

    Blank nodes are named in the order of their first-degree hashes.
    """
    stated = tuple(quads)
    labels = {term for statement in stated for term in statement if term.startswith("_:")}

    def first_degree_hash(label: str) -> str:
        names = {other: "_:a" if other == label else "_:z" for other in labels}
        return hashlib.sha256("".join(_lines((statement for statement in stated if label in statement), names)).encode()).hexdigest()

    names = {label: f"_:c14n{number}" for number, label in enumerate(sorted(labels, key=first_degree_hash))}
    return "".join(_lines(stated, names)).encode()


MOST_BYTES = 262_144
"""Bytes of a document that is read; ours have two thousand."""
UNSIGNABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Signs which canonicalisers write differently: controls but LF, halves of a sign, and non-characters."""


class UnreadableDocument(Exception):
    """Bytes that are no document of a form known here."""


class AmbiguousDocument(Exception):
    """A document that readers may understand differently: a member twice, text not in NFC, a control character."""


def is_signable(text: str) -> bool:
    """Return whether a text can be signed: in NFC, and without characters that canonicalisers write differently."""
    return UNSIGNABLE.search(text) is None and unicodedata.is_normalized("NFC", text)


def read_strict(content: bytes, most: int = MOST_BYTES) -> object:
    """Return the value of a JSON document in UTF-8; raise UnreadableDocument, or AmbiguousDocument."""
    if len(content) > most:
        raise UnreadableDocument
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_members, parse_float=_refused, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise UnreadableDocument from None
    if not all(is_signable(text) for text in _texts(value)):
        raise AmbiguousDocument
    return value


def _members(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise AmbiguousDocument
    return members


def _refused(_number: str) -> NoReturn:
    raise AmbiguousDocument  # floating point numbers have several forms; ours hold none


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            yield from node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


Document: TypeAlias = Mapping[str, Any]
"""A JSON document, as read or to be written."""
Content = TypeVar("Content")
CONTEXT = "https://www.w3.org/ns/credentials/v2"
_ADDRESS = re.compile(r"(?:https?://|did:web:|urn:uuid:)[!#-;=?-\[\]_a-z~]+")
"""Addresses in ASCII, without signs that N-Quads escape."""


class NotOurProfile(Exception):
    """A document with a member more, a member less, or a value that no document of ours has."""


def is_address(text: str) -> bool:
    """Return whether a text is an address that needs no escape in N-Quads."""
    return _ADDRESS.fullmatch(text) is not None


def moment_text(moment: datetime) -> str:
    """Return a moment as documents write it: UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_moment(text: str) -> datetime:
    """Return the moment of a document; raise ValueError where it is no moment."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def read_exactly(document: object, read: Callable[[Document], Content], write: Callable[[Content], Document]) -> Content:
    """Return the content of a document where writing it gives the document back, in any order of members; raise NotOurProfile."""
    if not isinstance(document, Mapping):
        raise NotOurProfile
    try:
        content = read(document)
        again = write(content)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise NotOurProfile from None
    if _text_of(again) != _text_of(document):
        raise NotOurProfile
    return content


def _text_of(document: Document) -> str:
    return json.dumps(document, sort_keys=True)  # unlike a comparison of values, it tells false from zero


PNG_MARK = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
_ELEMENT = re.compile(r"<openbadges:credential\b[^>]*?(?:/>|>(.*?)</openbadges:credential\s*>)", re.DOTALL)
_ROOT = re.compile(r"<svg\b[^>]*>")
_ACTIVE = re.compile(
    r"<!DOCTYPE|<!ENTITY|<script\b|<foreignObject\b|\son\w+\s*=|(?:href|src)\s*=\s*[\"'](?!#)|url\(\s*[\"']?(?!#|[\"'])|@import",
    re.IGNORECASE,
)
"""Doctypes, entities, scripts, and references to anything outside the picture."""
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*?)\]\]>\s*", re.DOTALL)


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each part of a PNG; raise UnreadableDocument where it is damaged or goes on after its end."""
    offset, kind = len(PNG_MARK), b""
    if not picture.startswith(PNG_MARK):
        raise UnreadableDocument
    while kind != b"IEND":
        head = picture[offset : offset + 8]
        if len(head) < 8:
            raise UnreadableDocument
        length, kind = struct.unpack(">I4s", head)
        body, check = picture[offset + 8 : offset + 8 + length], picture[offset + 8 + length : offset + 12 + length]
        if check != struct.pack(">I", zlib.crc32(kind + body)):
            raise UnreadableDocument
        yield kind, body
        offset += 12 + length
    if offset != len(picture):
        raise UnreadableDocument


def _is_badge(kind: bytes, body: bytes) -> bool:
    return kind in (b"iTXt", b"tEXt", b"zTXt") and body.startswith(KEYWORD + b"\0")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def baked_png(picture: bytes, badge: bytes) -> bytes:
    """Return a PNG that holds a badge, in place of one that it may hold already; raise UnreadableDocument for what is no PNG."""
    parts = [_chunk(kind, body) for kind, body in _chunks(picture) if not _is_badge(kind, body)]
    parts.insert(-1, _chunk(b"iTXt", KEYWORD + b"\0\0\0\0\0" + badge))
    return PNG_MARK + b"".join(parts)


def png_badge(picture: bytes) -> bytes:
    """Return the badge of a PNG; raise UnreadableDocument where it holds none, NotOurProfile where it holds several."""
    badges = [(kind, body) for kind, body in _chunks(picture) if _is_badge(kind, body)]
    if not badges:
        raise UnreadableDocument
    kind, body = badges[0]
    if len(badges) > 1 or kind != b"iTXt":
        raise NotOurProfile
    flags, rest = body[len(KEYWORD) + 1 : len(KEYWORD) + 3], body[len(KEYWORD) + 3 :]
    _language, _, rest = rest.partition(b"\0")
    _translated, separator, text = rest.partition(b"\0")
    if not separator:
        raise UnreadableDocument
    return _unpacked(text) if flags[:1] == b"\1" else text


def _unpacked(text: bytes) -> bytes:
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(text, MOST_BYTES)
    except zlib.error:
        raise UnreadableDocument from None
    if not reader.eof:
        raise UnreadableDocument  # cut off, or larger than any badge
    return content


def baked_svg(picture: str, badge: str) -> str:
    """Return an SVG that holds a badge as JSON, in place of one that it may hold already; raise UnreadableDocument for no SVG."""
    plain = _ELEMENT.sub("", picture)
    root = _ROOT.search(plain)
    if root is None:
        raise UnreadableDocument
    inside = badge.replace("]]>", "]]\\u003e")  # the same JSON, and no end of the section
    element = f'<openbadges:credential xmlns:openbadges="{NAMESPACE}"><![CDATA[{inside}]]></openbadges:credential>'
    return plain[: root.end()] + element + plain[root.end() :]


def svg_badge(picture: str) -> str:
    """Return the badge of an SVG; raise UnreadableDocument where it holds none, NotOurProfile for several or an active picture."""
    badges = list(_ELEMENT.finditer(picture))
    if not badges:
        raise UnreadableDocument
    section = _CDATA.fullmatch(badges[0][1] or "")
    if len(badges) > 1 or section is None or _ACTIVE.search(_ELEMENT.sub("", picture)):
        raise NotOurProfile
    return section[1]


CONTEXTS = (
    CONTEXT,
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
)
JSON_SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
SCHEMA_VALIDATOR = "1EdTechJsonSchemaValidator2019"
SCHEMA_VALIDATOR_IRI = f"https://purl.imsglobal.org/spec/vccs/v1p0/context.json#{SCHEMA_VALIDATOR}"
BOOLEAN = "https://www.w3.org/2001/XMLSchema#boolean"
"""With https, as the context of Open Badges gives it."""


@dataclass(frozen=True, slots=True)
class BadgeContent:
    """Everything that a badge says."""

    address: str
    """Where it is verified; it ends with the code."""
    issuer: str
    """`did:web:` and the host."""
    issuer_name: str
    course: str
    """The address of the course, with its version."""
    title: str
    description: str
    criteria: str
    person_name: str
    subject: str
    """`urn:uuid:` and a UUID that no other credential has."""
    valid_from: datetime
    status_list: str
    """The address of the status list, and the place in it."""
    status_place: int
    valid_until: datetime | None = None

    @property
    def code(self) -> str:
        """Return the printed code, with which the address ends."""
        return self.address.rpartition("/")[2]

    @property
    def is_sound(self) -> bool:
        """Return whether every text can be signed, and every address is one."""
        texts = (self.issuer_name, self.title, self.description, self.criteria, self.person_name)
        addresses = (self.address, self.issuer, self.course, self.subject, self.status_list)
        return all(map(is_signable, texts)) and all(map(is_address, addresses)) and self.status_place >= 0


def badge_document(content: BadgeContent) -> Document:
    """Return the JSON document of a badge, without a proof."""
    return {
        "@context": list(CONTEXTS),
        "id": content.address,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": content.title,
        "issuer": {
            "id": content.issuer,
            "type": ["Profile"],
            "name": content.issuer_name,
        },
        "validFrom": moment_text(content.valid_from),
        **({"validUntil": moment_text(content.valid_until)} if content.valid_until else {}),
        "credentialSubject": _subject(content),
        "credentialStatus": {
            "id": f"{content.status_list}#{content.status_place}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(content.status_place),
            "statusListCredential": content.status_list,
        },
        "credentialSchema": [{"id": JSON_SCHEMA, "type": SCHEMA_VALIDATOR}],
    }


def _subject(content: BadgeContent) -> Document:
    return {
        "id": content.subject,
        "type": ["AchievementSubject"],
        "achievement": {
            "id": content.course,
            "type": ["Achievement"],
            "name": content.title,
            "description": content.description,
            "criteria": {"narrative": content.criteria},
            "achievementType": "Certificate",
        },
        "identifier": [{"type": "IdentityObject", "hashed": False, "identityHash": content.person_name, "identityType": "name"}],
    }


def read_badge(document: object) -> BadgeContent:
    """Return the content of a badge's document, without its proof; raise NotOurProfile unless it is exactly that of a badge."""
    return read_exactly(document, _badge_content, badge_document)


def _badge_content(document: Document) -> BadgeContent:
    issuer, subject, status = document["issuer"], document["credentialSubject"], document["credentialStatus"]
    course, until = subject["achievement"], document.get("validUntil")
    content = BadgeContent(
        address=document["id"],
        issuer=issuer["id"],
        issuer_name=issuer["name"],
        course=course["id"],
        title=document["name"],
        description=course["description"],
        criteria=course["criteria"]["narrative"],
        person_name=subject["identifier"][0]["identityHash"],
        subject=subject["id"],
        valid_from=read_moment(document["validFrom"]),
        valid_until=None if until is None else read_moment(until),
        status_list=status["statusListCredential"],
        status_place=int(status["statusListIndex"]),
    )
    if not content.is_sound:
        raise NotOurProfile
    return content


def badge_quads(content: BadgeContent) -> bytes:
    """Return the canonical N-Quads of a badge's document."""
    return canonical(_badge(content))


def _badge(content: BadgeContent) -> Iterator[Quad]:
    address, course, status, person = content.address, content.course, f"{content.status_list}#{content.status_place}", "_:person"
    yield quad(address, RDF_TYPE, iri(f"{CREDENTIALS}VerifiableCredential"))
    yield quad(address, RDF_TYPE, iri(f"{BADGES}OpenBadgeCredential"))
    yield quad(address, f"{SCHEMA}name", literal(content.title))
    yield quad(address, f"{CREDENTIALS}issuer", iri(content.issuer))
    yield quad(address, f"{CREDENTIALS}validFrom", literal(moment_text(content.valid_from), DATE_TIME))
    if content.valid_until:
        yield quad(address, f"{CREDENTIALS}validUntil", literal(moment_text(content.valid_until), DATE_TIME))
    yield quad(address, f"{CREDENTIALS}credentialSubject", iri(content.subject))
    yield quad(address, f"{CREDENTIALS}credentialStatus", iri(status))
    yield quad(address, f"{CREDENTIALS}credentialSchema", iri(JSON_SCHEMA))
    yield quad(JSON_SCHEMA, RDF_TYPE, iri(SCHEMA_VALIDATOR_IRI))
    yield quad(content.issuer, RDF_TYPE, iri(f"{BADGES}Profile"))
    yield quad(content.issuer, f"{SCHEMA}name", literal(content.issuer_name))
    yield quad(status, RDF_TYPE, iri(f"{STATUS}BitstringStatusListEntry"))
    yield quad(status, f"{STATUS}statusListCredential", iri(content.status_list))
    yield quad(status, f"{STATUS}statusListIndex", literal(str(content.status_place)))
    yield quad(status, f"{STATUS}statusPurpose", literal("revocation"))
    yield quad(content.subject, RDF_TYPE, iri(f"{BADGES}AchievementSubject"))
    yield quad(content.subject, f"{BADGES}achievement", iri(course))
    yield quad(content.subject, f"{BADGES}identifier", person)
    yield quad(course, RDF_TYPE, iri(f"{BADGES}Achievement"))
    yield quad(course, f"{SCHEMA}name", literal(content.title))
    yield quad(course, f"{SCHEMA}description", literal(content.description))
    yield quad(course, f"{BADGES}achievementType", literal("Certificate"))
    yield quad(course, f"{BADGES}Criteria", "_:criteria")
    yield quad("_:criteria", f"{BADGES}narrative", literal(content.criteria))
    yield quad(person, RDF_TYPE, iri(f"{BADGES}IdentityObject"))
    yield quad(person, f"{BADGES}hashed", literal("false", BOOLEAN))
    yield quad(person, f"{BADGES}identityHash", literal(content.person_name))
    yield quad(person, f"{BADGES}identityType", literal("name"))


CRYPTOSUITE, JCS_SUITE = "eddsa-rdfc-2022", "eddsa-jcs-2022"
CREATED = "http://purl.org/dc/terms/created"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SIGNATURE_BYTES = 64

Sign = Callable[[bytes], bytes]
"""A private Ed25519 key, as it signs."""


def encoded_base58(content: bytes) -> str:
    """Return bytes in the base 58 of Bitcoin; those before the first that is not zero are written as ones."""
    number, digits = int.from_bytes(content), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + digits


def decoded_base58(text: str, length: int) -> bytes:
    """Return so many bytes from their base 58; raise ValueError where the text is not that of so many."""
    number = 0
    for sign in text:
        number = number * 58 + _ALPHABET.index(sign)
    try:
        content = number.to_bytes(length)
    except OverflowError:
        raise ValueError("not the base 58 of so many bytes") from None
    if encoded_base58(content) != text:
        raise ValueError("not the base 58 of so many bytes")
    return content


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof of a document: when it was made, by which key, and the signature."""

    created: datetime
    method: str
    """The key: `did:web:HOST#KEY`."""
    signature: bytes = b""
    suite: str = CRYPTOSUITE


def proof_quads(proof: Proof) -> bytes:
    """Return the canonical N-Quads of a proof without its signature."""
    return canonical(
        (
            quad("_:proof", RDF_TYPE, iri(f"{SECURITY}DataIntegrityProof")),
            quad("_:proof", CREATED, literal(moment_text(proof.created), DATE_TIME)),
            quad("_:proof", f"{SECURITY}cryptosuite", literal(CRYPTOSUITE, f"{SECURITY}cryptosuiteString")),
            quad("_:proof", f"{SECURITY}proofPurpose", iri(f"{SECURITY}assertionMethod")),
            quad("_:proof", f"{SECURITY}verificationMethod", iri(proof.method)),
        )
    )


def signing_input(document_quads: bytes, proof: Proof) -> bytes:
    """Return the bytes that are signed for a document, given as its canonical N-Quads."""
    return hashlib.sha256(proof_quads(proof)).digest() + hashlib.sha256(document_quads).digest()


def proof_document(proof: Proof) -> Document:
    """Return a proof as it stands in the document."""
    return {
        "type": "DataIntegrityProof",
        "cryptosuite": proof.suite,
        "created": moment_text(proof.created),
        "verificationMethod": proof.method,
        "proofPurpose": "assertionMethod",
        "proofValue": f"z{encoded_base58(proof.signature)}",
    }


def read_proof(document: object, suite: str = CRYPTOSUITE) -> Proof:
    """Return a proof; raise NotOurProfile where it is not exactly one of this kind."""
    return read_exactly(document, lambda fields: _proof_content(fields, suite), proof_document)


def _proof_content(document: Document, suite: str) -> Proof:
    proof = Proof(
        created=read_moment(document["created"]),
        method=document["verificationMethod"],
        signature=decoded_base58(document["proofValue"][1:], _SIGNATURE_BYTES),
        suite=suite,
    )
    if not is_address(proof.method):
        raise NotOurProfile
    return proof


def signed_document(document: Document, document_quads: bytes, method: str, created: datetime, sign: Sign) -> Document:
    """Return a document with its proof by a key; ``document_quads`` are its canonical N-Quads. Equal input, equal proof."""
    blank = Proof(created, method)
    proof = Proof(created, method, sign(signing_input(document_quads, blank)))
    return {**document, "proof": proof_document(proof)}


def canonical_json(document: Document) -> bytes:
    """Return a document of texts and whole numbers, with names in ASCII, as RFC 8785 writes it."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def jcs_signing_input(document: Document, options: Document) -> bytes:
    """Return the bytes that `eddsa-jcs-2022` signs for a document and the options of its proof, without the value of it."""
    return b"".join(hashlib.sha256(canonical_json(part)).digest() for part in (options, document))


def jcs_options(proof: Proof) -> Document:
    """Return a proof as it is signed: without its value."""
    return {name: value for name, value in proof_document(proof).items() if name != "proofValue"}


def signed_json(document: Document, method: str, created: datetime, sign: Sign) -> Document:
    """Return a document of texts and whole numbers with its proof `eddsa-jcs-2022` by a key. Equal input, equal proof."""
    blank = Proof(created, method, suite=JCS_SUITE)
    return {**document, "proof": proof_document(Proof(created, method, sign(jcs_signing_input(document, jcs_options(blank))), JCS_SUITE))}


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


def signed_token(content: BadgeContent, method: str, sign: Sign) -> str:
    """Return a badge as a token signed by a key."""
    signed = f"{_encoded(compact_json(_head(method)))}.{_encoded(compact_json(_payload(content)))}"
    return f"{signed}.{_encoded(sign(signed.encode()))}"


def compact_json(document: Document) -> bytes:
    """Return a document as JSON without spaces, in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _head(method: str) -> Document:
    return {"alg": "EdDSA", "kid": method, "typ": "vc+jwt"}


def _payload(content: BadgeContent) -> Document:
    return {
        **badge_document(content),
        "iss": content.issuer,
        "jti": content.address,
        "nbf": _seconds(content.valid_from),
        **({"exp": _seconds(content.valid_until)} if content.valid_until else {}),
        "sub": content.subject,
    }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def read_token(text: str) -> tuple[BadgeContent, str, bytes, bytes]:
    """Return the badge in a token, the key that it names, the bytes that are signed, and the signature; line breaks do not matter.

    Raise UnreadableDocument where it is no token, AmbiguousDocument or NotOurProfile where it is not exactly one of ours.
    """
    parts = "".join(text.split()).split(".")
    if len(parts) != 3:
        raise UnreadableDocument
    head, payload, signature = map(_decoded, parts)
    method = read_exactly(read_strict(head), lambda document: document["kid"], _head)
    if not isinstance(method, str) or not is_address(method):
        raise NotOurProfile
    content = read_exactly(read_strict(payload), _badge_of, _payload)
    return content, method, ".".join(parts[:2]).encode(), signature


def _badge_of(payload: Document) -> BadgeContent:
    return read_badge({name: value for name, value in payload.items() if name not in ("iss", "jti", "nbf", "exp", "sub")})


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(part: str) -> bytes:
    try:
        content = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise UnreadableDocument from None
    if _encoded(content) != part:
        raise NotOurProfile  # bits beyond the end: another text for the same bytes
    return content
