"""Background work of selections."""

from typing import cast

from kernel.crypto import signing_keys
from kernel.outbox import Delivery, Effect
from selections.models import ActaState, SelectionActa
from selections.services.freezing import freeze, keep_frozen


def freeze_acta(delivery: Delivery) -> Effect | None:
    """Freeze an acta that was asked for: read outside of any writing, then written and signed at once; done twice it is frozen once."""
    acta_id = cast("int", delivery.arguments["acta"])
    with delivery.database.unit_of_work(write=False) as session:
        row = session.get(SelectionActa, acta_id)
        if row is None or row.state != ActaState.FREEZING.value:
            return None
        frozen = freeze(session, row, now=delivery.now)
    keys = signing_keys(delivery.settings.data_dir)
    return lambda session: keep_frozen(session, acta_id, frozen, keys, now=delivery.now)
