"""Reading templates of certificates, in their drafts and in their versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from certificates.layout.built_in import FACADE, INSTITUTION_DEFAULT, NEWEST, facade, find_built_in
from certificates.layout.reading import TEMPLATE_FILE, TemplateReadResult, read_template
from certificates.layout.template import CertificateTemplate
from certificates.models import Credential, SignaturePicture, StoredTemplate, TemplateVersion
from certificates.permissions import TemplateContext
from courses.models import Course, CourseStaff, StaffRole
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from organisations.access import InstitutionScope
from organisations.institutions import FIRST, Institution, find_institution, get_institution_scope

BUILT_IN = (INSTITUTION_DEFAULT, FACADE)
"""Keys that no institution may give a template of its own."""
_ANY_DAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class TemplateInUse:
    """The published version of a template that new certificates are issued with."""

    key: str
    number: int
    titles: Mapping[str, str]
    organisation_id: int | None


def list_templates(session: Session, scope: InstitutionScope) -> Sequence[StoredTemplate]:
    """List the templates of the institutions that somebody administers, by key."""
    statement = select(StoredTemplate).order_by(StoredTemplate.key).limit(200)
    return session.scalars(statement if scope.everywhere else statement.where(StoredTemplate.organisation_id.in_(scope.own))).all()


def get_template(session: Session, actor: Actor, template: UUID, number: int = 0) -> TemplateContext:
    """Return the page context of a template; raise NotFound, or SignInNeeded whether or not there is such a template."""
    if actor.is_anonymous:
        raise SignInNeeded
    stored = session.scalar(select(StoredTemplate).where(StoredTemplate.uuid == template))
    if stored is None:
        raise NotFound
    roles = (StaffRole.OWNER.value, StaffRole.EDITOR.value)
    mine = (CourseStaff.person_id == actor.person_id, CourseStaff.role.in_(roles), CourseStaff.course_id == Course.id)
    teaches = select(exists().where(*mine, func.coalesce(Course.institution_id, FIRST) == stored.organisation_id))
    administers = get_institution_scope(session, actor).covers(stored.organisation_id)
    return TemplateContext(stored, teaches=bool(session.scalar(teaches)), administers=administers, number=number)


def find_stored(session: Session, key: str) -> StoredTemplate | None:
    """Return the template with a key, whether or not it was published."""
    return session.scalar(select(StoredTemplate).where(StoredTemplate.key == key))


def list_versions(session: Session, row: StoredTemplate) -> Sequence[TemplateVersion]:
    """List the versions of a template, the newest first."""
    statement = select(TemplateVersion).where(TemplateVersion.template_id == row.id).order_by(TemplateVersion.number.desc())
    return session.scalars(statement.limit(200)).all()


def find_version(session: Session, key: str, number: int) -> TemplateVersion | None:
    """Return a version of a template."""
    statement = select(TemplateVersion).join(StoredTemplate, StoredTemplate.id == TemplateVersion.template_id)
    return session.scalar(statement.where(StoredTemplate.key == key, TemplateVersion.number == number))


def list_in_use(session: Session) -> list[TemplateInUse]:
    """List the templates that courses may ask for: those of the program first, then the published ones by key."""
    rows = session.execute(
        select(StoredTemplate.key, TemplateVersion.number, TemplateVersion.titles, StoredTemplate.organisation_id)
        .join(TemplateVersion, TemplateVersion.template_id == StoredTemplate.id)
        .where(TemplateVersion.number == StoredTemplate.published_number)
        .order_by(StoredTemplate.key)
        .limit(200)
    )
    own = [TemplateInUse(key, number, titles, organisation_id) for key, number, titles, organisation_id in rows]
    return [*(TemplateInUse(key, NEWEST, facade().title, None) for key in BUILT_IN), *own]


def list_own_templates(session: Session, institution_id: int | None) -> list[tuple[str, Mapping[str, str]]]:
    """List the keys and titles of the published templates that an institution made, the first one where none is named."""
    own = find_institution(session, institution_id)
    return [(template.key, template.titles) for template in list_in_use(session) if own is not None and template.organisation_id == own.id]


def find_used_template(session: Session, institution: Institution | None, key: str) -> TemplateInUse | None:
    """Return the template of an institution that a course asks for, by its key or as the institution's default (spec/certificates I3).

    Nothing where that is the program's, or there is no published one of this institution any more.
    """
    if institution is None:
        return None
    own_key = institution.default_template if key == INSTITUTION_DEFAULT else key
    return next(
        (template for template in list_in_use(session) if template.key == own_key and template.organisation_id == institution.id), None
    )


def get_drawn_template(session: Session, key: str, number: int) -> CertificateTemplate:
    """Return the template by which a certificate is drawn, with its pictures; raise NotFound."""
    built_in = find_built_in(key, number)
    if built_in is not None:
        return built_in
    version = find_version(session, key, number)
    template = _parsed(version.text, tuple(sorted(version.pictures))) if version is not None else None
    if version is None or template is None:
        raise NotFound
    return replace(template, pictures=read_pictures(session, version.pictures))


def get_drawn_templates(session: Session, rows: Sequence[Credential]) -> dict[tuple[str, int], CertificateTemplate]:
    """Return the templates that institutions made by which these certificates are drawn, by key and number."""
    named = {(row.template, row.template_version) for row in rows if find_built_in(row.template, row.template_version) is None}
    if not named:
        return {}
    statement = select(StoredTemplate.key, TemplateVersion).join(TemplateVersion, TemplateVersion.template_id == StoredTemplate.id)
    stored = session.execute(statement.where(StoredTemplate.key.in_({key for key, _number in named}))).all()
    versions = {(key, version.number): version for key, version in stored if (key, version.number) in named}
    contents = read_pictures(session, {sha256: sha256 for version in versions.values() for sha256 in version.pictures.values()})
    templates = {}
    for name, version in versions.items():
        template = _parsed(version.text, tuple(sorted(version.pictures)))
        if template is not None:
            templates[name] = replace(template, pictures={file: contents[sha256] for file, sha256 in version.pictures.items()})
    return templates


def read_draft(session: Session, row: StoredTemplate) -> TemplateReadResult:
    """Return what the text of a draft says with its pictures, and what is wrong with it."""
    pictures = read_pictures(session, row.pictures)
    return with_pictures(read_template({TEMPLATE_FILE: row.text.encode(), **pictures}, today=_ANY_DAY), pictures)


def with_pictures(result: TemplateReadResult, pictures: Mapping[str, bytes]) -> TemplateReadResult:
    """Return what was read with the pictures that it draws."""
    return result if result.template is None else replace(result, template=replace(result.template, pictures=pictures))


def read_pictures(session: Session, pictures: Mapping[str, str]) -> dict[str, bytes]:
    """Return pictures by their names."""
    if not pictures:
        return {}
    statement = select(SignaturePicture.sha256, SignaturePicture.content).where(SignaturePicture.sha256.in_(pictures.values()))
    contents = {row.sha256: row.content for row in session.execute(statement)}
    return {name: contents[sha256] for name, sha256 in pictures.items()}


@lru_cache(maxsize=32)
def _parsed(text: str, names: tuple[str, ...]) -> CertificateTemplate | None:
    """Return what the text of a version says; the process keeps it, because a version never changes."""
    return read_template({TEMPLATE_FILE: text.encode(), **dict.fromkeys(names, b"")}, today=_ANY_DAY).template
