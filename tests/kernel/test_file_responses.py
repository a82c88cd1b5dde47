"""Contents as answers: in pieces and ranges from either store, and links to a bucket that its own library would sign alike."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from flask import Flask, Response
from gunicorn.http.wsgi import FileWrapper

from kernel.files import CHUNK, BucketStore, FileStore, FolderStore, UrlSigner
from kernel.settings import SettingsError, load
from kernel.web.file_responses import send_content, send_generated
from tests.support.project import ROOT
from tests.support.stores import a_bucket

CONTENT = bytes(range(256)) * 40_000
SERVER = {"wsgi.file_wrapper": FileWrapper}
"""What gunicorn offers: a wrapper that cannot seek."""


class Watched(BucketStore):
    """A bucket that remembers what was fetched of it."""

    def fetch(self, sha256: str, start: int, end: int) -> bytes:
        self.fetched = [*getattr(self, "fetched", []), (start, end)]
        return super().fetch(sha256, start, end)


@pytest.fixture(scope="module")
def named() -> Iterator[dict[str, str]]:
    """Return the settings of a bucket."""
    with a_bucket() as settings:
        yield settings


def sender(files: FileStore, sha256: str, media_type: str = "video/mp4") -> Flask:
    """Return an application that sends one content."""
    app = Flask("sends")

    @app.get("/")
    def send() -> Response:
        return send_content(files, sha256, media_type, "clase ñ.mp4", inline=True, cache_control="private")

    return app


@pytest.mark.parametrize("store", ["folder", "bucket"])
def test_a_content_is_sent_whole_and_in_ranges(store: str, tmp_path: Path, named: dict[str, str]) -> None:
    files = Watched(load(data_dir=tmp_path, **named)) if store == "bucket" else FolderStore(tmp_path / "files")
    client = sender(files, files.put(CONTENT)).test_client()

    def ask(spans: str = "", method: str = "GET") -> tuple[int, bytes, str | None]:
        with client.open("/", method=method, headers={"Range": spans} if spans else {}, environ_overrides=SERVER) as answer:
            return answer.status_code, answer.data, answer.headers.get("Content-Range")

    assert ask() == (200, CONTENT, None)
    assert ask(method="HEAD") == (200, b"", None)
    total = len(CONTENT)
    assert ask("bytes=0-1") == (206, CONTENT[:2], f"bytes 0-1/{total}")
    assert ask("bytes=-5") == (206, CONTENT[-5:], f"bytes {total - 5}-{total - 1}/{total}")
    assert ask(f"bytes=3000001-{total}") == (206, CONTENT[3_000_001:], f"bytes 3000001-{total - 1}/{total}")
    assert ask(f"bytes={total}-")[0] == 416


def test_a_range_of_a_bucket_fetches_no_more_than_a_piece_of_what_is_around_it(tmp_path: Path, named: dict[str, str]) -> None:
    """A film that is watched from the middle does not fetch its beginning, and a film is never held whole."""
    files = Watched(load(data_dir=tmp_path, **named))
    client = sender(files, files.put(CONTENT)).test_client()
    files.fetched = []

    assert client.get("/", headers={"Range": "bytes=9000000-9000009"}, environ_overrides=SERVER).data == CONTENT[9_000_000:9_000_010]
    assert min(start for start, _end in files.fetched) == 9_000_000
    assert sum(end - start for start, end in files.fetched) <= CHUNK + 1

    files.fetched = []
    client.get("/", environ_overrides=SERVER).get_data()
    assert max(end - start for start, end in files.fetched) <= CHUNK


@pytest.mark.slow
def test_a_link_leads_to_the_bucket_for_five_minutes_and_texts_stay_here(tmp_path: Path, named: dict[str, str]) -> None:
    """spec/security 4.3."""
    files = BucketStore(load(data_dir=tmp_path, files_links=True, **named))
    key = files.put(CONTENT)
    answer = sender(files, key).test_client().get("/")

    assert answer.status_code == 302
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    address = urlsplit(answer.headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert answer.headers["Location"].startswith(files.origin)
    assert asked["X-Amz-Expires"] == "300"
    assert asked["response-content-type"] == "video/mp4"
    assert asked["response-content-disposition"].startswith("inline; filename")
    assert sender(files, key, "text/vtt").test_client().get("/").data == CONTENT
    assert sender(files, key).test_client().head("/").status_code == 200


def test_links_are_signed_as_the_stores_own_library_signs_them() -> None:
    now, signer = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC), UrlSigner("sa-east-1", "AKIDEXAMPLE", "una/clave+secreta")
    answer = {"Content-Type": "video/mp4", "Content-Disposition": "inline; filename*=UTF-8''clase%20%C3%B1.mp4"}
    address = "https://almacen.example:8443/balde/curso/ab/" + "ab" * 32
    with time_machine.travel(now, tick=False):
        wanted = AWSRequest("GET", address, params={f"response-{name.lower()}": value for name, value in answer.items()})
        S3SigV4QueryAuth(Credentials("AKIDEXAMPLE", "una/clave+secreta"), "s3", "sa-east-1", expires=300).add_auth(wanted)

    made = signer.link(address, answer, seconds=300, now=now)

    assert parse_qs(urlsplit(made).query) == parse_qs(urlsplit(wanted.url).query)


def test_links_need_a_bucket_and_a_key(tmp_path: Path) -> None:
    for given in ({}, {"files_url": "s3://balde"}):
        with pytest.raises(SettingsError, match="LMS_FILES_LINKS: needs LMS_FILES_URL and LMS_S3_ACCESS_KEY"):
            load(data_dir=tmp_path, files_links=True, **given)


def test_a_file_that_was_made_for_one_reader_is_kept_by_nobody(app: Flask) -> None:
    """spec/security 3.4: reports and grades as pages are."""
    with app.test_request_context(base_url="https://localhost"):
        response = send_generated(BytesIO(b"a;b"), "text/csv", "informe ñ.csv")

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Disposition"].startswith("attachment; filename")


def test_files_are_sent_from_here_alone() -> None:
    here = ROOT / "kernel" / "web" / "file_responses.py"
    sources = [path for path in ROOT.glob("[a-z]*/**/*.py") if path.relative_to(ROOT).parts[0] not in ("build", "mutants", "tests")]

    assert [path for path in sources if "send_file" in path.read_text("utf-8")] == [here]
