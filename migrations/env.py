"""How alembic reaches the database: through the connection that kernel.migrations gives it."""

from typing import Any

import sqlalchemy as sa
from alembic import context

from kernel.db import Base, CountByLanguageType, WordFormsType, LocalisedTextType, UtcDateTime, WordListType
from kernel.migrations import comparison


def render_item(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write our column types as what the database knows, so that migrations do not change with the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, CountByLanguageType | WordFormsType | LocalisedTextType | WordListType):
        return "sa.Text()"
    return False


connection: sa.Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_item=render_item,
    render_as_batch=connection.dialect.name == "sqlite",
    **comparison(connection.dialect.name),
)
with context.begin_transaction():
    context.run_migrations()
