"""The feature of question banks, as the application registers it."""

from kernel.feature import Feature
from questions.access import QUESTION_PERMISSIONS
from questions.views import banks, questions, variants

FEATURE = Feature(name="questions", blueprints=(banks.bp, questions.bp, variants.bp), permissions=QUESTION_PERMISSIONS)
