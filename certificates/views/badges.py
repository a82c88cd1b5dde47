"""Badges of certificates as files, by the code of the certificate (spec/certificates B1)."""

from typing import cast

from flask import Blueprint, Response, make_response, request

from certificates.permissions import CertificateAction, CredentialContext, decides
from certificates.queries import credentials as queries
from certificates.rules.credentials import CredentialState
from certificates.rules.verification import BadgeForm
from certificates.services.badges import BadgeSigner, badge_content
from kernel.codes import printed_code
from kernel.errors import N_, Gone, NotFound
from kernel.web.instance_keys import current_keys
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import current_actor, current_session, requires, site_address

bp = Blueprint("certificates_badges", __name__)

LOOK_UPS = limit("verify", "60 per minute")
CONTENT_TYPES = {
    BadgeForm.JSON: "application/vc+ld+json",
    BadgeForm.JWT: "application/vc+jwt",
    BadgeForm.PNG: "image/png",
    BadgeForm.SVG: "image/svg+xml",
}


@bp.get("/v/<code>.json", defaults={"form": "json"})
@bp.get("/v/<code>.jwt", defaults={"form": "jwt"})
@bp.get("/v/<code>.png", defaults={"form": "png"})
@bp.get("/v/<code>.svg", defaults={"form": "svg"})
@requires(CertificateAction.BADGE, queries.get_by_code)
def badge(subject: CredentialContext) -> Response:
    """Give the badge of a certificate; the team of its course has that of a revoked one too, and nobody that of a replaced one."""
    limiter().use(LOOK_UPS, client_key())
    if subject.state is CredentialState.REPLACED:
        raise Gone(N_("This certificate was replaced by another one, which can be downloaded."))
    if subject.state is CredentialState.REVOKED and not decides(current_actor(), subject):
        raise Gone(N_("This certificate has been revoked and can no longer be downloaded."))
    if queries.is_holder_deleted(current_session(), subject.row):
        raise Gone(N_("The person's data were deleted at their request."))
    content = badge_content(subject.row, site_address())
    if content is None:
        raise NotFound
    form = BadgeForm((request.view_args or {})["form"])
    response = make_response(BadgeSigner(site_address(), current_keys()).file(content, form))
    response.content_type = CONTENT_TYPES[form]
    response.headers["Content-Disposition"] = f'attachment; filename="badge-{printed_code(subject.row.code)}.{form.value}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.add_etag()
    return cast("Response", response.make_conditional(request))
