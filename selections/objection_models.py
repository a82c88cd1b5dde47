"""Tables of objections to the questions of a selection (spec/selection 5)."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import MARK, Base, Key, Moment, PublicId, Slug, unique_where

_GROUNDS = "'two_right', 'none_right', 'unclear', 'law_changed', 'not_taught', 'marked_wrongly', 'technical'"


class ObjectionGroup(Base):
    """The objections to one version of a question in one quiz that are decided together (spec/selection 5.5)."""

    __tablename__ = "objection_group"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'proposed', 'decided', 'told', 'withdrawn')", name="state"),
        unique_where("state IN ('open', 'proposed')", "uq_objection_group_undecided", "course_id", "activity_key", "question_version_id"),
        Index("ix_objection_group_version", "question_version_id"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    question_version_id: Mapped[int] = mapped_column(ForeignKey("question_version.id"))
    state: Mapped[str] = mapped_column(String(9))
    opened_at: Mapped[Moment]
    decided_at: Mapped[Moment | None]
    told_at: Mapped[Moment | None]


class ObjectionAuthor(Base):
    """A person who wrote or published the version, as known when the first objection came; they decide nothing (spec/selection 5.4)."""

    __tablename__ = "objection_author"

    group_id: Mapped[int] = mapped_column(ForeignKey("objection_group.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Objection(Base):
    """A learner's objection to one question of one attempt. Never deleted; an item has one, also after it was withdrawn."""

    __tablename__ = "objection"
    __table_args__ = (
        CheckConstraint(f"ground IN ({_GROUNDS})", name="ground"),
        Index("ix_objection_person", "person_id"),
        Index("ix_objection_due", "due_at"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    selection_id: Mapped[int] = mapped_column(ForeignKey("selection.id"), index=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("objection_group.id"), index=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("attempt.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("attempt_item.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ground: Mapped[str] = mapped_column(String(14))
    reason: Mapped[str] = mapped_column(Text)
    """In the learner's words; never in the audit log, empty once their account is erased."""
    opened_at: Mapped[Moment]
    extended_at: Mapped[Moment | None]
    withdrawn_at: Mapped[Moment | None]
    due_at: Mapped[Moment]
    """Until when it is to be decided: 24:00 of the last day; later where it was late."""
    late_at: Mapped[Moment | None]
    """When it was last told to be late."""
    told_at: Mapped[Moment | None]
    percent_before: Mapped[Decimal | None] = mapped_column(MARK)
    percent_after: Mapped[Decimal | None] = mapped_column(MARK)
    """Of the attempt, where the outcome changed it."""


class ObjectionProposal(Base):
    """A proposed outcome of objections: by one person, decided on by another (spec/selection 5.4).

    Returned ones stay on record, and so do a decision that was taken back and what took it back: both are `reopened`.
    """

    __tablename__ = "objection_proposal"
    __table_args__ = (
        CheckConstraint("outcome IN ('uphold', 'rescore', 'full_credit', 'void', 'removed', 'reopen')", name="outcome"),
        CheckConstraint("state IN ('standing', 'returned', 'decided', 'reopened')", name="state"),
        CheckConstraint("(outcome = 'rescore') = (target_id IS NOT NULL)", name="target"),
        CheckConstraint("answered_by IS NULL OR answered_by <> proposed_by", name="second_person"),
        unique_where("state = 'standing'", "uq_objection_proposal_standing", "group_id"),
    )

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    group_id: Mapped[int] = mapped_column(ForeignKey("objection_group.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(11))
    ground: Mapped[str] = mapped_column(Text)
    """Why, in words for the learners."""
    source: Mapped[str] = mapped_column(Text)
    """What it rests on: the article, the page."""
    target_id: Mapped[int | None] = mapped_column(ForeignKey("question_version.id"))
    """The version by which answers are judged, where that is the outcome."""
    regrade_id: Mapped[int | None] = mapped_column(ForeignKey("regrade.id"), unique=True)
    """Its dry run; none where the marks stand."""
    state: Mapped[str] = mapped_column(String(8))
    proposed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[Moment]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[Moment | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    """Why it was returned."""
