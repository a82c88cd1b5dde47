"""The organisations feature: what the package registers with the application."""

from kernel.feature import Feature
from organisations import jobs
from organisations.permissions import PERMISSIONS
from organisations.views import site_settings, tree, unit_lists

FEATURE = Feature(
    name="organisations",
    blueprints=(tree.bp, unit_lists.bp, site_settings.bp),
    permissions=PERMISSIONS,
    jobs={"organisations.bring_in": jobs.bring_in, "organisations.forget_loads": jobs.forget_loads},
    periodic={"organisations.forget_loads": 3600},
)
