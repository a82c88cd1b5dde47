"""Publishing folders from the disk: the samples at the first start, and `lms courses import|publish|export`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from courses import publication, queries, services
from courses.content.model import Finding, MediaFile
from courses.content.reader import read_directory, read_folder
from courses.models import CourseVersion, Nature
from courses.services import Publishing
from kernel import clock
from kernel.permissions import SYSTEM, Actor
from lms.app import KINDS, House


@dataclass(frozen=True, slots=True)
class Published:
    """What came of publishing a folder; `version` is None where a finding refuses it."""

    findings: tuple[Finding, ...]
    version: CourseVersion | None
    is_new: bool = False


def publish_folder(
    house: House,
    folder: Path,
    *,
    nature: Nature = Nature.IMPROVEMENT,
    note: str = "",
    actor: Actor = SYSTEM,
    now: datetime | None = None,
) -> Published:
    """Import, check and publish a folder (as of `now`); everything slow happens before the one transaction."""
    contents = read_directory(folder)
    checked = publication.prepare(contents, KINDS, today=clock.now().date())
    now = now or clock.now()
    if checked.prepared is None or checked.course is None:
        return Published(checked.findings, None)
    kept = services.keep_contents(house.files, contents, media_types(checked.course.media))
    with house.database.unit_of_work() as session:
        course = services.import_draft(session, actor, checked.course, kept, now=now)
        before = queries.latest_version(session, course.id)
        version = services.publish_version(session, actor, course, checked.prepared, KINDS, house.files, Publishing(nature, note), now=now)
    return Published(checked.findings, version, is_new=before is None or before.id != version.id)


def media_types(media: tuple[MediaFile, ...]) -> Mapping[str, str]:
    """Return the media types by path."""
    return {file.path: file.media_type for file in media}


def import_folder(house: House, folder: Path, *, actor: Actor = SYSTEM) -> tuple[Finding, ...]:
    """Make a folder a course's draft, unless an error refuses it."""
    contents = read_directory(folder)
    now = clock.now()
    reading = read_folder(contents, KINDS.kinds, KINDS.parts, today=now.date())
    if reading.course is None:
        return reading.findings
    kept = services.keep_contents(house.files, contents, media_types(reading.course.media))
    with house.database.unit_of_work() as session:
        services.import_draft(session, actor, reading.course, kept, now=now)
    return reading.findings


def export_course(house: House, slug: str, folder: Path) -> int:
    """Write a course's draft into a folder, byte for byte as it came in; return how many files."""
    with house.database.unit_of_work(write=False) as session:
        course = queries.find_course(session, slug)
        contents = {} if course is None else queries.draft_files(session, house.files, course.id)
    for path, content in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return len(contents)


def publish_samples(house: House, content: Path, *, now: datetime | None = None) -> list[str]:
    """Publish the courses that come with the product, where the database has no course; return what was said of them."""
    with house.database.unit_of_work(write=False) as session:
        if queries.any_course(session):
            return []
    said = []
    for folder in sorted(path.parent for path in content.glob("*/course.yaml")):
        published = publish_folder(house, folder, now=now)
        if published.version is None:
            errors = [finding for finding in published.findings if finding.severity.value == "error"]
            said.append(f"{folder.name} was not published: {len(errors)} errors (lms courses check {folder})")
        else:
            said.append(f"Course published: {folder.name}")
    return said
