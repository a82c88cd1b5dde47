"""The fixed profile of a badge: an Open Badges 3.0 credential with exactly these members, and its canonical N-Quads (B2, B3, B5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from certificates.rules import quads
from certificates.rules.profiles import CONTEXT, Document, NotOurProfile, is_address, moment_text, read_exactly, read_moment
from certificates.rules.quads import BADGES, CREDENTIALS, DATE_TIME, RDF_TYPE, SCHEMA, STATUS, Quad, iri, literal, quad
from certificates.rules.strict_json import is_signable

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
    return read_exactly(document, _content, badge_document)


def _content(document: Document) -> BadgeContent:
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
    return quads.canonical(_badge(content))


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
