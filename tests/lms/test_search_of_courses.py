"""What people of a social-security institute type finds the right thing first, in the courses that come with the program."""

import pytest

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, publish, sign_in
from tests.support.courses import BUDGET, COURSES, GOVERNANCE, files_of

HELP, IN_GOVERNANCE, IN_BUDGET = "/help/learner", f"/courses/{GOVERNANCE}", f"/courses/{BUDGET}"
FIRST = {
    "pensiones": f"{IN_GOVERNANCE}#module-pensiones",
    "salud": f"{IN_GOVERNANCE}#module-salud",
    "jubilación": f"{IN_GOVERNANCE}/resources#resource-requisitos-jubilacion",
    "campesino": f"{IN_GOVERNANCE}#module-seguro-campesino",
    "cesantía": f"{IN_GOVERNANCE}#module-desempleo-y-cesantia",
    "certificado": f"{HELP}/certificates#s-obtain",
    "calendario": f"{HELP}/results#s-calendar",
    "cambiar contraseña": f"{HELP}/account#s-change",
    "olvidé mi clave": f"{HELP}/account#s-forgotten",
    "diploma": f"{HELP}/certificates#s-obtain",
    "matricularse": f"{HELP}/courses#s-enrol",
    "notas": f"{HELP}/results#s-grades",
    "notificaciones": f"{HELP}/notifications-and-data#s-notifications",
    "borrar mi cuenta": f"{HELP}/notifications-and-data#s-delete",
    "silenciar": f"{HELP}/notifications-and-data#s-preferences",
    "segundo factor": f"{HELP}/signing-in#s-second-step",
    "vencimiento": f"{HELP}/results#s-dates",
    "dispensa": f"{HELP}/compulsory#s-waivers",
    "expediente": f"{HELP}/certificates#s-transcript",
    "riesgos del trabajo": f"{IN_GOVERNANCE}#module-riesgos-del-trabajo",
    "gobernanza": IN_GOVERNANCE,
    "presupuesto": IN_BUDGET,
    "espacio fiscal": f"{IN_BUDGET}#module-escenarios-y-espacio-fiscal",
    "PIB": f"{IN_BUDGET}/glossary#term-pib",
    "maternidad": f"{IN_GOVERNANCE}/glossary#term-maternidad",
    "montepío": f"{IN_GOVERNANCE}/glossary#term-montepio",
    "invalidez": f"{IN_GOVERNANCE}/glossary#term-invalidez",
}
"""By what somebody types, who takes no course, the address of the first result."""


@pytest.mark.slow
def test_what_people_type_finds_the_right_thing_first(browser: Browser, instance: Instance) -> None:
    for course in COURSES:
        publish(instance, files_of(course))
    a_person(instance)
    reader = sign_in(browser)

    def first(typed: str) -> str:
        """Return the first result; nothing is suggested where there is one, and none shows text of a closed lesson."""
        page = reader.get(f"/search?q={typed.replace(' ', '+')}")
        main = page.html.partition('class="split up"')[2]
        assert "near" not in main
        return main.partition("<h3")[2].partition('href="')[2].partition('"')[0]

    assert {typed: first(typed) for typed in FIRST} == FIRST
    for module in ("pensiones", "salud", "campesino", "cesantía"):
        assert reader.get(f"/courses?q={module}").has_link(IN_GOVERNANCE), module
