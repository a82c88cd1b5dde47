"""Verbs of the institution's profile and of its signatories. Secrets are locked, and never in the audit log."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.rules import fold
from kernel import audit, site_profile
from kernel.crypto import lock_text, unlock_text
from kernel.errors import N_, Conflict
from kernel.i18n import DEFAULT_LANGUAGE, choose
from kernel.permissions import Actor
from kernel.settings import Settings
from organisations.models import InstitutionProfile, InstitutionSignatory, Organisation
from organisations.queries import profile as queries
from organisations.queries.profile import LOCKED_FOR, MOST_SIGNATORIES
from organisations.rules import OrganisationKind
from organisations.services import tree
from organisations.services.tree import UnitValues

KEY_LENGTH = 40
NAME_LENGTH = 150
"""Of an institution in the tree."""
SECRET = frozenset({"smtp_password"})


class ProfileVerb(StrEnum):
    """The audit-log verbs of the institution's profile."""

    ADDED = "institution_profile.added"
    CHANGED = "institution_profile.changed"
    LOGO_CHANGED = "institution_profile.logo_changed"
    LOGO_REMOVED = "institution_profile.logo_removed"
    MAIL_TESTED = "institution_profile.mail_tested"
    HINT_DISMISSED = "institution_profile.hint_dismissed"
    SIGNATORY_ADDED = "institution_signatory.added"
    SIGNATORY_CHANGED = "institution_signatory.changed"
    SIGNATORY_REMOVED = "institution_signatory.removed"


class InstitutionKeyTaken(Conflict):
    """The key of a new institution is that of another one."""

    code = "institution_key_taken"
    message = N_("There is already an institution with this key. Choose another key.")


class TooManySignatories(Conflict):
    """A sheet has room for four signatories."""

    code = "too_many_signatories"
    message = N_("There are already four people who sign. Remove one of them first.")


@dataclass(frozen=True, slots=True)
class SignatoryValues:
    """A signatory: their name, their office by language, from which day to which, and the picture of their signature, cleaned."""

    name: str
    offices: Mapping[str, str]
    since: date | None
    until: date | None
    picture: bytes | None = None
    """None leaves what there is."""
    removes_picture: bool = False
    email: str = ""
    """The address of their account, where they have one."""


def ensure_profile(
    session: Session, actor: Actor, settings: Settings, institution: Organisation | None = None, *, now: datetime
) -> InstitutionProfile:
    """Return the profile of an institution, the first one where none is named, locked; it is made where there is none.

    So is an institution where there is no tree. The profile is made empty but for its key: what the environment and the defaults say
    goes on, and nothing changes for anybody.
    """
    root = institution or queries.find_root(session) or _make_root(session, actor, settings, now)
    profile = session.scalar(select(InstitutionProfile).where(InstitutionProfile.organisation_id == root.id).with_for_update())
    if profile is None:
        profile = InstitutionProfile(organisation_id=root.id, key=_free_key(session, root.name), changed_at=now)
        session.add(profile)
        session.flush()  # what follows names it
    return profile


def _free_key(session: Session, name: str) -> str:
    """Return the key that an institution gets by its name; none where another one has it."""
    key = re.sub(r"[^a-z0-9]+", "-", fold(name))[:KEY_LENGTH].strip("-")
    taken = session.scalar(select(InstitutionProfile.id).where(InstitutionProfile.key == key))
    return key if taken is None else ""


def add_institution(session: Session, actor: Actor, settings: Settings, name: str, key: str, *, now: datetime) -> Organisation:
    """Add an institution with the key by which courses name it; raise InstitutionKeyTaken, or UnitNameConflict."""
    ensure_profile(session, actor, settings, now=now)  # the first one stays the first one
    if session.scalar(select(InstitutionProfile.id).where(InstitutionProfile.key == key)) is not None:
        raise InstitutionKeyTaken
    root = tree.make(session, actor, None, OrganisationKind.INSTITUTION, UnitValues(name, ""), now=now)
    session.add(row := InstitutionProfile(organisation_id=root.id, key=key, names={DEFAULT_LANGUAGE: name}, changed_at=now))
    session.flush()  # the audit entry names it
    audit.record(session, actor, ProfileVerb.ADDED, row, now=now, key=key, name=name)
    return root


def _make_root(session: Session, actor: Actor, settings: Settings, now: datetime) -> Organisation:
    name = settings.institution_name[:NAME_LENGTH]
    return tree.make(session, actor, None, OrganisationKind.INSTITUTION, UnitValues(name, ""), now=now)


def change_profile(
    session: Session,
    actor: Actor,
    settings: Settings,
    values: Mapping[str, object],
    keys: Sequence[bytes] = (),
    *,
    institution: Organisation | None = None,
    now: datetime,
) -> bool:
    """Set what the values name, by column; return whether anything changed. A password is locked with the first of the keys."""
    row = ensure_profile(session, actor, settings, institution, now=now)
    present = {name: _present_value(row, name, keys) for name in values}
    changed = {name: value for name, value in values.items() if present[name] != value}
    if not changed:
        return False
    if "public_url" in changed:
        row.former_url = str(present["public_url"])
    if "smtp_host" in changed and not (changed["smtp_host"] and present["smtp_host"]):
        row.mail_since = now if changed["smtp_host"] else None
    for name, value in changed.items():
        setattr(row, name, lock_text(keys, LOCKED_FOR, str(value)) if name in SECRET and value else value)
    if "names" in changed:
        _rename_root(session, actor, settings, row, present["names"], now=now)
    _touch(session, row, now)
    old = {name: present[name] for name in changed if name not in SECRET}
    new = {name: changed[name] for name in changed if name not in SECRET}
    audit.record(session, actor, ProfileVerb.CHANGED, row, now=now, fields=sorted(changed), old=old, new=new)
    return True


