"""Free days as pages show them: the months of a year, and what a list would add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from compliance.models import FreeDay
from compliance.services.free_days import FreeDayValues
from kernel.i18n import _, format_date, format_month


@dataclass(frozen=True, slots=True)
class FreeDayView:
    """A free day on a page; no number where it is not kept yet."""

    day: date
    words: str
    name: str
    where: str
    uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class FreeDayMonthView:
    """The free days of a month."""

    title: str
    days: tuple[FreeDayView, ...]


def free_day_months(rows: Sequence[FreeDay], provinces: Mapping[str, str]) -> list[FreeDayMonthView]:
    """Return the free days of a year by month; months without any are left out."""
    by_month: dict[str, list[FreeDayView]] = {}
    for row in rows:
        view = FreeDayView(row.day, format_date(row.day, "full"), row.name, _place(row.province, provinces), row.uuid)
        by_month.setdefault(format_month(row.day), []).append(view)
    return [FreeDayMonthView(title, tuple(days)) for title, days in by_month.items()]


def review_views(days: Sequence[FreeDayValues], provinces: Mapping[str, str]) -> list[FreeDayView]:
    """Return the days that a list would add."""
    return [
        FreeDayView(free_day.day, format_date(free_day.day, "full"), free_day.name, _place(free_day.province, provinces))
        for free_day in days
    ]


def _place(province: str, provinces: Mapping[str, str]) -> str:
    return provinces.get(province, province) if province else _("The whole country")
