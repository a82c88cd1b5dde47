"""The tables of communities: the community with the texts of its front page, its members, requests to join, and invitations."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from accounts.models import LinkInvitation
from discussions.models import AUTHOR
from kernel.clock import LAST_DAY
from kernel.db import Base, Entity, Moment, PublicId, ShortText, Slug, unique_where
from kernel.errors import N_
from kernel.markup.model import SafeHtml
from kernel.personal import Erase, Merge, personal
from kernel.prepared_files import PreparedFile

_NOT_ENDED = "until IS NULL"
INACTIVE_AFTER = timedelta(days=365)
"""How long nothing was written in an inactive community."""
ARCHIVED_FOR = timedelta(days=30)
"""How long a community was archived before those who administer the site may delete it."""


class CommunityReach(StrEnum):
    """The people who may know of a community."""

    EVERYONE = "everyone"
    INSTITUTION = "institution"
    PARENT = "parent"
    """The members of the community of which it is a working group."""
    HIDDEN = "hidden"
    """Its members, and those who administer the site: it counts as private whatever its level is."""


class CommunityLevel(StrEnum):
    """The guide's four levels: the people who read a community within its reach, and the ways to join."""

    OPEN = "open"
    """All read, and join at once."""
    PUBLIC = "public"
    """Members read; one joins at once."""
    SEMIPRIVATE = "semiprivate"
    """Members read; who wants to join asks."""
    PRIVATE = "private"
    """Members read; one joins by invitation."""


class CommunityState(StrEnum):
    """The life of a community."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class CommunityRole(StrEnum):
    """The roles of members."""

    MEMBER = "member"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class RequestState(StrEnum):
    """The states of a request to join."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    """The community was archived or changed its level, or its author joined in another way."""


NOTE = ("overview", "purpose", "strategy")
"""The parts of the concept note."""
CONDITIONS = ("who_may_join", "contributions", "principles")
NOTE_SLUG = ""
"""Of the page to which the versions of these texts belong."""
PARTS = {
    "overview": N_("General description"),
    "purpose": N_("Purpose"),
    "strategy": N_("Strategy of participation"),
    "who_may_join": N_("Who may join"),
    "contributions": N_("What can be contributed"),
    "principles": N_("Principles"),
}


LEVELS = {
    CommunityLevel.OPEN: N_("Open to all"),
    CommunityLevel.PUBLIC: N_("Public"),
    CommunityLevel.SEMIPRIVATE: N_("Semi-private"),
    CommunityLevel.PRIVATE: N_("Private"),
}
REACHES = {
    CommunityReach.EVERYONE: N_("Everyone finds it"),
    CommunityReach.INSTITUTION: N_("The people of an institution find it"),
    CommunityReach.HIDDEN: N_("Only its members find it; it counts as private"),
}
GROUP_REACHES = {
    CommunityReach.PARENT: N_("The members of the community find it"),
    CommunityReach.HIDDEN: N_("Only its own members find it; one joins by invitation"),
}
LINKS: Mapping[str, str] = {
    "course": N_("Courses"),
    "related": N_("Related communities"),
    "supporter": N_("Sponsors and champions"),
    "tool": N_("Tools"),
}
"""What the front page of a community leads to."""


class Community(Entity):
    """People around a topic, with a front page, members and a board."""

    noun = N_("Community")
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'active', 'archived')", name="state"),
        CheckConstraint("(reach = 'institution') = (organisation_id IS NOT NULL)", name="institution"),
        Index("ix_community_state", "state", "id"),
    )

    uuid: Mapped[PublicId]
    slug: Mapped[Slug] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(240))
    """Without case and accents."""
    topic: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """As its administrators name it; the list of communities is filtered by it."""
    language: Mapped[str] = mapped_column(String(2))
    """Of its name and texts."""
    reach: Mapped[str] = mapped_column(String(12))
    level: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(8))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"), index=True)
    """Of a working group: the community to whose members it belongs."""
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), unique=True)
    texts: Mapped[Mapping[str, str]]
    """The texts of the front page as they were typed, by the names of NOTE and CONDITIONS."""
    html: Mapped[Mapping[str, str]]
    """The same, rendered."""
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    """Of its front page."""
    picture_alt: Mapped[str] = mapped_column(String(150), default="", server_default="")
    """What the picture shows; empty where it decorates."""
    members_write: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether members write its pages, not its administrators alone."""
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    submitted_at: Mapped[Moment | None]
    """Since when it waits for its approval."""
    activated_at: Mapped[Moment | None]
    archived_at: Mapped[Moment | None]
    archived_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(1_000), default="")
    """Of a refused approval, or of the archiving."""
    deleted_at: Mapped[Moment | None]
    """Since when it is deleted in the background; nobody finds it any more."""
    row_version: Mapped[int] = mapped_column(default=1)

    def safe_html(self, part: str) -> SafeHtml:
        """Return a text of the front page as it is shown."""
        return SafeHtml.stored(self.html.get(part, ""))

    def is_deletable(self, now: datetime) -> bool:
        """Return whether it is a draft, or was archived for long enough."""
        is_old = self.deletable_from is not None and self.deletable_from <= now
        return self.state == CommunityState.DRAFT or (self.state == CommunityState.ARCHIVED and is_old)

    @property
    def deletable_from(self) -> datetime | None:
        """Return from when on it is deleted, archived as it is; None where it is not archived."""
        return None if self.archived_at is None else self.archived_at + ARCHIVED_FOR

    @property
    def is_open(self) -> bool:
        """Return whether it may be read without being a member, by those within its reach."""
        return self.level == CommunityLevel.OPEN and self.reach != CommunityReach.HIDDEN


