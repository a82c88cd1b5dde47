"""What the web asks of a recording, field by field (format, section 10)."""

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
ASKED = (
    FieldSpec(
        "kind", FieldShape.CHOICE, lazy_("Is there a picture?"), "", (("video", lazy_("Video")), ("audio", lazy_("Sound only"))), "video"
    ),
    FieldSpec(
        "url", FieldShape.WORD, lazy_("Address of the recording"), lazy_("https://…: a page outside. Or choose a file of ours, not both.")
    ),
    FieldSpec("host", FieldShape.WORDS, lazy_("Who shows it"), lazy_("The site of that address: learners are told before they go there.")),
    FieldSpec(
        "file",
        FieldShape.FILE,
        lazy_("File of ours"),
        lazy_("Send it first under “Files”. It needs its duration and captions."),
        accepts=FILM,
    ),
    FieldSpec("duration", FieldShape.NUMBER, lazy_("Duration"), lazy_("Minutes and seconds, 12:30, or hours, 1:02:30.")),
    FieldSpec(
        "language", FieldShape.WORD, lazy_("Language that is spoken"), lazy_("Two letters: es, en, pt. Left empty: the course's own.")
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
        lazy_("Markdown (.md) or WebVTT (.vtt). Left empty, the captions are shown as text."),
        accepts=WORDS,
    ),
    FieldSpec("transcript.en", FieldShape.FILE, lazy_("Transcript in English"), accepts=WORDS),
)
_PICTURE = (
    FieldSpec("audio", FieldShape.FILE, lazy_("Sound alone"), lazy_("For those who only want to listen."), accepts=("audio/",)),
    FieldSpec("low", FieldShape.FILE, lazy_("Film of lower quality"), lazy_("For slow connections."), accepts=FILM),
    FieldSpec("poster", FieldShape.FILE, lazy_("Still picture"), accepts=("image/",)),
    FieldSpec("poster_alt", FieldShape.WORDS, lazy_("Alternative text of the still picture")),
)
_CHAPTERS = (
    FieldSpec(
        "chapters",
        FieldShape.ENTRIES,
        lazy_("Chapters"),
        lazy_("The first begins at 0:00. A row whose moment is emptied goes; after saving there is room for more."),
        fields=(FieldSpec("at", FieldShape.WORD, lazy_("Begins at")), FieldSpec("title", FieldShape.WORDS, lazy_("Title"))),
        spare=3,
    ),
)
_SPEAKERS = (
    FieldSpec(
        "speakers",
        FieldShape.ENTRIES,
        lazy_("Speakers"),
        lazy_("A row whose name is emptied goes."),
        fields=(
            FieldSpec("name", FieldShape.WORD, lazy_("Name")),
            FieldSpec("role", FieldShape.WORDS, lazy_("What they did")),
            FieldSpec("organisation", FieldShape.WORDS, lazy_("Institution")),
        ),
        spare=2,
    ),
    FieldSpec("series", FieldShape.WORDS, lazy_("Series"), lazy_("Name of the series of webinars or podcasts that it belongs to.")),
    FieldSpec("number", FieldShape.NUMBER, lazy_("Number in the series")),
)
_DOCUMENTS = (
    FieldSpec(
        "documents",
        FieldShape.ENTRIES,
        lazy_("Documents"),
        lazy_("Each is a file of the course or one of its documents, not both. A row whose kind is not said goes."),
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
        lazy_("Percent to watch"),
        lazy_("Only for a file of ours. Left empty: 80; a recording outside is completed when its learner says so."),
    ),
)
GROUPS = (
    (lazy_("Captions and transcript"), _TEXTS),
    (lazy_("Chapters"), _CHAPTERS),
    (lazy_("Who speaks"), _SPEAKERS),
    (lazy_("Documents beside it"), _DOCUMENTS),
    (lazy_("Picture and quality"), _PICTURE),
    (lazy_("What completes it"), COMPLETION),
)
