"""The search's page: what each person finds, where a result leads, and that nothing of what is closed shows."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from courses import drafts, publishing, versions
from courses.models import Course, StaffRole
from enrolments import learners
from enrolments.access import LearningAction
from kernel import clock
from kernel.permissions import SYSTEM, Actor, SiteRole
from kernel.search.index import SearchEntry
from kernel.web.limits import SEARCHES_OF_A_STRANGER
from lms.app import KINDS, policy
from lms.instance import Instance
from lms.search import scope_of
from tests.simulators import task_folders
from tests.support.browser import Browser, Counter, every_statement
from tests.support.builders import a_learner_in, a_person, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.folders import a_folder, changed
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.wording import in_spanish

OPEN, WAITS, LATER, PREVIEW = "jacaranda", "arrayan", "guayacan", "chirimoya"
"""A word of its own in each lesson: open to learners, waiting for the first module, opening later, and free for everybody."""


def a_course_of_four(instance: Instance, key: str = "prueba", **options: object) -> Course:
    """Publish a course with one lesson of each kind of openness."""
    files = folder(key, modules=4, **options)  # type: ignore[arg-type]  # fields by name
    for part, word in enumerate((OPEN, WAITS, LATER, PREVIEW), start=1):
        path = f"0{part}-parte/01-leccion.es.md"
        files[path] += f"\n## El {word} crece\n\nNo todo árbol es un {word}, se dijo.\n".encode()
    files["02-parte/module.yaml"] += b"requires: [parte-1]\n"
    later, shown = "03-parte/01-leccion.es.md", "04-parte/01-leccion.es.md"
    files[later] = files[later].replace(b"title: Contar 3\n", b"title: Contar 3\nopens: 2099-01-01 08:00\n")
    files[shown] = files[shown].replace(b"title: Contar 4\n", b"title: Contar 4\npreview: true\n")
    return publish(instance, files)[0]


def found_words(browser: Browser) -> set[str]:
    """Return which of the four words the search leads this browser to; nothing of the others stands on any page."""
    found = set()
    for word in (OPEN, WAITS, LATER, PREVIEW):
        page = browser.get(f"/search?q={word}")
        if any("/activities/" in href for href, _words in page.links if href.startswith("/courses/")):
            found.add(word)
            assert "No todo árbol" in page.text
        else:
            assert "árbol" not in page.text
            assert f"El {word} crece" not in page.text
    return found


def test_each_role_finds_what_it_may_open_and_not_a_word_more(browser: Browser, instance: Instance) -> None:
    """spec/security 9: `lesson.view`, for the search's results and their snippets."""
    course = a_course_of_four(instance)
    a_person(instance, "nadie@example.org")
    a_teacher(instance, course, "edita@example.org", StaffRole.EDITOR)
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    an_administrator(instance)
    learner = a_learner(instance, course)

    assert found_words(browser) == {PREVIEW}
    assert found_words(sign_in(browser.another(), "nadie@example.org")) == {PREVIEW}
    enrolled = sign_in(browser.another())
    assert found_words(enrolled) == {OPEN, PREVIEW}
    assert found_words(sign_in(browser.another(), "califica@example.org")) == {OPEN, WAITS, PREVIEW}
    assert found_words(sign_in(browser.another(), "edita@example.org")) == {OPEN, WAITS, LATER, PREVIEW}
    assert found_words(sign_in(browser.another(), "admin@example.org")) == {OPEN, WAITS, LATER, PREVIEW}
    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")
    assert found_words(enrolled) == {OPEN, WAITS, PREVIEW}


