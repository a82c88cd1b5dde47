"""Tables of the tree: places, who works and belongs there, who follows their people; of audiences; and of an institution's profile."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, func, text, true
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import PendingUpload
from kernel.db import Base, Entity, Moment, PublicId
from kernel.errors import N_
from kernel.personal import Erase, personal

PRESENT = "until IS NULL"
EMPLOYED = "retracted_at IS NULL AND left_on IS NULL"
STANDS = "retracted_at IS NULL AND until_on IS NULL"


class Organisation(Entity):
    """An institution, one of its provinces or one of their units."""

    noun = N_("Institution or unit")
    __table_args__ = (
        UniqueConstraint("parent_id", "name_key"),
        Index(
            "ix_organisation_institution",
            "name_key",
            unique=True,
            sqlite_where=text("parent_id IS NULL"),
            postgresql_where=text("parent_id IS NULL"),
        ),
        CheckConstraint("kind IN ('institution', 'province', 'unit')", name="kind"),
        CheckConstraint("(kind = 'institution') = (parent_id IS NULL)", name="root"),
        CheckConstraint("parent_id <> id", name="parent"),
    )

    uuid: Mapped[PublicId]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """What it stands under today, by the rows of `UnitParent`."""
    kind: Mapped[str] = mapped_column(String(11))
    name: Mapped[str] = mapped_column(String(150))
    name_key: Mapped[str] = mapped_column(String(300))
    """Without case and accents: neighbours differ in it."""
    code: Mapped[str | None] = mapped_column(String(40), unique=True)
    """What the institution's own lists call it."""
    zone: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Its time zone by its IANA name; empty: that of what it stands under."""
    created_at: Mapped[Moment]
    closed_at: Mapped[Moment | None]
    """It takes nobody in any more."""


class UnitParent(Entity):
    """The days on which a place stood under another. Rows are added and retracted, never edited.

    The rows of a place that are not retracted follow each other without a gap: the first is open at its beginning, the last at its end.
    """

    __table_args__ = (
        Index(
            "ix_unit_parent_open",
            "unit_id",
            unique=True,
            sqlite_where=text(STANDS),
            postgresql_where=text(STANDS),
        ),
        Index("ix_unit_parent_unit", "unit_id"),
        CheckConstraint("parent_id <> unit_id", name="parent"),
        CheckConstraint("until_on IS NULL OR since_on IS NULL OR until_on >= since_on", name="days"),
    )

    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    parent_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    since_on: Mapped[date | None]
    until_on: Mapped[date | None]
    """The last day."""
    recorded_at: Mapped[Moment]
    retracted_at: Mapped[Moment | None]
    is_assumed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """It is from before these rows were kept, and the audit log does not say it: it is where the place stood when they began."""


class OrganisationAbove(Base):
    """A place with one above it at present, however high; each also with itself. Derived from what stands under what."""

    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    above_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True, index=True)


class Post(Entity):
    """A post of an institution, as rules name it: by a key that no new spelling changes."""

    noun = N_("Post")
    __table_args__ = (UniqueConstraint("institution_id", "key"),)

    uuid: Mapped[PublicId]
    institution_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    key: Mapped[str] = mapped_column(String(300))
    """The name that it had first, without case and accents."""
    name: Mapped[str] = mapped_column(String(150))
    created_at: Mapped[Moment]


class PostSpelling(Entity):
    """A way in which lists write a post: the present name, former ones, and those of posts that were merged into it."""

    __table_args__ = (UniqueConstraint("institution_id", "key"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    key: Mapped[str] = mapped_column(String(300))
    """Without case and accents: one post of an institution alone is written so."""
    spelled: Mapped[str] = mapped_column(String(150))
    recorded_at: Mapped[Moment]


class Employment(Entity):
    """A person's time at an institution, by its own lists. Rows are added and retracted, never edited: a re-entry is another row."""

    __table_args__ = (
        Index(
            "ix_employment_number",
            "institution_id",
            "staff_number",
            unique=True,
            sqlite_where=text(EMPLOYED),
            postgresql_where=text(EMPLOYED),
        ),
        Index(
            "ix_employment_present",
            "person_id",
            "institution_id",
            unique=True,
            sqlite_where=text(EMPLOYED),
            postgresql_where=text(EMPLOYED),
        ),
        Index("ix_employment_written", "staff_number"),
        CheckConstraint("left_on IS NULL OR entered_on IS NULL OR left_on >= entered_on", name="days"),
    )

    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    staff_number: Mapped[str | None] = mapped_column(String(40))
    entered_on: Mapped[date | None]
    left_on: Mapped[date | None]
    """The last day; empty while they work there."""
    recorded_at: Mapped[Moment]
    retracted_at: Mapped[Moment | None]
    account_closed_at: Mapped[Moment | None]
    """When the account was suspended because the person had left."""


