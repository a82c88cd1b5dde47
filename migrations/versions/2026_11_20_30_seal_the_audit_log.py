"""seal the audit log and refuse to change it; keep wishes to be deleted."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_20_30'
down_revision = '2026_11_20_29'
branch_labels = None
depends_on = None

SQLITE = """CREATE TRIGGER audit_entry_{verb} BEFORE {verb} ON audit_entry{when}
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"""
POSTGRES = (
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND OLD.at < now() - interval '1830 days' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the audit log is append-only';
END $$""",
    "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
    "CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
)


def upgrade() -> None:
    op.create_table('audit_seal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('first_id', sa.Integer(), nullable=False),
    sa.Column('last_id', sa.Integer(), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.String(length=16), nullable=False),
    sa.Column('signature', sa.String(length=100), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_seal')),
    sa.UniqueConstraint('last_id', name=op.f('uq_audit_seal_last_id'))
    )
    op.create_table('deletion_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_deletion_request_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deletion_request'))
    )
    waiting = sa.text('settled_at IS NULL')
    op.create_index('ix_deletion_request_waiting', 'deletion_request', ['person_id'], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    if op.get_bind().dialect.name == 'sqlite':
        old = " WHEN OLD.at > datetime('now', '-1830 days')"
        statements = (
            SQLITE.format(verb='UPDATE', when=''),
            SQLITE.format(verb='DELETE', when=old),
            SQLITE.format(verb='UPDATE', when='').replace('audit_entry', 'audit_seal'),
            SQLITE.format(verb='DELETE', when='').replace('audit_entry', 'audit_seal'),
        )
    else:
        statements = POSTGRES
    for statement in statements:
        op.execute(statement)
