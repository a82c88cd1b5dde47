"""The list of a course's learners, as its team filters it."""

import re

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner, a_learner_in, a_teacher, sign_in
from tests.support.learning import enrolment_of, mark_done
from tests.support.people import person_row
from tests.support.places import a_place, put
from tests.support.wording import in_spanish


def test_who_is_taken_out_is_notified_and_whoever_leaves_is_not(browser: Browser, instance: Instance) -> None:
    course = a_course(instance)
    a_teacher(instance, course, "ines@example.org")
    ana = a_learner_in(browser.another(), course)
    eva = a_learner_in(browser.another(), course, "eva@example.org")
    team = sign_in(browser, "ines@example.org")
    team.get(f"/teaching/prueba/learners/{person_row(instance, 'ana@example.org').uuid}/removal")
    team.submit("/removal")
    eva.get("/courses/prueba/leaving")
    eva.submit("/courses/prueba/leaving")
    mails = team.mails()

    title = in_spanish("You were taken out of “%(title)s”", title=course.title["es"])
    assert title in ana.get("/notices").text
    assert title not in eva.get("/notices").text
    assert sum(title in mail for mail in mails) == 1


def test_what_somebody_did_before_they_were_taken_out_is_there_when_they_are_enrolled_anew(browser: Browser, instance: Instance) -> None:
    """As the notification says."""
    course = a_course(instance, enrolment="invitation")
    a_teacher(instance, course, "ines@example.org")
    ana = a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")
    team = sign_in(browser, "ines@example.org")
    done = enrolment_of(instance, ana, course).done
    states = []
    for act, fields in ((f"/{ana.person_uuid}/removal", {}), ("", {"person": str(ana.person_uuid)})):
        team.get("/teaching/prueba/learners?new=ana")
        team.post(f"/teaching/prueba/learners{act}", fields)
        enrolment = enrolment_of(instance, ana, course)
        states.append((enrolment.left_at is None, enrolment.done))

    assert (done, states) == (1, [(False, 1), (True, 1)])


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
