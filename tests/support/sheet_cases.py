"""Names, titles and signatures that are hard to fit on a sheet, by what is hard about them."""

from datetime import date
from fractions import Fraction
from io import BytesIO

from PIL import Image

from certificates.layout.placing import PrintedSignatory

LONG_NAME = "María Auxiliadora de los Ángeles Monserrate Guachamín Quinchiguango"
LONG_TITLE = "Extender la protección social a las personas trabajadoras independientes y de la economía informal"
LONG_WORD = "Wolfeschlegelsteinhausenbergerdorff"


def signature() -> bytes:
    target = BytesIO()
    Image.new("RGBA", (200, 80), (10, 10, 90, 120)).save(target, "PNG")
    return target.getvalue()


CASES: dict[str, dict[str, object]] = {
    "usual": {},
    "english": {"language": "en", "course_title": "Concepts and governance of social security"},
    "expires": {"expires_on": date(2028, 7, 13)},
    "long name by parts": {"person_name": LONG_NAME, "surnames": "Guachamín Quinchiguango"},
    "long name by width": {"person_name": LONG_NAME, "surnames": ""},
    "shrunk name": {"person_name": "Alexandra Guadalupe Montesdeoca Real", "surnames": "Montesdeoca Real"},
    "one long word": {"person_name": "M" * 120, "surnames": ""},
    "many names": {"person_name": " ".join([LONG_WORD] * 3), "surnames": ""},
    "short title": {"course_title": "Costos"},
    "long title": {"course_title": LONG_TITLE},
    "title of two long words": {"course_title": " ".join([f"{LONG_WORD}sicherheitsgesetz"] * 2)},
    "title of one long word": {"course_title": "M" * 60},
    "nobody signs": {"signatories": ()},
    "one signs with a picture": {"signatories": (PrintedSignatory("Ana Páez", "Dirección", signature()),)},
    "long offices": {"signatories": (PrintedSignatory("Ana " * 20, "Dirección " * 12), PrintedSignatory("Jo", "x"))},
    "no assessment": {"with_assessment": False},
    "one module": {"module_minutes": (30,)},
    "fifteen modules": {"module_minutes": tuple(range(10, 160, 10))},
    "sixty modules": {"module_minutes": (30,) * 60},
    "long institution": {
        "institution": "Instituto Ecuatoriano de Seguridad Social, Escuela de formación y capacitación permanente",
        "site_name": "Escuela de formación permanente",
    },
    "long length": {"hours": Fraction("11.33")},
    "decomposed": {"person_name": "Jose\u0301 İnti Ẽ̱", "surnames": ""},
    "long address": {
        "verify_address": "formacion.institucion-de-seguridad-social.example.ec/v",
        "verify_url": "https://formacion.institucion-de-seguridad-social.example.ec/v/7K4M-92XD-C3QF-8TRA",
    },
}