@pytest.mark.parametrize("visibility", ["public", "institution"])
def test_what_can_be_found_is_what_the_lesson_s_permission_allows(instance: Instance, visibility: str) -> None:
    """The twin of `view_activity`, for everybody before every activity."""
    course = a_course_of_four(instance, visibility=visibility)
    other = a_course_of_four(instance, "otro")
    people = [
        Actor(),
        actor_of(a_person(instance, "nadie@example.org")),
        a_learner(instance, other),
        actor_of(a_teacher(instance, course, "edita@example.org", StaffRole.EDITOR)),
        actor_of(a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)),
        Actor(person_id=an_administrator(instance).id, roles=frozenset({SiteRole.ADMINISTRATOR})),
    ]
    allowed = policy()
    with instance.database.unit_of_work(write=False) as session:
        for actor in people:
            contexts = learners.visible_learner_contexts(session, actor)
            opened = learners.visible_activities(session, actor, contexts)
            for seen in (course, other):
                outline = versions.get_outline(session, seen.published_version_id or 0)
                one_by_one = [
                    activity.key
                    for activity in outline.activities()
                    if allowed.allows(
                        actor, LearningAction.VIEW_LESSON, learners.get_activity_context(session, actor, seen.slug, activity.key)
                    )
                ]
                visible = allowed.allows(actor, LearningAction.VIEW_COURSE, learners.get_learner_context(session, actor, seen.slug))

                assert [activity.key for activity in opened.get(outline.version_id, [])] == (one_by_one if visible else [])
                assert any(context.slug == seen.slug for context in contexts) == visible
            numbers = {version: [activity.id for activity in activities] for version, activities in opened.items()}
            scope = scope_of(contexts, versions.list_outlines(session, opened), numbers)
            assert scope.shown == opened.keys()
            assert scope.parts == {number for version in opened.keys() - scope.whole for number in numbers[version]}


def test_an_unlisted_course_is_not_found_by_name_by_those_outside(browser: Browser, instance: Instance) -> None:
    course = publish(instance, folder("interno", visibility="institution", enrolment="invitation"))[0]

    assert not browser.get("/search?q=interno").has_link("/courses/interno")
    a_teacher(instance, course)
    assert sign_in(browser, "profe@example.org").get("/search?q=interno").has_link("/courses/interno")


def test_a_draft_is_never_found_and_a_learner_finds_the_version_they_follow(browser: Browser, instance: Instance) -> None:
    course = a_course_of_four(instance)
    a_learner(instance, course)
    sign_in(browser)
    files = folder(modules=4)
    files["01-parte/01-leccion.es.md"] += b"\n## Otra\n\nAhora crece un capuli.\n"
    publish(instance, files)
    files["01-parte/01-leccion.es.md"] += b"\nUn borrador con pitahaya.\n"
    checked = publishing.check(files, KINDS, today=clock.now().date())
    assert checked.course is not None
    with instance.database.unit_of_work() as session:
        drafts.import_draft(session, SYSTEM, checked.course, drafts.keep_contents(instance.files, files, {}), now=clock.now())

    assert f"No todo árbol es un {OPEN}" in browser.get(f"/search?q={OPEN}").text
    assert "capuli" not in browser.get("/search?q=crece").text
    stranger = a_teacher(instance, course, "edita@example.org")
    editor = sign_in(browser.another(), stranger.email)
    assert "Ahora crece un" in editor.get("/search?q=capulí").text
    assert f"Nada con «{OPEN}»" in editor.get(f"/search?q={OPEN}").text
    assert in_spanish("No results for “%(query)s”", query="pitahaya") in editor.get("/search?q=pitahaya").text


# ---- the page ----


