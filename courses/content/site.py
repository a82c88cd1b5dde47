"""Site data that the text of a course names: its topics and the templates of its certificates."""

from collections.abc import Sequence
from difflib import get_close_matches

CERTIFICATES = ("constancia", "facade")
"""Keys of the templates that come with the program."""


def nearest_topic(topic: str, topics: Sequence[str]) -> str:
    """Return the known topic whose key is most like this one."""
    return get_close_matches(topic, topics, 1, 0)[0]


def key_in_words(topic: str) -> str:
    """Return the key of a topic that the site has no name for as words: `salud-mental` is “Salud mental”."""
    return topic.replace("-", " ").capitalize()
