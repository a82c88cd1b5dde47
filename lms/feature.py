"""What the roof itself offers."""

from kernel.feature import Feature
from lms import jobs, people, views
from lms.permissions import PERMISSIONS

FEATURE = Feature(
    name="lms",
    blueprints=(views.bp, people.bp),
    permissions=PERMISSIONS,
    jobs={"lms.forget_jobs": jobs.forget_jobs},
    periodic={"lms.forget_jobs": jobs.DAY},
)
