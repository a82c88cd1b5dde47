"""The state of a course's translations, for `lms courses translations`: paragraphs of originals that changed, shares of languages."""

from collections.abc import Iterator, Mapping

from sqlalchemy.orm import Session

from courses import drafts, history
from courses.content.differences import DiffParagraph, compared_text
from courses.content.lessons import lesson_text_of
from courses.content.model import LessonSettings, LessonSource
from courses.content.reader import read_folder
from courses.content.translations import share_lines
from courses.models import Course
from kernel import clock
from kernel.i18n import _, ngettext, site_day
from lms.instance import Instance


def translation_report(instance: Instance, course: Course) -> list[str]:
    """Return the report of a course's working copy, line by line."""
    with instance.database.unit_of_work(write=False) as session:
        files = drafts.draft_files(session, instance.files, course.id)
        read = read_folder(files, instance.kinds.kinds, instance.kinds.parts, today=site_day(clock.now())).course
        if read is None:
            return [_("The draft has errors: lms courses check names them.")]
        lessons = [activity.settings.lessons for activity in read.activities() if isinstance(activity.settings, LessonSettings)]
        return [line for texts in lessons for line in _behind(session, course.id, texts, files)] + list(share_lines(read))


def _behind(session: Session, course_id: int, texts: tuple[LessonSource, ...], files: Mapping[str, bytes]) -> Iterator[str]:
    own, *others = texts
    for translation in others:
        if not translation.behind:
            continue
        yield _("%(path)s is behind its original.", path=translation.path)
        earlier = history.find_stamped_source(session, course_id, own.path, own.language, translation.translated_from)
        if earlier is None:
            yield _("  The state of the original that it follows is not among the last ones.")
            continue
        before, now = (lesson_text_of(text, own.path, own.language) for text in (earlier, files[own.path].decode()))
        for old, new in ((before.title, now.title), (before.summary, now.summary), (before.body, now.body)):
            for paragraph in compared_text(old, new) if old != new else ():
                yield from _lines(paragraph)


def _lines(paragraph: DiffParagraph) -> Iterator[str]:
    """Yield a paragraph as it was and as it is, marked with - and +; equal ones are counted."""
    if paragraph.kind == "skipped":
        yield ngettext("  … %(count)s unchanged paragraph …", "  … %(count)s unchanged paragraphs …", paragraph.count)
        return
    for kind, mark in (("gone", "-"), ("new", "+")):
        text = " ".join(piece.words for piece in paragraph.pieces if piece.kind in (kind, "same"))
        if text and paragraph.kind in (kind, "changed"):
            yield f"  {mark} {text}"
