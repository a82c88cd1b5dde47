"""The profile of an institution and the site settings, read and written."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, undefer

from accounts.rules import fold
from kernel import audit, site_profile
from kernel.crypto import lock_text, unlock_text
from kernel.db import require_room
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.i18n import DEFAULT_LANGUAGE, choose
from kernel.permissions import Actor
from kernel.settings import Settings
from kernel.site_profile import SiteLogo, SiteProfile
from organisations import units
from organisations.institutions import FIRST
from organisations.models import FrontPicture, InstitutionProfile, InstitutionSignatory, Organisation
from organisations.rules.units import OrganisationKind
from organisations.units import UnitValues

LOCKED_FOR = "password of the mail server"
PLAIN = (
    "public_url",
    "contact_email",
    "data_officer",
    "data_processors",
    "mail_from",
    "smtp_host",
    "smtp_port",
    "smtp_user",
    "smtp_starttls",
    "sign_up",
    "languages",
    "zone",
)
"""Settings that are stored as they are, by their name."""
ON_THE_WEB = frozenset({*PLAIN, "smtp_password", "institution", "institution_name"})
"""Settings that can be set on the web."""
MOST_SIGNATORIES = 4
_TABLE = InstitutionProfile.__table__
_IS_FIRST = _TABLE.c.organisation_id == FIRST
_FIRST = select(_TABLE.c.version).where(_IS_FIRST)
_WHOLE = select(*(column for column in _TABLE.c if column.name != "logo")).where(_IS_FIRST)


def is_of(institution_id: int | None) -> ColumnElement[bool]:
    """Return the condition that a profile is that of an institution, of the first one where none is named."""
    return InstitutionProfile.organisation_id == (FIRST if institution_id is None else institution_id)


def _signs(institution_id: int | None) -> ColumnElement[bool]:
    return InstitutionSignatory.profile_id.in_(select(InstitutionProfile.id).where(is_of(institution_id)))


def read_profile(connection: Connection, known: int, *, keys: Callable[[], Sequence[bytes]]) -> SiteProfile | None:
    """Return the profile of the first institution where it has another version than the known one, else nothing."""
    if connection.scalar(_FIRST) in (known, None):
        return None
    row = connection.execute(_WHOLE).one()
    values: dict[str, object] = {name: value for name in PLAIN if (value := getattr(row, name)) not in ("", None)}
    return SiteProfile(
        version=row.version,
        names=row.names,
        short_names=row.short_names,
        logo=SiteLogo(row.logo_digest, row.logo_type) if row.logo_digest else None,
        brand_colour=row.brand_colour,
        accent_colour=row.accent_colour,
        front_titles=row.front_titles,
        front_texts=row.front_texts,
        front_picture=row.front_picture,
        front_alts=row.front_alts,
        front_courses=row.front_courses,
        turned_entries=row.turned_entries,
        former_url=row.former_url,
        smtp_password=(unlock_text(keys(), LOCKED_FOR, row.smtp_password) or "") if row.smtp_password else "",
        mail_since=row.mail_since,
        values=values,
    )


def find_profile(session: Session, institution_id: int | None = None) -> InstitutionProfile | None:
    """Return the profile of an institution, the first one where none is named; nothing where there is none yet."""
    return session.scalar(select(InstitutionProfile).where(is_of(institution_id)))


def find_root(session: Session) -> Organisation | None:
    """Return the first institution of the tree."""
    return session.scalar(select(Organisation).where(Organisation.parent_id.is_(None)).order_by(Organisation.id).limit(1))


def get_logo(session: Session, _actor: Actor, digest: str) -> InstitutionProfile:
    """Return the profile with the logo of this digest; raise NotFound."""
    profile = session.scalar(
        select(InstitutionProfile).options(undefer(InstitutionProfile.logo)).where(InstitutionProfile.logo_digest == digest)
    )
    if profile is None or profile.logo is None:
        raise NotFound
    return profile


def list_signatories(session: Session, institution_id: int | None = None) -> Sequence[InstitutionSignatory]:
    """Return who signs, signed or will sign for an institution, in their order on the sheet."""
    statement = select(InstitutionSignatory).where(_signs(institution_id)).order_by(InstitutionSignatory.id)
    return session.scalars(statement.limit(MOST_SIGNATORIES)).all()


def list_signatories_on(session: Session, day: date, institution_id: int | None = None) -> Sequence[InstitutionSignatory]:
    """Return who signs for an institution on a day, with their pictures, in their order on the sheet."""
    since, until = InstitutionSignatory.since, InstitutionSignatory.until
    here = (or_(since.is_(None), since <= day), or_(until.is_(None), until >= day))
    statement = select(InstitutionSignatory).options(undefer(InstitutionSignatory.picture)).where(_signs(institution_id), *here)
    return session.scalars(statement.order_by(InstitutionSignatory.id).limit(MOST_SIGNATORIES)).all()


def wants_name(session: Session, settings: Settings) -> bool:
    """Return whether to propose that an administrator names the institution: nobody has, here or on the server, or said not to ask."""
    if "institution" in settings.model_fields_set:
        return False
    row = find_profile(session)
    return row is None or not (row.short_names or row.hint_dismissed_at)


KEY_LENGTH = 40
NAME_LENGTH = 150
"""Of an institution in the tree."""
SECRET = frozenset({"smtp_password"})


class ProfileVerb(
    audit.Verb,
    facts={
        "bytes": N_("Size, bytes"),
        "contact_email": N_("Email for questions"),
        "fields": N_("Fields"),
        "front_texts": N_("Text of the front page"),
        "new": N_("New value"),
        "old": N_("Old value"),
        "reached": N_("Reached"),
        "server": N_("Server"),
        "turned_entries": N_("Entries of the menus that are turned on or off"),
    },
):
    """The audit-log verbs of the institution's profile."""

    ADDED = "institution_profile.added", N_("Added an institution")
    CHANGED = "institution_profile.changed", N_("Changed the details of the institution")
    LOGO_CHANGED = "institution_profile.logo_changed", N_("Changed the institution's logo")
    PICTURE_ADDED = "institution_profile.picture_added", N_("Added a picture for the front page")
    LOGO_REMOVED = "institution_profile.logo_removed", N_("Removed the institution's logo")
    MAIL_TESTED = "institution_profile.mail_tested", N_("Sent a test email")
    HINT_DISMISSED = "institution_profile.hint_dismissed", N_("Hid the hint on the first steps")
    SIGNATORY_ADDED = "institution_signatory.added", N_("Added a signatory of certificates")
    SIGNATORY_CHANGED = "institution_signatory.changed", N_("Changed a signatory of certificates")
    SIGNATORY_REMOVED = "institution_signatory.removed", N_("Removed a signatory of certificates")


