"""The list of a course's learners, as its team filters it."""

import re

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner, a_teacher, sign_in
from tests.support.people import person_row
from tests.support.places import a_place, put


def test_learners_are_shown_with_their_unit_and_filtered_by_it(browser: Browser, instance: Instance) -> None:
    course = a_course(instance)
    a_teacher(instance, course, "ines@example.org")
    coast = a_place(instance, "Costa")
    port = a_place(instance, "Puerto", coast)
    hills = a_place(instance, "Sierra")
    for name, place in (("ana", coast), ("eva", port), ("luz", hills), ("pia", None)):
        a_learner(instance, course, f"{name}@example.org")
        if place is not None:
            put(instance, person_row(instance, f"{name}@example.org"), place)
    team = sign_in(browser, "ines@example.org")

    shown = {}
    for unit in ("", coast.uuid, port.uuid, hills.uuid):
        team.get(f"/teaching/prueba/learners?unit={unit}")
        rows = re.findall(r"<tr>.*?</tr>", team.response.get_data(as_text=True), re.DOTALL)[1:]
        shown[unit] = [[name for name in ("ana@", "eva@", "luz@", "pia@", "Costa", "Puerto", "Sierra") if name in row] for row in rows]

    everybody = [["ana@", "Costa"], ["eva@", "Puerto"], ["luz@", "Sierra"], ["pia@"]]
    assert shown == {"": everybody, coast.uuid: everybody[:2], port.uuid: everybody[1:2], hills.uuid: everybody[2:3]}
