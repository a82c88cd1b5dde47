"""Status lists for everybody: programs of others look up a place there (spec/certificates K6)."""

from flask import Blueprint, Response

from certificates.queries.status_lists import find_status_list
from certificates.rules.status_lists import StatusPurpose
from certificates.services.status_lists import signed_status_list
from certificates.views.keys import published, requested_address
from kernel import clock
from kernel.errors import NotFound
from kernel.web.instance_keys import current_keys
from kernel.web.request import current_session, public

bp = Blueprint("certificates_status", __name__)

ASKED_EACH_TIME = "public, no-cache"


@bp.get("/status/<int:number>")
@public
def ended(number: int) -> Response:
    """Answer the list of what is not in force any more: revoked, or replaced."""
    return _status_list(number, StatusPurpose.REVOCATION)


@bp.get("/status/<int:number>/replaced")
@public
def replaced(number: int) -> Response:
    """Answer the list of what was replaced by another one."""
    return _status_list(number, StatusPurpose.REFRESH)


def _status_list(number: int, purpose: StatusPurpose) -> Response:
    session = current_session()
    row = find_status_list(session, number) if number < 2**31 else None
    if row is None:
        raise NotFound
    document = signed_status_list(session, row, purpose, requested_address(), current_keys(), now=clock.now())
    return published(document, "application/vc+ld+json", cache_control=ASKED_EACH_TIME)
