"""The institution's profile now: what administrators set on the web, over the settings of the environment, which win.

A process asks at most every few seconds whether the profile has another version, by a connection that no request waits for, and reads it
only then. So a page costs no statement, and every process of every machine follows a change within `SECONDS`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from kernel.db import Database, cause_of
from kernel.i18n import SiteLocale, set_site_locale
from kernel.settings import Settings, secret, word_list

log = structlog.get_logger()

SECONDS = 3.0
"""How old what a process knows of the profile may be."""
CHANGED = "site_profile_changed"
"""Stands in the `info` of a session that changes the profile: its own process knows it with the commit."""
MAIL_SERVER = frozenset({"smtp_host", "smtp_port", "smtp_user", "smtp_password", "smtp_starttls"})
"""Settings that go together: a password is for its server alone."""


@dataclass(frozen=True, slots=True)
class SiteLogo:
    """The institution's logo: the SHA-256 of the picture, which is part of its address, and its media type."""

    digest: str
    media_type: str

    @property
    def is_safe_in_mail(self) -> bool:
        """Return whether mail programs show it: they show no drawings (SVG)."""
        return self.media_type == "image/png"


@dataclass(frozen=True, slots=True)
class SiteProfile:
    """The settings that administrators made on the web; what is empty says nothing."""

    version: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    short_names: Mapping[str, str] = field(default_factory=dict)
    logo: SiteLogo | None = None
    brand_colour: str = ""
    accent_colour: str = ""
    front_titles: Mapping[str, str] = field(default_factory=dict)
    front_texts: Mapping[str, str] = field(default_factory=dict)
    front_picture: str = ""
    """The SHA-256 of the picture on the front page, which is part of its address."""
    front_alts: Mapping[str, str] = field(default_factory=dict)
    front_courses: tuple[str, ...] = ()
    turned_entries: tuple[str, ...] = ()
    """Entries of the menus that are hidden though usually shown, or the other way round, by key."""
    former_url: str = ""
    """The web address of before, at which the site answers on: nobody locks themselves out by a typing error."""
    smtp_password: str = field(default="", repr=False)
    mail_since: datetime | None = None
    """When the mail server was set on the web."""
    values: Mapping[str, object] = field(default_factory=dict)
    """Other settings, by their name."""

    @property
    def style(self) -> str:
        """Return the version in the address of the institution's style sheet, nothing where it has no colours of its own."""
        return f"{self.brand_colour}{self.accent_colour}".replace("#", "")


class PresentSettings(Settings):
    """The settings in force: those of the environment, and what the profile says where it says nothing."""

    profile: SiteProfile = SiteProfile()

    @property
    def names(self) -> Mapping[str, str]:
        """Return the full name of the institution by language."""
        return super().names if "institution_name" in self.model_fields_set else self.profile.names or super().names

    @property
    def short_names(self) -> Mapping[str, str]:
        """Return the short name of the institution by language."""
        return super().short_names if "institution" in self.model_fields_set else self.profile.short_names or super().short_names

    @property
    def confirms_since(self) -> datetime | None:
        """Return since when a new account's address has to be confirmed: who was here before mail was sent signs in as before."""
        since = None if is_fixed(self, "smtp_host") else self.profile.mail_since
        return since if since and self.sends_mail else super().confirms_since

    @property
    def host_names(self) -> tuple[str, ...]:
        """Return the host names that requests may name, that of the address of before among them."""
        former = None if "public_url" in self.model_fields_set else urlsplit(self.profile.former_url).hostname
        return tuple(dict.fromkeys((*super().host_names, former))) if former else super().host_names


def is_fixed(settings: Settings, name: str) -> bool:
    """Return whether the environment decides a setting, so that the web cannot; one of the mail server is decided with its host."""
    given = _environment_names(settings)
    return name in given or (name in MAIL_SERVER and "smtp_host" in given)


def _environment_names(settings: Settings) -> set[str]:
    """Return the settings that the environment gives; an empty text is as good as none."""
    return {name for name in settings.model_fields_set if getattr(settings, name) != ""}


def in_force(settings: Settings, profile: SiteProfile) -> PresentSettings:
    """Return the settings with what the profile says where the environment says nothing."""
    overrides = {name: value for name, value in profile.values.items() if not is_fixed(settings, name)}
    if profile.smtp_password and not is_fixed(settings, "smtp_password"):
        overrides["smtp_password"] = secret(profile.smtp_password)
    return PresentSettings.model_construct(_environment_names(settings), **{**dict(settings), **overrides, "profile": profile})


class SiteProfiles:
    """The profile as one process knows it; `read` returns another version than the known one, or nothing."""

    def __init__(self, database: Database, read: Callable[[Connection, int], SiteProfile | None]) -> None:
        self._database, self._read = database, read
        self._profile, self._asked_at = SiteProfile(), float("-inf")
        self._lock = Lock()
        self._applied: tuple[Settings, SiteProfile, PresentSettings] | None = None
        database.follow_commits(self._follow)

    def __call__(self, settings: Settings) -> PresentSettings:
        """Return the settings in force over those of the environment."""
        if time.monotonic() - self._asked_at > SECONDS and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        applied = self._applied
        if applied is None or applied[0] is not settings or applied[1] is not self._profile:
            profile = self._profile
            applied = (settings, profile, in_force(settings, profile))
            set_site_locale(SiteLocale(word_list(applied[2].languages), ZoneInfo(applied[2].zone)))
            self._applied = applied
        return applied[2]

    def forget(self) -> None:
        """Ask the database at the next occasion."""
        self._asked_at = float("-inf")

    def _refresh(self) -> None:
        """Ask the database; where it is away, or its schema is older, what is known stays."""
        try:
            with self._database.beside() as connection:
                profile = self._read(connection, self._profile.version)
        except SQLAlchemyError as error:
            log.warning("site_profile.unread", **cause_of(error))
        else:
            self._profile = self._profile if profile is None else profile
        self._asked_at = time.monotonic()

    def _follow(self, session: Session) -> None:
        if session.info.pop(CHANGED, False):
            self.forget()
