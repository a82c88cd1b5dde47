"""Tables of courses. A draft is its text; what is published is rows that never change."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Numeric, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import LinkInvitation, PendingUpload
from kernel.db import Base, CountByLanguageType, Entity, Moment, PublicId, ShortText, Slug, WordFormsType
from kernel.errors import N_
from kernel.personal import personal


class Course(Entity):
    """A course; lives for ever. Its published version is a pointer that moves."""

    noun = N_("Course")
    __table_args__ = (CheckConstraint("draft_revision >= 0", name="draft_revision"),)

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
    needs_approval: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A second person approves what is published on the web."""
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """The institution that its certificates name, as its published version says; empty: the first one."""


class DraftFile(Entity):
    """One file of a course's working copy: its text, or the checksum of its media."""

    __table_args__ = (
        UniqueConstraint("course_id", "path"),
        CheckConstraint("(body IS NULL) <> (stored_file_id IS NULL)", name="one_content"),
    )

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    path: Mapped[str] = mapped_column(String(400))
    body: Mapped[str | None] = mapped_column(Text)
    stored_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int]
    changed_at: Mapped[Moment]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class RevisionOrigin(StrEnum):
    """The origin of a draft revision."""

    IMPORTED = "imported"
    """A folder came in as it is."""
    MERGED = "merged"
    """What a folder changed came in, and what was edited here meanwhile stayed."""
    EDITED = "edited"
    RESTORED = "restored"


class DraftRevision(Entity):
    """One change of a course's working copy: who, when and how. Append-only, but for what a page saved by itself and saves again."""

    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("origin IN ('imported', 'merged', 'edited', 'restored')", name="origin"),
        CheckConstraint("(origin = 'restored') = (restored IS NOT NULL)", name="restored"),
    )

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    """As the course's `draft_revision` was after it."""
    origin: Mapped[str] = mapped_column(String(8))
    restored: Mapped[int | None]
    """The earlier revision that was brought back, wholly or one file of it."""
    changed_at: Mapped[Moment]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    automatic_since: Mapped[Moment | None]
    """When the page began to save by itself what this revision holds; none for what somebody saved."""


