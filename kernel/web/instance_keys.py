"""The keys of the instance, for pages: read again once their files have changed, so that every process uses a new one at once."""

from flask import current_app

from kernel.crypto import SigningKeys, signing_keys
from kernel.keys import SealKeys, seal_keys
from kernel.settings import Settings


def current_keys() -> SigningKeys:
    """Return the keys that sign."""
    return signing_keys(_settings().data_dir)


def current_seal_keys() -> SealKeys:
    """Return the keys that seal PDF files."""
    settings = _settings()
    return seal_keys(settings.data_dir, settings.institution_name)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
