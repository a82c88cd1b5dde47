"""Badges of credentials: what one says, signed by the key of today, as a document, a token or a picture (spec/certificates 6)."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from fractions import Fraction
from functools import cache
from pathlib import Path
from uuid import uuid5

from certificates.models import Credential
from certificates.rules.badges import BadgeContent, badge_document, badge_quads
from certificates.rules.baking import baked_png, baked_svg
from certificates.rules.issuers import issuer_of, method_of
from certificates.rules.proofs import signed_document
from certificates.rules.tokens import compact_json, signed_token
from certificates.rules.verification import BadgeForm, TrustedKey
from certificates.wording import compose_badge, stated_pass
from kernel.codes import printed_code
from kernel.crypto import SigningKeys, is_signed
from kernel.i18n import choose

PICTURES = Path(__file__).resolve().parent.parent / "pictures"
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)


def badge_content(row: Credential, address: str) -> BadgeContent | None:
    """Return everything that the badge of a credential says on the site with this address, in the language of the credential.

    None where it can have none: it has no place in a status list yet, or a text that is not signed (spec/certificates M2, M3).
    """
    if row.status_list is None or row.status_place is None:
        return None
    title = choose(dict(row.course_titles), row.language)
    passed = stated_pass(row.passed, row.language, with_assessment=row.with_assessment)
    texts = compose_badge(row.language, title, Fraction(row.hours), len(row.module_minutes), passed, row.name_basis)
    content = BadgeContent(
        address=f"{address}/v/{printed_code(row.code)}",
        issuer=issuer_of(address),
        issuer_name=row.institution,
        course=f"{address}/courses/{row.course_key}/{row.course_version}",
        title=title,
        description=texts.description,
        criteria=texts.criteria,
        person_name=row.person_name,
        subject=uuid5(row.uuid, "subject of the badge").urn,
        valid_from=row.issued_at.replace(microsecond=0),
        valid_until=datetime.combine(row.expires_on, END_OF_DAY) if row.expires_on else None,
        status_list=f"{address}/status/{row.status_list}",
        status_place=row.status_place,
    )
    return content if content.is_sound else None


@dataclass(frozen=True, slots=True)
class BadgeSigner:
    """The key of a site that signs now; equal badges get equal bytes for as long as it does."""

    address: str
    keys: SigningKeys

    @property
    def _method(self) -> str:
        return method_of(self.address, self.keys.identifier)

    def document(self, content: BadgeContent) -> bytes:
        """Return a badge as JSON. An old one that is signed by a newer key claims the beginning of that key (spec/certificates K3)."""
        begun_at = self.keys.trusted[0].history.begun_at
        created = max(content.valid_from, begun_at) if begun_at else content.valid_from
        return compact_json(signed_document(badge_document(content), badge_quads(content), self._method, created, self.keys.current.sign))

    def token(self, content: BadgeContent) -> bytes:
        """Return a badge as a token."""
        return signed_token(content, self._method, self.keys.current.sign).encode()

    def png(self, content: BadgeContent) -> bytes:
        """Return the picture of a badge as PNG, which holds the document."""
        return baked_png(_picture("badge.png"), self.document(content))

    def svg(self, content: BadgeContent) -> bytes:
        """Return the picture of a badge as SVG, which holds the document."""
        return baked_svg(_picture("badge.svg").decode(), self.document(content).decode()).encode()

    def file(self, content: BadgeContent, form: BadgeForm) -> bytes:
        """Return a badge in a form."""
        make = {BadgeForm.JSON: self.document, BadgeForm.JWT: self.token, BadgeForm.PNG: self.png, BadgeForm.SVG: self.svg}
        return make[form](content)


@cache
def _picture(name: str) -> bytes:
    return (PICTURES / name).read_bytes()


def trusted_keys(keys: SigningKeys, addresses: Sequence[str]) -> tuple[TrustedKey, ...]:
    """Return every key that ever signed here as verifiers take it, under each address that the site has or had."""
    return tuple(
        TrustedKey(method_of(address, key.identifier), _holds(keys, key.identifier), key.history.compromised_since)
        for address in addresses
        for key in keys.trusted
    )


def _holds(keys: SigningKeys, identifier: str) -> Callable[[bytes, bytes], bool]:
    return lambda signature, content: is_signed(keys.public, identifier, content, base64.urlsafe_b64encode(signature).decode())
