"""The templates that come with the program; each version is drawn the same for ever."""

from datetime import date
from functools import cache
from pathlib import Path

from certificates.layout.reading import TEMPLATE_FILE, read_template
from certificates.layout.template import CertificateTemplate

FACADE = "facade"
"""The sheet of the product: a window for each module."""
NEWEST = 5
INSTITUTION_DEFAULT = "constancia"
"""The name by which courses ask for the template that their institution uses; what was issued by it before 0.3 was version 1 of ours."""
_FOLDER = Path(__file__).parent.parent / "templates"
_ANY_DAY = date(2026, 1, 1)


def facade_files(version: int = NEWEST) -> dict[str, bytes]:
    """Return the files of a version of the sheet of the product."""
    return {path.name: path.read_bytes() for path in sorted((_FOLDER / f"{FACADE}-{version}").iterdir())}


@cache
def facade(version: int = NEWEST) -> CertificateTemplate:
    """Return a version of the sheet of the product."""
    result = read_template(facade_files(version), today=_ANY_DAY)
    assert result.template is not None, [f"{TEMPLATE_FILE}:{finding.line}: {finding.message}" for finding in result.findings]
    return result.template


def find_built_in(key: str, version: int) -> CertificateTemplate | None:
    """Return the built-in template by which a certificate was issued; None where an institution made it."""
    return facade(version) if key in (FACADE, INSTITUTION_DEFAULT) else None
