"""The table of personal notes."""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Entity, Moment, PublicId, Slug
from kernel.errors import N_
from kernel.personal import Erase, Merge, personal


class PersonalNote(Entity):
    """A text that a person wrote for themselves beside a lesson or recording; nobody else reads it."""

    noun = N_("Personal note")
    __table_args__ = (Index("ix_personal_note_person", "person_id", "course_id", "activity_key"),)

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.MOVE)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    activity_key: Mapped[Slug]
    activity_title: Mapped[str] = mapped_column(String(300))
    """As its writer read it, for the day on which the course has no such activity any more."""
    heading: Mapped[str] = mapped_column(String(200))
    """Address of a heading in the lesson; empty at the lesson as a whole, and at a recording."""
    heading_text: Mapped[str] = mapped_column(String(300))
    """As its writer read it."""
    text: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    """Text and titles without case and accents."""
    written_at: Mapped[Moment]
    changed_at: Mapped[Moment]
