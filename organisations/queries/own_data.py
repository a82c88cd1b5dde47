"""Queries of one person's own data in the organisation tree, for the copy that they may have."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select

from organisations.models import (
    Audience,
    AudienceList,
    AudienceListEntry,
    AudienceStayRecord,
    Employment,
    InstitutionAdministrator,
    Membership,
    Organisation,
    Post,
    TrainingGrant,
    UnitManager,
)


def select_own_data(person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return where a person works and worked, in which audiences and lists they are, what they manage or audit, by the name of its file."""
    return {
        "places": select(
            Organisation.name,
            Post.name.label("post"),
            Membership.is_main,
            Membership.since,
            Membership.until,
            Membership.since_on,
            Membership.until_on,
            Membership.recorded_at,
            Membership.retracted_at,
        )
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Post, Post.id == Membership.post_id)
        .where(Membership.person_id == person_id),
        "audiences": select(
            Audience.key,
            Audience.title,
            AudienceStayRecord.since_on,
            AudienceStayRecord.until_on,
            AudienceStayRecord.recorded_at,
            AudienceStayRecord.retracted_at,
        )
        .join(Audience, Audience.id == AudienceStayRecord.audience_id)
        .where(AudienceStayRecord.person_id == person_id),
        "audience_lists": select(AudienceList.key, AudienceList.title, AudienceListEntry.since_on, AudienceListEntry.until_on)
        .join(AudienceList, AudienceList.id == AudienceListEntry.list_id)
        .where(AudienceListEntry.person_id == person_id),
        "employment": select(
            Organisation.name,
            Employment.staff_number,
            Employment.entered_on,
            Employment.left_on,
            Employment.recorded_at,
            Employment.retracted_at,
            Employment.account_closed_at,
        )
        .join(Organisation, Organisation.id == Employment.institution_id)
        .where(Employment.person_id == person_id),
        "units_managed": select(Organisation.name, UnitManager.is_head, UnitManager.granted_at)
        .join(Organisation, Organisation.id == UnitManager.organisation_id)
        .where(UnitManager.person_id == person_id),
        "training_grants": select(Organisation.name, TrainingGrant.role, TrainingGrant.granted_at)
        .join(Organisation, Organisation.id == TrainingGrant.organisation_id)
        .where(TrainingGrant.person_id == person_id),
        "institutions_administered": select(Organisation.name, InstitutionAdministrator.granted_at)
        .join(Organisation, Organisation.id == InstitutionAdministrator.organisation_id)
        .where(InstitutionAdministrator.person_id == person_id),
    }
