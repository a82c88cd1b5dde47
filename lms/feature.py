"""What the roof itself offers."""

from kernel.feature import Feature
from lms import jobs, views
from lms.permissions import PERMISSIONS

FEATURE = Feature(
    name="lms",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    jobs={"lms.forget_jobs": jobs.forget_jobs},
    periodic={"lms.forget_jobs": jobs.DAY},
)