def _rename_root(session: Session, actor: Actor, settings: Settings, row: InstitutionProfile, former: object, *, now: datetime) -> None:
    """Let the tree call the institution by its new name where it was called by the one of before; another root may have it already."""
    root = session.get_one(Organisation, row.organisation_id)
    is_first = queries.find_root(session) is root
    known = choose(former) if isinstance(former, Mapping) and former else settings.institution_name if is_first else root.name
    if root.name == known[:NAME_LENGTH] and row.names:
        with suppress(Conflict):
            tree.change(session, actor, root, UnitValues(choose(row.names, DEFAULT_LANGUAGE)[:NAME_LENGTH], root.code or ""), now=now)


def _present_value(row: InstitutionProfile, name: str, keys: Sequence[bytes]) -> object:
    value: object = getattr(row, name)
    return (unlock_text(keys, LOCKED_FOR, str(value)) or "") if name in SECRET and value else value


def _touch(session: Session, row: InstitutionProfile, now: datetime) -> None:
    """Let every process read the profile anew; this one with the commit."""
    row.version, row.changed_at = row.version + 1, now
    session.info[site_profile.CHANGED] = True


def set_logo(
    session: Session,
    actor: Actor,
    settings: Settings,
    picture: bytes,
    media_type: str,
    *,
    institution: Organisation | None = None,
    now: datetime,
) -> None:
    """Take a cleaned picture as the institution's logo."""
    row = ensure_profile(session, actor, settings, institution, now=now)
    row.logo, row.logo_type, row.logo_digest = picture, media_type, hashlib.sha256(picture).hexdigest()
    _touch(session, row, now)
    audit.record(session, actor, ProfileVerb.LOGO_CHANGED, row, now=now, sha256=row.logo_digest, bytes=len(picture))


def remove_logo(session: Session, actor: Actor, settings: Settings, *, institution: Organisation | None = None, now: datetime) -> None:
    """Show the site's own sign again instead of a logo. A second time changes nothing."""
    row = ensure_profile(session, actor, settings, institution, now=now)
    if row.logo_digest:
        row.logo, row.logo_type, row.logo_digest = None, "", ""
        _touch(session, row, now)
        audit.record(session, actor, ProfileVerb.LOGO_REMOVED, row, now=now)


def dismiss_hint(session: Session, actor: Actor, settings: Settings, *, now: datetime) -> None:
    """Propose no more that the institution should be named."""
    row = ensure_profile(session, actor, settings, now=now)
    row.hint_dismissed_at = now
    audit.record(session, actor, ProfileVerb.HINT_DISMISSED, row, now=now)


def note_mail_test(session: Session, actor: Actor, settings: Settings, *, reached: bool, now: datetime) -> None:
    """Record that an administrator sent themselves a test message, and whether the server took it."""
    row = ensure_profile(session, actor, settings, now=now)
    audit.record(session, actor, ProfileVerb.MAIL_TESTED, row, now=now, server=settings.mail_server, reached=reached)


def add_signatory(
    session: Session, actor: Actor, settings: Settings, values: SignatoryValues, *, institution: Organisation | None = None, now: datetime
) -> InstitutionSignatory:
    """Name who signs certificates; raise TooManySignatories where the sheet is full."""
    profile = ensure_profile(session, actor, settings, institution, now=now)
    count = session.scalar(select(func.count()).where(InstitutionSignatory.profile_id == profile.id)) or 0
    if count >= MOST_SIGNATORIES:
        raise TooManySignatories
    row = InstitutionSignatory(profile_id=profile.id)
    _take_values(row, values)
    _take_picture(row, values)
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, ProfileVerb.SIGNATORY_ADDED, row, now=now, **_facts(row))
    return row


def change_signatory(session: Session, actor: Actor, row: InstitutionSignatory, values: SignatoryValues, *, now: datetime) -> None:
    """Change who signs; certificates that were issued keep what they print."""
    row = session.get_one(InstitutionSignatory, row.id)
    before = _facts(row)
    _take_values(row, values)
    _take_picture(row, values)
    if _facts(row) != before:
        audit.record(session, actor, ProfileVerb.SIGNATORY_CHANGED, row, now=now, old=before, new=_facts(row))


def _take_values(row: InstitutionSignatory, values: SignatoryValues) -> None:
    row.name, row.offices, row.since, row.until = values.name, values.offices, values.since, values.until
    row.email = values.email


def _take_picture(row: InstitutionSignatory, values: SignatoryValues) -> None:
    if values.picture is not None:
        row.picture, row.picture_digest = values.picture, hashlib.sha256(values.picture).hexdigest()
    elif values.removes_picture:
        row.picture, row.picture_digest = None, ""


def _facts(row: InstitutionSignatory) -> dict[str, object]:
    days = {"since": row.since, "until": row.until}
    return {"name": row.name, "offices": row.offices, "email": row.email, **days, "picture": row.picture_digest or ""}


def remove_signatory(session: Session, actor: Actor, row: InstitutionSignatory, *, now: datetime) -> None:
    """Let somebody sign no more; certificates that were issued keep their name."""
    row = session.get_one(InstitutionSignatory, row.id)
    audit.record(session, actor, ProfileVerb.SIGNATORY_REMOVED, row, now=now, **_facts(row))
    session.delete(row)


def relock_password(session: Session, keys: Sequence[bytes]) -> None:
    """Lock the password of the mail server with the newest key."""
    row = session.scalar(select(InstitutionProfile).where(queries.is_of(None)).with_for_update())
    if row is not None and row.smtp_password and (password := unlock_text(keys, LOCKED_FOR, row.smtp_password)) is not None:
        row.smtp_password = lock_text(keys, LOCKED_FOR, password)
