"""Pages that were open when the program was upgraded: what they send reaches its new address."""

from uuid import UUID

import pytest

from tests.support.browser import Browser

PAGE = UUID(int=7)
QUIZ = "/courses/prueba/quizzes/cuestionario-1"
MOVED = [
    ("/teaching/prueba/lessons/leccion-1/look", "/teaching/prueba/lessons/leccion-1/preview-fragment"),
    (f"{QUIZ}/regrades/{PAGE}/dismissal", f"{QUIZ}/regrades/{PAGE}/discard"),
    (f"{QUIZ}/regrades/{PAGE}/undoing", f"{QUIZ}/regrades/{PAGE}/undo"),
    (f"{QUIZ}/incidents/{PAGE}/undoing", f"{QUIZ}/incidents/{PAGE}/undo"),
    ("/profile/data/deletion/taking-back", "/profile/data/deletion/revocation"),
    (f"/administration/people/{PAGE}/courses/prueba/taking-back", f"/administration/people/{PAGE}/courses/prueba/revocation"),
]


@pytest.mark.parametrize(("former", "present"), MOVED)
def test_a_form_sent_to_a_former_address_is_sent_on_to_one_that_is_there(browser: Browser, former: str, present: str) -> None:
    answer = browser.client.post(f"{former}?language=es", data={"reason": "x"})

    assert (answer.status_code, answer.headers["Location"]) == (307, f"{present}?language=es")
    adapter = browser.app.url_map.bind("localhost")
    assert adapter.match(present, method="POST")
    assert browser.client.get(former).status_code == 404


@pytest.mark.parametrize("path", ["//example.org/regrades/1/dismissal", "/courses/a%0Ab/quizzes/c/regrades/1/undoing", "/nowhere/look"])
def test_nothing_else_is_sent_on(browser: Browser, path: str) -> None:
    assert browser.client.post(path).status_code in (400, 404)