class DraftFileVersion(Entity):
    """A file as a revision wrote it, or that it removed it. Append-only: the newest up to a revision is what the file was then."""

    __table_args__ = (
        UniqueConstraint("course_id", "path", "revision"),
        ForeignKeyConstraint(["course_id", "revision"], ["draft_revision.course_id", "draft_revision.number"]),
        Index("ix_draft_file_version_revision", "course_id", "revision"),
        CheckConstraint("body IS NULL OR stored_file_id IS NULL", name="one_content"),
        CheckConstraint("(sha256 IS NULL) = (body IS NULL AND stored_file_id IS NULL)", name="removed"),
    )

    course_id: Mapped[int]
    path: Mapped[str] = mapped_column(String(400))
    revision: Mapped[int]
    body: Mapped[str | None] = mapped_column(Text)
    stored_file_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the content; none where the revision removed the file."""


class PendingFolder(PendingUpload, Base):
    """A folder that was sent in and waits for a yes: nothing of it is in a course yet. Forgotten in time."""

    noun = N_("Uploaded course folder")
    __table_args__ = (
        Index("ix_pending_folder_owner", "person_id", "course_id"),
        CheckConstraint("expires_at > created_at", name="expires_at"),
    )

    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"))
    """None where it is to become a new course."""


class PublicationNature(StrEnum):
    """The publication nature: what it means for learners in progress."""

    CORRECTION = "correction"
    """Everybody moves to it."""
    IMPROVEMENT = "improvement"
    """Newcomers get it; who has begun finishes with the version they follow, or is asked (`CourseVersion.asks`)."""


class CourseVersion(Entity):
    """An immutable snapshot of the whole course."""

    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("nature IN ('correction', 'improvement')", name="nature"),
    )

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 over paths and contents of the folder it was made from: publishing the same text again makes no version."""
    draft_revision: Mapped[int | None]
    """The revision of the working copy whose text it is; none for those published before revisions were kept."""
    nature: Mapped[str] = mapped_column(String(12))
    asks: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Who follows an earlier version is asked whether to move to it."""
    tells: Mapped[tuple[str, ...] | None]
    """Keys, present and former, of the activities whose learners are told that what they did has changed."""
    note: Mapped[str] = mapped_column(Text)
    published_at: Mapped[Moment]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    title: Mapped[Mapping[str, str]]
    summary: Mapped[Mapping[str, str]]
    """Cleaned HTML by language."""
    languages: Mapped[tuple[str, ...]]
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    hours_basis: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Where the hours are from, as `courses.rules.CourseHours` stores it; empty in versions published before it was kept."""
    level: Mapped[str] = mapped_column(String(12))
    tone: Mapped[int]
    authors: Mapped[tuple[str, ...]]
    licence: Mapped[str] = mapped_column(String(60))
    zone: Mapped[str] = mapped_column(String(64))
    visibility: Mapped[str] = mapped_column(String(12))
    """Who finds it: `courses.rules.is_found`; which units and audiences say `version_viewer`."""
    enrolment: Mapped[str] = mapped_column(String(12))
    opens_at: Mapped[Moment | None]
    closes_at: Mapped[Moment | None]
    completion_modules: Mapped[tuple[str, ...]]
    """Keys of the modules to complete; none means all."""
    completion_grade: Mapped[Decimal | None] = mapped_column(Numeric(7, 4))
    """Percent of the course grade that is needed as well."""
    certificate: Mapped[str] = mapped_column(String(64))
    """Key of the certificate's template, or `none`."""
    certificate_valid: Mapped[str] = mapped_column(String(12), default="", server_default="")
    """How long a certificate is valid, as `24 months`; empty: for ever."""
    certificate_renew: Mapped[str] = mapped_column(String(12), default="", server_default="")
    """How long before the last valid day its holders may take the course again, as `60 days`; empty: they may not by themselves."""
    certificate_basis: Mapped[str] = mapped_column(String(10), default="", server_default="")
    """From what a renewal counts; empty: `expiry`."""
    print_grade: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether certificates print the grade with which it was completed."""
    topic: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Key of what it is about, of the site's topics or another; empty where it says nothing."""
    written_words: Mapped[Mapping[str, int]] = mapped_column(CountByLanguageType, default=dict, server_default="{}")
    """How many words are written in each language, of glossary and the course's own words; empty in versions before they were counted."""
    picture: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """SHA-256 of its picture as cards show it; empty without one, and in versions before it was kept."""
    picture_alts: Mapped[Mapping[str, str]] = mapped_column(default=dict, server_default="{}")
    """What the picture shows, by language."""


class PlanState(StrEnum):
    """The state of a requested or planned publication; the first two are open."""

    WAITING = "waiting"
    PLANNED = "planned"
    PUBLISHED = "published"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    VOID = "void"


class PlannedPublication(Entity):
    """A publication that waits for a second person or for its moment: of exactly one revision of the draft."""

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'planned', 'published', 'refused', 'withdrawn', 'void')", name="state"),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="second_person"),
        CheckConstraint("state <> 'planned' OR publish_at IS NOT NULL", name="planned"),
        Index(
            "uq_planned_publication_open",
            "course_id",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'planned')"),
            postgresql_where=text("state IN ('waiting', 'planned')"),
        ),
    )

    uuid: Mapped[PublicId]
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    revision: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    nature: Mapped[str] = mapped_column(String(12))
    asks: Mapped[bool]
    tells: Mapped[tuple[str, ...] | None]
    """As the version will have it."""
    note: Mapped[str] = mapped_column(Text)
    publish_at: Mapped[Moment | None]
    """None: as soon as it is approved."""
    asked_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[Moment]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]
    remark: Mapped[str] = mapped_column(Text)
    settled_at: Mapped[Moment | None]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("course_version.id"))


