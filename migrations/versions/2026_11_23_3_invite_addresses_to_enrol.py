"""Invitations of addresses to enrol in a course, whether or not they have an account."""

import sqlalchemy as sa
from alembic import op

revision = '2026_11_23_3'
down_revision = '2026_11_23_2'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('enrolment_invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.Uuid(), nullable=False),
    sa.Column('course_id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=True),
    sa.Column('list_uuid', sa.Uuid(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=True),
    sa.Column('invited_by', sa.Integer(), nullable=False),
    sa.Column('invited_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed_up_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_by', sa.Integer(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['accepted_by'], ['person.id'], name=op.f('fk_enrolment_invitation_accepted_by')),
    sa.ForeignKeyConstraint(['course_id'], ['course.id'], name=op.f('fk_enrolment_invitation_course_id')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_enrolment_invitation_edition_id')),
    sa.ForeignKeyConstraint(['invited_by'], ['person.id'], name=op.f('fk_enrolment_invitation_invited_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_enrolment_invitation')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_enrolment_invitation_secret_hash')),
    sa.UniqueConstraint('uuid', name=op.f('uq_enrolment_invitation_uuid'))
    )
    with op.batch_alter_table('enrolment_invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_accepted_by'), ['accepted_by'], unique=False)
        batch_op.create_index('ix_enrolment_invitation_course', ['course_id', 'email'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_email'), ['email'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_enrolment_invitation_list_uuid'), ['list_uuid'], unique=False)
