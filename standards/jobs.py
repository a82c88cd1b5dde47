"""Background work of standards."""

from kernel.outbox import Delivery
from standards import services

FORGET_EVERY = 3600


def forget_imports(delivery: Delivery) -> None:
    """Forget files of questions that nobody confirmed in time."""
    with delivery.database.unit_of_work() as session:
        services.forget_expired(session, now=delivery.now)
