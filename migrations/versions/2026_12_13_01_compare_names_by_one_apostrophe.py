"""Compare names by one apostrophe and one hyphen, whatever shape they were typed in."""

from alembic import op

revision = "2026_12_13_01"
down_revision = "2026_12_12_03"
branch_labels = None
depends_on = None

SHAPES = {**dict.fromkeys("\u2019\u2018\u02bc\u02b9`\u2032", "''"), **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")}
KEYS = (("person", "name_key"), ("person_name", "name_key"), ("community", "name_key"), ("personal_note", "search_key"))


def upgrade() -> None:
    for shape, plain in SHAPES.items():
        for table, column in KEYS:
            op.execute(f"UPDATE {table} SET {column} = REPLACE({column}, '{shape}', '{plain}') WHERE {column} LIKE '%{shape}%'")
        plainly = f"REPLACE(organisation.name_key, '{shape}', '{plain}')"
        taken = f"SELECT 1 FROM organisation AS other WHERE other.parent_id = organisation.parent_id AND other.name_key = {plainly}"
        op.execute(f"UPDATE organisation SET name_key = {plainly} WHERE name_key LIKE '%{shape}%' AND NOT EXISTS ({taken})")
