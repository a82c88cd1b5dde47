"""A folder made ready: rendered before any transaction, in every language, with addresses that lead somewhere."""

from datetime import date

from courses import publication
from courses.publication import Prepared, digest_of
from lms.app import KINDS
from tests.support.builders import folder
from tests.support.folders import a_folder, changed

TODAY = date(2026, 6, 1)


def prepared(files: dict[str, bytes]) -> Prepared:
    """Prepare a folder in which nothing refuses publishing."""
    checked = publication.prepare(files, KINDS, today=TODAY)
    assert checked.prepared is not None, [found.message for found in checked.findings]
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

    checked = publication.prepare({**files, "01-parte/banco.yaml": broken}, KINDS, today=TODAY)

    assert checked.prepared is None
    assert any(finding.severity.value == "error" and finding.file == "01-parte/banco.yaml" for finding in checked.findings)


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


def test_hours_are_as_written_or_the_sum_of_the_minutes() -> None:
    files = folder(modules=2)
    unwritten = {**files, "course.yaml": files["course.yaml"].replace(b"hours: 2\n", b"")}

    assert prepared(files).hours == 2
    assert prepared(unwritten).hours * 60 == sum(activity.facts.minutes for activity in prepared(unwritten).activities.values())


def test_only_what_previewed_activities_use_and_the_courses_picture_are_open() -> None:
    """Security 9: files obey the lesson; a recording that is previewed opens its film, captions and papers."""
    previewed = changed("01-contar/02-charla.recording.yaml", "kind: audio\n", "preview: true\nkind: audio\n")
    lesson = {"media/gota.png", "01-contar/media/usos.svg"}
    recording = {"01-contar/media/charla.mp3", "01-contar/media/charla.es.vtt", "media/guia.txt"}

    assert prepared(a_folder()).open_media == lesson
    assert prepared(previewed).open_media == lesson | recording


def test_a_quiz_tells_how_many_questions_it_asks_and_how_long_it_takes() -> None:
    facts = prepared(folder(modules=1, settings="attempts: 3\nlimit: 20 min\n")).activities["cuestionario-1"].facts

    assert (facts.questions, facts.attempts, facts.minutes, facts.weight) == (7, 3, 20, 1)
