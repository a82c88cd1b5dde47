"""Words on agreements of course teams that are missing, for those who look after an obligation."""

from collections.abc import Mapping, Sequence

from accounts.models import Person
from compliance.queries.agreements import MissingAgreement
from kernel.i18n import _, choose, enumeration, format_date


def missing_lines(missing: Sequence[MissingAgreement], deciders: Mapping[int, Sequence[Person]]) -> list[str]:
    """Say of each course whose agreement is missing who was asked since when, or why its team does not agree."""
    return [_missing_line(row, [person.full_name for person in deciders.get(row.course.id, ())]) for row in missing]


def _missing_line(missing: MissingAgreement, names: Sequence[str]) -> str:
    agreement, course = missing.agreement, choose(missing.course.title)
    if agreement is None:
        return _("No one can enrol in “%(course)s” by themselves, and its team was not asked yet.", course=course)
    if agreement.decided_at is None:
        return _(
            "No one can enrol in “%(course)s” by themselves. Since %(day)s its team is asked to agree: %(people)s.",
            course=course,
            day=format_date(agreement.asked_at),
            people=enumeration(names) or _("the administrators"),
        )
    return _(
        "The team of “%(course)s” does not agree, since %(day)s: “%(reason)s”. To ask again, save it again.",
        course=course,
        day=format_date(agreement.decided_at),
        reason=agreement.reason,
    )
