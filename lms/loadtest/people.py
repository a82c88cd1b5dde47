"""People of a load test: invented, with two given names and two surnames, the same for the same seed."""

from collections.abc import Iterator
from random import Random

from lms.demo.people import DOMAIN, Identity

GIVEN = [
    "Sisa",
    "Íñigo",
    "María",
    "Rumiñahui",
    "Begoña",
    "Jesús",
    "Wayra",
    "Lucía",
    "Óscar",
    "Zoé",
    "Amaru",
    "Concepción",
    "Inti",
    "Ximena",
    "Abdón",
    "Martín",
    "Tamia",
    "Saywa",
    "Ramón",
    "Nicolás",
    "Rosa",
    "Yolanda",
    "Úrsula",
    "Gonzalo",
    "Killa",
    "Fátima",
    "Efraín",
    "Pilar",
    "Adrián",
    "Mélida",
    "Yaku",
    "Soledad",
    "Simón",
    "Noemí",
    "Joaquín",
    "Nina",
    "Hernán",
    "Esperanza",
    "Inés",
    "Ángel",
    "Belén",
    "Débora",
    "Édgar",
]
SURNAMES = [
    "Guamán",
    "Núñez",
    "Santillán",
    "Quishpe",
    "Ibáñez",
    "Peñafiel",
    "Tituaña",
    "Chalá",
    "Muñoz",
    "Cachimuel",
    "Yánez",
    "Sarango",
    "Güiza",
    "Quiñónez",
    "Calazacón",
    "Ávila",
    "Maldonado",
    "Lefèvre",
    "Pilamunga",
    "Zúñiga",
    "D’Angelo",
    "Chuquimarca",
    "Ordóñez",
    "Lema",
    "Cedeño",
    "Morocho",
    "Caicedo",
    "Echeverría",
    "Grefa",
    "Pérez",
    "Bermúdez",
    "Anrango",
    "Iturralde",
    "Ñauñay",
    "Carcelén",
    "Villacís",
    "Conejo",
    "Plúas",
    "Tenorio",
    "Picuasi",
    "Zambrano",
    "Aguavil",
    "Chimbo",
    "Argüello",
    "Baños",
    "Tapuy",
    "Párraga",
    "Enríquez",
    "Farinango",
    "Quimí",
    "León",
    "Piñeiros",
    "Bastidas",
]
INVENTED = ("Ejemplo", "Quimera", "Fábula", "Leyenda", "Ensueño", "Novela", "Hipótesis", "Cuento", "Utopía", "Muestra")
"""Second surnames, which say that nobody is meant."""


def identities(count: int, seed: int) -> Iterator[Identity]:
    """Make so many people, each with an address of their own."""
    chance = Random(f"people:{seed}")  # noqa: S311 - invented people, no secrets
    for number in range(count):
        given = " ".join(chance.sample(GIVEN, 2))
        yield Identity(given, chance.choice(SURNAMES), chance.choice(INVENTED), email(number))


def email(number: int) -> str:
    """Return the address of a person by their number, from 0."""
    return f"persona{number:06d}@{DOMAIN}"
