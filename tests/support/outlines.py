"""Outlines of courses for tests of rules: values without a database."""

from datetime import UTC, datetime
from fractions import Fraction

from courses.rules import Outline, OutlineActivity, OutlineModule
from enrolments.rules import LearnerResult

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DONE = LearnerResult(viewed=True, completed=True)


def an_activity(key: str, module: str = "m1", **fields: object) -> OutlineActivity:
    """Make a lesson that is required."""
    given: dict[str, object] = {
        "id": 1,
        "key": key,
        "kind": "page",
        "title": {"es": key},
        "summary": {},
        "required": True,
        "preview": False,
        "requires": (),
        "opens_at": None,
        "closes_at": None,
        "minutes": 10,
        "completion_rule": "marked",
        "completion_amount": None,
        "questions": None,
        "attempts": None,
        "category": "",
        "weight": Fraction(0),
        "module": module,
    }
    return OutlineActivity(**(given | fields))  # type: ignore[arg-type]  # fields by name


def a_module(key: str, *activities: OutlineActivity, number: int | None = 1, **fields: object) -> OutlineModule:
    """Make a module around activities."""
    given: dict[str, object] = {"needed": None, "requires": (), "opens_at": None, "closes_at": None} | fields
    return OutlineModule(key=key, title={"es": key}, summary={}, number=number, objectives=(), activities=activities, **given)  # type: ignore[arg-type]  # fields by name


def an_outline(*modules: OutlineModule, **fields: object) -> Outline:
    """Make a published version of these modules."""
    given: dict[str, object] = {"completion_modules": (), "completion_grade": None, "categories": ()} | fields
    return Outline(
        version_id=1,
        course_id=1,
        slug="c",
        number=1,
        title={"es": "C"},
        summary={},
        objectives=(),
        languages=("es",),
        hours=Fraction(1),
        level="",
        tone=1,
        authors=(),
        licence="",
        zone="America/Guayaquil",
        published_at=NOW,
        certificate="constancia",
        has_glossary=False,
        has_resources=False,
        modules=modules,
        **given,  # type: ignore[arg-type]  # fields by name
    )
