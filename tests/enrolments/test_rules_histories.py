"""Which of two histories of one person in a course counts when their accounts become one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from enrolments.rules import CourseHistory, is_better

START = datetime(2026, 3, 1, tzinfo=UTC)


def a_history(**values: Any) -> CourseHistory:
    return CourseHistory(**({"completed_at": None, "grade": None, "active": True, "done": 0, "total": 4, "enrolled_at": START} | values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (a_history(completed_at=START, done=2), a_history(done=4)),
        (a_history(completed_at=START, grade=Decimal(90)), a_history(completed_at=START - timedelta(days=1), grade=Decimal(80))),
        (a_history(completed_at=START, grade=Decimal(0)), a_history(completed_at=START)),
        (a_history(completed_at=START, active=False), a_history(completed_at=START + timedelta(days=1))),
        (a_history(done=1), a_history(done=3, active=False)),
        (a_history(done=3), a_history(done=1)),
        (a_history(done=1, total=2), a_history(done=1)),
        (a_history(), a_history(enrolled_at=START + timedelta(days=1))),
        (a_history(total=0), a_history(total=0, enrolled_at=START + timedelta(days=1))),
    ],
)
def test_which_of_two_histories_counts(one: CourseHistory, other: CourseHistory) -> None:
    assert is_better(one, other)
    assert not is_better(other, one)


def test_equal_histories_leave_everything_where_it_is() -> None:
    assert not is_better(a_history(), a_history())
