"""What simulators offer to the roof."""

from kernel.feature import Feature
from simulators import views
from simulators.permissions import PERMISSIONS

FEATURE = Feature(name="simulators", blueprints=(views.bp,), permissions=PERMISSIONS)
