"""The content of a planned change as it is stored: the values of a version, a last day, a rule of an audience."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from compliance.models import PlannedChange
from compliance.rules.documents import read_terms, terms_document
from compliance.rules.record import DAY
from compliance.services.free_days import FreeDayValues
from compliance.services.obligations import EnrolmentMode, ObligationValues
from organisations import audiences
from organisations.audiences import AudienceRuleValues, today_of
from organisations.rules.audience_drafts import write_yaml


class PlannedKind(StrEnum):
    """The kinds of changes that have a dry run."""

    ACTIVATE = "activate"
    VERSION = "version"
    END = "end"
    AUDIENCE = "audience"
    FREE_DAYS = "free_day"


def as_activated(values: ObligationValues, today: date) -> ObligationValues:
    """Return a draft as it would be put in force: from its first day on, and never from a day before unless that was asked for."""
    starts = values.terms.starts if values.is_retroactive else max(values.terms.starts, today)
    return replace(values, terms=replace(values.terms, starts=starts, effective_on=starts))


def values_document(values: ObligationValues) -> dict[str, Any]:
    """Return the values of a version as a document of plain values."""
    return {
        "title": dict(values.title),
        "words": dict(values.words),
        "legal_base": dict(values.legal_base),
        "legal_url": values.legal_url,
        "zone": values.zone,
        "enrolment": values.enrolment.value,
        "edition": values.edition_id,
        "steps": list(values.steps),
        "is_escalated": values.is_escalated,
        "terms": terms_document(values.terms),
    }


def rule_document(values: AudienceRuleValues) -> dict[str, Any]:
    """Return a rule of an audience as a document of plain values."""
    return {"rule": write_yaml(values.rule)}


def free_days_document(added: Sequence[FreeDayValues], removed: Sequence[FreeDayValues]) -> dict[str, Any]:
    """Return free days to add and to take away as a document of plain values."""
    lists = {"added": added, "removed": removed}
    return {name: [[free_day.day.isoformat(), free_day.name, free_day.province] for free_day in days] for name, days in lists.items()}


def free_days_planned(row: PlannedChange) -> tuple[list[FreeDayValues], list[FreeDayValues]]:
    """Return the free days that a planned change adds, and those that it takes away."""
    document = json.loads(row.content)
    added, removed = (
        [FreeDayValues(date.fromisoformat(day), name, province) for day, name, province in document[key]] for key in ("added", "removed")
    )
    return added, removed


def end_document(last_on: date) -> dict[str, Any]:
    """Return the end of an obligation as a document of plain values."""
    return {"last": last_on.isoformat()}


def values_planned(row: PlannedChange, present: ObligationValues) -> ObligationValues:
    """Return the values that an obligation would have by a planned change, where its newest version has others."""
    today = today_of(row.computed_at)
    if row.kind == PlannedKind.ACTIVATE:
        return as_activated(present, today)
    if row.kind == PlannedKind.END:
        return replace(present, terms=replace(present.terms, ends=last_day_planned(row), effective_on=today))
    return read_values(row, row.computed_at)


def read_values(row: PlannedChange, recorded_at: datetime) -> ObligationValues:
    """Return the values of a planned version; one that was not asked for from before holds from today on at the earliest."""
    document = json.loads(row.content)
    effective_on = row.effective_on if row.is_retroactive else max(row.effective_on, today_of(recorded_at))
    return ObligationValues(
        document["title"],
        read_terms(document["terms"], recorded_at, effective_on),
        document["words"],
        document["legal_base"],
        document["legal_url"],
        document["zone"],
        EnrolmentMode(document["enrolment"]),
        document["edition"],
        document["steps"],
        document["is_escalated"],
        row.is_retroactive,
        row.reason,
    )


def last_day_planned(row: PlannedChange) -> date:
    """Return the last day of a planned end."""
    return row.effective_on - DAY


def rule_planned(session: Session, row: PlannedChange, recorded_at: datetime) -> AudienceRuleValues:
    """Return the rule of a planned change of an audience; unless that was asked for, it holds from no day before it is recorded."""
    rule = audiences.read_stored(session, json.loads(row.content)["rule"])
    effective_on = row.effective_on if row.is_retroactive else max(row.effective_on, today_of(recorded_at))
    return AudienceRuleValues(rule, effective_on, row.reason, row.based_on)
