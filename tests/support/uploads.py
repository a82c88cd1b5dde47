"""Files that learners and instructors upload, for tests: beginnings of each kind, and questions that ask for files."""

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
