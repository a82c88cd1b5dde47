"""Hours of a course: the number, its basis, and how both are printed (spec/certificates 3).

The words stand here and not in the catalogue of the interface: a sheet that is printed again must say what it said.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

LEAST_MEASURED = 30
"""How many people must have finished before the measured hours count."""
LEAST_MEASURED_SHARE = Fraction(1, 2)
"""Which share of the computed minutes a measured median has at least."""
LEAST_SHARE, MOST_SHARE = Fraction(4, 5), Fraction(5, 4)
"""Between which shares of the computed hours a course may write others without naming their basis."""
_STORED_PRECISION = Fraction(1, 200)
"""Stored hours have two decimals."""


class HoursBasis(StrEnum):
    """The origin of a course's hours: estimated from its parts, measured with its learners, or stated in its file."""

    ESTIMATED = "estimated"
    MEASURED = "measured"
    STATED = "stated"


@dataclass(frozen=True, slots=True)
class CourseHours:
    """The hours of a version of a course with their basis: `people` were measured, `text` is the basis that the file names.

    Of estimated ones, `required` minutes are asked for, where other work is optional; 0 where none is.
    """

    number: Fraction
    basis: HoursBasis
    people: int = 0
    text: str = ""
    required: int = 0

    @property
    def stored_basis(self) -> str:
        """Return the basis as versions and certificates store it.

        `estimated`, `estimated:517` with the minutes of what is required, `measured:41`, `stated:según resolución 12`.
        """
        detail = str(self.people) if self.basis is HoursBasis.MEASURED else self.text or (str(self.required) if self.required else "")
        return f"{self.basis}:{detail}" if detail else self.basis.value


def read_hours(number: Fraction, stored_basis: str, minutes: int) -> CourseHours:
    """Return stored hours; those of versions without a basis are judged by the sum of their activities' minutes."""
    basis, _, detail = stored_basis.partition(":")
    if not basis:
        return CourseHours(number, HoursBasis.ESTIMATED if abs(number - Fraction(minutes, 60)) <= _STORED_PRECISION else HoursBasis.STATED)
    hours_basis = HoursBasis(basis)
    if hours_basis is HoursBasis.MEASURED:
        return CourseHours(number, hours_basis, int(detail))
    is_required = hours_basis is HoursBasis.ESTIMATED and detail.isdecimal()
    return CourseHours(number, hours_basis, required=int(detail)) if is_required else CourseHours(number, hours_basis, text=detail)


def hours_need_basis(written: Fraction, minutes: int) -> bool:
    """Say whether hours differ too much from the computed ones to be written without naming their basis (spec/certificates H3)."""
    computed = Fraction(minutes, 60)
    return not LEAST_SHARE * computed <= written <= MOST_SHARE * computed


def is_clicked_through(minutes: int, measured: tuple[Fraction, int]) -> bool:
    """Return whether a measured median, with the number of people, is below half of the computed minutes (spec/certificates H2)."""
    return measured[1] >= LEAST_MEASURED and measured[0] < max(1, minutes) * LEAST_MEASURED_SHARE


def decide_hours(written: Fraction | None, text: str, minutes: int, measured: tuple[Fraction, int] | None) -> CourseHours:
    """Return the hours of a version: those of its file, else the measured ones, minutes with the number of people, else the estimate.

    A median below half of the estimate measures people who clicked through: the estimate stays (spec/certificates H2).
    """
    if written is not None:
        return CourseHours(written, HoursBasis.STATED, text=text)
    if measured is not None and measured[1] >= LEAST_MEASURED and not is_clicked_through(minutes, measured):
        return CourseHours(measured[0] / 60, HoursBasis.MEASURED, measured[1])
    return CourseHours(Fraction(max(1, minutes), 60), HoursBasis.ESTIMATED)


_HOUR = {"es": ("hora", "horas"), "en": ("hour", "hours")}
_MINUTE = {"es": ("minuto", "minutos"), "en": ("minute", "minutes")}
_ESTIMATED = {"es": "duración estimada", "en": "estimated"}
_REQUIRED = {
    "es": "duración estimada con lo opcional; lo obligatorio, {length}",
    "en": "estimated with optional work; required, {length}",
}
_MEASURED = {"es": "duración medida en {people} personas", "en": "measured in {people} people"}


def printed_hours(hours: Fraction, language: str) -> str:
    """Return a length to the minute: ``12 horas``, ``45 minutos``, ``11 h 20 min``; what is shorter than a minute is one."""
    whole, minutes = divmod(max(1, round(hours * 60)), 60)
    if whole and minutes:
        return f"{whole} h {minutes} min"
    unit, count = (_HOUR, whole) if whole else (_MINUTE, minutes)
    return f"{count} {unit.get(language, unit['es'])[count != 1]}"


def printed_basis(hours: CourseHours, language: str) -> str:
    """Return the basis in words; hours that authors wrote without naming one are their estimate."""
    if hours.basis is HoursBasis.MEASURED:
        return _MEASURED.get(language, _MEASURED["es"]).format(people=hours.people)
    if hours.required:
        return _REQUIRED.get(language, _REQUIRED["es"]).format(length=printed_hours(Fraction(hours.required, 60), language))
    return hours.text or _ESTIMATED.get(language, _ESTIMATED["es"])
