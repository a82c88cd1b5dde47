"""The table of links."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Entity


class Link(Entity):
    """A published link of a course version."""

    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), unique=True)
    url: Mapped[str] = mapped_column(Text)