class VersionViewer(Base):
    """A unit, by its code, or an audience, by its key, whose people find a course version that is for staff or for audiences."""

    __table_args__ = (CheckConstraint("kind IN ('unit', 'audience')", name="kind"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)


class Objective(Entity):
    """A learning objective of a course version, or of one of its modules."""

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"), index=True)
    module_id: Mapped[int | None] = mapped_column(ForeignKey("module.id"))
    position: Mapped[int]
    text: Mapped[Mapping[str, str]]


class GradeCategory(Entity):
    """A part of the course grade, with its weight."""

    __table_args__ = (UniqueConstraint("version_id", "key"), CheckConstraint("weight >= 0", name="weight"))

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    key: Mapped[Slug]
    title: Mapped[Mapping[str, str]]
    weight: Mapped[Decimal] = mapped_column(Numeric(9, 4))
    drop_lowest: Mapped[int]


class Module(Entity):
    """A first-level part of a course version."""

    __table_args__ = (UniqueConstraint("version_id", "key"), UniqueConstraint("version_id", "position"))

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    position: Mapped[int]
    key: Mapped[Slug]
    former_keys: Mapped[tuple[str, ...]] = mapped_column("was")
    title: Mapped[Mapping[str, str]]
    summary: Mapped[Mapping[str, str]]
    numbered: Mapped[bool]
    needed: Mapped[int | None]
    """How many required activities complete it; none means all."""
    requires: Mapped[tuple[str, ...]]
    """Keys of modules or activities to complete first."""
    opens_at: Mapped[Moment | None]
    closes_at: Mapped[Moment | None]
    written_words: Mapped[Mapping[str, int]] = mapped_column(CountByLanguageType, default=dict, server_default="{}")
    """How many of its words are written in each language, as `courses.content.translations` counts them; empty as in the version."""


class Activity(Entity):
    """One thing to do in a module. What its kind adds lies in tables of the package that knows the kind."""

    __table_args__ = (
        UniqueConstraint("version_id", "key"),
        UniqueConstraint("module_id", "position"),
        CheckConstraint("minutes >= 0", name="minutes"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"))
    position: Mapped[int]
    key: Mapped[Slug]
    former_keys: Mapped[tuple[str, ...]] = mapped_column("was")
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
    is_final: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Its author marks it as the final assessment of the course."""


class LessonPage(Entity):
    """A lesson in one language, rendered and cleaned when it was published."""

    __table_args__ = (UniqueConstraint("activity_id", "language"),)

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


class Term(Entity):
    """An entry of a course version's glossary."""

    __table_args__ = (UniqueConstraint("version_id", "key"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    key: Mapped[Slug]
    term: Mapped[Mapping[str, str]]
    also: Mapped[Mapping[str, tuple[str, ...]]] = mapped_column(WordFormsType)
    """Other written forms by language."""
    definition: Mapped[Mapping[str, str]]
    """Cleaned HTML by language."""


class CourseResource(Entity):
    """A document or link that a course version cites or offers."""

    __table_args__ = (UniqueConstraint("version_id", "key"),)

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    key: Mapped[Slug]
    title: Mapped[Mapping[str, str]]
    kind: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(2))
    host: Mapped[Mapping[str, str]]
    url: Mapped[str] = mapped_column(Text)
    dated: Mapped[str] = mapped_column(String(10))
    verified: Mapped[date | None]


class CourseFile(Entity):
    """A media file of a course version, by the path that its texts use, or its picture as cards show it."""

    __table_args__ = (UniqueConstraint("version_id", "path"), Index("ix_course_file_sha256", "version_id", "sha256"))

    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    path: Mapped[str] = mapped_column(String(400))
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    is_picture: Mapped[bool]
    """It is the course's picture, as it is or as cards show it, which is seen by whoever finds the course."""
    used_by: Mapped[tuple[str, ...]]
    """Keys of the activities that show or offer it: who may open one of them may load it. Without any, all who take part."""


class StaffRole(StrEnum):
    """A role in a course team."""

    OWNER = "owner"
    EDITOR = "editor"
    GRADER = "grader"


STAFF_ROLES: Mapping[str, str] = {"owner": N_("owner"), "editor": N_("editor"), "grader": N_("grader")}
"""Their names in sentences."""


class CourseStaff(Entity):
    """A member of a course team, who teaches or grades in the course."""

    __table_args__ = (UniqueConstraint("course_id", "person_id"), CheckConstraint("role IN ('owner', 'editor', 'grader')", name="role"))

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[int] = personal(index=True)
    role: Mapped[str] = mapped_column(String(8))
    since: Mapped[datetime]


class CourseInvitation(LinkInvitation, Base):
    """An invitation of a person without an account to a course team; only the account with its address can accept."""

    noun = N_("Invitation to a team")
    __table_args__ = (CheckConstraint("role IN ('owner', 'editor', 'grader')", name="role"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    role: Mapped[str] = mapped_column(String(8))
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    used_at: Mapped[Moment | None]
