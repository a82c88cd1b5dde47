"""What accounts offer to the roof."""

from accounts import cli, jobs, views
from accounts.permissions import PERMISSIONS
from kernel.feature import Feature

FEATURE = Feature(
    name="accounts",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    jobs={
        "accounts.send_confirmation": jobs.send_confirmation,
        "accounts.send_reset": jobs.send_reset,
        "accounts.send_known_address": jobs.send_known_address,
        "accounts.send_password_changed": jobs.send_password_changed,
    },
    commands=(cli.accounts,),
)