class CommunityMember(Entity):
    """A person's time in a community: closed when they leave or are removed, never deleted."""

    noun = N_("Membership of a community")
    __table_args__ = (
        unique_where(_NOT_ENDED, "ix_community_member_present", "community_id", "person_id"),
        Index("ix_community_member_person", "person_id", sqlite_where=text(_NOT_ENDED), postgresql_where=text(_NOT_ENDED)),
        Index("ix_community_member_history", "community_id", "person_id"),
    )

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    person_id: Mapped[int] = personal(erase=Erase.KEEP, merge=Merge.STAY)
    role: Mapped[str] = mapped_column(String(13))
    external: Mapped[bool] = mapped_column(default=False)
    """Invited from outside the institution that the community is for."""
    shows_institution: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the list of members has their institution, as they chose when they joined."""
    how: Mapped[str] = mapped_column(String(10))
    """Founded, joined, requested or invited."""
    since: Mapped[Moment]
    until: Mapped[Moment | None]
    ended_how: Mapped[str] = mapped_column(String(10), default="")
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    """Of a removal, as its person reads it."""
    banned_until: Mapped[Moment | None]
    """Until when they cannot join again."""
    address_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    """Of the address of somebody whose account was deleted while they were banned: keyed, so that it tells no address."""
    row_version: Mapped[int] = mapped_column(default=1)

    @property
    def is_banned_for_good(self) -> bool:
        """Return whether they were removed and can never join again."""
        return self.banned_until is not None and self.banned_until.date() == LAST_DAY


PRESENT = CommunityMember.until.is_(None)
"""The condition on `CommunityMember` that it is not ended."""


class CommunityRequest(Entity):
    """Somebody's request to join a community."""

    noun = N_("Request to join a community")
    __table_args__ = (
        unique_where("state = 'pending'", "ix_community_request_pending", "community_id", "person_id"),
        Index("ix_community_request_community", "community_id", "state", "id"),
    )

    uuid: Mapped[PublicId]
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.STAY, index=True)
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(String(10))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[Moment | None]
    reason: Mapped[str] = mapped_column(String(500), default="")


PENDING = CommunityRequest.state == RequestState.PENDING.value
"""The condition on `CommunityRequest` that it waits for a decision."""


class CommunityInvitation(LinkInvitation, Base):
    """An invitation of an address to join a community; whether it has an account makes no difference."""

    noun = N_("Invitation to a community")
    __table_args__ = (Index("ix_community_invitation_community", "community_id", "email"),)

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    email: Mapped[str] = mapped_column(String(254), index=True)
    """In lower case; empty once it is accepted."""
    name: Mapped[ShortText]
    """As the list has it; empty once it is accepted."""
    added_text: Mapped[str] = mapped_column(Text)
    """Of its sender, for the mail."""
    invited_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    by_mail: Mapped[bool]
    """Sent by the site; else its sender hands the link over."""
    sent: Mapped[int] = mapped_column(default=0)
    """How many times a link was made for it."""
    mailed_at: Mapped[Moment | None]
    """When the present link went out in a mail to the address, and nowhere else: who has it reads that mailbox."""
    accepted_at: Mapped[Moment | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    declined_at: Mapped[Moment | None]


class CommunityLinkKind(StrEnum):
    """The kinds of what the front page of a community, or its page of tools, leads to."""

    RELATED = "related"
    COURSE = "course"
    SUPPORTER = "supporter"
    """A sponsor or a champion."""
    TOOL = "tool"


class CommunityLink(Entity):
    """A related community, a course, a supporter or a tool of a community."""

    noun = N_("Link of a community")
    __table_args__ = (
        CheckConstraint("(kind = 'related') = (other_id IS NOT NULL)", name="other"),
        CheckConstraint("(kind = 'course') = (course_id IS NOT NULL)", name="course"),
        Index("ix_community_link_community", "community_id", "kind", "position"),
    )

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    kind: Mapped[str] = mapped_column(String(9))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("community.id"), index=True)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    title: Mapped[str] = mapped_column(String(150), default="")
    """Of a supporter or a tool; of others their own name is shown."""
    text: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("stored_file.id"))
    """The logo of a supporter."""
    position: Mapped[int] = mapped_column(default=0)


