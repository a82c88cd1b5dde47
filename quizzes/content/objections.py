"""The time for objections to the questions of a selecting quiz, in its file (spec/selection 5.1)."""

from functools import partial

from courses.content import scalars
from courses.content.mapping_cursor import MappingCursor
from kernel.errors import N_
from quizzes.content.selecting import selecting_table
from quizzes.rules.objections import DAY, LONGEST_DECISION, LONGEST_TERM, ObjectionRules


def read_objections(table: MappingCursor) -> ObjectionRules:
    """Read `objections`; a quiz that says nothing has the usual times, if it is a selecting one."""
    usual = ObjectionRules()
    inner = selecting_table(
        table,
        "objections",
        "C520",
        N_("Objections are for results that are used outside the course, and this quiz does not say so."),
        N_("Add “selection:”, or delete “objections:”."),
    )
    if inner is None:
        return usual
    return ObjectionRules(
        term=inner.value("term", partial(_days, most=LONGEST_TERM), usual.term),
        decide=inner.value("decide", partial(_days, most=LONGEST_DECISION), usual.decide),
    )


def _days(text: str, *, most: int) -> int:
    """Read a number of whole days, written as a length of time: 5 d."""
    days, rest = divmod(scalars.duration(text), DAY)
    if rest or not 1 <= days <= most:
        raise scalars.RefusedError(
            "C113",
            N_("%(text)s is not a number of whole days from 1 to %(most)s."),
            N_("Write a number, a space and d: 5 d."),
            text=text,
            most=most,
        )
    return days
