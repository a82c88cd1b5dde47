"""Background work of standards: files of questions that nobody confirmed in time are deleted."""

from accounts.uploads import delete_pending_uploads
from kernel.outbox import Delivery
from standards.models import PendingImport

FORGET_EVERY = 3600


def forget_imports(delivery: Delivery) -> None:
    """Delete files of questions that nobody confirmed in time."""
    with delivery.database.unit_of_work() as session:
        delete_pending_uploads(session, PendingImport, now=delivery.now)
