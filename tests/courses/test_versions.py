"""Reading courses: outlines from memory, several at once, and lists that are bounded."""

import pytest
from sqlalchemy import func, select

from courses import catalogue
from courses import versions as course_outlines
from courses.content.translations import count_written_words
from courses.models import Course, CourseVersion
from courses.versions import OUTLINES
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.browser import Counter
from tests.support.builders import a_course, a_teacher, folder, publish
from tests.support.folders import course
from tests.support.learning import actor_of


@pytest.fixture
def counter(instance: Instance) -> Counter:
    """Count what reaches the database for reading."""
    return Counter(instance.database.reading if instance.database.is_sqlite else instance.database.writing)


def test_several_outlines_cost_as_many_statements_as_one_and_then_none(instance: Instance, counter: Counter) -> None:
    """spec/performance P7: the catalogue and the home page take all they need at once."""
    versions = [a_course(instance, f"curso-{number}", modules=2).published_version_id or 0 for number in range(4)]
    counts = []

    for wanted in (versions[:1], versions[1:], versions):
        counter.reset()
        with instance.database.unit_of_work(write=False) as session:
            assert set(course_outlines.list_outlines(session, wanted)) == set(wanted)
        counts.append(len(counter.statements))

    assert counts == [5, 5, 0]


def test_an_outline_tells_the_whole_published_version_in_order(instance: Instance) -> None:
    course, version = publish(instance, folder(modules=3))

    with instance.database.unit_of_work(write=False) as session:
        outline = course_outlines.get_outline(session, version.id)

    assert (outline.slug, outline.number, outline.course_id) == ("prueba", 1, course.id)
    assert [(module.key, module.number) for module in outline.modules] == [("parte-1", 1), ("parte-2", 2), ("parte-3", 3)]
    assert [activity.key for activity in outline.modules[1].activities] == ["leccion-2", "video-2", "cuestionario-2"]
    assert outline.by_key["cuestionario-2"].weight == 1
    assert not outline.by_key["video-2"].required


def test_an_outline_tells_the_words_written_in_each_language_by_module_and_in_all(instance: Instance) -> None:
    """As they were counted when the version was published; of the course's own words too, and of nothing that is a draft."""
    files = folder(modules=2)
    del files["02-parte/01-leccion.en.md"]
    draft = files["02-parte/03-cuestionario.quiz.yaml"].replace(b"{es: Cuestionario 2, en: Quiz 2}", b"Un cuestionario en borrador")
    files["02-parte/04-borrador.quiz.yaml"] = draft.replace(b"key: cuestionario-2", b"key: borrador\nstate: draft")
    _course, version = publish(instance, files)
    counted = count_written_words(course(files))

    with instance.database.unit_of_work(write=False) as session:
        outline = course_outlines.get_outline(session, version.id)

    first, second = (module.written_words for module in outline.modules)
    assert first == counted["parte-1"]
    assert second == {"es": counted["parte-2"]["es"] - len(["Un", "cuestionario", "en", "borrador"]), "en": counted["parte-2"]["en"]}
    assert second["en"] < second["es"]
    assert {code: first[code] + second[code] + counted[""][code] for code in ("es", "en")} == outline.written_words


def test_memory_is_bounded_and_forgetting_costs_only_statements(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course_outlines, "KEPT_OUTLINES", 2)
    versions = [a_course(instance, f"curso-{number}", modules=1).published_version_id or 0 for number in range(3)]

    for version in (*versions, *versions):
        with instance.database.unit_of_work(write=False) as session:
            assert course_outlines.get_outline(session, version).version_id == version
            assert len(OUTLINES.of(session)) <= 2


def test_a_version_that_is_not_there_does_not_exist(instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session, pytest.raises(NotFound):
        course_outlines.get_outline(session, 99)


def test_the_catalogue_is_in_order_and_in_pieces(instance: Instance) -> None:
    for number in range(4):
        a_course(instance, f"curso-{number}", modules=1)

    with instance.database.unit_of_work(write=False) as session:
        pieces = [[entry.slug for entry in catalogue.list_catalogue(session, offset=start, limit=2)] for start in (0, 2, 4)]

    assert pieces == [["curso-0", "curso-1"], ["curso-2", "curso-3"], []]


def test_versions_are_listed_with_who_published_them(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    teacher = a_teacher(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(select(CourseVersion)).scalar_one().published_by = teacher.id

    with instance.database.unit_of_work(write=False) as session:
        rows = course_outlines.list_versions(session, course.id)
        assert [(version.number, person and person.full_name) for version, person in rows] == [(1, "Pilar Maestra")]


def test_a_course_as_its_team_sees_it_asks_for_a_session_whether_it_exists_or_not(instance: Instance) -> None:
    """spec/security 1.3."""
    course = a_course(instance, modules=1)
    teacher = actor_of(a_teacher(instance, course))

    with instance.database.unit_of_work(write=False) as session:
        for slug in ("prueba", "inventado"):
            with pytest.raises(SignInNeeded):
                catalogue.get_taught_course(session, Actor(), slug)
        with pytest.raises(NotFound):
            catalogue.get_taught_course(session, teacher, "inventado")
        assert catalogue.get_taught_course(session, teacher, "prueba").staff_role == "editor"
        assert session.scalar(select(func.count()).select_from(Course)) == 1
