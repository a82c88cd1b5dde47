"""View models of the lesson editor: its text, the findings, what may be inserted, what two people wrote at once."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from courses.content.changes import apart
from courses.content.editing import read_fields
from courses.content.filetypes import media_type
from courses.content.lesson_text import LessonText, lesson_text_of, terms_of
from courses.content.model import Finding
from courses.content.text_diff import DiffParagraph, DiffPiece, compared, compared_text
from courses.content.translation_stamps import split, stamp_of
from courses.content.tree import TreeActivity, TreeModule
from courses.kinds import CourseKinds
from courses.lesson_preview import LessonPreview
from courses.models import Course
from courses.pages.form_findings import FormFindings
from courses.queries.history import find_stamped_source
from courses.services.authoring import DraftOutline
from kernel.errors import N_
from kernel.i18n import _, choose
from kernel.markup.passages import anchored
from kernel.markup.render import count_words

TOOLS = (
    ("bold", "bold", N_("Bold"), N_("words")),
    ("italic", "italic", N_("Italic"), N_("words")),
    ("heading", "H2", N_("Heading"), ""),
    ("subheading", "H3", N_("Subheading"), ""),
    ("list", "list", N_("List"), ""),
    ("numbers", "list-ordered", N_("Numbered list"), ""),
    ("link", "link", N_("Link"), N_("words")),
    ("table", "table", N_("Table"), N_("Table title")),
    ("definition", "lightbulb", N_("Callout: definition"), N_("Title")),
    ("example", "pencil", N_("Callout: example"), N_("Title")),
    ("warning", "triangle-alert", N_("Callout: warning"), N_("Title")),
    ("summary", "list-checks", N_("Callout: summary"), N_("Title")),
    ("check", "circle-help", N_("Self-check question"), N_("Question")),
    ("formula", "sigma", N_("Formula"), ""),
    ("term", "book-a", N_("Glossary term"), N_("term")),
    ("question", "square-pen", N_("Question from the bank"), N_("Review")),
    ("recording", "video", N_("Recording"), N_("Recording")),
    ("image", "image", N_("Picture or file"), ""),
)
"""What the toolbar writes: its name, symbol and words, and the words with which it begins."""


@dataclass(frozen=True, slots=True)
class LessonEditor:
    """One lesson in one language before its editor: its file, and the revision that wrote it (0: it is not there yet)."""

    course: Course
    draft_outline: DraftOutline
    module: TreeModule
    activity: TreeActivity
    language: str
    path: str
    revision: int

    @property
    def text(self) -> str | None:
        """Return the file's text in the draft."""
        return self.draft_outline.texts.get(self.path)

    @property
    def is_translation(self) -> bool:
        """Say whether this is a translation."""
        return self.path != self.activity.path

    @property
    def source(self) -> str:
        """Return the lesson in the course's own language."""
        return self.draft_outline.texts.get(self.activity.path, "")

    @property
    def source_stamp(self) -> str:
        """Return the stamp of `source`: a translation names the stamp of what it was made from."""
        return stamp_of(self.source, self.draft_outline.tree.languages[0])

    @property
    def words(self) -> LessonText:
        """Return what the draft says."""
        return lesson_text_of(self.text, self.path, self.language) if self.text is not None else LessonText("", "", "")


def preview_values(editor: LessonEditor, preview: LessonPreview, text: str, kinds: CourseKinds) -> dict[str, object]:
    """Return what `courses/_lesson_preview.html` shows."""
    parts = split(text)
    first = len(parts[0]) + 3 if parts is not None else 1
    page, form_findings = preview.page, FormFindings(kinds)
    return {
        "told": [_line(finding, first, editor.path, form_findings) for finding in preview.findings],
        "body": anchored(page.rendered.html) if page is not None else None,
        "icons": page.rendered.icons if page is not None else (),
        "minutes": page.minutes if page is not None else None,
        "words": count_words(parts[1]) if parts is not None else 0,
        "shown_language": editor.language,
    }


def _line(finding: Finding, first: int, path: str, form_findings: FormFindings) -> dict[str, object]:
    line = max(finding.line - first + 1, 0)
    message = form_findings.message(finding) if finding.file == path else f"{finding.file}: {form_findings.message(finding)}"
    advice = finding.fix if line and not finding.field else form_findings.advice(finding)
    return {"line": line, "severity": finding.severity.value, "message": message, "advice": advice}


@dataclass(frozen=True, slots=True)
class OriginalChange:
    """The change of an original since a translation was brought up to date; no paragraphs where the earlier state is not known."""

    title: tuple[DiffPiece, ...] = ()
    summary: tuple[DiffPiece, ...] = ()
    body: tuple[DiffParagraph, ...] = ()


def find_original_change(session: Session, editor: LessonEditor) -> OriginalChange | None:
    """Return how the original of a translation has changed since its stamp; None where it has not."""
    stamped = read_fields(apart(editor.text or "", editor.path)[0]).get("translated_from")
    if stamped == editor.source_stamp:
        return None
    path, own = editor.activity.path, editor.draft_outline.tree.languages[0]
    earlier = find_stamped_source(session, editor.course.id, path, own, stamped) if isinstance(stamped, str) else None
    if earlier is None:
        return OriginalChange()
    before, now = lesson_text_of(earlier, path, own), lesson_text_of(editor.source, path, own)
    return OriginalChange(
        compared(before.title, now.title) if before.title != now.title else (),
        compared(before.summary, now.summary) if before.summary != now.summary else (),
        compared_text(before.body, now.body) if before.body != now.body else (),
    )


def entry(activity: TreeActivity, kinds: CourseKinds) -> dict[str, object]:
    """Return an activity as the list beside the text shows it."""
    kind = next(kind for kind in kinds.kinds if kind.name == activity.kind)
    return {"key": activity.key, "kind": activity.kind, "title": choose(dict(activity.title)) or activity.key, "icon": kind.icon}


def pieces(editor: LessonEditor, glossary: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a lesson may show of its course: the words for it, and the Markdown."""
    titled = [(choose(dict(activity.title)) or activity.key, activity) for _module, activity in editor.draft_outline.tree.activities()]
    here, course = f"{editor.module.folder}/media/", "media/"
    media = [f"media/{path.removeprefix(here)}" for path in editor.draft_outline.checksums if path.startswith(here)]
    media += [f"../{path}" for path in editor.draft_outline.checksums if path.startswith(course)]
    return [
        (_("Glossary terms"), [(term, f"[[{term}]]") for term in terms_of(glossary, editor.language)]),
        (_("Recordings"), [(title, f"![{title}](course:{activity.key})") for title, activity in titled if activity.kind == "recording"]),
        (
            _("Links to other activities"),
            [(title, f"[{title}](course:{activity.key})") for title, activity in titled if activity.key != editor.activity.key],
        ),
        (
            _("Pictures and files"),
            [
                (path, f"![…]({path})" if media_type(path).startswith("image/") else f"[…]({path})")
                for path in media
                if not path.endswith(".vtt")
            ],
        ),
    ]
