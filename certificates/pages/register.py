"""The register as its pages and tables show it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from accounts.rules import masked
from certificates.queries.register import RegisterOrder, RegisterRow
from certificates.rules.credentials import CredentialState
from kernel.codes import printed_code
from kernel.errors import N_
from kernel.i18n import _, choose
from kernel.tables import Cell

STATES: Mapping[CredentialState, str] = {
    CredentialState.VALID: N_("Valid"),
    CredentialState.EXPIRED: N_("Expired"),
    CredentialState.REPLACED: N_("Replaced"),
    CredentialState.REVOKED: N_("Revoked"),
}
ORDERS: Mapping[RegisterOrder, str] = {
    RegisterOrder.NAME: N_("Name"),
    RegisterOrder.COURSE: N_("Course"),
    RegisterOrder.ISSUED: N_("Issued on"),
    RegisterOrder.EXPIRES: N_("Valid until"),
}
HEADINGS = (
    *(N_("Code"), N_("Name"), N_("Email"), N_("Identity number"), N_("Unit"), N_("Course"), N_("Version"), N_("Edition"), N_("Hours")),
    *(N_("Issued on"), N_("Valid until"), N_("State"), N_("Template"), N_("Take")),
)
DELETED = N_("Data deleted at the person's request")


def person_words(row: RegisterRow) -> str:
    """Return the name that a certificate prints, or that its person's data were deleted."""
    return _(DELETED) if row.is_deleted else row.name


def register_headings() -> Sequence[str]:
    """Return the headings of the table of the register."""
    return [_(heading) for heading in HEADINGS]


def register_rows(rows: Iterable[RegisterRow], *, identities: bool = False) -> Iterator[Sequence[Cell]]:
    """Yield the lines of the table of the register; identity numbers are masked where they were not asked for."""
    for row in rows:
        yield (
            printed_code(row.code),
            person_words(row),
            row.email,
            row.identity if identities else masked(row.identity),
            row.unit,
            choose(dict(row.titles)),
            row.version,
            row.edition,
            Decimal(row.hours).normalize(),
            row.issued_on.isoformat(),
            row.expires_on.isoformat() if row.expires_on else "",
            _(STATES[row.state]),
            row.template,
            row.take,
        )
