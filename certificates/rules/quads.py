"""Canonical N-Quads (RDFC-1.0) of the few shapes of document that are signed here, without a JSON-LD processor.

A document of a fixed profile has a fixed graph. Its lines are written directly; the tests compare them with PyLD's.
"""

import hashlib
from collections.abc import Iterable, Mapping

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
    """Return a statement; the subject is an address or the label of a blank node."""
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
