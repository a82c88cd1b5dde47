"""Software versions that an instance runs."""

from importlib.metadata import version as installed
from platform import python_version

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel import migrations


def versions(session: Session) -> list[tuple[str, str]]:
    """Return the versions of what the instance is made of, the product's first."""
    dialect = session.get_bind().dialect
    number = session.execute(text("SELECT sqlite_version()" if dialect.name == "sqlite" else "SHOW server_version")).scalar_one()
    name = "SQLite" if dialect.name == "sqlite" else "PostgreSQL"
    return [("Aulario", installed("aulario")), ("Schema", migrations.head()), ("Python", python_version()), (name, str(number))]
