"""What simulators offer to the roof."""

from kernel.feature import Feature
from simulators import views

FEATURE = Feature(name="simulators", blueprints=(views.bp,))
