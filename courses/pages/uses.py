"""Where something of a course is used, as its editor's pages show it."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import url_for

from courses.content.layout import COURSE
from courses.content.list_fields import LISTINGS
from courses.services.authoring import DraftOutline
from kernel.i18n import _, choose


@dataclass(frozen=True, slots=True)
class UsageLink:
    """A part of the course that uses something, and where it is edited."""

    title: str
    address: str


def used_in(draft_outline: DraftOutline, slug: str, paths: Iterable[str]) -> list[UsageLink]:
    """Return the parts of a course whose files these are, each once, in the order of the files."""
    owners = {path: activity for _module, activity in draft_outline.tree.activities() for path in activity.paths}
    modules = {module.path: module for module in draft_outline.tree.modules}
    listed = {listing.path: listing for listing in LISTINGS.values()}
    links: dict[str, UsageLink] = {}
    for path in paths:
        if path in owners:
            owner = owners[path]
            endpoint = "courses_lessons.lesson" if owner.kind == "page" else "courses_settings.part"
            use = UsageLink(choose(dict(owner.title)) or owner.key, url_for(endpoint, slug=slug, key=owner.key))
        elif path in modules:
            module = modules[path]
            use = UsageLink(choose(dict(module.title)) or module.key, url_for("courses_settings.part", slug=slug, key=module.key))
        elif path == COURSE:
            use = UsageLink(_("Course settings"), url_for("courses_settings.course", slug=slug))
        elif path in listed:
            use = UsageLink(_(listed[path].title), url_for("courses_lists.entries", slug=slug, listing=listed[path].name))
        else:
            use = UsageLink(path, url_for("courses_texts.text", slug=slug, path=path))
        links.setdefault(use.address, use)
    return list(links.values())
