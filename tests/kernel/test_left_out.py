"""Lines of a list that do nothing, and what was read of the others."""

from kernel.i18n import reading
from kernel.left_out import LineFault, LineRefused, ReadList


def test_a_list_counts_lines_that_do_something_and_others() -> None:
    fault = LineRefused("The name is missing.", first=1).fault(3, "x")

    assert fault == LineFault(3, "x", "The name is missing.", {"first": 1})
    assert ReadList(("a", "b"), (fault,), None, ()).total == 3


def test_every_fault_of_a_line_is_reported() -> None:
    second = LineFault(2, "", "The name is missing.")
    fault = LineFault(2, "x", "This code is already on line %(first)s.", {"first": 1}, (second,))

    with reading("en"):
        assert fault.text == "This code is already on line 1. The name is missing."
