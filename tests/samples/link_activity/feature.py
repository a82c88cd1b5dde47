"""What links offer to the roof."""

from kernel.errors import N_
from kernel.feature import Feature
from kernel.search.sources import SEARCH_KINDS, ResultKind
from tests.samples.link_activity import views
from tests.samples.link_activity.access import PERMISSIONS

FEATURE = Feature(
    name="links", blueprints=(views.bp,), permissions=PERMISSIONS, hooks=(SEARCH_KINDS.add(ResultKind("link", N_("Links"), "link", 170)),)
)
