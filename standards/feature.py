"""The standards feature, as the application registers it."""

from kernel.feature import Feature
from standards import jobs, views
from standards.imports import waiting_imports

FEATURE = Feature(
    name="standards",
    blueprints=(views.bp,),
    jobs={"standards.forget_imports": jobs.forget_imports},
    periodic={"standards.forget_imports": jobs.FORGET_EVERY},
    waiting=(waiting_imports,),
)
