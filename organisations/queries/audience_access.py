"""Loading audiences and lists of people with what the actor may do in their institutions."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.permissions import Actor
from organisations.models import Organisation
from organisations.permissions import AudienceContext, TrainingScope
from organisations.queries import audiences
from organisations.queries.training_scope import get_training_scope


def get_audience_context(session: Session, actor: Actor, audience: UUID) -> AudienceContext:
    """Return an audience by what addresses name it, with the actor's grants; raise NotFound."""
    row = audiences.get_audience(session, audience)
    return AudienceContext(row, None, frozenset({row.institution_id}), get_training_scope(session, actor))


def get_audience_list_context(session: Session, actor: Actor, people_list: UUID) -> AudienceContext:
    """Return an uploaded list by what addresses name it, with the actor's grants; raise NotFound."""
    row = audiences.get_audience_list(session, people_list)
    return AudienceContext(None, row, frozenset({row.institution_id}), get_training_scope(session, actor))


def get_audiences_context(session: Session, actor: Actor) -> AudienceContext:
    """Return the institutions with the actor's grants, for the pages of all audiences."""
    institutions = frozenset(session.scalars(select(Organisation.id).where(Organisation.parent_id.is_(None))))
    return AudienceContext(None, None, institutions, get_training_scope(session, actor))


def seen_institutions(context: AudienceContext) -> frozenset[int]:
    """Return the institutions whose audiences the actor sees."""
    return context.places if context.scope.everywhere else context.places & (context.scope.officer | context.scope.auditor)


def edited_institutions(scope: TrainingScope, institutions: frozenset[int]) -> frozenset[int]:
    """Return the institutions whose audiences the actor makes and changes."""
    return institutions if scope.everywhere else institutions & scope.officer
