"""Reading the profile of an institution: that of the first for every process, each for its form, and for who signs."""

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, undefer

from kernel.crypto import unlock_text
from kernel.errors import NotFound
from kernel.permissions import Actor
from kernel.settings import Settings
from kernel.site_profile import SiteLogo, SiteProfile
from organisations.models import InstitutionProfile, InstitutionSignatory, Organisation
from organisations.queries.institutions import FIRST

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
    """Say whether to propose that an administrator names the institution: nobody has, here or on the server, or said not to ask."""
    if "institution" in settings.model_fields_set:
        return False
    row = find_profile(session)
    return row is None or not (row.short_names or row.hint_dismissed_at)
