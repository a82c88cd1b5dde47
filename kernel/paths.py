"""Where the parts that are not Python lie: in the checkout beside the packages, in a wheel under `lms/share`."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent.parent
_SHARE = _HERE / "lms" / "share"
ROOT = _SHARE if _SHARE.is_dir() else _HERE

TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
TRANSLATIONS = ROOT / "translations"
MIGRATIONS = ROOT / "migrations"
CONTENT = ROOT / "content"
