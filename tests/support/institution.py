"""The institution of a site for tests: its profile, what the log says of it, and the pages that set it."""

from sqlalchemy import select

from kernel.audit import AuditEntry
from lms.instance import Instance
from organisations.models import InstitutionProfile
from organisations.profile import find_profile

SITE = "/administration/site"
SECRET = "clave-del-correo-7391"
NAMES = {
    "names_es": "Ministerio del Páramo",
    "short_names_es": "Páramo",
    "names_en": "Ministry of the Moor",
    "short_names_en": "Moor",
    "contact_email": "cursos@paramo.gob.ec",
}


def profile_of(instance: Instance) -> InstitutionProfile:
    """Return the profile of the institution."""
    with instance.database.unit_of_work(write=False) as session:
        found = find_profile(session)
        assert found is not None
        return found


def institution_entries(instance: Instance) -> list[AuditEntry]:
    """Return what the log says of the institution, oldest first."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.verb.like("institution%")).order_by(AuditEntry.id)))