class CommunityExport(PreparedFile, Base):
    """A copy of a community that one of its administrators asked for: its content as JSON and files."""

    kept_for = timedelta(days=7)

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"), index=True)
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)


class MarkKind(StrEnum):
    """The kinds of marks of an entry in the directory."""

    SUBJECT = "subject"
    COUNTRY = "country"
    LANGUAGE = "language"


class DirectoryEntry(Entity):
    """A person who opted in to the directory of specialists."""

    noun = N_("Entry in the directory")

    uuid: Mapped[PublicId]
    person_id: Mapped[int] = personal(erase=Erase.DELETE, merge=Merge.STAY, unique=True)
    text: Mapped[str] = mapped_column(Text)
    """A line about oneself."""
    shows_institution: Mapped[bool]
    contact: Mapped[bool]
    """Others may write by the site."""
    consent_version: Mapped[str] = mapped_column(String(20))
    consented_at: Mapped[Moment]


class DirectoryMark(Entity):
    """A subject, country or language of an entry in the directory."""

    __table_args__ = (UniqueConstraint("entry_id", "kind", "code"), Index("ix_directory_mark_code", "kind", "code"))

    entry_id: Mapped[int] = mapped_column(ForeignKey("directory_entry.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    code: Mapped[str] = mapped_column(String(60))


class PlanKind(StrEnum):
    """The kinds of lines of the plan."""

    MEETING = "meeting"
    WEBINAR = "webinar"
    FORUM = "forum"
    DOCUMENT = "document"
    SURVEY = "survey"


class PlanEntry(Entity):
    """A line of a community's plan: what is to happen on a day or within some days, done by a tick."""

    noun = N_("Line of a plan")
    __table_args__ = (Index("ix_plan_entry_community", "community_id", "starts_on", "id"),)

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The same day, or the last one of a month or of a period."""
    title: Mapped[str] = mapped_column(String(150))
    kind: Mapped[str] = mapped_column(String(8))
    responsible: Mapped[ShortText]
    note: Mapped[str] = mapped_column(String(500), default="")
    """Speakers or topics in mind."""
    address: Mapped[str] = mapped_column(String(300), default="")
    """A path of this site."""
    done_at: Mapped[Moment | None]
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class CommunityFile(Entity):
    """A file of a community: what it is, and who reads it; its contents stand in its versions."""

    noun = N_("File of a community")
    __table_args__ = (Index("ix_community_file_community", "community_id", "deleted_at", "id"),)

    uuid: Mapped[PublicId]
    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    title: Mapped[str] = mapped_column(String(150))
    description: Mapped[str] = mapped_column(String(500))
    category: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(2))
    licence: Mapped[str] = mapped_column(String(60))
    members_only: Mapped[bool]
    person_id: Mapped[int] = personal(erase=AUTHOR, merge=Merge.MOVE, index=True)
    """Who brought it in first."""
    deleted_at: Mapped[Moment | None]
    row_version: Mapped[int] = mapped_column(default=1)


class CommunityFileVersion(Entity):
    """A content of a file, from a day on."""

    __table_args__ = (UniqueConstraint("file_id", "number"),)

    file_id: Mapped[int] = mapped_column(ForeignKey("community_file.id"))
    number: Mapped[int]
    stored_file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), index=True)
    name: Mapped[ShortText]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[Moment]


class CommunityPage(Entity):
    """A page of a community, or the row to which the versions of its concept note belong; its texts stand in its versions."""

    noun = N_("Page of a community")
    __table_args__ = (UniqueConstraint("community_id", "slug"),)

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    slug: Mapped[Slug]
    """Empty: the texts of the front page."""
    title: Mapped[str] = mapped_column(String(150))
    category: Mapped[str] = mapped_column(String(60), default="")
    position: Mapped[int] = mapped_column(default=0)
    members_only: Mapped[bool] = mapped_column(default=False)
    deleted_at: Mapped[Moment | None]
    row_version: Mapped[int] = mapped_column(default=1)


class CommunityPageVersion(Entity):
    """A text of a page, from a moment on."""

    __table_args__ = (UniqueConstraint("page_id", "number"),)

    page_id: Mapped[int] = mapped_column(ForeignKey("community_page.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(150))
    source: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = personal(erase=AUTHOR, merge=Merge.MOVE, index=True)
    """Who wrote it."""
    written_at: Mapped[Moment]

    @property
    def safe_html(self) -> SafeHtml:
        """Return it as it is shown."""
        return SafeHtml.stored(self.html)
