"""What a run could not do: told in its last lines, and a failure where CI is set (tests/conftest.py)."""

LACKING = "lacking: "


def note(what: str) -> str:
    """Return the reason of a skip for something that lacks: what, and in brackets the command that would enable it."""
    return f"{LACKING}{what}"
