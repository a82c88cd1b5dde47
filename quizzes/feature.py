"""What quizzes offer to the roof."""

from kernel.feature import Feature
from quizzes import jobs, views
from quizzes.permissions import PERMISSIONS

FEATURE = Feature(
    name="quizzes",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    jobs={"quizzes.close_due": jobs.close_due},
    periodic={"quizzes.close_due": jobs.CLOSE_EVERY},
)
