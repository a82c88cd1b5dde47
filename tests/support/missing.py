"""What a run could not do. The reason of a skip is told in the last lines (tests/conftest.py)."""


def note(what: str) -> str:
    """Return the reason of a skip: what lacks, and in brackets the command that would enable it."""
    return what
