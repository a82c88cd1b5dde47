"""Tables of recordings, their chapters, captions and documents, and of what learners have watched."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Entity, Moment


class Recording(Entity):
    """A film or sound as published with one activity: our own file, or an outside page."""

    __table_args__ = (CheckConstraint("kind IN ('video', 'audio')", name="kind"),)

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(5))
    path: Mapped[str] = mapped_column(String(400))
    """Of the file in the course, empty for an outside page."""
    audio: Mapped[str] = mapped_column(String(400))
    low: Mapped[str] = mapped_column(String(400))
    poster: Mapped[str] = mapped_column(String(400))
    url: Mapped[str] = mapped_column(Text)
    host: Mapped[Mapping[str, str]]
    seconds: Mapped[int | None]
    language: Mapped[str] = mapped_column(String(2))
    dated: Mapped[date | None]
    speakers: Mapped[tuple[str, ...]]
    series: Mapped[Mapping[str, str]]
    number: Mapped[int | None]


class Chapter(Entity):
    """A named beginning inside a recording."""

    __table_args__ = (UniqueConstraint("recording_id", "second"),)

    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"))
    second: Mapped[int]
    title: Mapped[Mapping[str, str]]


class Caption(Entity):
    """Captions in one language: the file, and its cues as a transcript."""

    __table_args__ = (UniqueConstraint("recording_id", "language"),)

    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"))
    language: Mapped[str] = mapped_column(String(2))
    path: Mapped[str] = mapped_column(String(400))
    """Of the WebVTT file in the course; empty where only a transcript was written."""
    transcript: Mapped[str] = mapped_column(Text)
    """JSON list of [second, words, HTML where it was written in Markdown], in order; of earlier versions without the last."""


class RecordingDocument(Entity):
    """A document that accompanies a recording: slides, summary, questions and answers, concept note."""

    recording_id: Mapped[int] = mapped_column(ForeignKey("recording.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[Mapping[str, str]]
    path: Mapped[str] = mapped_column(String(400))
    resource: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))


class WatchedSpan(Entity):
    """A stretch of a recording that a learner has seen, in whole seconds; overlapping ones are counted once."""

    __table_args__ = (
        UniqueConstraint("enrolment_id", "activity_key", "start", "finish"),
        CheckConstraint("finish > start", name="forward"),
    )

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    activity_key: Mapped[str] = mapped_column(String(64))
    start: Mapped[int]
    finish: Mapped[int]
    at: Mapped[Moment]
