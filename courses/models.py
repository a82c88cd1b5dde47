"""Tables of courses. A draft is its text; what is published is rows that never change."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Forms, Key, Moment, PublicId, ShortText, Slug


class Course(Base):
    """What can be learnt; lives for ever. Its published version is a pointer that moves."""

    __tablename__ = "course"
    __table_args__ = (CheckConstraint("draft_revision >= 0", name="draft_revision"),)

    id: Mapped[Key]
    uuid: Mapped[PublicId]
    slug: Mapped[Slug] = mapped_column(unique=True)
    """The key of its folder, and its address."""
    title: Mapped[Mapping[str, str]]
    """Of the draft until something is published, then of the published version."""
    draft_revision: Mapped[int] = mapped_column(default=0)
    """Rises with every change of the draft, so that two editors cannot overwrite each other."""
    published_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("course_version.id", use_alter=True, name="fk_course_published_version_id")
    )
    archived_at: Mapped[Moment | None]
    created_at: Mapped[Moment]


class DraftFile(Base):
    """One file of a course's working copy: its text, or the checksum of its media."""

    __tablename__ = "draft_file"
    __table_args__ = (
        UniqueConstraint("course_id", "path"),
        CheckConstraint("(body IS NULL) <> (stored_file_id IS NULL)", name="one_content"),
    )

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    path: Mapped[str] = mapped_column(String(400))
    body: Mapped[str | None] = mapped_column(Text)
    stored_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int]
    changed_at: Mapped[Moment]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Nature(StrEnum):
    """What a publication is to those who are learning already (ARCHITECTURE 7.2)."""

    CORRECTION = "correction"
    IMPROVEMENT = "improvement"


class CourseVersion(Base):
    """An immutable snapshot of the whole course."""

    __tablename__ = "course_version"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("nature IN ('correction', 'improvement')", name="nature"),
    )

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over paths and contents of the folder it was made from: publishing the same text again makes no version."""
    nature: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text)
    published_at: Mapped[Moment]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    title: Mapped[Mapping[str, str]]
    summary: Mapped[Mapping[str, str]]
    """Cleaned HTML by language."""
    languages: Mapped[tuple[str, ...]]
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    level: Mapped[str] = mapped_column(String(12))
    tone: Mapped[int]
    authors: Mapped[tuple[str, ...]]
    licence: Mapped[str] = mapped_column(String(60))
    zone: Mapped[str] = mapped_column(String(64))
    visibility: Mapped[str] = mapped_column(String(12))
    enrolment: Mapped[str] = mapped_column(String(12))
    opens_at: Mapped[Moment | None]
    closes_at: Mapped[Moment | None]
    completion_modules: Mapped[tuple[str, ...]]
    """Keys of the modules to complete; none means all."""
    completion_grade: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    """Percent of the course grade that is needed as well."""
    certificate: Mapped[str] = mapped_column(String(64))
    """Key of the certificate's template, or `none`."""


class Objective(Base):
    """What a learner will be able to do: of a course version, or of one of its modules."""

    __tablename__ = "objective"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), index=True)
    module_id: Mapped[int | None] = mapped_column(ForeignKey("module.id"))
    position: Mapped[int]
    text: Mapped[Mapping[str, str]]


class GradeCategory(Base):
    """A part of the course grade, with its weight."""

    __tablename__ = "grade_category"
    __table_args__ = (UniqueConstraint("version_id", "key"), CheckConstraint("weight >= 0", name="weight"))

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    key: Mapped[Slug]
    title: Mapped[Mapping[str, str]]
    weight: Mapped[Decimal] = mapped_column(Numeric(9, 4))
    drop_lowest: Mapped[int]


class Module(Base):
    """A first-level part of a course version."""

    __tablename__ = "module"
    __table_args__ = (UniqueConstraint("version_id", "key"), UniqueConstraint("version_id", "position"))

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    position: Mapped[int]
    key: Mapped[Slug]
    was: Mapped[tuple[str, ...]]
    title: Mapped[Mapping[str, str]]
    summary: Mapped[Mapping[str, str]]
    numbered: Mapped[bool]
    needed: Mapped[int | None]
    """How many required activities complete it; none means all."""
    requires: Mapped[tuple[str, ...]]
    """Keys of modules or activities to complete first."""
    opens_at: Mapped[Moment | None]
    closes_at: Mapped[Moment | None]


