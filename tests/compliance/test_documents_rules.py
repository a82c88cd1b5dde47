"""Terms as a stored document: what is written is read back."""

import json
from dataclasses import replace

import pytest

from compliance.rules.documents import read_terms, terms_document
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement, ObligationTerms
from tests.support.training_cases import RULES

EVERY = [(f"{name}-{number}", terms) for name, versions in RULES.items() for number, terms in enumerate(versions)]
SEVERAL = AllRequirement((CourseRequirement("a"), AnyRequirement((CourseRequirement("b"), CourseRequirement("c")))))


@pytest.mark.parametrize("terms", [terms for _name, terms in EVERY], ids=[name for name, _terms in EVERY])
def test_terms_are_read_back_as_they_were(terms: ObligationTerms) -> None:
    document = json.loads(json.dumps(terms_document(terms)))

    assert read_terms(document, terms.recorded_at, terms.effective_on) == terms


def test_a_requirement_of_several_is_read_back() -> None:
    terms = replace(RULES["A"][0], requirement=SEVERAL)

    assert read_terms(json.loads(json.dumps(terms_document(terms))), terms.recorded_at, terms.effective_on).requirement == SEVERAL


def test_a_requirement_of_another_kind_is_refused() -> None:
    terms = RULES["A"][0]

    with pytest.raises(KeyError):
        read_terms({**terms_document(terms), "requirement": {"none": []}}, terms.recorded_at, terms.effective_on)
