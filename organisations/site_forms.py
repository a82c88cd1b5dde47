"""Forms of the site settings: they know what their page showed, and what the environment decides."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar, cast

from flask import current_app
from wtforms import HiddenField

from kernel.site_profile import PresentSettings, SiteProfiles, is_fixed
from kernel.web.forms import Form
from kernel.web.request import current_settings
from organisations.models import InstitutionProfile

_BY_LANGUAGE = {"names": "institution_name", "short_names": "institution", "front_titles": "", "front_texts": "", "front_alts": ""}
"""Columns with a text by language, and the setting of the environment that stands for all of them, where there is one."""


def _column(name: str) -> tuple[str, str]:
    """Return which column a field stands for, and of which language."""
    column, _sign, tongue = name.rpartition("_")
    return (column, tongue) if column in _BY_LANGUAGE else (name, "")


class ShownForm(Form):
    """A form that knows what its page showed, so that a change that somebody else made meanwhile is not undone unseen."""

    seen = HiddenField()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        present = {field.short_name: str(field.object_data or "") for field in self if field.short_name != "seen"}
        digest = hashlib.sha256(json.dumps(present, sort_keys=True).encode()).hexdigest()
        self.is_stale = bool(self.seen.data) and self.seen.data != digest
        """Whether it was sent by a page that showed something else than what holds now; never where it does not say what it showed."""
        self.seen.data = digest


class SiteForm(ShownForm):
    """A part of the site settings. What the environment decides is shown, and cannot be changed here."""

    BLANK: ClassVar[frozenset[str]] = frozenset()
    """Fields that stay empty while nothing is set, because what is in force then is an example."""

    def __init__(self, settings: PresentSettings, row: InstitutionProfile | None, *, is_sent: bool = True) -> None:
        names = [name for name, _field in self._unbound() if name != "seen"]
        settings_of = {name: _BY_LANGUAGE.get(_column(name)[0], name) for name in names}
        self.fixed = {name: f"LMS_{setting.upper()}" for name, setting in settings_of.items() if is_fixed(settings, setting)}
        options = {} if is_sent else {"formdata": None}
        super().__init__(data={name: self._initial_value(settings, row, name) for name in names}, **options)
        for name in self.fixed:
            field = self[name]
            field.data, field.validators, field.render_kw = field.object_data, (), {**(field.render_kw or {}), "disabled": True}

    @classmethod
    def _unbound(cls) -> list[tuple[str, object]]:
        return [(name, field) for name in dir(cls) if hasattr(field := getattr(cls, name), "_formfield")]

    def _initial_value(self, settings: PresentSettings, row: InstitutionProfile | None, name: str) -> object:
        column, tongue = _column(name)
        stored = None if row is None else getattr(row, column)
        if name in self.fixed or (not stored and stored is not False and name not in self.BLANK):
            stored = getattr(settings, column, "")
        shown: object = stored.get(tongue, "") if isinstance(stored, Mapping) else stored
        return shown

    def changes(self) -> dict[str, object]:
        """Return the values to set, by column; nothing of what the environment decides."""
        columns: dict[str, object] = {}
        texts: dict[str, dict[str, str]] = {}
        for field in self:
            column, tongue = _column(field.short_name)
            if field.short_name in (*self.fixed, "seen"):
                continue
            if not tongue:
                columns[column] = self._column_value(field.short_name, field.data)
            elif field.data:
                texts.setdefault(column, {})[tongue] = field.data
        return columns | texts

    def _column_value(self, name: str, value: object) -> object:
        """Return the column's value of a field."""
        return value if value is not None else ""


def fresh_settings() -> PresentSettings:
    """Return the settings as they are in the database now, also where another process has changed them this second."""
    cast("SiteProfiles", current_app.extensions["present"]).forget()
    return current_settings()
