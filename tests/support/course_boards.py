"""Boards of courses for tests."""

from courses.models import Course
from discussions.models import Board, BoardState
from enrolments import boards
from enrolments.models import CourseBoard
from lms.instance import Instance
from tests.support.boards import NOON


def a_course_board(instance: Instance, course: Course, *, state: BoardState = BoardState.OPEN, by_edition: bool = False) -> Board:
    """Give a course its board, or set the one that it has."""
    with instance.database.unit_of_work() as session:
        row, board = boards.add_course_board(session, course.id, now=NOON)
        row.by_edition, board.state = by_edition, state.value
        return board


def course_board_of(instance: Instance, course: Course) -> CourseBoard:
    """Return what a course says of its board."""
    with instance.database.unit_of_work(write=False) as session:
        pair = boards.find_course_board(session, course.id)
        assert pair is not None
        return pair[0]
