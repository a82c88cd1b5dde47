"""The floor of mails: as many messages composed by the libraries alone, with as much text, and written to a folder."""

from email.message import EmailMessage
from pathlib import Path

from jinja2 import Template

LINES = 5
"""Of a daily mail."""
_TEXT = Template(
    "Estimada {{ name }}:\n\n{% for line in lines %}{{ line }}\n{{ url }}\n\n{% endfor %}"
    "-- \n{{ words }}\nElija sus notificaciones: {{ url }}\nDeje de recibirlas: {{ url }}\n"
)
_HTML = Template(
    "<!doctype html><html lang=es><body style='margin:0;font:16px/1.5 sans-serif'><table role=presentation width=100%><tr><td>"
    "<h1 style='font-size:20px'>{{ name }}</h1>{% for line in lines %}<p style='margin:0 0 16px'>"
    "<a href='{{ url }}' style='color:#0f4c63;font-weight:600'>{{ line }}</a></p>{% endfor %}"
    "<p><a href='{{ url }}' style='background:#0f4c63;color:#fff;padding:12px'>Todas</a></p><p>{{ words }}</p>"
    "<p><a href='{{ url }}'>Elija</a> <a href='{{ url }}'>Deje</a></p></td></tr></table></body></html>"
)
_WORDS = "Recibe este mensaje una vez al día porque lo eligió. " * 8
_URL = "https://cursos.example.org/discussions/boards/abcdefghijkl?only=new"


def compose(folder: Path, count: int) -> None:
    """Write so many messages of a few lines each."""
    for number in range(count):
        facts = {"name": f"Persona {number}", "url": _URL, "words": _WORDS}
        facts["lines"] = [f"1 hilo nuevo: Comunidad {number + line}" for line in range(LINES)]
        message = EmailMessage()
        message["From"], message["To"] = "avisos@cursos.example.org", f"persona{number}@example.org"
        message["Subject"], message["Message-ID"] = f"Sus {LINES} notificaciones del día", f"<digest-{number}@cursos.example.org>"
        message["List-Unsubscribe"] = f"<{_URL}>"
        message.set_content(_TEXT.render(facts))
        message.add_alternative(_HTML.render(facts), subtype="html")
        (folder / f"digest-{number}.eml").write_bytes(message.as_bytes())
