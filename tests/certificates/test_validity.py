"""How long certificates are valid, and the renewal by taking the course again (spec/certificates E1 and E3)."""

from datetime import date

import pytest

from certificates.rules.credentials import CredentialState, state_of
from courses.content.scalars import RefusedError, validity
from kernel.durations import RenewalBasis, add_duration
from tests.support import folders

LAST_DAYS = [
    ("2024-02-29", "24 months", "2026-02-28", "2026-02-28", CredentialState.VALID),
    ("2024-02-29", "24 months", "2026-02-28", "2026-03-01", CredentialState.EXPIRED),
    ("2025-08-31", "18 months", "2027-02-28", "2027-02-28", CredentialState.VALID),
    ("2026-01-31", "1 month", "2026-02-28", "2026-02-28", CredentialState.VALID),
    ("2026-07-14", "2 years", "2028-07-14", "2028-07-14", CredentialState.VALID),
    ("2026-07-14", "90 days", "2026-10-12", "2026-10-13", CredentialState.EXPIRED),
    ("2026-07-14", "none", "", "2099-01-01", CredentialState.VALID),
    ("2026-12-31", "12 months", "2027-12-31", "2028-01-01", CredentialState.EXPIRED),
]


@pytest.mark.parametrize(("completed_on", "valid", "last_day", "today", "state"), LAST_DAYS)
def test_the_last_day_counts_and_short_months_end_at_theirs(
    completed_on: str, valid: str, last_day: str, today: str, state: CredentialState
) -> None:
    """spec/certificates E1."""
    duration = validity(valid)
    expires_on = None if duration is None else add_duration(date.fromisoformat(completed_on), duration)

    assert (expires_on.isoformat() if expires_on else "") == last_day
    assert state_of(revoked=False, replaced=False, expires_on=expires_on, today=date.fromisoformat(today)) is state


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("0 days", "one day"),
        ("21 years", "twenty"),
        ("-1 month", "period"),
        ("1.5 years", "period"),
        ("24 meses", "period"),
        ("", "period"),
    ],
)
def test_another_validity_is_refused_in_words(typed: str, told: str) -> None:
    """spec/certificates 15: told the right word where it is written in Spanish."""
    with pytest.raises(RefusedError) as refused:
        validity(typed)

    assert told in refused.value.template
    assert refused.value.facts.get("right") == ("24 months" if typed == "24 meses" else None)


@pytest.mark.parametrize(
    ("words", "codes", "right"),
    [
        ("valid: 24 months, renew: 60 days", set(), (60, RenewalBasis.EXPIRY)),
        ("valid: 24 months, renew: {from: 2 months}", set(), (2, RenewalBasis.EXPIRY)),
        ("valid: 24 months, renew: {from: 60 days, basis: completion}", set(), (60, RenewalBasis.COMPLETION)),
        ("valid: 24 months, renew: {from: 24 months}", {"C113"}, None),
        ("valid: 24 months, renew: {from: 3 years}", {"C113"}, None),
        ("valid: 1 month, renew: {from: 30 days}", {"C113"}, None),
        ("renew: {from: 60 days}", {"C113"}, None),
        ("valid: 24 months, renew: {from: 2 meses}", {"C111"}, None),
        ("valid: 24 months, renew: {from: 0 days}", {"C113"}, None),
        ("valid: 24 months, renew: {from: 60 days, basis: expire}", {"C112"}, None),
        ("valid: 24 months, renew: {fron: 60 days}", {"C107"}, None),
    ],
)
def test_a_course_says_when_its_certificate_can_be_renewed(words: str, codes: set[str], right: tuple[int, RenewalBasis] | None) -> None:
    """spec/certificates E3 and 15: a window longer than the validity, and other slips, are findings."""
    files = folders.changed("course.yaml", "licence:", f"certificate: {{template: constancia, {words}}}\nlicence:")

    assert folders.codes(files) - {"C114"} - folders.codes(folders.a_folder()) == codes
    if right is not None:
        found = folders.course(files)
        assert found.certificate_renew is not None
        assert (found.certificate_renew.days or found.certificate_renew.months, found.certificate_basis) == right


def test_a_course_says_template_and_validity_or_the_template_alone() -> None:
    """spec/content-format 5: both forms are read; an unknown template is told in both."""
    brief = folders.course(folders.changed("course.yaml", "licence:", "certificate: constancia\nlicence:"))
    whole = folders.changed("course.yaml", "licence:", "certificate: {template: constancia, valid: 24 months}\nlicence:")
    unknown = folders.changed("course.yaml", "licence:", "certificate: {template: costancia, valid: 24 months}\nlicence:")

    assert (brief.certificate, brief.certificate_valid) == ("constancia", None)
    assert (folders.course(whole).certificate, str(folders.course(whole).certificate_valid)) == ("constancia", "24 months")
    assert folders.codes(whole) - {"C114"} == folders.codes(folders.a_folder())
    assert "C902" in folders.codes(unknown)
