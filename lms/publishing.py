"""Publishing folders from the disk: the samples at the first start, and `lms courses publish|export`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from courses import catalogue, drafts, folders, history, publishing, versions
from courses.catalogue import is_unsigned
from courses.content.archives import MARK, write_mark
from courses.content.lists import OVERDUE
from courses.content.model import Finding, MediaFile
from courses.content.reader import read_directory, read_directory_mark
from courses.folders import ImportPlan, Provenance
from courses.models import CourseVersion, PublicationNature
from courses.publishing import PublishOptions
from kernel import clock
from kernel.i18n import local, site_day
from kernel.permissions import SYSTEM, Actor
from lms.importing import check_unedited, plan_folder, renew_mark
from lms.instance import Instance


@dataclass(frozen=True, slots=True)
class Published:
    """The result of publishing a folder; `version` is None where a finding prevents it."""

    findings: tuple[Finding, ...]
    version: CourseVersion | None
    is_new: bool = False
    plan: ImportPlan | None = None
    is_unsigned: bool = False
    """Certificates of the course that are issued today carry no signature."""


def publish_folder(
    instance: Instance,
    folder: Path,
    *,
    nature: PublicationNature = PublicationNature.IMPROVEMENT,
    note: str = "",
    over_edits: bool = False,
    actor: Actor = SYSTEM,
    now: datetime | None = None,
    tolerated: Collection[str] = (),
) -> Published:
    """Import, check and publish a folder (as of `now`); everything slow happens before the one transaction.

    Raise DraftWasEditedError where the draft has changes that the folder does not know, and Conflict where one is saved meanwhile,
    unless they may be overwritten (`over_edits`). Findings with a `tolerated` code refuse nothing.
    """
    contents = read_directory(folder)
    checked = publishing.prepare(contents, instance.kinds, today=site_day(clock.now()), tolerated=tolerated)
    now = now or clock.now()
    if checked.prepared is None or checked.course is None:
        return Published(checked.findings, None)
    mark = read_directory_mark(folder)
    plan = plan_folder(instance, checked.course.key, contents, Provenance(mark=mark))
    if not over_edits:
        check_unedited(plan)
    seen = None if over_edits else plan.revision
    stored = drafts.keep_contents(instance.files, contents, media_types(checked.course.media))
    with instance.database.unit_of_work() as session:
        course = drafts.import_draft(session, actor, checked.course, stored, base_revision=seen, now=now)
        before = versions.latest_version(session, course.id)
        options = PublishOptions(nature, note)
        version = publishing.publish_version(session, actor, course, checked.prepared, instance.kinds, instance.files, options, now=now)
        unsigned = is_unsigned(
            session, course, checked.course.certificate, local(now).date(), by_environment=bool(instance.settings.signatories)
        )
    if mark is not None:
        renew_mark(instance, folder, course.slug, contents)
    return Published(checked.findings, version, is_new=before is None or before.id != version.id, plan=plan, is_unsigned=unsigned)


def media_types(media: tuple[MediaFile, ...]) -> Mapping[str, str]:
    """Return the media types by path."""
    return {file.path: file.media_type for file in media}


@dataclass(frozen=True, slots=True)
class ExportedFolder:
    """The number of files written, and the draft revision they hold."""

    files: int
    revision: int


def export_course(instance: Instance, slug: str, folder: Path, *, origins: bool = False) -> ExportedFolder:
    """Write a course's draft into a folder, byte for byte as it came in, with the mark of its revision.

    A draft that is a folder as it came in has no need of a mark: it is that folder, to the byte. With `origins` its questions say where
    they come from.
    """
    with instance.database.unit_of_work(write=origins) as session:
        course = catalogue.find_course(session, slug)
        revision = 0 if course is None else course.draft_revision
        contents: Mapping[str, bytes] = {} if course is None else drafts.draft_files(session, instance.files, course.id)
        is_as_imported = course is not None and history.find_last_import(session, course.id) == revision and not origins
        if origins and course is not None:
            contents = instance.kinds.write_origins(session, course.id, contents)
            folders.record_folder_export(session, SYSTEM, course, origins=True, now=clock.now())
    for path, content in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    if contents and not is_as_imported:
        (folder / MARK).write_bytes(write_mark(slug, revision, contents))
    return ExportedFolder(len(contents), revision)


def publish_samples(instance: Instance, content: Path, *, now: datetime | None = None) -> list[str]:
    """Publish the courses that come with the product, where the database has no course; return what was said of them.

    Figures that are due for review do not prevent it: without courses nobody could begin.
    """
    with instance.database.unit_of_work(write=False) as session:
        if catalogue.any_course(session):
            return []
    lines = []
    for folder in sorted(path.parent for path in content.glob("*/course.yaml")):
        published = publish_folder(instance, folder, now=now, tolerated={OVERDUE})
        if published.version is None:
            errors = [finding for finding in published.findings if finding.severity.value == "error"]
            lines.append(f"{folder.name} was not published: {len(errors)} errors (lms courses check {folder})")
        else:
            overdue = sum(finding.code == OVERDUE for finding in published.findings)
            lines.append(f"Course published: {folder.name}" + (f" ({overdue} figures are due for review)" if overdue else ""))
    return lines
