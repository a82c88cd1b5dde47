"""A folder made ready: rendered before any transaction, in every language, with addresses that lead somewhere."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from courses import publishing, rendering
from courses.content.model import Severity
from courses.content.render_cache import RenderedLessonCache
from courses.kinds import PreparedCourse
from courses.publishing import digest_of
from kernel.errors import Unavailable
from kernel.markup import render_state
from kernel.markup.model import RenderedText
from lms.app import KINDS
from tests.support.builders import folder
from tests.support.folders import BANK, COURSE, LESSON, OTHER_LESSON, a_folder, changed

TODAY = date(2026, 6, 1)


def prepared(files: dict[str, bytes]) -> PreparedCourse:
    """Prepare a folder in which nothing refuses publishing."""
    checked = publishing.prepare(files, KINDS, today=TODAY)
    assert checked.prepared is not None, [found.message for found in checked.findings if found.severity is Severity.ERROR]
    return checked.prepared


def test_the_digest_names_paths_and_contents() -> None:
    files = {"a": b"1", "b": b"2"}

    assert digest_of(files) == digest_of(dict(reversed(list(files.items()))))
    assert digest_of(files) != digest_of({"a": b"2", "b": b"1"})
    assert digest_of(files) != digest_of({"a": b"1", "c": b"2"})
    assert digest_of({"ab": b"c"}) != digest_of({"a": b"bc"})


def test_a_folder_with_an_error_is_not_prepared() -> None:
    """The matrix: a quiz without a key may not go out, whoever asks."""
    files = folder(modules=1)
    broken = files["01-parte/banco.yaml"].replace(b"- right: cuatro", b"- wrong: cuatro")

    checked = publishing.prepare({**files, "01-parte/banco.yaml": broken}, KINDS, today=TODAY)

    assert checked.prepared is None
    assert any(finding.severity.value == "error" and finding.file == "01-parte/banco.yaml" for finding in checked.findings)


LINKED = "Cuánta [agua](https://example.org/agua)"
"""What refers to nothing is rendered once: what the check has seen is published."""


@pytest.mark.parametrize("render", ["render_lesson", "render_markdown", "render_inline"])
def test_a_text_that_the_renderer_gives_up_after_the_check_is_never_published_empty(render: str, tmp_path: Path) -> None:
    """Nothing is prepared and nothing kept of it, and the next try finds everything."""
    files = changed(COURSE, "Cuánta agua", LINKED)
    files = changed(BANK, "Cuánta agua", LINKED, files)
    kinds, really = replace(KINDS, lesson_cache=RenderedLessonCache(tmp_path)), getattr(rendering, render)
    publishing.forget_rendered()

    def too_late(*given: object) -> RenderedText:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(render_state, "TIME_LIMIT", -1.0)
            rendered: RenderedText = really(*given)
            return rendered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, render, too_late)
        with pytest.raises(Unavailable):
            publishing.prepare(files, kinds, today=TODAY)

    again = publishing.prepare(files, kinds, today=TODAY).prepared
    publishing.forget_rendered()
    fresh = prepared(files)
    assert again is not None
    assert again.activities == fresh.activities


def test_everything_is_rendered_in_each_language_and_cleaned() -> None:
    found = prepared(a_folder())
    pages = found.activities["litros"].payload

    assert [page.language for page in pages] == ["es", "en"]
    assert all("<p>" in str(page.rendered.html) for page in pages)
    assert "<script" not in str([page.rendered.html for page in pages])
    assert set(found.summary) == {"es", "en"}


def test_links_lead_to_addresses_of_the_course() -> None:
    html = str(prepared(a_folder()).activities["litros"].payload[0].rendered.html)

    assert "/courses/agua-en-casa/" in html
    assert 'src="media/' not in html


def test_links_to_drafts_lead_to_the_course_until_these_are_published() -> None:
    """A lesson that was rendered before something was hidden is rendered anew."""
    linking = changed(LESSON, "course:cuidar", "course:llave")
    hidden = changed(OTHER_LESSON, "minutes: 2", "state: draft\nminutes: 2", linking)

    before, after = (str(prepared(files).activities["litros"].payload[0].rendered.html) for files in (linking, hidden))

    assert 'href="/courses/agua-en-casa#way"' not in before
    assert 'href="/courses/agua-en-casa#way"' in after
    assert "llave" not in after


def test_every_file_names_the_activities_that_use_it() -> None:
    """spec/security 9: files obey the lesson; a recording uses its film and captions; the course's documents belong to all."""
    found = prepared(a_folder())

    used = {media.path: found.users_of(media.path) for media in found.course.media}
    assert used["01-contar/media/usos.svg"] == ("litros",)
    assert used["01-contar/media/charla.mp3"] == used["01-contar/media/charla.es.vtt"] == ("charla",)
    assert used["media/guia.txt"] == ()
    assert found.course.image == "media/gota.png"


def test_a_question_counts_its_pictures_for_every_quiz_that_may_give_it() -> None:
    """A question is rendered once, and is shown by each quiz all the same."""
    files = folder(modules=1)
    bank = files["01-parte/banco.yaml"].replace(
        b"text: El agua moja.", b'text: "El agua moja.\\n\\n![Una gota](media/gota.png)\\n\\n: Una gota"'
    )
    first = files["01-parte/03-cuestionario.quiz.yaml"]
    second = first.replace(b"key: cuestionario-1", b"key: repaso").replace(b"Cuestionario 1", b"Repaso").replace(b"Quiz 1", b"Review")
    picture = a_folder()["media/gota.png"]

    found = prepared({**files, "01-parte/banco.yaml": bank, "01-parte/media/gota.png": picture, "01-parte/04-repaso.quiz.yaml": second})

    assert found.users_of("01-parte/media/gota.png") == ("cuestionario-1", "repaso")


def test_a_quiz_tells_how_many_questions_it_asks_and_how_long_it_takes() -> None:
    facts = prepared(folder(modules=1, settings="attempts: 3\nlimit: 20 min\n")).activities["cuestionario-1"].description

    assert (facts.questions, facts.attempts, facts.minutes, facts.weight) == (7, 3, 20, 1)
