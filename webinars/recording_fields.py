"""Form fields of a recording (spec/content-format 10)."""

from courses.content.settings import FieldShape, FieldSpec
from kernel.i18n import lazy_

ORDER = (
    *(
        "kind",
        "file",
        "url",
        "host",
        "audio",
        "low",
        "poster",
        "poster_alt",
        "duration",
        "language",
        "date",
        "speakers",
        "series",
        "number",
    ),
    *("captions", "transcript", "chapters", "documents", "completion"),
)
FILM = ("audio/", "video/")
WORDS = ("text/vtt", "text/markdown")
RECORDING_FIELDS = (
    FieldSpec(
        "kind", FieldShape.CHOICE, lazy_("Is there a picture?"), "", (("video", lazy_("Video")), ("audio", lazy_("Audio only"))), "video"
    ),
    FieldSpec(
        "url",
        FieldShape.WORD,
        lazy_("Address of the recording"),
        lazy_("https://…: an external page. Or choose an uploaded file, not both."),
    ),
    FieldSpec("host", FieldShape.WORDS, lazy_("Host site"), lazy_("The site of that address. Learners are warned before they go there.")),
    FieldSpec(
        "file",
        FieldShape.FILE,
        lazy_("Uploaded file"),
        lazy_("Upload it first under “Files”. It needs a duration and captions."),
        accepts=FILM,
    ),
    FieldSpec("duration", FieldShape.NUMBER, lazy_("Duration"), lazy_("Minutes and seconds, 12:30, or hours, 1:02:30.")),
    FieldSpec(
        "language", FieldShape.WORD, lazy_("Spoken language"), lazy_("Two letters: es, en, pt. Leave empty for the course's main language.")
    ),
    FieldSpec("date", FieldShape.WORD, lazy_("Day of the event"), lazy_("2026-12-01")),
)
_TEXTS = (
    FieldSpec("captions.es", FieldShape.FILE, lazy_("Captions in Spanish"), lazy_("A WebVTT file (.vtt)."), accepts=("text/vtt",)),
    FieldSpec("captions.en", FieldShape.FILE, lazy_("Captions in English"), accepts=("text/vtt",)),
    FieldSpec(
        "transcript.es",
        FieldShape.FILE,
        lazy_("Transcript in Spanish"),
        lazy_("Markdown (.md) or WebVTT (.vtt). Leave empty to show the captions as text."),
        accepts=WORDS,
    ),
    FieldSpec("transcript.en", FieldShape.FILE, lazy_("Transcript in English"), accepts=WORDS),
)
_PICTURE = (
    FieldSpec("audio", FieldShape.FILE, lazy_("Audio-only file"), lazy_("For those who only want to listen."), accepts=("audio/",)),
    FieldSpec("low", FieldShape.FILE, lazy_("Lower-quality video"), lazy_("For slow connections."), accepts=FILM),
    FieldSpec("poster", FieldShape.FILE, lazy_("Still picture"), accepts=("image/",)),
    FieldSpec("poster_alt", FieldShape.WORDS, lazy_("Alternative text of the still picture")),
)
_CHAPTERS = (
    FieldSpec(
        "chapters",
        FieldShape.ENTRIES,
        lazy_("Chapters"),
        lazy_("The first begins at 0:00. Clear a row's time to delete it; more rows appear after you save."),
        fields=(FieldSpec("at", FieldShape.WORD, lazy_("Begins at")), FieldSpec("title", FieldShape.WORDS, lazy_("Title"))),
        spare=3,
    ),
)
_SPEAKERS = (
    FieldSpec(
        "speakers",
        FieldShape.ENTRIES,
        lazy_("Speakers"),
        lazy_("Clear a row's name to delete it."),
        fields=(
            FieldSpec("name", FieldShape.WORD, lazy_("Name")),
            FieldSpec("role", FieldShape.WORDS, lazy_("Role or contribution")),
            FieldSpec("organisation", FieldShape.WORDS, lazy_("Organisation")),
        ),
        spare=2,
    ),
    FieldSpec("series", FieldShape.WORDS, lazy_("Series"), lazy_("Name of the webinar or podcast series it belongs to.")),
    FieldSpec("number", FieldShape.NUMBER, lazy_("Number in the series")),
)
_DOCUMENTS = (
    FieldSpec(
        "documents",
        FieldShape.ENTRIES,
        lazy_("Documents"),
        lazy_("Each is a file of the course or one of its documents, not both. Clear a row's kind to delete it."),
        fields=(
            FieldSpec(
                "kind",
                FieldShape.CHOICE,
                lazy_("Kind"),
                "",
                (
                    ("slides", lazy_("Slides")),
                    ("summary", lazy_("Summary")),
                    ("questions", lazy_("Questions and answers")),
                    ("concept_note", lazy_("Concept note")),
                    ("other", lazy_("Another document")),
                ),
            ),
            FieldSpec("title", FieldShape.WORDS, lazy_("Title")),
            FieldSpec("file", FieldShape.FILE, lazy_("File")),
            FieldSpec("resource", FieldShape.CHOICE, lazy_("Document of the course")),
            FieldSpec("language", FieldShape.WORD, lazy_("Language")),
        ),
    ),
)
COMPLETION = (
    FieldSpec(
        "completion.watched",
        FieldShape.NUMBER,
        lazy_("Percentage to watch"),
        lazy_("Only for uploaded files. Leave empty for 80. An external recording is completed when the learner marks it as done."),
    ),
)
GROUPS = (
    (lazy_("Captions and transcript"), _TEXTS),
    (lazy_("Chapters"), _CHAPTERS),
    (lazy_("Who speaks"), _SPEAKERS),
    (lazy_("Related documents"), _DOCUMENTS),
    (lazy_("Picture and quality"), _PICTURE),
    (lazy_("What completes it"), COMPLETION),
)
