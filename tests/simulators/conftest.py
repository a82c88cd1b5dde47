"""The application with simulators in it, also where the roof does not list them yet."""

import pytest

from lms import app as roof
from simulators import feature


@pytest.fixture(autouse=True)
def with_simulators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the package to the roof."""
    if feature.FEATURE not in roof.FEATURES:
        monkeypatch.setattr(roof, "FEATURES", (*roof.FEATURES, feature.FEATURE))
