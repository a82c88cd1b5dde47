"""What enrolments offer to the roof."""

from courses.services import CourseVerb
from enrolments import jobs, views
from enrolments.permissions import PERMISSIONS
from kernel.feature import Feature

FEATURE = Feature(
    name="enrolments",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    jobs={"enrolments.follow_correction": jobs.follow_correction},
    on={CourseVerb.PUBLISHED: "enrolments.follow_correction"},
)
