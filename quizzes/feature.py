"""What quizzes offer to the roof."""

from kernel.feature import Feature
from quizzes import jobs
from quizzes.permissions import PERMISSIONS
from quizzes.views import manage, reports, sittings

FEATURE = Feature(
    name="quizzes",
    blueprints=(sittings.bp, manage.bp, reports.bp),
    permissions=PERMISSIONS,
    jobs={"quizzes.close_due": jobs.close_due},
    periodic={"quizzes.close_due": jobs.CLOSE_EVERY},
)
