"""The fields that the texts of a template may hold: ``{person.name}``. No expression, no condition."""

import re
from collections.abc import Mapping

from courses.content.scalars import RefusedError, nearest_of
from kernel.errors import N_

FIELDS = (
    *("person.name", "person.given", "person.surnames", "person.id_number", "person.name_basis"),
    *("course.title", "course.version", "modules", "hours", "hours.basis", "mode"),
    *("edition.title", "edition.from", "edition.until"),
    *("completed_on", "issued_on", "expires_on"),
    *("document", "result", "grade"),
    *("institution.name", "institution.short", "code", "verify.address", "key.fingerprint"),
)
_FIELD = re.compile(r"\{([^{}]*)\}")
_BRACE = re.compile(r"[{}]")


def check_fields(text: str) -> None:
    """Raise RefusedError for a field that there is not, and for braces that are none."""
    for match in _FIELD.finditer(text):
        name = match[1]
        if name not in FIELDS:
            nearest = nearest_of(name, FIELDS)
            message, fix = (
                N_("“{%(name)s}” is not a field of certificates."),
                N_("The closest field is “{%(nearest)s}”. Known are: %(known)s."),
            )
            raise RefusedError("C220", message, fix, name=name, nearest=nearest, known=", ".join(FIELDS))
    if _BRACE.search(_FIELD.sub("", text)):
        raise RefusedError("C220", N_("A brace is missing or left over."), N_("Write a field as {person.name}; braces have no other use."))


def fields_in(text: str) -> tuple[str, ...]:
    """Return the fields of a text, in its order."""
    return tuple(_FIELD.findall(text))


def filled_lines(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines of a text with its fields filled in; a line whose fields are all empty is left out with its words."""
    lines = []
    for line in text.split("\n"):
        named = fields_in(line)
        if named and not any(values[name] for name in named):
            continue
        lines.append(_FIELD.sub(lambda match: values[match[1]], line).strip())
    return tuple(line for line in lines if line)
