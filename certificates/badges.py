"""Badges of credentials and status lists, signed by the key of today, and the places of credentials in lists (spec/certificates 6)."""

import base64
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from uuid import uuid5

from sqlalchemy import String, cast, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from certificates.models import ENDED, Credential, StatusList
from certificates.rules.badges import (
    BadgeContent,
    Document,
    badge_document,
    badge_quads,
    baked_png,
    baked_svg,
    compact_json,
    issuer_of,
    method_of,
    signed_document,
    signed_token,
)
from certificates.rules.credentials import last_second
from certificates.rules.status_lists import (
    STATUS_LIST_PLACES,
    StatusDecoys,
    StatusListContent,
    StatusPurpose,
    encoded_bits,
    status_decoys,
    status_list_document,
    status_list_quads,
)
from certificates.rules.verification import BadgeForm, TrustedKey
from certificates.sheet import compose_badge, stated_pass
from kernel.crypto import SigningKeys, is_signed
from kernel.i18n import choose, site_locale
from organisations.institutions import find_issuer

PICTURES = Path(__file__).resolve().parent / "pictures"


def badge_content(row: Credential, address: str) -> BadgeContent | None:
    """Return everything that the badge of a credential says on the site with this address, in the language of the credential.

    None where it can have none: it has no place in a status list yet, or a text that is not signed (spec/certificates M2, M3).
    """
    if row.status_list is None or row.status_place is None:
        return None
    title = choose(dict(row.course_titles), row.language)
    passed = stated_pass(row.passed, row.language, with_assessment=row.with_assessment)
    description, criteria = compose_badge(row.language, title, Fraction(row.hours), len(row.module_minutes), passed, row.name_basis)
    content = BadgeContent(
        address=f"{address}/v/{row.printed_code}",
        issuer=issuer_of(address),
        issuer_name=row.institution,
        course=f"{address}/courses/{row.course_key}/{row.course_version}",
        title=title,
        description=description,
        criteria=criteria,
        person_name=row.person_name,
        subject=uuid5(row.uuid, "subject of the badge").urn,
        valid_from=row.issued_at.replace(microsecond=0),
        valid_until=last_second(row.expires_on, site_locale().zone) if row.expires_on else None,
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


def find_status_list(session: Session, number: int) -> StatusList | None:
    """Return a status list, or None where it has not begun."""
    return session.get(StatusList, number)


def list_ended_places(session: Session, number: int) -> tuple[frozenset[int], frozenset[int], datetime | None]:
    """Return the places whose credential was revoked or replaced, those of them that were replaced, and when the last of them was.

    The database joins them, as there may be very many.
    """
    is_replaced = Credential.revoked_at.is_(None)
    joined = func.aggregate_strings(cast(Credential.status_place, String), ",")
    statement = (
        select(is_replaced, joined, func.max(Credential.revoked_at), func.max(Credential.replaced_at))
        .where(Credential.status_list == number, Credential.status_place.is_not(None), text(ENDED))
        .group_by(is_replaced)
    )
    indexes: dict[bool, frozenset[int]] = {}
    moments: list[datetime] = []
    for replaced, places, *changes in session.execute(statement):
        indexes[bool(replaced)] = frozenset(map(int, places.split(",")))
        moments += [moment for moment in changes if moment is not None]
    replaced_ones = indexes.get(True, frozenset())
    return indexes.get(False, frozenset()) | replaced_ones, replaced_ones, max(moments, default=None)


def list_status_lists(session: Session) -> list[StatusList]:
    """List the status lists that have begun; one holds a hundred thousand credentials."""
    return list(session.scalars(select(StatusList).order_by(StatusList.number).limit(1000)))


STATUS_LIST_FULL = STATUS_LIST_PLACES * 8 // 10
LASTS = timedelta(days=30)
SEED_BYTES = 16


def insert_with_place(session: Session, row: Credential, sign: Callable[[], None], *, now: datetime) -> None:
    """Write a new credential with a place that no other one ever had; `sign` signs it with each place that is tried.

    Of two processes that draw the same place the second draws again.
    """
    while True:
        row.status_list, row.status_place = free_place(session, now=now)
        sign()
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError as taken:
            if "status_place" not in str(taken.orig):
                raise
        else:
            return


def free_place(session: Session, *, now: datetime) -> tuple[int, int]:
    """Return a place in the newest status list, drawn at random among those never given; another list begins before one is full."""
    newest = session.scalar(select(func.max(Credential.status_list))) or 1
    if (session.scalar(select(func.count()).where(Credential.status_list == newest)) or 0) >= STATUS_LIST_FULL:
        newest += 1
    never_given = _decoys(_begun(session, newest, now), now).never_given
    while True:
        index = secrets.randbelow(STATUS_LIST_PLACES)
        taken = select(Credential.id).where(Credential.status_list == newest, Credential.status_place == index)
        if index not in never_given and session.scalar(taken) is None:
            return newest, index


def complete_former(session: Session, *, limit: int, now: datetime) -> int:
    """Give certificates of before 0.3.0 their institution and a place in a status list; return how many (spec/certificates M2).

    What their signature covers holds neither, so it stays as it is. Nobody else takes the rows, and a place that another process gives
    in the same moment fails this portion, which is done again.
    """
    conditions = (Credential.format == 1, Credential.status_place.is_(None))
    rows = session.scalars(
        select(Credential).where(*conditions).order_by(Credential.id).limit(limit).with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return 0
    issuer = find_issuer(session, "")
    number, places = _free_places(session, len(rows), now=now)
    for row, index in zip(rows, places, strict=True):
        row.institution_key = row.institution_key or (str(issuer.uuid) if issuer is not None else "")
        row.status_list, row.status_place = number, index
    return len(rows)


def _free_places(session: Session, count: int, *, now: datetime) -> tuple[int, list[int]]:
    """Return places in the newest status list, drawn at random among those never given; another list begins before one is full."""
    newest = session.scalar(select(func.max(Credential.status_list))) or 1
    taken = set(session.scalars(select(Credential.status_place).where(Credential.status_list == newest)))
    if len(taken) + count > STATUS_LIST_FULL:
        newest, taken = newest + 1, set()
    unusable = taken | _decoys(_begun(session, newest, now), now).never_given
    places: dict[int, None] = {}
    while len(places) < count:
        index = secrets.randbelow(STATUS_LIST_PLACES)
        if index not in unusable:
            places[index] = None
    return newest, list(places)


def _begun(session: Session, number: int, now: datetime) -> StatusList:
    """Return a list, which begins where it is the first to be asked for; of two processes that begin it the first one's seed counts."""
    status_list = find_status_list(session, number)
    if status_list is not None:
        return status_list
    try:
        with session.begin_nested():
            session.add(StatusList(number=number, seed=secrets.token_bytes(SEED_BYTES), begun_at=now))
    except IntegrityError:
        session.expire_all()
    return session.get_one(StatusList, number)


def _decoys(row: StatusList, now: datetime) -> StatusDecoys:
    return status_decoys(row.seed, (now.astimezone(UTC).date() - row.begun_at.astimezone(UTC).date()).days)


def signed_status_list(
    session: Session, row: StatusList, purpose: StatusPurpose, address: str, keys: SigningKeys, *, now: datetime
) -> Document:
    """Return a status list as it is now, signed: of those not in force any more, or of those of them that have another one instead.

    Within a day equal states give equal bytes, in every process; each day, each change and each new key give a newer list, which counts
    from then on.
    """
    (ended, replaced, changed_at), decoys = list_ended_places(session, row.number), _decoys(row, now)
    is_all = purpose is StatusPurpose.REVOCATION
    places = ended | decoys.set if is_all else replaced | decoys.replaced
    moments = (now.replace(hour=0, minute=0, second=0, microsecond=0), changed_at, keys.trusted[0].history.begun_at)
    begins = max(moment for moment in moments if moment is not None)
    content = StatusListContent(
        address=f"{address}/status/{row.number}{'' if is_all else '/replaced'}",
        issuer=issuer_of(address),
        encoded=encoded_bits(places, STATUS_LIST_PLACES),
        valid_from=begins,
        valid_until=begins + LASTS,
        purpose=purpose,
    )
    method = method_of(address, keys.identifier)
    return signed_document(status_list_document(content), status_list_quads(content), method, begins, keys.sign_raw)
