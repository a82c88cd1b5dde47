"""Files that learners and instructors upload, for tests: beginnings of each kind, and questions that ask for files."""

from io import BytesIO

from tests.support.browser import Browser, Page

PDF = b"%PDF-1.7\n%\xe2\xe3\n1 0 obj"
UPLOADS = """questions:
  - key: archivo-1
    kind: file
    text: Entregue su informe.
    accept: [pdf, txt]
    files: 2
    size: 1
  - key: ensayo-1
    kind: essay
    text: Escriba sobre el seguro.
    words: {min: 2, max: 5}
    template: Empiece por el porqué.
    model: UN-MODELO
    files: 1
"""
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"\x00" * 30


def sending(browser: Browser, *files: tuple[str, bytes], place: int = 1, status: int = 200, **fields: str) -> Page:
    """Send the page's form with files for a question, as its button does."""
    kept: dict[str, list[str]] = {}
    for name, value in browser.page.form("/answers").fields:
        kept.setdefault(name, []).append(value)
    uploads = [(BytesIO(content), name) for name, content in files]
    data: dict[str, object] = {**kept, **fields, "at": str(place), f"p{place}-upload": uploads}
    browser.path = browser.page.form("/answers").action
    response = browser._request("POST", browser.path, data=data, content_type="multipart/form-data")
    response.request.environ["wsgi.input"].close()  # the client keeps a large body in a file of its own
    return browser._arrive(status)
