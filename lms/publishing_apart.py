"""Publishing by a command of its own (`lms courses publish-shipped`), whose interpreter serves no page."""

import gc
from pathlib import Path

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from courses.content.lists import OVERDUE
from kernel import logging
from kernel.db import cause_of, reason_away
from kernel.errors import DomainError, Unavailable
from kernel.settings import Settings
from lms.app import open_instance
from lms.instance import Instance
from lms.publishing import Published, publish_folder
from lms.shipped_courses import ShippedOutcome

TRIES = 4
"""Of one course, where the database is busy with another one that is being published."""


def publish_apart(settings: Settings, folder: Path) -> ShippedOutcome:
    """Publish a folder over an instance that is opened for it, and return what became of it."""
    gc.disable()  # the process ends with the course: to look for garbage would take a fourth of its time
    logging.set_up()
    instance = open_instance(settings)
    try:
        published = _publish_patiently(instance, folder)
    except Unavailable as error:
        return ShippedOutcome(refusal=type(error.__cause__ or error).__name__, away=str(error.facts.get("service", "")))
    except (DomainError, SQLAlchemyError, OSError) as error:  # the job keeps the reason
        return ShippedOutcome(refusal=" ".join(cause_of(error).values()), away="" if reason_away(error) else None)
    finally:
        instance.database.dispose()
    if published.version is None:
        codes = sorted({finding.code for finding in published.findings if finding.severity.value == "error"})
        return ShippedOutcome(refusal=", ".join(codes))
    return ShippedOutcome(overdue=sum(finding.code == OVERDUE for finding in published.findings))


def _publish_patiently(instance: Instance, folder: Path) -> Published:
    for _try in range(TRIES - 1):
        try:
            return publish_folder(instance, folder, tolerated={OVERDUE})
        except OperationalError:  # what was read and rendered is kept by this process
            continue
    return publish_folder(instance, folder, tolerated={OVERDUE})
