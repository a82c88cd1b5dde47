"""The table of statistics as computed last."""

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Entity, Moment, Slug


class QuizAnalysisCache(Entity):
    """The statistics of a quiz as computed last: a cache, replaced where attempts, versions or formulas differ (spec/quiz-engine 5.12)."""

    __table_args__ = (UniqueConstraint("course_id", "activity_key", "which", "composition"),)

    course_id: Mapped[int] = mapped_column(ForeignKey("course.id"))
    activity_key: Mapped[Slug]
    which: Mapped[str] = mapped_column(String(8))
    """Which attempts of a learner: first, highest, last, all."""
    composition: Mapped[str] = mapped_column(String(16))
    """Name of the positions that the papers have in common, or of these with the edition and the group where not all learners count."""
    attempt_set: Mapped[str] = mapped_column(String(200))
    """What tells this set of attempts, quiz versions and formulas from another one."""
    document: Mapped[str] = mapped_column(Text)
    """JSON of `analysis.rules.quiz_analysis.QuizAnalysis`: read and written whole. So many `findings` stand out since `found_at`."""
    computed_at: Mapped[Moment]
    version: Mapped[int | None]
    """The newest course version with this composition, where the first attempts of all learners are analysed."""
    findings: Mapped[int] = mapped_column(default=0, server_default="0")
    found_at: Mapped[Moment | None]
