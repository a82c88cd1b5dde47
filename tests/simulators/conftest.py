"""The application with simulators in it, also where the roof and the migrations do not list them yet."""

from collections.abc import Iterator

import pytest

from courses.publication import CourseKinds
from kernel.db import Base
from kernel.settings import Settings
from lms import app as roof
from lms.app import House, open_house
from simulators import feature
from simulators.models import SimulatorTask, Submission, SubmissionItem, TaskInput, TaskItem, TaskSave, TaskVariable
from simulators.publication import SIMULATOR
from tests.support import builders

TABLES = [table.__table__ for table in (SimulatorTask, TaskInput, TaskVariable, TaskItem, TaskSave, Submission, SubmissionItem)]


@pytest.fixture(autouse=True)
def with_simulators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the package to the roof."""
    if feature.FEATURE not in roof.FEATURES:
        kinds = CourseKinds((*roof.KINDS.publishers, SIMULATOR), roof.KINDS.parts, roof.KINDS.embed_question)
        monkeypatch.setattr(roof, "FEATURES", (*roof.FEATURES, feature.FEATURE))
        monkeypatch.setattr(roof, "KINDS", kinds)
        monkeypatch.setattr(builders, "KINDS", kinds)


@pytest.fixture
def house(settings: Settings, with_simulators: None) -> Iterator[House]:
    """Return an opened instance whose database has the tables of simulators."""
    opened = open_house(settings)
    Base.metadata.create_all(opened.database.writing, tables=TABLES)  # type: ignore[arg-type]  # tables, said loosely by the library
    yield opened
    opened.database.dispose()
