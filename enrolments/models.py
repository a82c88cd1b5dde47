"""Tables of taking part. Results hang on activity keys, so that a new version of a course loses nobody's progress."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Key, Moment, PublicId, Slug


class Enrolment(Base):
    """A person in a course, following one version of it. Its totals are kept up in the transaction of each result."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("person_id", "course_id"),
        CheckConstraint("done >= 0 AND done <= total", name="done"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    enrolled_at: Mapped[Moment]
    left_at: Mapped[Moment | None]
    done: Mapped[int]
    """Required activities done."""
    total: Mapped[int]
    """Required activities there are."""
    last_activity_key: Mapped[Slug | None]
    """Where the learner left off, on any device."""
    last_visited_at: Mapped[Moment | None]


class ActivityResult(Base):
    """What a learner has to show for one activity."""

    __tablename__ = "activity_result"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "activity_key"),
        CheckConstraint("score IS NULL OR (score >= 0 AND score <= 100)", name="score"),
    )

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"))
    activity_key: Mapped[Slug]
    viewed_at: Mapped[Moment | None]
    completed_at: Mapped[Moment | None]
    """When what the completion rule asks was first met."""
    completed_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))
    score: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))
    """Percent that counts, for activities with marks; unrounded."""
    passed: Mapped[bool | None]
    exhausted: Mapped[bool] = mapped_column(default=False, server_default=false())
    """No try is left: what comes next is elsewhere."""


class Completion(Base):
    """The moment and version in which a course was completed. Never taken back silently."""

    __tablename__ = "completion"

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), unique=True)
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    completed_at: Mapped[Moment]
    grade: Mapped[Decimal | None] = mapped_column(Numeric(14, 7))


class LearnerGroup(Base):
    """Learners of a course who are treated alike where something is set for a group."""

    __tablename__ = "learner_group"
    __table_args__ = (UniqueConstraint("course_id", "name"),)

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    name: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[Moment]


class GroupMember(Base):
    """A learner in a group."""

    __tablename__ = "group_member"

    group_id: Mapped[int] = mapped_column(ForeignKey("learner_group.id"), primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), primary_key=True, index=True)
    added_at: Mapped[Moment]