class Activity(Base):
    """One thing to do in a module. What its kind adds lies in tables of the package that knows the kind."""

    __tablename__ = "activity"
    __table_args__ = (
        UniqueConstraint("version_id", "key"),
        UniqueConstraint("module_id", "position"),
        CheckConstraint("minutes >= 0", name="minutes"),
    )

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"))
    position: Mapped[int]
    key: Mapped[Slug]
    was: Mapped[tuple[str, ...]]
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[Mapping[str, str]]
    summary: Mapped[Mapping[str, str]]
    """Cleaned HTML by language."""
    required: Mapped[bool]
    preview: Mapped[bool]
    requires: Mapped[tuple[str, ...]]
    opens_at: Mapped[Moment | None]
    closes_at: Mapped[Moment | None]
    minutes: Mapped[int]
    completion_rule: Mapped[str] = mapped_column(String(20))
    completion_amount: Mapped[int | None]
    questions: Mapped[int | None]
    attempts: Mapped[int | None]
    """What a quiz tells on the course's page; 0 attempts: no limit."""
    category: Mapped[str] = mapped_column(String(64))
    """Of the course grade; empty where it gives no marks."""
    weight: Mapped[Decimal] = mapped_column(Numeric(9, 4))
    """Within its category; 0 counts nothing."""


class Page(Base):
    """A lesson in one language, rendered and cleaned when it was published."""

    __tablename__ = "page"
    __table_args__ = (UniqueConstraint("activity_id", "language"),)

    id: Mapped[Key]
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[ShortText]
    summary: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    headings: Mapped[tuple[str, ...]]
    """Of the second level, each as `address|text`."""
    symbols: Mapped[tuple[str, ...]]
    """Icons that the body refers to."""
    words: Mapped[int]
    minutes: Mapped[int]
    figures: Mapped[int]


class Term(Base):
    """An entry of a course version's glossary."""

    __tablename__ = "term"
    __table_args__ = (UniqueConstraint("version_id", "key"),)

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    key: Mapped[Slug]
    term: Mapped[Mapping[str, str]]
    also: Mapped[Mapping[str, tuple[str, ...]]] = mapped_column(Forms)
    """Other written forms by language."""
    definition: Mapped[Mapping[str, str]]
    """Cleaned HTML by language."""


class CourseResource(Base):
    """A document or link that a course version cites or offers."""

    __tablename__ = "course_resource"
    __table_args__ = (UniqueConstraint("version_id", "key"),)

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    key: Mapped[Slug]
    title: Mapped[Mapping[str, str]]
    kind: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(2))
    host: Mapped[Mapping[str, str]]
    url: Mapped[str] = mapped_column(Text)
    dated: Mapped[str] = mapped_column(String(10))
    verified: Mapped[date | None]


class CourseFile(Base):
    """A media file of a course version, by the path that its texts use."""

    __tablename__ = "course_file"
    __table_args__ = (UniqueConstraint("version_id", "path"), Index("ix_course_file_sha256", "version_id", "sha256"))

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    path: Mapped[str] = mapped_column(String(400))
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    is_picture: Mapped[bool]
    """It is the course's picture, which is seen by whoever finds the course."""
    used_by: Mapped[tuple[str, ...]]
    """Keys of the activities that show or offer it: who may open one of them may load it. Without any, all who take part."""


class StaffRole(StrEnum):
    """What somebody does for one course."""

    OWNER = "owner"
    EDITOR = "editor"
    GRADER = "grader"


class CourseStaff(Base):
    """Somebody who teaches or grades in one course."""

    __tablename__ = "course_staff"
    __table_args__ = (UniqueConstraint("course_id", "person_id"), CheckConstraint("role IN ('owner', 'editor', 'grader')", name="role"))

    id: Mapped[Key]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime]
