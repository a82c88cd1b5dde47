"""Files of a course in a bucket that is linked to: whoever may read one is led there, nobody else learns where it is."""

import hashlib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.settings import Settings, load
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_person, folder, publish, sign_in
from tests.support.lessons import a_picture
from tests.support.stores import a_bucket


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Iterator[Settings]:
    """Return the settings of an instance whose files are in a bucket."""
    with a_bucket() as bucket:
        yield load(data_dir=tmp_path, database_url=database_url, public_url="http://localhost:8000", files_links=True, **bucket)


def test_a_file_is_linked_to_for_those_who_may_read_it(browser: Browser, instance: Instance) -> None:
    """spec/security 4.3, 9."""
    picture, files = a_picture(), folder(modules=1)
    files["01-parte/media/foto.png"] = picture
    files["01-parte/01-leccion.es.md"] += b"\n![Una foto](media/foto.png)\n\n: Foto.\n"
    course, _version = publish(instance, files)
    address = f"/courses/prueba/files/{hashlib.sha256(picture).hexdigest()}/foto.png"

    def fetch() -> tuple[int, str]:
        answer = browser._request("GET", address)
        return answer.status_code, answer.headers.get("Location", "")

    assert "X-Amz" not in fetch()[1]
    stranger, learner = browser.another(), browser
    sign_in(stranger, a_person(instance, "otra@example.org").email)
    assert stranger._request("GET", address).status_code == 403
    a_learner_in(learner, course)
    status, link = fetch()

    assert status == 302
    assert link.startswith(instance.files.origin)
    with urllib.request.urlopen(link, timeout=20) as answer:
        assert answer.read() == picture
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Disposition"] == "inline; filename=foto.png"
    policy = browser._request("GET", "/courses/prueba/activities/leccion-1").headers["Content-Security-Policy"]
    assert f"img-src 'self' data: {instance.files.origin};" in policy
    assert f"media-src 'self' {instance.files.origin};" in policy
