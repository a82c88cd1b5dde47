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
    "jubilación": f"{IN_GOVERNANCE}#module-pensiones",
    "campesino": f"{IN_GOVERNANCE}#module-seguro-campesino",
    "cesantía": f"{IN_GOVERNANCE}#module-desempleo-y-cesantia",
    "certificado": "/certificates",
    "calendario": "/calendar",
    "cambiar contraseña": "/profile/password",
    "olvidé mi clave": f"{HELP}/account#s-forgotten",
    "diploma": "/certificates",
    "matricularse": f"{HELP}/courses#s-enrol",
    "notas": f"{HELP}/results#s-grades",
    "notificaciones": "/notices",
    "borrar mi cuenta": "/profile/data/deletion",
    "silenciar": f"{HELP}/notifications-and-data#s-preferences",
    "segundo factor": f"{HELP}/signing-in#s-second-step",
    "vencimiento": f"{HELP}/results#s-dates",
    "dispensa": f"{HELP}/compulsory#s-waivers",
    "expediente": "/transcript",
    "mi cuenta": "/profile",
    "mis datos": "/profile/data",
    "apuntes": "/learning/notes",
    "cursos": "/courses",
    "capacitación obligatoria": "/learning/compulsory",
    "accesibilidad": "/accessibility",
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
OF_A_VISITOR = {
    "certificado": "/verify",
    "calendario": f"{HELP}/results#s-calendar",
    "cambiar contraseña": f"{HELP}/account#s-change",
    "olvidé mi clave": "/password/forgotten",
    "mi cuenta": "/sign-up",
    "jubilación": f"{IN_GOVERNANCE}#module-pensiones",
}
IN_THE_CATALOGUE = {
    **dict.fromkeys(("pensiones", "salud", "jubilación", "campesino", "cesantía", "montepío"), IN_GOVERNANCE),
    "PIB": IN_BUDGET,
    "certificado": "/certificates",
    "calendario": "/calendar",
    "cambiar contraseña": "/profile/password",
}
"""By what is typed into the field of the catalogue, where a link of its page leads."""


@pytest.mark.slow
def test_what_people_type_finds_the_right_thing_first(browser: Browser, instance: Instance) -> None:
    for course in COURSES:
        publish(instance, files_of(course))
    a_person(instance)
    reader = sign_in(browser)

    def first(typed: str, who: Browser = reader) -> str:
        """Return the first result; nothing is suggested where there is one, and none shows text of a closed lesson."""
        page = who.get(f"/search?q={typed.replace(' ', '+')}")
        main = page.html.partition('class="split up"')[2]
        assert "near" not in main
        return main.partition("<h3")[2].partition('href="')[2].partition('"')[0]

    assert {typed: first(typed) for typed in FIRST} == FIRST
    visitor = browser.another()
    assert {typed: first(typed, visitor) for typed in OF_A_VISITOR} == OF_A_VISITOR
    for typed, address in IN_THE_CATALOGUE.items():
        assert reader.get(f"/courses?q={typed.replace(' ', '+')}").has_link(address), typed
