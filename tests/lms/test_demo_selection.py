"""The sample selection of the demonstration: an edition that sat a test, and the acta that two members of a jury signed."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from accounts.models import Person
from courses.models import StaffRole
from lms.demo.people import STAFF
from lms.demo.samples import ABSENT, CANDIDATES, JURY, hold_sample_quiz, hold_sample_selection
from lms.instance import Instance
from selections.models import ActaSignature, SelectionActa, SelectionActaEntry
from tests.support.builders import a_person

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.mark.slow
def test_two_members_of_a_jury_sign_the_acta_of_the_sample_edition(instance: Instance) -> None:
    """A provisional acta and a final one that names it; everybody of the edition has a line, with the band that the test supports."""
    a_person(instance, STAFF[StaffRole.OWNER].email)
    hold_sample_quiz(instance, now=NOW)
    hold_sample_selection(instance, now=NOW)

    with instance.database.unit_of_work(write=False) as session:
        provisional, final = session.scalars(select(SelectionActa).order_by(SelectionActa.number)).all()
        lines = [json.loads(one.text) for one in session.scalars(select(SelectionActaEntry).where(SelectionActaEntry.acta_id == final.id))]
        signed = session.scalars(
            select(Person.email).join(ActaSignature, ActaSignature.signed_by == Person.id).where(ActaSignature.acta_id == final.id)
        ).all()
    assert (provisional.kind, final.kind, final.state, final.previous) == ("provisional", "final", "in_force", provisional.sha256)
    assert sorted(signed) == sorted(one.email for one in JURY)
    outcomes = [line["outcome"] for line in lines]
    assert (len(outcomes), outcomes.count("did_not_sit")) == (CANDIDATES, ABSENT)
    assert {"passed", "not_passed"} <= set(outcomes)
    assert any("not_told_apart" in line for line in lines)
