"""Tags of outside files as keys."""

from collections.abc import Iterable

from courses.content.derived import slug
from kernel.errors import N_
from standards.model import Notebook


def tags_of(words: Iterable[str], notebook: Notebook) -> tuple[str, ...]:
    """Return tags as keys, each once; a changed or empty one is told."""
    found: dict[str, None] = {}
    for word in words:
        tag = slug(word)
        if tag and tag != word.strip():
            notebook.note(N_("The tag “%(word)s” became “%(tag)s”."), word=word.strip()[:80], tag=tag)
        elif not tag:
            notebook.loss(N_("The tag “%(word)s” is left out."), N_("It has no letters or digits."), word=word.strip()[:80])
        if tag:
            found[tag] = None
    return tuple(found)
