"""The accounts feature: what the package registers with the application."""

from accounts import cli, jobs
from accounts.access import PERMISSIONS
from accounts.views import profile, second_factor, signing
from kernel.feature import Feature

FEATURE = Feature(
    name="accounts",
    blueprints=(signing.bp, second_factor.bp, profile.notices_bp, profile.addresses_bp, profile.names_bp),
    permissions=PERMISSIONS,
    jobs={
        "accounts.send_confirmation": jobs.send_confirmation,
        "accounts.send_reset": jobs.send_reset,
        "accounts.send_invitations": jobs.send_invitations,
        "accounts.send_known_address": jobs.send_known_address,
        "accounts.send_password_changed": jobs.send_password_changed,
        "accounts.send_new_address": jobs.send_new_address,
        "accounts.send_address_changed": jobs.send_address_changed,
        "accounts.send_factor_changed": jobs.send_factor_changed,
        "accounts.send_deletion_asked": jobs.send_deletion_requested,
        "accounts.send_code_used": jobs.send_code_used,
        "accounts.send_notices": jobs.send_notices,
        "accounts.send_digests": jobs.send_digests,
        "accounts.send_digest": jobs.send_digest,
    },
    periodic={"accounts.send_digests": jobs.DIGESTS_EVERY},
    patient=("accounts.send_notices", "accounts.send_digest", "accounts.send_invitations"),
    commands=(cli.accounts,),
)
