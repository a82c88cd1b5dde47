"""What a run could not do, with the command that would enable it; told in the last lines."""

MISSING: list[str] = []


def note(what: str) -> str:
    """Keep it for the end and return it, as the reason of a skip."""
    MISSING.append(what)
    return what
