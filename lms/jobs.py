"""Background work of the whole instance."""

from sqlalchemy.orm import Session

from kernel import outbox
from kernel.outbox import Delivery, Effect

DAY = 86_400


def forget_jobs(delivery: Delivery) -> Effect:
    """Delete the rows of jobs done for thirty days."""

    def write(session: Session) -> None:
        outbox.forget_old(session, now=delivery.now)

    return write
