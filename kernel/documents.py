"""Templates drawn outside of a request: mails, and the pages of copies that people take along."""

from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from kernel.i18n import _, format_date, format_datetime, ngettext
from kernel.paths import TEMPLATES


@lru_cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=select_autoescape(("html",)), trim_blocks=True
    )
    environment.globals.update(_=_, ngettext=ngettext)
    environment.filters.update(date=format_date, datetime=format_datetime)
    return environment


def document_template(name: str) -> Template:
    """Return a template that needs nothing of a request."""
    return _environment().get_template(name)
