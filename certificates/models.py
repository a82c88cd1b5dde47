"""Tables of credentials, frozen when issued, and of their lists, reviews, changes, bulk downloads, templates and transcripts."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.codes import printed_code
from kernel.db import MARK, Base, Entity, Moment, PublicId, ShortText, Slug
from kernel.errors import N_
from kernel.personal import Merge, personal
from kernel.prepared_files import PreparedFile

OPEN = "settled_at IS NULL"
IN_FORCE = "revoked_at IS NULL AND replaced_at IS NULL AND replaced_by_id IS NULL"
ENDED = "(revoked_at IS NOT NULL OR replaced_at IS NOT NULL OR replaced_by_id IS NOT NULL)"


class Credential(Entity):
    """An award as a fact. Everything the sheet prints stands here, as it was on the day; only its state may still change."""

    noun = N_("Certificate")
    __table_args__ = (
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason = '')", name="revocation"),
        Index("uq_credential_valid", "enrolment_id", unique=True, sqlite_where=text(IN_FORCE), postgresql_where=text(IN_FORCE)),
        Index("uq_credential_status", "status_list", "status_place", unique=True),
        Index("ix_credential_issued", "issued_on", "id"),
        Index("ix_credential_ended", "status_list", sqlite_where=text(ENDED), postgresql_where=text(ENDED)),
    )

    uuid: Mapped[PublicId]
    code: Mapped[str] = mapped_column(String(16), unique=True)
    """16 signs of Crockford's base 32, 80 random bits."""
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id"), index=True)
    person_id: Mapped[int] = personal(merge=Merge.MOVE_WITH_COURSE, index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    template: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(2))
    person_name: Mapped[str] = mapped_column(String(620))
    surnames: Mapped[str] = mapped_column(String(320))
    """The end of the name, where a long one is broken into two lines."""
    name_basis: Mapped[str] = mapped_column(String(8), default="", server_default="")
    """`declared` where no one but the person says their name; empty in certificates that do not say it."""
    course_key: Mapped[Slug]
    course_titles: Mapped[Mapping[str, str]]
    course_version: Mapped[int]
    module_minutes: Mapped[tuple[str, ...]]
    """One window each on the sheet."""
    with_assessment: Mapped[bool]
    passed: Mapped[Mapping[str, str]] = mapped_column(default=dict, server_default="{}")
    """What was passed, by language, as the sheet says it; empty where nothing had to be, and in certificates that do not say what."""
    hours: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    institution: Mapped[ShortText]
    site_name: Mapped[ShortText]
    completed_on: Mapped[date]
    issued_on: Mapped[date]
    issued_at: Mapped[Moment]
    expires_on: Mapped[date | None]
    format: Mapped[int] = mapped_column(default=1, server_default="1")
    """The form of the content that is signed: 1 until 0.2.0."""
    institution_key: Mapped[str] = mapped_column(String(36), default="", server_default="")
    """The UUID of the institution; empty in certificates that do not say it."""
    template_version: Mapped[int] = mapped_column(default=1, server_default="1")
    hours_basis: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Where the hours are from, as `courses.rules.CourseHours` stores it; empty in certificates that do not say it."""
    brand_colour: Mapped[str] = mapped_column(String(7), default="", server_default="")
    accent_colour: Mapped[str] = mapped_column(String(7), default="", server_default="")
    """The institution's colours on the day; empty: the usual ones."""
    logo_id: Mapped[int | None] = mapped_column(ForeignKey("signature_picture.id"))
    take: Mapped[int] = mapped_column(default=1, server_default="1")
    """Which time the course was taken."""
    edition_title: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """The edition in which it was taken, with its days in the course's zone; empty where in none."""
    edition_from: Mapped[date | None]
    edition_until: Mapped[date | None]
    grade: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """In percent, only where the course prints it."""
    prints_identity: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its holder has their identity number printed on the PDF; the number stands in their profile alone."""
    status_list: Mapped[int | None]
    status_place: Mapped[int | None]
    """The place in the published status list."""
    key_id: Mapped[str] = mapped_column(String(16))
    key_fingerprint: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of the key that signed it, as it is published; empty where the sheet does not print it."""
    signature: Mapped[str] = mapped_column(Text)
    """Ed25519 over the canonical content, URL-safe base64."""
    replaced_by_id: Mapped[int | None] = mapped_column(ForeignKey("credential.id"))
    replaced_at: Mapped[Moment | None]
    replaced_class: Mapped[str] = mapped_column(String(10), default="", server_default="")
    replaced_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    replaced_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who issued another one instead."""
    revoked_at: Mapped[Moment | None]
    revoked_class: Mapped[str] = mapped_column(String(18), default="", server_default="")
    """Why, in public; empty where it was revoked before there were classes."""
    revoked_reason: Mapped[str] = mapped_column(Text, default="")
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    revoked_by_administrator: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether whoever revoked it was an administrator then: only administrators issue another one instead."""

    @property
    def printed_code(self) -> str:
        """Return the code as it is printed, in groups."""
        return printed_code(self.code)


class StatusList(Base):
    """A published list with a place for each of its credentials; it begins with the first of them."""

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    """Chooses the places that are set without a credential; nobody else learns it."""
    begun_at: Mapped[Moment]


class SignaturePicture(Entity):
    """A picture that certificates print: a signature, a logo, or one of a template. Once for all of them, and never changed."""

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class CredentialSignatory(Entity):
    """The signatory of a credential, as the institution's settings said on its day. Never changed."""

    __table_args__ = (UniqueConstraint("credential_id", "place"),)

    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"))
    place: Mapped[int]
    name: Mapped[ShortText]
    offices: Mapped[Mapping[str, str]]
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("signature_picture.id"))
    person_id: Mapped[int | None] = personal()
    """Whose account it was on that day, by the address in the settings: they act on no credential that they signed."""


