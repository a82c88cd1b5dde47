"""Unknown codes and addresses tell nothing by their size (spec/certificates V4, attack 10); their time is measured in tests/bench."""

from uuid import uuid4

import pytest

from kernel.codes import printed_code
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, sign_in
from tests.support.certificates import a_certificate


def sizes(browser: Browser, paths: list[str]) -> set[tuple[int, int]]:
    """Return status and size of each answer."""
    return {(browser._request("GET", path).status_code, len(browser.response.get_data())) for path in paths}


def test_a_code_near_a_known_one_is_answered_like_any_other(browser: Browser, instance: Instance) -> None:
    """spec/certificates V4: 404 in equal size, as page and as file."""
    code = a_certificate(instance).code
    near = [code[:-1] + sign for sign in "0123456789ABCDEF" if sign != code[-1]]
    unknown = [printed_code(one) for one in (*near[:8], "0" * 16, "ZZZZ" * 4)]

    for form in ("", ".json", ".jwt", ".png", ".svg"):
        paths = [f"/v/{one}{form}" if form else f"/verify/{one}" for one in unknown]
        assert len(found := sizes(browser, paths)) == 1
        assert {status for status, _size in found} == {404}


def test_a_certificate_of_another_person_is_answered_like_none(browser: Browser, instance: Instance) -> None:
    """spec/certificates attack 10."""
    held = a_certificate(instance)
    a_person(instance, "otra@example.org")
    sign_in(browser, "otra@example.org")

    for end in ("", ".pdf"):
        assert len(found := sizes(browser, [f"/certificates/{held.uuid}{end}", f"/certificates/{uuid4()}{end}"])) == 1
        assert {status for status, _size in found} == {404}


@pytest.mark.parametrize("end", ["", ".pdf", "/revocation", "/replacement", "/renewal", "/correction"])
def test_a_certificate_of_another_person_is_searched_like_none(browser: Browser, instance: Instance, end: str) -> None:
    """spec/certificates V4, attack 10: the same statements, of which none finds a row more; so neither takes longer."""
    held = a_certificate(instance)
    a_person(instance, "otra@example.org")
    sign_in(browser, "otra@example.org")
    counter, asked = every_statement(instance.database), []
    for uuid in (uuid4(), held.uuid, uuid4()):
        counter.reset()
        assert browser._request("GET", f"/certificates/{uuid}{end}").status_code == 404
        asked.append(list(counter.statements))

    assert asked[1] == asked[2]
    assert sum("credential" in statement for statement in asked[1]) == 1