@pytest.fixture
def reader(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of somebody who learns in the sample course about water."""
    return a_learner_in(browser, publish(instance, a_folder())[0])


def test_the_front_of_the_search_asks_for_words_and_explains(browser: Browser) -> None:
    page = browser.get("/search")

    assert page.headings[0] == in_spanish("Search")
    assert page.form("/search").fields == [("q", "")]
    assert in_spanish("Accents do not matter, and a word also finds its other forms.") in page.text
    assert "Nada con" not in page.text


def test_results_are_grouped_by_kind_and_lead_to_the_paragraph_the_term_and_the_second(reader: Browser) -> None:
    page = reader.get("/search?q=gota")
    addresses = [href for href, _words in page.links]

    assert "/courses/agua-en-casa/recordings/charla?t=5#player" in addresses
    assert "/courses/agua-en-casa/glossary#term-consumo" in [href for href, _ in reader.get("/search?q=consumos").links]
    lesson = next(href for href, _ in reader.get("/search?q=ducha").links if href.startswith("/courses/agua-en-casa/activities/litros#"))
    assert lesson.partition("#")[2] in reader.get(lesson).ids
    assert "Oír desde" in page.text


def test_every_place_of_every_lesson_is_on_its_page(reader: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(SearchEntry).where(SearchEntry.kind == "lesson", SearchEntry.language == "es")).all()
    ids = {key: set(reader.get(f"/courses/agua-en-casa/activities/{key}").ids) for key in ("litros",)}
    places = {place for row in rows for place in (row.place, *row.places) if "litros" in row.title.lower() or "sumar" in row.title.lower()}

    assert places
    assert {place[1:] for place in places if place} <= ids["litros"]


def test_a_moment_of_a_recording_is_marked_on_its_page(reader: Browser) -> None:
    page = reader.get("/courses/agua-en-casa/recordings/charla?t=5")

    assert 'data-second="5" aria-current="true"' in page.html
    assert page.html.count('aria-current="true"') == 1
    assert {"cue-0", "cue-1"} <= set(page.ids)


def test_what_was_looked_for_is_marked_and_never_becomes_html(browser: Browser, instance: Instance) -> None:
    publish(
        instance,
        changed("01-contar/01-litros.es.md", "Cada uso se anota", "El texto dice `<img src=x onerror=y>` y más. Cada uso se anota"),
    )
    page = browser.get("/search?q=TEXTOS+onerror")

    assert "<img src=x" not in page.html
    assert "&lt;img src=x <mark>onerror</mark>=y&gt;" in page.html
    assert "<mark>texto</mark>" in page.html
    assert "<script>alert" not in browser.get("/search?q=%3Cscript%3Ealert").html


def test_kinds_have_their_pages_and_unknown_ones_mean_all(reader: Browser) -> None:
    page = reader.get("/search?q=agua&kind=term")

    assert 'id="h-term"' in page.html
    assert 'id="h-lesson"' not in page.html
    assert page.has_link("/search?q=agua&kind=lesson")
    assert ("kind", "term") in page.form("/search").fields
    assert 'id="h-lesson"' in reader.get("/search?q=agua&kind=nada").html
    reader.get("/search?q=agua&page=0", status=404)


def test_one_course_can_be_chosen(reader: Browser, instance: Instance) -> None:
    a_course_of_four(instance)

    def found(query: str) -> bool:
        return any(href.startswith("/courses/prueba/activities/leccion-4") for href, _words in reader.get(query).links)

    assert found("/search?q=contar")
    assert not found("/search?q=contar&course=agua-en-casa")
    assert found("/search?q=contar&course=nada")


def test_nothing_found_offers_words_that_find_something(reader: Browser) -> None:
    page = reader.get("/search?q=ducha+zzz")

    assert in_spanish("No results for “%(query)s”", query="ducha zzz") in page.text
    assert page.has_link("/search?q=ducha")
    assert not page.has_link("/search?q=zzz")


def test_readers_find_their_language_and_the_one_that_stands_in_for_it(browser: Browser, instance: Instance) -> None:
    publish(instance, a_folder())
    english = browser.another("en")

    assert "for each minute in the shower" in english.get("/search?q=showers").text
    assert "Nada con" in browser.get("/search?q=shower").text


@pytest.mark.parametrize("typed", ["%22", "*", "AND", "%00", "a%00b", "%ED%A0%80", "x" * 5000, "%27%3B+DROP", "-", "%22%22%22", "q%5B%5D"])
def test_hostile_questions_get_a_page(browser: Browser, typed: str) -> None:
    browser.get(f"/search?q={typed}")


def test_strangers_are_limited_and_those_who_look_at_the_empty_page_are_not(browser: Browser) -> None:
    for _turn in range(SEARCHES_OF_A_STRANGER.item.amount):
        browser.get("/search?q=agua")
    browser.get("/search?q=agua", status=429)
    browser.get("/search")

    a_person(browser.instance)
    sign_in(browser)
    browser.get("/search?q=agua")


@pytest.fixture
def counter(instance: Instance) -> Iterator[Counter]:
    """Count what reaches the database."""
    return every_statement(instance.database)


@pytest.mark.slow
def test_a_search_costs_the_same_statements_however_many_courses_there_are(browser: Browser, instance: Instance, counter: Counter) -> None:
    course = a_course_of_four(instance)
    learner = a_learner_in(browser, course)

    def cost() -> int:
        learner.get("/search?q=contar")  # the outlines are read once
        counter.reset()
        learner.client.get("/search?q=contar", base_url="https://localhost")
        return len(counter.statements)

    before = cost()
    for number in range(6):
        a_course_of_four(instance, f"otro-{number}")

    assert cost() == before <= 8


def test_chapters_papers_quizzes_and_documents_are_found_by_who_may_open_them(browser: Browser, instance: Instance) -> None:
    """A chapter leads to its second, a document to its line; a quiz that nothing else shows is not found from outside."""
    course = publish(instance, a_folder())[0]
    a_learner_in(browser, course)
    stranger = browser.another()

    for typed, address in (
        ("las+gotas", "/courses/agua-en-casa/recordings/charla?t=5#player"),
        ("guía", "/courses/agua-en-casa/recordings/charla"),
        ("cuestionario", "/courses/agua-en-casa/quizzes/cuestionario-contar"),
    ):
        assert browser.get(f"/search?q={typed}").has_link(address), typed
        assert not stranger.get(f"/search?q={typed}").has_link(address), typed
    assert browser.get("/search?q=manual&kind=resource").has_link("/courses/agua-en-casa/resources#resource-manual")


def test_what_is_closed_is_found_by_its_title_alone_and_leads_to_its_course(browser: Browser, instance: Instance) -> None:
    """As the course's page shows it; a previewed quiz opens to nobody who does not take part."""
    files = folder(modules=3)
    quiz = "0{}-parte/03-cuestionario.quiz.yaml"
    for number, word in enumerate((OPEN, WAITS, LATER), start=1):
        path = quiz.format(number)
        files[path] = files[path].replace(f"es: Cuestionario {number}".encode(), f"es: Prueba del {word}".encode())
    files["02-parte/module.yaml"] += b"requires: [parte-1]\n"
    files[quiz.format(3)] += b"opens: 2099-01-01 08:00\n"
    files[quiz.format(1)] += b"preview: true\n"
    course = publish(instance, files)[0]
    a_teacher(instance, course, "edita@example.org", StaffRole.EDITOR)
    a_learner_in(browser, course)
    people = {"ana": browser, "edita": sign_in(browser.another(), "edita@example.org"), "nadie": browser.another()}

    def leads(who: Browser) -> list[tuple[bool, bool, bool]]:
        """Return for each quiz whether its title leads to it, to its module, and whether enrolling is named."""
        pages = [who.get(f"/search?q={word}") for word in (OPEN, WAITS, LATER)]
        return [
            (
                page.has_link(f"/courses/prueba/quizzes/cuestionario-{number}"),
                page.has_link(f"/courses/prueba#module-parte-{number}"),
                in_spanish("Enrol to take it") in page.text,
            )
            for number, page in enumerate(pages, start=1)
        ]

    inside, closed, outside = (True, False, False), (False, True, False), (False, True, True)
    assert {name: leads(who) for name, who in people.items()} == {
        "ana": [inside, closed, closed],
        "edita": [inside, inside, inside],
        "nadie": [outside, outside, outside],
    }
    for word in (OPEN, WAITS, LATER):
        assert f"Prueba del {word}" in people["nadie"].get(f"/search?q={word}").text
        assert "Cuánto es dos más dos" not in people["nadie"].get("/search?q=dos").text


def test_names_of_a_course_that_is_not_found_are_not_found(browser: Browser, instance: Instance) -> None:
    course = publish(instance, folder("interno", visibility="institution", enrolment="invitation"))[0]
    a_teacher(instance, course)

    page = browser.get("/search?q=contar+1")
    assert not any("interno" in href for href, _words in page.links)
    assert sign_in(browser, "profe@example.org").get("/search?q=contar+1").has_link("/courses/interno/activities/leccion-1")


def test_a_module_is_found_from_the_search_and_its_course_from_the_catalogue(browser: Browser, instance: Instance) -> None:
    files, path = folder(), "02-parte/module.yaml"
    files[path] = files[path].replace(b"{es: Parte 2, en: Part 2}", b"{es: Las pensiones, en: Pensions}")
    publish(instance, files)
    publish(instance, folder("otro"))

    assert browser.get("/search?q=pension").has_link("/courses/prueba#module-parte-2")
    assert "module-parte-2" in browser.get("/courses/prueba").ids
    page = browser.get("/courses?q=pensión")
    assert page.has_link("/courses/prueba")
    assert not page.has_link("/courses/otro")
    assert in_spanish("Module %(number)s: %(title)s", number=2, title="Las pensiones") in page.text
    assert in_spanish("In it: %(title)s", title="Contar 1") in browser.get("/courses?q=contar+1").text


def test_pages_of_the_site_are_found_by_who_may_open_them(browser: Browser, instance: Instance) -> None:
    a_person(instance)
    an_administrator(instance)
    people = {"learner": sign_in(browser.another()), "administrator": sign_in(browser.another(), "admin@example.org"), "nobody": browser}
    pages = {
        "Change my password": "/profile/password",
        "I forgot my password": "/password/forgotten",
        "Audit log": "/administration/audit",
        "Accessibility": "/accessibility",
    }

    def opens(who: Browser) -> list[str]:
        """Return which of the pages are found by their titles."""
        return [title for title, address in pages.items() if who.get(f"/search?q={in_spanish(title)}&kind=page").has_link(address)]

    assert {name: opens(who) for name, who in people.items()} == {
        "learner": ["Change my password", "Accessibility"],
        "administrator": ["Change my password", "Audit log", "Accessibility"],
        "nobody": ["I forgot my password", "Accessibility"],
    }


def test_documents_stand_after_lessons_unless_most_of_their_title_is_typed(browser: Browser, instance: Instance) -> None:
    reader = a_learner_in(browser, publish(instance, changed("recursos.yaml", "es: Manual del agua", "es: Ducha de un minuto"))[0])

    def kinds(typed: str) -> list[str]:
        return [part.partition('"')[0] for part in reader.get(f"/search?q={typed}").html.split('id="h-')[1:]]

    assert kinds("minuto")[:2] == ["lesson", "resource"]
    assert kinds("minuto+ducha")[:2] == ["resource", "lesson"]


def test_a_task_is_found_by_its_title(browser: Browser, instance: Instance) -> None:
    course = publish(instance, task_folders.folder())[0]
    a_learner_in(browser, course)

    page = browser.get("/search?q=tarea&kind=simulator")

    assert any("/simulators/" in href for href, _words in page.links)


def test_a_near_word_is_offered_and_none_of_what_is_closed(browser: Browser, instance: Instance) -> None:
    a_course_of_four(instance)
    a_person(instance)
    sign_in(browser)

    page = browser.get("/search?q=chirimoia")

    assert in_spanish("Did you mean “%(words)s”?", words="chirimoya") in page.text
    assert page.has_link("/search?q=chirimoya")
    for typed in ("jacarandas+chirimoia", "jacarenda", "arrayam", "guayacam"):
        assert not {OPEN, WAITS, LATER} & set(browser.get(f"/search?q={typed}").text.replace("«", " ").replace("»", " ").split()), typed
