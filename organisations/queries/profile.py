"""Reading the profile of the institution: for every process, for its form, and for who signs."""

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, undefer

from kernel.crypto import unlock_text
from kernel.errors import NotFound
from kernel.permissions import Actor
from kernel.settings import Settings
from kernel.site_profile import SiteLogo, SiteProfile
from organisations.models import InstitutionProfile, InstitutionSignatory, Organisation

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
_OWN = select(InstitutionProfile.id).order_by(InstitutionProfile.organisation_id).limit(1).scalar_subquery()
_SIGNS_HERE = InstitutionSignatory.profile_id == _OWN
_TABLE = InstitutionProfile.__table__
_FIRST = select(_TABLE.c.version).order_by(_TABLE.c.organisation_id).limit(1)
_WHOLE = select(*(column for column in _TABLE.c if column.name != "logo")).order_by(_TABLE.c.organisation_id).limit(1)


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
        former_url=row.former_url,
        smtp_password=(unlock_text(keys(), LOCKED_FOR, row.smtp_password) or "") if row.smtp_password else "",
        mail_since=row.mail_since,
        values=values,
    )


def find_profile(session: Session) -> InstitutionProfile | None:
    """Return the profile of the first institution, nothing where there is none yet."""
    return session.scalar(select(InstitutionProfile).order_by(InstitutionProfile.organisation_id).limit(1))


def find_root(session: Session) -> Organisation | None:
    """Return the first institution of the tree."""
    return session.scalar(select(Organisation).where(Organisation.parent_id.is_(None)).order_by(Organisation.id).limit(1))


def get_logo(session: Session, _actor: Actor, digest: str) -> InstitutionProfile:
    """Return the profile with the logo of this digest; raise NotFound."""
    found = session.scalar(
        select(InstitutionProfile).options(undefer(InstitutionProfile.logo)).where(InstitutionProfile.logo_digest == digest)
    )
    if found is None or found.logo is None:
        raise NotFound
    return found


def list_signatories(session: Session) -> Sequence[InstitutionSignatory]:
    """Return who signs, signed or will sign, in their order on the sheet."""
    return session.scalars(select(InstitutionSignatory).where(_SIGNS_HERE).order_by(InstitutionSignatory.id).limit(MOST_SIGNATORIES)).all()


def get_signatory(session: Session, _actor: Actor, signatory: UUID) -> InstitutionSignatory:
    """Return a signatory with their picture; raise NotFound."""
    options = undefer(InstitutionSignatory.picture)
    found = session.scalar(select(InstitutionSignatory).options(options).where(InstitutionSignatory.uuid == signatory))
    if found is None:
        raise NotFound
    return found


def list_signatories_on(session: Session, day: date) -> Sequence[InstitutionSignatory]:
    """Return who signs on a day, with their pictures, in their order on the sheet."""
    since, until = InstitutionSignatory.since, InstitutionSignatory.until
    here = (or_(since.is_(None), since <= day), or_(until.is_(None), until >= day))
    statement = select(InstitutionSignatory).options(undefer(InstitutionSignatory.picture)).where(_SIGNS_HERE, *here)
    return session.scalars(statement.order_by(InstitutionSignatory.id).limit(MOST_SIGNATORIES)).all()


def has_signatories(session: Session) -> bool:
    """Say whether anybody was ever named to sign."""
    return bool(session.scalar(select(exists().where(_SIGNS_HERE))))


def wants_name(session: Session, settings: Settings) -> bool:
    """Say whether to propose that an administrator names the institution: nobody has, here or on the server, or said not to ask."""
    if "institution" in settings.model_fields_set:
        return False
    row = find_profile(session)
    return row is None or not (row.short_names or row.hint_dismissed_at)