class InstitutionKeyTaken(Conflict):
    """The key of a new institution is that of another one."""

    message = N_("There is already an institution with this key. Choose another key.")


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
    root = institution or find_root(session) or _make_root(session, actor, settings, now)
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
    root = units.make(session, actor, None, OrganisationKind.INSTITUTION, UnitValues(name, ""), now=now)
    session.add(row := InstitutionProfile(organisation_id=root.id, key=key, names={DEFAULT_LANGUAGE: name}, changed_at=now))
    session.flush()  # the audit entry names it
    audit.record(session, actor, ProfileVerb.ADDED, row, now=now, key=key, name=name)
    return root


def _make_root(session: Session, actor: Actor, settings: Settings, now: datetime) -> Organisation:
    name = settings.institution_name[:NAME_LENGTH]
    return units.make(session, actor, None, OrganisationKind.INSTITUTION, UnitValues(name, ""), now=now)


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
    is_first = find_root(session) is root
    known = choose(former) if isinstance(former, Mapping) and former else settings.institution_name if is_first else root.name
    if root.name == known[:NAME_LENGTH] and row.names:
        with suppress(Conflict):
            units.change(session, actor, root, UnitValues(choose(row.names, DEFAULT_LANGUAGE)[:NAME_LENGTH], root.code or ""), now=now)


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


def get_front_picture(session: Session, _actor: Actor, digest: str) -> FrontPicture:
    """Return the picture for the front page with this digest; raise NotFound."""
    return require_found(session.scalar(select(FrontPicture).options(undefer(FrontPicture.content)).where(FrontPicture.digest == digest)))


def add_front_picture(session: Session, actor: Actor, settings: Settings, content: bytes, media_type: str, *, now: datetime) -> str:
    """Keep a cleaned picture to be tried on the front page, beside the one in force; return its digest."""
    row = ensure_profile(session, actor, settings, now=now)
    digest = hashlib.sha256(content).hexdigest()
    tried = (FrontPicture.profile_id == row.id, FrontPicture.digest.not_in((row.front_picture, digest)))
    session.execute(delete(FrontPicture).where(*tried))
    if session.scalar(select(FrontPicture.id).where(FrontPicture.digest == digest)) is None:
        session.add(FrontPicture(profile_id=row.id, digest=digest, media_type=media_type, content=content))
        audit.record(session, actor, ProfileVerb.PICTURE_ADDED, row, now=now, sha256=digest, bytes=len(content))
    return digest


def list_front_pictures(session: Session) -> Sequence[str]:
    """List the digests of the pictures that can stand on the front page, the one that was added last at the end."""
    return session.scalars(select(FrontPicture.digest).order_by(FrontPicture.id).limit(MOST_SIGNATORIES)).all()


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
    """Name who signs certificates; raise NoRoom where the sheet is full."""
    profile = ensure_profile(session, actor, settings, institution, now=now)
    require_room(session, MOST_SIGNATORIES, InstitutionSignatory, InstitutionSignatory.profile_id == profile.id)
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
    row = session.scalar(select(InstitutionProfile).where(is_of(None)).with_for_update())
    if row is not None and row.smtp_password and (password := unlock_text(keys, LOCKED_FOR, row.smtp_password)) is not None:
        row.smtp_password = lock_text(keys, LOCKED_FOR, password)