class CredentialReview(Entity):
    """Something about a credential for a person to decide on: nothing of it changes by itself (spec/certificates E6 and E10)."""

    noun = N_("Decision about a certificate")
    __table_args__ = (
        Index("uq_credential_review_open", "credential_id", "cause", unique=True, sqlite_where=text(OPEN), postgresql_where=text(OPEN)),
    )

    uuid: Mapped[PublicId]
    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"), index=True)
    cause: Mapped[str] = mapped_column(String(22))
    words: Mapped[str] = mapped_column(Text, default="", server_default="")
    """What the holder who asks for it wrote, or the reason that was given for a regrade."""
    origin: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Path of the page that tells what led to it; empty where nothing but the cause does."""
    percent_before: Mapped[Decimal | None] = mapped_column(MARK)
    percent_after: Mapped[Decimal | None] = mapped_column(MARK)
    """The result of the activity that is no longer passed."""
    opened_at: Mapped[Moment]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decision: Mapped[str] = mapped_column(String(8), default="", server_default="")
    note: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it was decided so."""


class ValidityChange(Entity):
    """A replacement of the certificates of a course that were issued before: by the validity of a published version, or because of what
    they say was passed (spec/certificates E2).
    """

    noun = N_("Change of validity")

    uuid: Mapped[PublicId]
    """Made with the form, so that a second click has no second effect."""
    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("course_version.id"))
    corrects_sentences: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it changes no last day, but replaces what says that something was passed which its version does not ask."""
    reason: Mapped[str] = mapped_column(Text)
    total: Mapped[int]
    """How many certificates the dry run counted."""
    done: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    """The last person whose certificates were looked at: there the work goes on."""
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[Moment]
    done_at: Mapped[Moment | None]


class BulkDownload(Entity):
    """The certificates of a list that somebody wants as PDF files: frozen when it was requested, drawn in the background."""

    noun = N_("Prepared download of certificates")
    __table_args__ = (CheckConstraint("place >= 0 AND place <= done AND done <= total", name="place"),)

    uuid: Mapped[PublicId]
    """Made with the form, so that a second click has no second effect."""
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    """The course from whose register it was requested; empty: from that of the whole site."""
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """The institution from whose register it was requested, by one of its administrators; empty: from that of the whole site."""
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    requested_at: Mapped[Moment]
    credentials: Mapped[str] = mapped_column(Text, deferred=True)
    """JSON: the numbers of the certificates, in the order of the list."""
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    """How many were dealt with, also in the file that is being written."""
    place: Mapped[int] = mapped_column(default=0)
    """How many were dealt with in the files that are kept: there the work goes on."""
    is_waiting: Mapped[bool] = mapped_column(default=False, server_default=false())
    """There was no room on the disk."""
    paused_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    ready_at: Mapped[Moment | None]


class BulkFile(PreparedFile, Base):
    """One of the ZIP files of a bulk download."""

    __table_args__ = (UniqueConstraint("download_id", "number"),)
    kept_for = timedelta(days=7)

    download_id: Mapped[int] = mapped_column(ForeignKey("bulk_download.id"))
    number: Mapped[int]
    first: Mapped[int]
    """The place of its first certificate in the list; `total` says for how many the file stands."""


class StoredTemplate(Entity):
    """A template of certificates that an institution made: the text being written, and which of its versions is in use."""

    __tablename__ = "certificate_template"
    noun = N_("Certificate template")

    uuid: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(Text)
    pictures: Mapped[Mapping[str, str]] = mapped_column(default=dict)
    """The SHA-256 of each picture, by its name."""
    revision: Mapped[int] = mapped_column(default=1)
    """Rises with each change: who saves over another's change is told."""
    published_number: Mapped[int | None]
    changed_at: Mapped[Moment]


class TemplateVersion(Entity):
    """A published version of a template. Never changed: the certificates that were issued with it are drawn by it for ever."""

    __tablename__ = "certificate_template_version"
    __table_args__ = (UniqueConstraint("template_id", "number"),)

    template_id: Mapped[int] = mapped_column(ForeignKey("certificate_template.id"))
    number: Mapped[int]
    titles: Mapped[Mapping[str, str]]
    text: Mapped[str] = mapped_column(Text)
    pictures: Mapped[Mapping[str, str]]
    note: Mapped[str] = mapped_column(String(300), default="")
    published_at: Mapped[Moment]


class Transcript(Entity):
    """A transcript that a person made: what they had completed by then, frozen and signed. Once they are forgotten it says nothing more."""

    noun = N_("Transcript")

    uuid: Mapped[PublicId]
    """Made with the form, so that a second click has no second effect."""
    code: Mapped[str] = mapped_column(String(16), unique=True)
    """As those of certificates are, and different from all of them."""
    person_id: Mapped[int] = personal(merge=Merge.MOVE, index=True)
    made_at: Mapped[Moment]
    content: Mapped[str] = mapped_column(Text)
    """The document that is signed, as `certificates.rules.transcripts` stores it; empty once the person is forgotten."""
    key_id: Mapped[str] = mapped_column(String(16))
    signature: Mapped[str] = mapped_column(Text)
    """Ed25519 over the content, URL-safe base64."""

    @property
    def printed_code(self) -> str:
        """Return the code as it is printed, in groups."""
        return printed_code(self.code)
