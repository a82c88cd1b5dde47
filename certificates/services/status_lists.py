"""Status lists: a place for each credential, and the signed lists that say which of them do not count any more (spec/certificates K6)."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from certificates.models import Credential, StatusList
from certificates.queries.status_lists import EndedPlaces, find_status_list, list_ended_places
from certificates.rules.issuers import issuer_of, method_of
from certificates.rules.profiles import Document
from certificates.rules.proofs import signed_document
from certificates.rules.status_decoys import STATUS_LIST_PLACES, StatusDecoys, status_decoys
from certificates.rules.status_lists import StatusListContent, StatusPurpose, encoded_bits, status_list_document, status_list_quads
from kernel.crypto import SigningKeys
from organisations.institutions import find_issuer

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
    return status_decoys(row.seed, (now.date() - row.begun_at.date()).days)


def signed_status_list(
    session: Session, row: StatusList, purpose: StatusPurpose, address: str, keys: SigningKeys, *, now: datetime
) -> Document:
    """Return a status list as it is now, signed: of those not in force any more, or of those of them that have another one instead.

    Within a day equal states give equal bytes, in every process; each day, each change and each new key give a newer list.
    """
    ended, decoys = list_ended_places(session, row.number), _decoys(row, now)
    is_all = purpose is StatusPurpose.REVOCATION
    places = ended.places | decoys.set if is_all else ended.replaced | decoys.replaced
    begins = _begins(ended, keys, now)
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


def _begins(ended: EndedPlaces, keys: SigningKeys, now: datetime) -> datetime:
    """Return from when a list counts: the beginning of the day, the last change, or when the key began, whichever is the latest."""
    moments = (now.replace(hour=0, minute=0, second=0, microsecond=0), ended.changed_at, keys.trusted[0].history.begun_at)
    return max(moment for moment in moments if moment is not None)
