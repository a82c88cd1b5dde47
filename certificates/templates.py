"""Templates of certificates, read for pages and for drawing, and written: made, imported, saved as drafts, given pictures, published."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from certificates.access import TemplateContext
from certificates.layout.reading import (
    FACADE,
    INSTITUTION_DEFAULT,
    NEWEST,
    PICTURES,
    TEMPLATE_FILE,
    TemplateReadResult,
    facade,
    facade_files,
    find_built_in,
    read_template,
)
from certificates.layout.template import CertificateTemplate
from certificates.models import Credential, SignaturePicture, StoredTemplate, TemplateVersion
from courses.models import Course, CourseStaff, StaffRole
from kernel import audit
from kernel.errors import N_, Conflict, Invalid, NotFound, SignInNeeded, require_found
from kernel.permissions import Actor
from kernel.pictures import cleaned, points
from kernel.settings import Settings
from organisations.access import EVERYWHERE, InstitutionContext, InstitutionScope
from organisations.institutions import FIRST, Institution, find_institution, get_institution_scope
from organisations.models import Organisation
from organisations.profile import ensure_profile
from organisations.training_scope import list_audited_institutions

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
    stored = require_found(session.scalar(select(StoredTemplate).where(StoredTemplate.uuid == template)))
    roles = (StaffRole.OWNER.value, StaffRole.EDITOR.value)
    mine = (CourseStaff.person_id == actor.person_id, CourseStaff.role.in_(roles), CourseStaff.course_id == Course.id)
    teaches = select(exists().where(*mine, func.coalesce(Course.institution_id, FIRST) == stored.organisation_id))
    administers = get_institution_scope(session, actor).covers(stored.organisation_id)
    audits = stored.organisation_id in list_audited_institutions(session, actor)
    return TemplateContext(stored, teaches=bool(session.scalar(teaches)), administers=administers, number=number, audits=audits)


def get_template_list(session: Session, actor: Actor) -> InstitutionContext:
    """Return the institutions whose templates the actor reads: those that they administer or, without any, those that they audit."""
    scope = get_institution_scope(session, actor)
    return InstitutionContext(None, scope if scope.any else InstitutionScope(own=list_audited_institutions(session, actor)))


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


def list_titles(session: Session) -> dict[str, Mapping[str, str]]:
    """Return the titles of the templates in use by their keys."""
    return {template.key: template.titles for template in list_in_use(session)}


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
    """Read the text of a draft with its pictures, and the faults in it."""
    pictures = read_pictures(session, row.pictures)
    return with_pictures(read_template({TEMPLATE_FILE: row.text.encode(), **pictures}, today=_ANY_DAY), pictures)


def with_pictures(result: TemplateReadResult, pictures: Mapping[str, bytes]) -> TemplateReadResult:
    """Return the text with the pictures that it draws."""
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
    """Parse the text of a version; the process keeps the result, because a version never changes."""
    return read_template({TEMPLATE_FILE: text.encode(), **dict.fromkeys(names, b"")}, today=_ANY_DAY).template


MOST_TEMPLATES = 100
MOST_PICTURES = 10
LARGEST_PICTURE = 2_000_000
MOST_PIXELS = 10_000_000


class TemplateVerb(
    audit.Verb,
    facts={
        "note": N_("Note"),
    },
):
    """The audit verbs of templates."""

    CREATED = "certificate_template.created", N_("Made a certificate template")
    CHANGED = "certificate_template.changed", N_("Changed a certificate template")
    PUBLISHED = "certificate_template.published", N_("Published a certificate template")


class TemplateKeyTaken(Conflict):
    """The key of a new template is that of another one, or of one of the program's."""

    message = N_("There is already a template with this key. Choose another key.")


class TemplateChangedMeanwhile(Conflict):
    """Another person saved the template after this page was opened."""

    code = "template_changed"
    message = N_("Someone else saved this template meanwhile. Open it again: what you wrote is still in this page's field.")


class TemplateNotReady(Conflict):
    """A template with errors is not published, and neither is one that is the same as its newest version."""

    message = N_("The template has errors, or nothing has changed since its newest version.")


def create_template(
    session: Session, actor: Actor, settings: Settings, key: str, institution: Organisation | None = None, *, now: datetime
) -> StoredTemplate:
    """Make a template of an institution, the first one where none is named; it begins as the program's. Raise TemplateKeyTaken."""
    text = facade_files()[TEMPLATE_FILE].decode()
    own = text[text.index("format:") :].replace("key: facade", f"key: {key}", 1)
    return _add(session, actor, settings, key, own, {}, institution, now=now)


def import_template(
    session: Session,
    actor: Actor,
    settings: Settings,
    key: str,
    files: Mapping[str, bytes],
    institution: Organisation | None = None,
    *,
    now: datetime,
) -> StoredTemplate:
    """Take a folder as the draft of the template with its key, which is made where there is none; its pictures come cleaned."""
    pictures = {name: _keep_picture(session, content) for name, content in files.items() if name != TEMPLATE_FILE}
    text = files[TEMPLATE_FILE].decode("utf-8", "replace")
    row = find_stored(session, key)
    if row is None:
        return _add(session, actor, settings, key, text, pictures, institution, now=now)
    row.text, row.pictures = text, pictures
    _touch(session, actor, row, now=now, what="imported")
    return row


