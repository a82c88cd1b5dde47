"""Bundles of evidence as their page lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from compliance.models import Bundle
from compliance.queries.bundle_requests import BundleRow
from kernel.i18n import _, choose

GIVEN_UP = timedelta(days=1)
"""A bundle that is not ready by then is not going to be: its job is among those that administrators see."""


class BundleStage(StrEnum):
    """The stages of a bundle, from its request to its end."""

    PACKING = "packing"
    READY = "ready"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ListedBundle:
    """A bundle in the list: its row, of what it is, who asked for it, how far it is."""

    bundle: Bundle
    title: str
    asked_by: str
    stage: BundleStage


def bundle_lines(rows: Sequence[BundleRow], now: datetime) -> list[ListedBundle]:
    """Return the lines of a list of bundles."""
    everything = _("All compulsory training")
    return [ListedBundle(row.bundle, choose(row.title) if row.title else everything, row.asked_by, _stage(row.bundle, now)) for row in rows]


def _stage(row: Bundle, now: datetime) -> BundleStage:
    if row.ended_at is not None:
        return BundleStage.ENDED
    if row.ready_at is not None:
        return BundleStage.READY
    return BundleStage.FAILED if now - row.asked_at > GIVEN_UP else BundleStage.PACKING
