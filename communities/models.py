"""The tables of communities: the community with the texts of its front page, its members, and requests to join."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Entity, Moment, PublicId, Slug, unique_where
from kernel.errors import N_
from kernel.markup.model import SafeHtml
from kernel.personal import Erase, Merge, personal

PRESENT = "until IS NULL"


class CommunityReach(StrEnum):
    """The people who may know of a community."""

    EVERYONE = "everyone"
    INSTITUTION = "institution"
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
    language: Mapped[str] = mapped_column(String(2))
    """Of its name and texts."""
    reach: Mapped[str] = mapped_column(String(12))
    level: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(8))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("board.id"), unique=True)
    texts: Mapped[Mapping[str, str]]
    """The texts of the front page as they were typed, by the names of NOTE and CONDITIONS."""
    html: Mapped[Mapping[str, str]]
    """The same, rendered."""
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    submitted_at: Mapped[Moment | None]
    """Since when it waits for its approval."""
    activated_at: Mapped[Moment | None]
    archived_at: Mapped[Moment | None]
    archived_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(1_000), default="")
    """Of a refused approval, or of the archiving."""
    row_version: Mapped[int] = mapped_column(default=1)

    def safe_html(self, part: str) -> SafeHtml:
        """Return a text of the front page as it is shown."""
        return SafeHtml.stored(self.html.get(part, ""))

    @property
    def is_open(self) -> bool:
        """Return whether it may be read without being a member, by those within its reach."""
        return self.level == CommunityLevel.OPEN and self.reach != CommunityReach.HIDDEN


class CommunityMember(Entity):
    """A person's time in a community: closed when they leave or are removed, never deleted."""

    noun = N_("Membership of a community")
    __table_args__ = (
        unique_where(PRESENT, "ix_community_member_present", "community_id", "person_id"),
        Index("ix_community_member_person", "person_id", sqlite_where=text(PRESENT), postgresql_where=text(PRESENT)),
        Index("ix_community_member_history", "community_id", "person_id"),
    )

    community_id: Mapped[int] = mapped_column(ForeignKey("community.id"))
    person_id: Mapped[int] = personal(erase=Erase.KEEP, merge=Merge.STAY)
    role: Mapped[str] = mapped_column(String(13))
    external: Mapped[bool] = mapped_column(default=False)
    """Invited from outside the institution that the community is for."""
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
    row_version: Mapped[int] = mapped_column(default=1)


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
