"""Addresses that the site had before: what certificates and actas name is answered there, and nothing else (spec/certificates K5)."""

import re
from urllib.parse import urlsplit

from kernel.settings import Settings

FORMER_PATHS = re.compile(r"/(v|verify|acta|status|\.well-known)(/.*)?")
"""Paths that certificates and actas, their QR codes and their documents name."""
FORMER_PAGES = re.compile(r"/(v|verify|acta)(/.*)?")
"""Those of them that lead to the present address; the others are documents that state the address at which they are asked for."""


def find_former_address(settings: Settings, host: str) -> str | None:
    """Return the former address of the site with this host and port, or None where it is none."""
    return next((address for address in settings.former_addresses if urlsplit(address).netloc == host.lower()), None)


def is_former_address(settings: Settings, host: str, path: str) -> bool:
    """Return whether a path is answered under a host that the site had before."""
    return bool(FORMER_PATHS.fullmatch(path)) and find_former_address(settings, host) is not None
