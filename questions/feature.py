"""The feature of question banks, as the application registers it."""

from kernel.feature import Feature
from questions.access import QUESTION_PERMISSIONS
from questions.views import banks, questions, variants

FEATURE = Feature(
    name="questions",
    blueprints=(banks.bp, questions.bp, variants.bp),
    permissions=QUESTION_PERMISSIONS,
    help={
        "instructor/questions#write": "questions_banks.new_question questions_banks.question questions.new_question questions.question",
        "instructor/questions#try": "questions_banks.preview",
        "instructor/questions#variants": "questions_variants.variants",
        "instructor/questions#find": "questions_banks.questions",
        "instructor/questions#correct": "questions_banks.versions",
    },
)
