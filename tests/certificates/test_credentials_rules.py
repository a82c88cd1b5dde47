"""Codes, states, who deserves a certificate, what is signed, how long it is valid (spec/certificates E1 and E3)."""

from dataclasses import fields, replace
from datetime import date
from fractions import Fraction

import pytest

from certificates.rules.credentials import (
    AwardPolicy,
    AwardRefusal,
    CredentialSigner,
    CredentialState,
    SignedContent,
    award_refusal,
    canonical_content,
    state_of,
)
from courses.content.scalars import RefusedError, validity
from enrolments.rules import Progress
from kernel.durations import RenewalBasis, add_duration
from tests.support import folders

DAY = date(2026, 7, 14)


@pytest.mark.parametrize(
    ("revoked", "replaced", "expires_on", "state"),
    [
        (False, False, None, CredentialState.VALID),
        (False, False, DAY, CredentialState.VALID),
        (False, False, date(2026, 7, 13), CredentialState.EXPIRED),
        (False, True, date(2026, 7, 13), CredentialState.REPLACED),
        (True, True, date(2026, 7, 13), CredentialState.REVOKED),
        (True, False, None, CredentialState.REVOKED),
    ],
)
def test_the_register_says_one_thing_of_a_credential(
    *, revoked: bool, replaced: bool, expires_on: date | None, state: CredentialState
) -> None:
    assert state_of(revoked=revoked, replaced=replaced, expires_on=expires_on, today=DAY) is state


def progress(*, completed: bool = True, grade: str | None = None) -> Progress:
    return Progress(7, 7, (), None if grade is None else Fraction(grade), completed, None)


POLICY = AwardPolicy("default", Fraction(70))


@pytest.mark.parametrize(
    ("policy", "standing", "held", "refusal"),
    [
        (AwardPolicy("default"), progress(), None, None),
        (AwardPolicy(None), progress(), None, AwardRefusal.NONE_OFFERED),
        (POLICY, progress(grade="70"), None, None),
        (POLICY, progress(grade="69.9999991"), None, None),
        (POLICY, progress(grade="69.999998"), None, AwardRefusal.GRADE_TOO_LOW),
        (POLICY, progress(), None, AwardRefusal.NOT_GRADED),
        (POLICY, progress(completed=False, grade="100"), None, AwardRefusal.NOT_COMPLETED),
        (POLICY, progress(grade="100"), CredentialState.VALID, AwardRefusal.ALREADY_HELD),
        (POLICY, progress(grade="100"), CredentialState.REVOKED, AwardRefusal.ALREADY_HELD),
        (POLICY, progress(grade="100"), CredentialState.EXPIRED, None),
        (POLICY, progress(grade="100"), CredentialState.REPLACED, None),
    ],
)
def test_only_met_requirements_deserve_a_certificate(
    policy: AwardPolicy, standing: Progress, held: CredentialState | None, refusal: AwardRefusal | None
) -> None:
    """spec/security 5.4: only from met requirements."""
    assert award_refusal(policy, standing, held=held) is refusal


CONTENT = SignedContent(
    code="7K4M92XDC3QF8TRA",
    person_name="Luis Alberto Chasi Guamán",
    course_key="gobernanza",
    course_titles={"es": "Conceptos", "en": "Concepts"},
    course_version=12,
    modules=7,
    hours=Fraction(21, 2),
    institution="IESS-EDUCA",
    completed_on=date(2026, 7, 13),
    issued_on=DAY,
    expires_on=None,
    key_id="0123456789abcdef",
)


FIRST_FORM = (
    '{"code":"7K4M92XDC3QF8TRA","completed_on":"2026-07-13","course_key":"gobernanza","course_titles":{"en":"Concepts","es":"Conceptos"},'
    '"course_version":12,"expires_on":null,"format":1,"hours":"21/2","institution":"IESS-EDUCA","issued_on":"2026-07-14",'
    '"key_id":"0123456789abcdef","modules":7,"person_name":"Luis Alberto Chasi Guamán"}'
)
SECOND_FORM = (
    '{"code":"7K4M92XDC3QF8TRA","completed_on":"2026-07-13","course_key":"gobernanza","course_titles":{"en":"Concepts","es":"Conceptos"},'
    '"course_version":12,"expires_on":null,"format":2,"hours":"21/2","hours_basis":"estimated","institution":"IESS-EDUCA",'
    '"institution_key":"","issued_on":"2026-07-14","key_id":"0123456789abcdef","modules":7,"person_name":"Luis Alberto Chasi Guamán",'
    '"status":[1,77],"take":2,"template":"constancia","template_version":1,"with_assessment":true}'
)


def test_the_first_form_of_signed_content_stays_as_it_was() -> None:
    """spec/security 5.4: what was signed before verifies for ever, byte by byte."""
    assert canonical_content(replace(CONTENT, format=1, take=2, status=(1, 77))) == FIRST_FORM.encode()


def test_the_second_form_covers_institution_template_hours_take_and_status() -> None:
    said = replace(
        CONTENT, template="constancia", template_version=1, hours_basis="estimated", with_assessment=True, take=2, status=(1, 77)
    )

    assert canonical_content(said) == SECOND_FORM.encode()


def test_edition_and_grade_are_signed_where_there_are_any() -> None:
    """spec/certificates M1: what was issued without them keeps its bytes."""
    first, until = date(2026, 6, 1), date(2026, 7, 10)
    content = replace(CONTENT, template="constancia", hours_basis="estimated", with_assessment=True, take=2, status=(1, 77))

    signed = canonical_content(replace(content, edition="Marzo", edition_from=first, edition_until=until, grade="92.50")).decode()

    added = ('"edition":"Marzo","edition_from":"2026-06-01","edition_until":"2026-07-10",', '"grade":"92.50",')
    assert [words in signed for words in added] == [True, True]
    assert signed.replace(added[0], "").replace(added[1], "") == SECOND_FORM


def test_equal_content_in_other_clothes_gives_equal_bytes() -> None:
    decomposed = replace(CONTENT, person_name="Luis Alberto Chasi Guama\u0301n", course_titles={"en": "Concepts", "es": "Conceptos"})

    assert canonical_content(decomposed) == canonical_content(CONTENT)


def test_who_signed_and_with_which_picture_is_under_the_signature() -> None:
    signer = CredentialSigner("María Ortiz", {"es": "Dirección", "en": "Director"}, b"trazo")
    signed = [(signer,), (replace(signer, name="Otra"),), (replace(signer, offices={"es": "Dirección"}),), (replace(signer, picture=b""),)]

    assert len({canonical_content(replace(CONTENT, signers=one)) for one in [*signed, ()]}) == 5


@pytest.mark.parametrize("name", [field.name for field in fields(SignedContent)])
def test_every_field_is_under_the_signature(name: str) -> None:
    other = {str: "otro", int: 99, Fraction: Fraction(99), date: date(2030, 1, 1), dict: {"es": "Otro"}, type(None): date(2031, 1, 1)}
    other |= {tuple: (CredentialSigner("Otra", {"es": "Dirección"}),), bool: True}
    value = (3, 99) if name == "status" else other[type(getattr(CONTENT, name))]

    changed = replace(CONTENT, **{name: value})  # type: ignore[arg-type]  # fields by name

    assert canonical_content(changed) != canonical_content(CONTENT)


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
