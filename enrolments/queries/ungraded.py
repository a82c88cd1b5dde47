"""Reading learners' submissions that wait to be graded."""

from collections.abc import Mapping
from typing import cast

from sqlalchemy.orm import Session

from courses.kinds import CourseKinds, waits_for_no_grader
from courses.rules import Outline
from enrolments.rules import LearnerResult, Results


def list_ungraded(session: Session, outlines: Mapping[int, Outline], results: Mapping[int, Results]) -> dict[int, frozenset[str]]:
    """Return learners' submissions that wait to be graded, by enrolment; no statement where nothing can wait."""
    enrolment_ids = [number for number, outline in outlines.items() if any(_may_wait(outline, *entry) for entry in results[number].items())]
    waiting: dict[int, frozenset[str]] = {}
    for publisher in cast("CourseKinds", session.info["kinds"]).publishers:
        if enrolment_ids and publisher.ungraded is not waits_for_no_grader:
            for number, keys in publisher.ungraded(session, enrolment_ids).items():
                waiting[number] = waiting.get(number, frozenset()) | keys
    return waiting


def _may_wait(outline: Outline, key: str, result: LearnerResult) -> bool:
    activity = outline.by_key.get(key)
    return activity is not None and activity.gives_marks and result.viewed and result.score is None
