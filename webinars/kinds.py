"""What the web asks of a recording, field by field (format, section 10)."""

from courses.content.settings import Setting, Shape
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
    Setting("kind", Shape.CHOICE, lazy_("Is there a picture?"), "", (("video", lazy_("Video")), ("audio", lazy_("Sound only"))), "video"),
    Setting("url", Shape.WORD, lazy_("Address of the recording"), lazy_("https://…: a page outside. Or choose a file of ours, not both.")),
    Setting("host", Shape.WORDS, lazy_("Who shows it"), lazy_("The site of that address: learners are told before they go there.")),
    Setting(
        "file", Shape.FILE, lazy_("File of ours"), lazy_("Send it first under “Files”. It needs its duration and captions."), accepts=FILM
    ),
    Setting("duration", Shape.NUMBER, lazy_("Duration"), lazy_("Minutes and seconds, 12:30, or hours, 1:02:30.")),
    Setting("language", Shape.WORD, lazy_("Language that is spoken"), lazy_("Two letters: es, en, pt. Left empty: the course's own.")),
    Setting("date", Shape.WORD, lazy_("Day of the event"), lazy_("2026-12-01")),
)
_TEXTS = (
    Setting("captions.es", Shape.FILE, lazy_("Captions in Spanish"), lazy_("A WebVTT file (.vtt)."), accepts=("text/vtt",)),
    Setting("captions.en", Shape.FILE, lazy_("Captions in English"), accepts=("text/vtt",)),
    Setting(
        "transcript.es",
        Shape.FILE,
        lazy_("Transcript in Spanish"),
        lazy_("Markdown (.md) or WebVTT (.vtt). Left empty, the captions are shown as text."),
        accepts=WORDS,
    ),
    Setting("transcript.en", Shape.FILE, lazy_("Transcript in English"), accepts=WORDS),
)
_PICTURE = (
    Setting("audio", Shape.FILE, lazy_("Sound alone"), lazy_("For those who only want to listen."), accepts=("audio/",)),
    Setting("low", Shape.FILE, lazy_("Film of lower quality"), lazy_("For slow connections."), accepts=FILM),
    Setting("poster", Shape.FILE, lazy_("Still picture"), accepts=("image/",)),
    Setting("poster_alt", Shape.WORDS, lazy_("Alternative text of the still picture")),
)
_CHAPTERS = (
    Setting(
        "chapters",
        Shape.ENTRIES,
        lazy_("Chapters"),
        lazy_("The first begins at 0:00. A row whose moment is emptied goes; after saving there is room for more."),
        fields=(Setting("at", Shape.WORD, lazy_("Begins at")), Setting("title", Shape.WORDS, lazy_("Title"))),
        spare=3,
    ),
)
_SPEAKERS = (
    Setting(
        "speakers",
        Shape.ENTRIES,
        lazy_("Speakers"),
        lazy_("A row whose name is emptied goes."),
        fields=(
            Setting("name", Shape.WORD, lazy_("Name")),
            Setting("role", Shape.WORDS, lazy_("What they did")),
            Setting("organisation", Shape.WORDS, lazy_("Institution")),
        ),
        spare=2,
    ),
    Setting("series", Shape.WORDS, lazy_("Series"), lazy_("Name of the series of webinars or podcasts that it belongs to.")),
    Setting("number", Shape.NUMBER, lazy_("Number in the series")),
)
_DOCUMENTS = (
    Setting(
        "documents",
        Shape.ENTRIES,
        lazy_("Documents"),
        lazy_("Each is a file of the course or one of its documents, not both. A row whose kind is not said goes."),
        fields=(
            Setting(
                "kind",
                Shape.CHOICE,
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
            Setting("title", Shape.WORDS, lazy_("Title")),
            Setting("file", Shape.FILE, lazy_("File")),
            Setting("resource", Shape.CHOICE, lazy_("Document of the course")),
            Setting("language", Shape.WORD, lazy_("Language")),
        ),
    ),
)
COMPLETION = (
    Setting(
        "completion.watched",
        Shape.NUMBER,
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
