"""Pages of the site and the section of the guide that explains each."""

from collections.abc import Iterable, Mapping

from flask import current_app, request, url_for

from kernel.feature import Feature
from kernel.markup.model import ID_PREFIX

EXTENSION = "help"


def sections_of(features: Iterable[Feature]) -> Mapping[str, str]:
    """Return by endpoint which section explains its page."""
    return {endpoint: section for feature in features for section, endpoints in feature.help.items() for endpoint in endpoints.split()}


def page_help() -> str:
    """Return the address of the section that explains the present page; nothing where none does."""
    section = current_app.extensions[EXTENSION].get(request.endpoint or "")
    if section is None:
        return ""
    path, _sign, key = section.partition("#")
    reader, _slash, chapter = path.partition("/")
    return url_for("lms_guide.chapter", reader=reader, key=chapter, _anchor=ID_PREFIX + key)