class Membership(Entity):
    """A person's present or former place in a unit: the main one, which counts them, or a further one.

    `since` and `until` are the moments at which the record began and ceased to hold it as present; `since_on` and `until_on` the first
    and last day, by the institution. A row that never was true is retracted.
    """

    __table_args__ = (
        Index(
            "ix_membership_person",
            "person_id",
            unique=True,
            sqlite_where=text(f"{PRESENT} AND is_main = 1"),
            postgresql_where=text(f"{PRESENT} AND is_main"),
        ),
        Index(
            "ix_membership_present",
            "organisation_id",
            "person_id",
            unique=True,
            sqlite_where=text(PRESENT),
            postgresql_where=text(PRESENT),
        ),
        Index("ix_membership_history", "person_id", "since"),
        CheckConstraint("retracted_at IS NULL OR until IS NOT NULL", name="retracted"),
    )

    person_id: Mapped[int] = personal()
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), index=True)
    is_main: Mapped[bool] = mapped_column(default=True, server_default=true())
    since: Mapped[Moment]
    until: Mapped[Moment | None]
    since_on: Mapped[date | None]
    until_on: Mapped[date | None]
    recorded_at: Mapped[Moment] = mapped_column(server_default=func.current_timestamp())
    retracted_at: Mapped[Moment | None]


