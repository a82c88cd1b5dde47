"""Course drafts for tests: folders saved as drafts, the pages of the outline, and publications that wait."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from courses import catalogue, drafts, publishing
from courses.models import Course, CourseVersion, DraftFile, DraftRevision, PlannedPublication
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM
from lms.app import KINDS
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import folder

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LESSON = "01-parte/01-leccion.es.md"
PUBLISHING = "/teaching/prueba/publishing"
OUTLINE = "/teaching/prueba/outline"


def save_draft(instance: Instance, files: dict[str, bytes]) -> int:
    """Import a folder as a draft; return its revision."""
    checked = publishing.prepare(files, KINDS, today=NOON.date())
    assert checked.course is not None
    kept = drafts.keep_contents(instance.files, files, {media.path: media.media_type for media in checked.course.media})
    with instance.database.unit_of_work() as session:
        return drafts.import_draft(session, SYSTEM, checked.course, kept, now=NOON).draft_revision


def count_versions(instance: Instance) -> int:
    """Count the versions of the course."""
    with instance.database.unit_of_work(write=False) as session:
        counted = select(func.count()).select_from(CourseVersion).join(Course, Course.id == CourseVersion.course_id)
        return session.scalar(counted.where(Course.slug == "prueba")) or 0


def draft_texts(instance: Instance, slug: str = "prueba") -> dict[str, str]:
    """Return the files of a course's draft."""
    with instance.database.unit_of_work(write=False) as session:
        rows = select(DraftFile.path, DraftFile.body).join(Course, Course.id == DraftFile.course_id).where(Course.slug == slug)
        return {row.path: row.body or "" for row in session.execute(rows)}


def press_in_outline(browser: Browser, do: str, status: int = 200) -> None:
    """Press a button of the outline."""
    browser.get(OUTLINE)
    browser.submit("/outline", button=("do", do), status=status)


def draft_saying(instance: Instance, word: str) -> int:
    """Save a draft with another word; return its revision."""
    files = folder(modules=1)
    return save_draft(instance, {**files, LESSON: files[LESSON].replace(b"dedos", word.encode())})


def plan_of(instance: Instance) -> PlannedPublication:
    """Return the newest plan."""
    with instance.database.unit_of_work(write=False) as session:
        found = session.scalars(select(PlannedPublication).order_by(PlannedPublication.id.desc())).first()
        assert found is not None
        return found


def publication_verbs(instance: Instance) -> list[str]:
    """Return what the log says of publications that waited."""
    with instance.database.unit_of_work(write=False) as session:
        wanted = AuditEntry.verb.like("course.publication%")
        return [
            verb.removeprefix("course.publication_")
            for verb in session.scalars(select(AuditEntry.verb).where(wanted).order_by(AuditEntry.id))
        ]


def tomorrow() -> datetime:
    """Return eight o'clock of tomorrow where the course is."""
    return (clock.now().astimezone(ZoneInfo("America/Guayaquil")) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)


def write_folder(target: Path, files: dict[str, bytes]) -> Path:
    """Make a folder on the disk hold these files and no others."""
    shutil.rmtree(target, ignore_errors=True)
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return target


def edit_draft(instance: Instance, contents: dict[str, bytes], *, removed: tuple[str, ...] = ()) -> int:
    """Edit the draft as the web does; return its revision."""
    with instance.database.unit_of_work() as session:
        course = catalogue.lock_course(session, session.execute(select(Course.id)).scalar_one())
        texts = {path: drafts.text_content(content.decode()) for path, content in contents.items()}
        drafts.save_files(session, SYSTEM, course, texts, removed=removed, now=clock.now())
        return course.draft_revision


def draft_contents(instance: Instance) -> dict[str, bytes]:
    """Return the draft of the only course."""
    with instance.database.unit_of_work(write=False) as session:
        return drafts.draft_files(session, instance.files, session.execute(select(Course.id)).scalar_one())


def draft_origins(instance: Instance) -> list[str]:
    """Return how each revision came about."""
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(DraftRevision.origin).order_by(DraftRevision.number)))
