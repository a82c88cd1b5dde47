"""The pages of overrides, incidents and accommodations, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from kernel.i18n import _, format_datetime, ngettext, number
from kernel.own_records import is_own
from kernel.permissions import Actor
from quizzes.models import Accommodation, QuizOverride
from quizzes.queries.overrides import AccommodationRow, IncidentRow, OpenAttempt, PastProfile, QuizOverrideRow
from quizzes.services.overrides import values_of_override


@dataclass(frozen=True, slots=True)
class QuizOverrideView:
    """An override in a list of staff."""

    uuid: UUID
    scope: str
    whom: str
    says: tuple[str, ...]
    reason: str
    by: str
    created_at: datetime
    ended_by: str
    ended_at: datetime | None
    can_return: bool
    left_out: tuple[str, ...]
    may_apply: bool


def override_views(actor: Actor, lines: Sequence[QuizOverrideRow]) -> list[QuizOverrideView]:
    """Return overrides as lists show them to the actor; the password is not among the words."""
    return [
        QuizOverrideView(
            line.row.uuid,
            line.row.scope,
            line.whom or _("Everyone"),
            tuple(words_of(line.row)),
            line.row.reason,
            line.by,
            line.row.created_at,
            line.ended_by,
            line.row.ended_at,
            line.can_return,
            tuple(person.full_name for person in line.left_out),
            any(not is_own(actor, person.id) for person in line.left_out),
        )
        for line in lines
    ]


def words_of(row: QuizOverride) -> Iterator[str]:
    """Say what an override sets, each setting a few words."""
    values = values_of_override(row)
    if values.sets_opens:
        yield _("Opens on %(moment)s", moment=format_datetime(values.opens_at, "short")) if values.opens_at else _("No opening date")
    if values.sets_closes:
        yield _("Closes on %(moment)s", moment=format_datetime(values.closes_at, "short")) if values.closes_at else _("No closing date")
    if values.limit_seconds is not None:
        yield _minutes(values.limit_seconds // 60) if values.limit_seconds else _("No time limit")
    if values.attempts is not None:
        in_all = ngettext("%(count)s attempt in total", "%(count)s attempts in total", values.attempts)
        yield in_all if values.attempts else _("Unlimited attempts")
    if values.password is not None:
        yield _("With a password") if values.password else _("No password")
    if values.networks is not None:
        yield _("Only from %(networks)s", networks=", ".join(values.networks.split())) if values.networks else _("From anywhere")


def _minutes(count: int) -> str:
    return ngettext("%(count)s minute", "%(count)s minutes", count)


@dataclass(frozen=True, slots=True)
class OpenAttemptView:
    """An attempt that is open now, in a list of staff."""

    name: str
    state: str
    started_at: datetime
    end: datetime | None
    extra_minutes: int


def open_views(attempts: Sequence[OpenAttempt]) -> list[OpenAttemptView]:
    """Return the open attempts as staff see them: when they end, not why."""
    return [
        OpenAttemptView(attempt.person.full_name, attempt.state.value, attempt.started_at, attempt.end, attempt.extra_seconds // 60)
        for attempt in attempts
    ]


@dataclass(frozen=True, slots=True)
class IncidentView:
    """An incident in a list of staff."""

    uuid: UUID
    minutes: int
    attempts: int
    reason: str
    by: str
    created_at: datetime
    undone_at: datetime | None
    left_out: tuple[str, ...]
    may_apply: bool


def incident_views(actor: Actor, lines: Sequence[IncidentRow]) -> list[IncidentView]:
    """Return incidents as lists show them to the actor."""
    return [
        IncidentView(
            line.row.uuid,
            line.row.seconds // 60,
            line.attempts,
            line.row.reason,
            line.by,
            line.row.created_at,
            line.row.undone_at,
            tuple(person.full_name for person in line.left_out),
            any(not is_own(actor, person.id) for person in line.left_out),
        )
        for line in lines
    ]


@dataclass(frozen=True, slots=True)
class ProfileView:
    """A person in the list of accommodations."""

    uuid: UUID
    name: str
    email: str
    says: str


def profile_views(lines: Sequence[AccommodationRow]) -> list[ProfileView]:
    """Return people with what they get in every quiz."""
    return [
        ProfileView(line.person.uuid, line.person.full_name, line.person.email, profile_words(line.row) if line.row else "")
        for line in lines
    ]


def profile_words(row: Accommodation) -> str:
    """Say what a profile gives."""
    parts = []
    if row.factor != 1:
        parts.append(_("time × %(factor)s", factor=number(Decimal(row.factor).normalize())))
    if row.break_seconds:
        parts.append(_("%(minutes)s of breaks", minutes=_minutes(row.break_seconds // 60)))
    if row.extra_attempts:
        parts.append(ngettext("%(count)s extra attempt", "%(count)s extra attempts", row.extra_attempts))
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class PastProfileView:
    """A profile of a person, in force or ended."""

    id: int
    says: str
    reason: str
    by: str
    created_at: datetime
    ended_at: datetime | None


def past_views(lines: Sequence[PastProfile]) -> list[PastProfileView]:
    """Return the profiles of a person as their page shows them."""
    return [
        PastProfileView(line.row.id, profile_words(line.row), line.row.reason, line.by, line.row.created_at, line.row.ended_at)
        for line in lines
    ]
