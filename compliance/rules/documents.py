"""Terms of an obligation as a document of plain values, as a version stores it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from compliance.rules.terms import (
    AllRequirement,
    AnyRequirement,
    CourseRequirement,
    DeadlineAnchor,
    ExistingCompletions,
    ObligationTerms,
    RelativeDeadline,
    Requirement,
    YearDay,
)
from kernel.durations import Duration, RenewalBasis

_SEVERAL: Mapping[str, type[AnyRequirement] | type[AllRequirement]] = {"any": AnyRequirement, "all": AllRequirement}
Document = Mapping[str, Any]
"""Strings, integers, lists and mappings of them."""


def terms_document(terms: ObligationTerms) -> dict[str, Any]:
    """Return the terms without the moment and the day of their version, which the version itself has."""
    return {
        "starts": terms.starts.isoformat(),
        "deadline": _deadline_document(terms.deadline),
        "requirement": _requirement_document(terms.requirement),
        "ends": _day_document(terms.ends),
        "counts_from": _day_document(terms.counts_from),
        "validity": None if terms.validity is None else _duration_document(terms.validity),
        "basis": f"{terms.basis.month:02}-{terms.basis.day:02}" if isinstance(terms.basis, YearDay) else terms.basis.value,
        "minimum": _duration_document(terms.minimum),
        "window": terms.window,
        "grace": terms.grace,
        "notice": terms.notice,
        "gap": terms.gap,
        "lowest_versions": dict(terms.lowest_versions),
        "existing": terms.existing.value,
        "transition": terms.transition,
    }


def read_terms(document: Document, recorded_at: datetime, effective_on: date) -> ObligationTerms:
    """Return the terms of a stored version; raise KeyError or ValueError where the document is not one of `terms_document`."""
    return ObligationTerms(
        recorded_at,
        effective_on,
        date.fromisoformat(document["starts"]),
        _read_deadline(document["deadline"]),
        _read_requirement(document["requirement"]),
        ends=_read_day(document["ends"]),
        counts_from=_read_day(document["counts_from"]),
        validity=None if document["validity"] is None else _read_duration(document["validity"]),
        basis=_read_basis(document["basis"]),
        minimum=_read_duration(document["minimum"]),
        window=document["window"],
        grace=document["grace"],
        notice=document["notice"],
        gap=document["gap"],
        lowest_versions=document["lowest_versions"],
        existing=ExistingCompletions(document["existing"]),
        transition=document["transition"],
    )


def read_requirement(document: Document) -> Requirement:
    """Return the requirement of a stored version alone."""
    return _read_requirement(document["requirement"])


def _day_document(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _duration_document(duration: Duration) -> dict[str, int]:
    return {"days": duration.days, "months": duration.months}


def _read_duration(document: Mapping[str, int]) -> Duration:
    return Duration(document["days"], document["months"])


def _deadline_document(deadline: date | RelativeDeadline) -> dict[str, Any]:
    if isinstance(deadline, RelativeDeadline):
        return {"from": deadline.anchor.value, **_duration_document(deadline.duration)}
    return {"on": deadline.isoformat()}


def _read_deadline(document: Document) -> date | RelativeDeadline:
    if "on" in document:
        return date.fromisoformat(document["on"])
    return RelativeDeadline(_read_duration(document), DeadlineAnchor(document["from"]))


def _read_basis(text: str) -> RenewalBasis | YearDay:
    if text[:1].isdigit():
        month, day = map(int, text.split("-"))
        return YearDay(month, day)
    return RenewalBasis(text)


def _requirement_document(requirement: Requirement) -> dict[str, Any]:
    if isinstance(requirement, CourseRequirement):
        return {"course": requirement.course}
    parts = [_requirement_document(part) for part in requirement.parts]
    return {"any" if isinstance(requirement, AnyRequirement) else "all": parts}


def _read_requirement(document: Document) -> Requirement:
    if "course" in document:
        return CourseRequirement(document["course"])
    [(kind, parts)] = document.items()
    read = tuple(_read_requirement(part) for part in parts)
    return _SEVERAL[kind](read)