def _add(
    session: Session,
    actor: Actor,
    settings: Settings,
    key: str,
    text: str,
    pictures: Mapping[str, str],
    institution: Organisation | None,
    *,
    now: datetime,
) -> StoredTemplate:
    count = len(list_templates(session, EVERYWHERE))
    if key in BUILT_IN or find_stored(session, key) is not None or count >= MOST_TEMPLATES:
        raise TemplateKeyTaken
    profile = ensure_profile(session, actor, settings, institution, now=now)
    row = StoredTemplate(organisation_id=profile.organisation_id, key=key, text=text, pictures=pictures, changed_at=now)
    session.add(row)
    session.flush()  # the audit entry names it
    audit.record(session, actor, TemplateVerb.CREATED, row, now=now, key=key)
    return row


def save_text(session: Session, actor: Actor, row: StoredTemplate, text: str, revision: int, *, now: datetime) -> None:
    """Write the draft anew; raise TemplateChangedMeanwhile where somebody saved it since this revision."""
    row = _locked(session, row)
    if row.revision != revision:
        raise TemplateChangedMeanwhile
    if text != row.text:
        row.text = text
        _touch(session, actor, row, now=now, what="text")


def put_picture(session: Session, actor: Actor, row: StoredTemplate, name: str, still: bytes, *, now: datetime) -> None:
    """Give a draft a picture that was cleaned; one of the same name is replaced. Raise Invalid."""
    row = _locked(session, row)
    if name not in row.pictures and len(row.pictures) >= MOST_PICTURES:
        raise Invalid(N_("A template has at most %(most)s pictures."), most=MOST_PICTURES)
    row.pictures = {**row.pictures, name: _keep_picture(session, still)}
    _touch(session, actor, row, now=now, what=name)


def remove_picture(session: Session, actor: Actor, row: StoredTemplate, name: str, *, now: datetime) -> None:
    """Take a picture out of a draft; versions that print it keep it."""
    row = _locked(session, row)
    if name in row.pictures:
        row.pictures = {other: sha256 for other, sha256 in row.pictures.items() if other != name}
        _touch(session, actor, row, now=now, what=name)


def publish_template(session: Session, actor: Actor, row: StoredTemplate, note: str, revision: int, *, now: datetime) -> TemplateVersion:
    """Make a version of the draft that new certificates are issued with; raise TemplateNotReady or TemplateChangedMeanwhile."""
    row = _locked(session, row)
    if row.revision != revision:
        raise TemplateChangedMeanwhile
    read, versions = read_draft(session, row), list_versions(session, row)
    same = bool(versions) and (versions[0].text, dict(versions[0].pictures)) == (row.text, dict(row.pictures))
    if read.template is None or read.template.key != row.key or same:
        raise TemplateNotReady
    number = versions[0].number + 1 if versions else 1
    version = TemplateVersion(
        template_id=row.id,
        number=number,
        titles=read.template.title,
        text=row.text,
        pictures=row.pictures,
        note=note,
        published_at=now,
    )
    session.add(version)
    row.published_number = number
    audit.record(session, actor, TemplateVerb.PUBLISHED, row, now=now, key=row.key, version=number, note=note)
    return version


def _locked(session: Session, row: StoredTemplate) -> StoredTemplate:
    return session.execute(select(StoredTemplate).where(StoredTemplate.id == row.id).with_for_update()).scalar_one()


def _touch(session: Session, actor: Actor, row: StoredTemplate, *, now: datetime, what: str) -> None:
    row.revision, row.changed_at = row.revision + 1, now
    audit.record(session, actor, TemplateVerb.CHANGED, row, now=now, key=row.key, what=what)


def clean_picture(name: str, content: bytes) -> bytes:
    """Return a picture as sheets print it: still, upright, without what its maker noted; raise Invalid."""
    extension = name.rpartition(".")[2].lower()
    if f".{extension}" not in PICTURES:
        raise Invalid(N_("Pictures of templates are PNG or JPEG."))
    if len(content) > LARGEST_PICTURE or points(content, extension) > MOST_PIXELS:
        raise Invalid(N_("The picture is too large: at most 2 MB and 10 million pixels. Make it smaller and upload it again."))
    return cleaned(content, extension, still=True)


def _keep_picture(session: Session, still: bytes) -> str:
    """Keep a cleaned picture, once for all that print it, and return its checksum."""
    sha256 = hashlib.sha256(still).hexdigest()
    if session.scalar(select(SignaturePicture.id).where(SignaturePicture.sha256 == sha256)) is None:
        session.add(SignaturePicture(sha256=sha256, content=still))
        session.flush()  # the draft names it
    return sha256
