"""sort and search people by a folded name."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_8'
down_revision = '2026_11_20_7'
branch_labels = None
depends_on = None

PERSON = sa.table(
    'person',
    sa.column('id', sa.Integer()),
    sa.column('given_names', sa.String()),
    sa.column('first_surname', sa.String()),
    sa.column('second_surname', sa.String()),
    sa.column('name_key', sa.String()),
)
NAMES = (PERSON.c.given_names, PERSON.c.first_surname, PERSON.c.second_surname)


def name_key(given_names: str, first_surname: str, second_surname: str) -> str:
    words = " ".join(part for part in (first_surname, second_surname, given_names) if part)
    return "".join(char for char in unicodedata.normalize("NFKD", words.casefold()) if not unicodedata.combining(char))


def upgrade() -> None:
    op.add_column('person', sa.Column('name_key', sa.String(length=1000), nullable=False, server_default=''))
    people = op.get_bind().execute(sa.select(PERSON.c.id, *NAMES)).all()
    if people:
        update = sa.update(PERSON).where(PERSON.c.id == sa.bindparam('person')).values(name_key=sa.bindparam('key'))
        op.get_bind().execute(update, [{'person': row.id, 'key': name_key(*row[1:])} for row in people])
    op.create_index(op.f('ix_person_name_key'), 'person', ['name_key'], unique=False)
