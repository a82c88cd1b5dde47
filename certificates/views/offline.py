"""The page that verifies without a network, as everybody downloads it (spec/certificates V6, V8)."""

from typing import cast

from flask import Blueprint, Response, make_response, request

from certificates.services.offline_page import OfflinePage, page_of_today
from kernel import clock
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.request import current_session, current_settings, public, site_address

bp = Blueprint("certificates_offline", __name__)


def present_page() -> OfflinePage:
    """Return the page as the present request gives it."""
    keys, seals = current_keys(), current_seal_keys()
    return page_of_today(current_session(), current_settings(), site_address(), keys, seals, now=clock.now())


@bp.get("/verify/offline.html")
@public
def offline_page() -> Response:
    """Answer the page; its own policy lets a browser run nothing but its script, and open no address."""
    page = present_page()
    response = make_response(page.content)
    response.content_type = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = f"{page.policy}; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "public, no-cache"
    response.set_etag(page.sha256)
    return cast("Response", response.make_conditional(request))
