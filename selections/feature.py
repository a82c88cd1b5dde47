"""The selections feature, as the application registers it."""

from kernel.errors import N_
from kernel.feature import Feature
from quizzes.pages.manage import StaffToolLink
from selections import jobs
from selections.permissions import PERMISSIONS, SelectionAction
from selections.views import actas, selections

TOOL = StaffToolLink(
    "selections.quiz",
    "users",
    N_("Selections"),
    N_("Who signs and who reads the acta of each edition or group, where results decide about people."),
    SelectionAction.MANAGE,
    selecting=True,
)
FEATURE = Feature(
    name="selections",
    blueprints=(selections.bp, actas.bp),
    permissions=PERMISSIONS,
    quiz_tools=(TOOL,),
    jobs={"selections.freeze": jobs.freeze_acta},
)
