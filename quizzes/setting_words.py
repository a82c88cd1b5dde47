"""Words for what overrides and accommodations set."""

from collections.abc import Iterator
from decimal import Decimal

from kernel.i18n import _, format_datetime, ngettext, number, trimmed
from quizzes.models import Accommodation, QuizOverride
from quizzes.overrides import AccommodationProfile, OverrideValues, values_of_override


def words_of(row: QuizOverride) -> Iterator[str]:
    """Yield the settings of an override, each in a few words; of the password only that there is one."""
    return words_of_values(values_of_override(row))


def words_of_values(values: OverrideValues) -> Iterator[str]:
    """Yield the values of an override in words."""
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


def profile_words(row: Accommodation | AccommodationProfile) -> str:
    """Describe what a profile gives."""
    parts = []
    if row.factor != 1:
        parts.append(_("time × %(factor)s", factor=number(trimmed(Decimal(row.factor)))))
    if row.break_seconds:
        parts.append(_("%(minutes)s of breaks", minutes=_minutes(row.break_seconds // 60)))
    if row.extra_attempts:
        parts.append(ngettext("%(count)s extra attempt", "%(count)s extra attempts", row.extra_attempts))
    return ", ".join(parts)
