"""The table of links."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.db import Base, Key


class Link(Base):
    """A published link of a course version."""


    id: Mapped[Key]
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"), unique=True)
    url: Mapped[str] = mapped_column(Text)
