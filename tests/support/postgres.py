"""The PostgreSQL server whose databases the tests make and drop."""

import os

import psycopg
from sqlalchemy.engine import make_url

DEFAULT = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
ENABLE = "Start a server, then: TEST_POSTGRES_URL=postgresql+psycopg://USER:PASSWORD@HOST/postgres make test"


def url() -> str:
    """Return the server's address."""
    return os.environ.get("TEST_POSTGRES_URL", DEFAULT)


def unreachable() -> str | None:
    """Return why databases cannot be made there, or None where they can."""
    address = make_url(url()).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(address, connect_timeout=3) as connection:
            row = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[0].rstrip(".")
    return None if row and row[0] else "this user may not create databases"