class UnitManager(Base):
    """A manager of a unit, who follows its members and those of the units below it."""

    __table_args__ = (
        Index("ix_unit_manager_head", "organisation_id", unique=True, sqlite_where=text("is_head = 1"), postgresql_where=text("is_head")),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    person_id: Mapped[int] = personal(erase=Erase.DELETE, primary_key=True, index=True)
    granted_at: Mapped[Moment]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    is_head: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether they head the place, as lists of units say."""


class TrainingGrant(Base):
    """A grant over the compulsory training of a place and of what stands below it, as training officer or as auditor."""

    __table_args__ = (
        CheckConstraint("role IN ('officer', 'auditor')", name="role"),
        Index("ix_training_grant_organisation", "organisation_id"),
    )

    person_id: Mapped[int] = personal(erase=Erase.DELETE, primary_key=True)
    role: Mapped[str] = mapped_column(String(7), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    granted_at: Mapped[Moment]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class InstitutionAdministrator(Base):
    """A person's grant to administer one institution alone: its facts, signatories, templates and certificates."""

    __table_args__ = (Index("ix_institution_administrator_organisation", "organisation_id"),)

    person_id: Mapped[int] = personal(erase=Erase.DELETE, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    granted_at: Mapped[Moment]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class PendingUnitList(PendingUpload, Base):
    """A list of people or units, between its preview and its import."""

    __tablename__ = "pending_load"
    noun = N_("List of people and units")
    __table_args__ = (CheckConstraint("kind IN ('people', 'units')", name="kind"),)

    kind: Mapped[str] = mapped_column(String(6))
    total: Mapped[int]
    """Lines with something in them."""
    place: Mapped[int] = mapped_column(default=0)
    """How many were dealt with."""
    made: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    faulty: Mapped[int] = mapped_column(default=0)
    complete_of: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """The institution of which a list of people names everybody: who is not in it has left."""
    leavers: Mapped[int] = mapped_column(default=0, server_default="0")
    taken_names: Mapped[tuple[str, ...]] = mapped_column(default=(), server_default="[]")
    """Lines whose name holds although an administrator corrected it; the others leave a corrected name as it is."""
    skipped_names: Mapped[tuple[str, ...]] = mapped_column(default=(), server_default="[]")
    """Lines that came in without their name."""
    reason: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    """Why units move, where a move waits for a second person."""
    tried: Mapped[int] = mapped_column(default=0, server_default="0")
    """Portions of which it is known what they would do to compulsory training."""
    training: Mapped[str] = mapped_column(Text, default="[]", server_default="[]")
    """What these would do, as a document."""
    tried_at: Mapped[Moment | None]
    """When that was known of all of it; it is not confirmed before."""
    confirmed_at: Mapped[Moment | None]
    done_at: Mapped[Moment | None]


class InstitutionProfile(Entity):
    """The settings of an institution that administrators made on the web. What is empty follows the settings of the environment."""

    noun = N_("Details of an institution")
    __table_args__ = (
        CheckConstraint("(logo IS NULL) = (logo_digest = '')", name="logo"),
        Index("ix_institution_profile_key", "key", unique=True, sqlite_where=text("key <> ''"), postgresql_where=text("key <> ''")),
    )

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), unique=True)
    key: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """By which courses name it; empty: none does yet."""
    default_template: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The template of courses that ask for `constancia`; empty: the program's."""
    version: Mapped[int] = mapped_column(default=1)
    """Rises with each change: processes ask for it alone."""
    names: Mapped[Mapping[str, str]] = mapped_column(default=dict)
    short_names: Mapped[Mapping[str, str]] = mapped_column(default=dict)
    brand_colour: Mapped[str] = mapped_column(String(7), default="")
    accent_colour: Mapped[str] = mapped_column(String(7), default="")
    logo: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    logo_type: Mapped[str] = mapped_column(String(20), default="")
    logo_digest: Mapped[str] = mapped_column(String(64), default="")
    public_url: Mapped[str] = mapped_column(String(300), default="")
    former_url: Mapped[str] = mapped_column(String(300), default="")
    """The web address of before: the site answers there too."""
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    smtp_host: Mapped[str] = mapped_column(String(253), default="")
    smtp_port: Mapped[int | None]
    smtp_user: Mapped[str] = mapped_column(String(254), default="")
    smtp_password: Mapped[str] = mapped_column(Text, default="")
    """Locked with the secret key of the instance."""
    smtp_starttls: Mapped[bool | None]
    mail_from: Mapped[str] = mapped_column(String(254), default="")
    mail_since: Mapped[Moment | None]
    """When the mail server was set here: who was here before need not confirm their address."""
    data_officer: Mapped[str] = mapped_column(String(300), default="", server_default="")
    data_processors: Mapped[str] = mapped_column(String(600), default="", server_default="")
    sign_up: Mapped[bool | None]
    languages: Mapped[str] = mapped_column(String(40), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    front_titles: Mapped[Mapping[str, str]] = mapped_column(default=dict, server_default="{}")
    front_texts: Mapped[Mapping[str, str]] = mapped_column(default=dict, server_default="{}")
    front_picture: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """The SHA-256 of the picture on the front page; empty: the drawn windows."""
    front_alts: Mapped[Mapping[str, str]] = mapped_column(default=dict, server_default="{}")
    """What that picture shows; empty where it only decorates."""
    front_courses: Mapped[tuple[str, ...]] = mapped_column(default=(), server_default="[]")
    """The courses on the front page in their order, by key; empty: all that are announced."""
    turned_entries: Mapped[tuple[str, ...]] = mapped_column(default=(), server_default="[]")
    """The entries of the menus that stand otherwise than usual here, hidden or shown, by key."""
    hint_dismissed_at: Mapped[Moment | None]
    """When an administrator said that the first steps need not be proposed any more."""
    changed_at: Mapped[Moment]


class FrontPicture(Entity):
    """A picture for the front page of an institution, cleaned: in force where its profile names it, else tried in a preview."""

    profile_id: Mapped[int] = mapped_column(ForeignKey("institution_profile.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    media_type: Mapped[str] = mapped_column(String(20))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class InstitutionSignatory(Entity):
    """A signatory of an institution's certificates, from one day to another; those of the day of issue are printed."""

    noun = N_("Signatory")
    __table_args__ = (CheckConstraint("until IS NULL OR since IS NULL OR until >= since", name="days"),)

    uuid: Mapped[PublicId]
    profile_id: Mapped[int] = mapped_column(ForeignKey("institution_profile.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    offices: Mapped[Mapping[str, str]]
    picture: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The signature as a PNG or JPEG, cleaned."""
    email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    """The address of their account, where they have one: they act on no certificate that they signed."""
    picture_digest: Mapped[str] = mapped_column(String(64), default="")
    since: Mapped[date | None]
    until: Mapped[date | None]
    """The last day on which they sign."""


class Audience(Entity):
    """An audience of an institution: the people whom a rule describes."""

    noun = N_("Audience")

    uuid: Mapped[PublicId]
    institution_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """By which courses and obligations name it."""
    title: Mapped[Mapping[str, str]]
    latest: Mapped[int] = mapped_column(default=0)
    """The number of its newest version: who changes it says which one they saw."""
    created_at: Mapped[Moment]


class AudienceVersion(Entity):
    """The rule of an audience from a day on. Append-only."""

    __table_args__ = (
        UniqueConstraint("audience_id", "number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("approved_by IS NULL OR approved_by <> author_id", name="second_person"),
    )

    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id"))
    number: Mapped[int]
    rule: Mapped[str] = mapped_column(Text)
    """YAML, as `organisations.audience_rules` writes it."""
    effective_on: Mapped[date]
    recorded_at: Mapped[Moment]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """The second person, where one was needed."""
    reason: Mapped[str] = mapped_column(String(1000), default="")


class AudienceReference(Base):
    """A unit, province, post, list or course that the newest version of an audience's rule names, by its key."""

    __table_args__ = (Index("ix_audience_reference_key", "kind", "key"),)

    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(300), primary_key=True)


class AudienceList(Entity):
    """An uploaded list of people that rules name by its key."""

    noun = N_("List for audiences")

    uuid: Mapped[PublicId]
    institution_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[Mapping[str, str]]
    created_at: Mapped[Moment]


class AudienceListEntry(Entity):
    """The days that a person stands on an uploaded list."""

    __table_args__ = (
        Index(
            "ix_audience_list_entry_present",
            "list_id",
            "person_id",
            unique=True,
            sqlite_where=text("until_on IS NULL"),
            postgresql_where=text("until_on IS NULL"),
        ),
        CheckConstraint("until_on IS NULL OR until_on >= since_on", name="days"),
    )

    list_id: Mapped[int] = mapped_column(ForeignKey("audience_list.id"))
    person_id: Mapped[int] = personal(erase=Erase.DELETE, index=True)
    since_on: Mapped[date]
    until_on: Mapped[date | None]
    """The last day."""


class AudienceStayRecord(Entity):
    """The days that a person is in an audience, by what is known. Rows are added and retracted, never edited."""

    __tablename__ = "audience_stay"
    __table_args__ = (
        Index(
            "ix_audience_stay_open",
            "audience_id",
            "person_id",
            unique=True,
            sqlite_where=text("until_on IS NULL AND retracted_at IS NULL"),
            postgresql_where=text("until_on IS NULL AND retracted_at IS NULL"),
        ),
        Index("ix_audience_stay_person", "person_id", "audience_id"),
        CheckConstraint("until_on IS NULL OR until_on >= since_on", name="days"),
    )

    audience_id: Mapped[int] = mapped_column(ForeignKey("audience.id"))
    person_id: Mapped[int] = personal(erase=Erase.DELETE)
    since_on: Mapped[date]
    until_on: Mapped[date | None]
    """The last day; empty while they are in it."""
    recorded_at: Mapped[Moment]
    retracted_at: Mapped[Moment | None]
