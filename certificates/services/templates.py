"""Verbs of templates of certificates: make, write, give pictures, publish. A published version never changes."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from certificates.layout.built_in import facade_files
from certificates.layout.reading import PICTURES, TEMPLATE_FILE
from certificates.models import SignaturePicture, StoredTemplate, TemplateVersion
from certificates.queries import templates as queries
from kernel import audit
from kernel.errors import N_, Conflict, Invalid
from kernel.permissions import Actor
from kernel.pictures import cleaned, points
from kernel.settings import Settings
from organisations.access import EVERYWHERE
from organisations.models import Organisation
from organisations.profile import ensure_profile

MOST_TEMPLATES = 100
MOST_PICTURES = 10
LARGEST_PICTURE = 2_000_000
MOST_PIXELS = 10_000_000


class TemplateVerb(StrEnum):
    """The audit verbs of templates."""

    CREATED = "certificate_template.created"
    CHANGED = "certificate_template.changed"
    PUBLISHED = "certificate_template.published"


class TemplateKeyTaken(Conflict):
    """The key of a new template is that of another one, or of one of the program's."""

    code = "template_key_taken"
    message = N_("There is already a template with this key. Choose another key.")


class TemplateChangedMeanwhile(Conflict):
    """Another person saved the template after this page was opened."""

    code = "template_changed"
    message = N_("Someone else saved this template meanwhile. Open it again: what you wrote is still in this page's field.")


class TemplateNotReady(Conflict):
    """A template with errors is not published, and neither is one that is the same as its newest version."""

    code = "template_not_ready"
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
    row = queries.find_stored(session, key)
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
    count = len(queries.list_templates(session, EVERYWHERE))
    if key in queries.BUILT_IN or queries.find_stored(session, key) is not None or count >= MOST_TEMPLATES:
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
    read, versions = queries.read_draft(session, row), queries.list_versions(session, row)
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
