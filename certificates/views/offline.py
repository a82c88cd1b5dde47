"""The page that verifies without a network, as everybody downloads it (spec/certificates V6, V8)."""

from importlib.metadata import version
from typing import cast

from flask import Blueprint, Response, make_response, request

from certificates.services.offline_page import OfflinePage, OfflineSite, build_page, trusted_of
from kernel import clock
from kernel.i18n import choose
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.request import current_session, current_settings, public, site_address

bp = Blueprint("certificates_offline", __name__)


def page_of_today() -> OfflinePage:
    """Return the page with the keys and lists of now."""
    settings = current_settings()
    site = OfflineSite((site_address(), *settings.former_addresses), choose(settings.names, "es"), version("aulario"), settings.zone)
    return build_page(trusted_of(current_session(), site, current_keys(), current_seal_keys(), now=clock.now()))


@bp.get("/verify/offline.html")
@public
def offline_page() -> Response:
    """Answer the page; its own policy lets a browser run nothing but its script, and open no address."""
    page = page_of_today()
    response = make_response(page.content)
    response.content_type = "text/html; charset=utf-8"
    response.headers["Content-Security-Policy"] = f"{page.policy}; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "public, no-cache"
    response.set_etag(page.sha256)
    return cast("Response", response.make_conditional(request))
