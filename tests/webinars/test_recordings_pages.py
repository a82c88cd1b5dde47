"""Recordings over HTTP: our own with transcript and chapters, outside ones only linked, and the public list with its search."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from courses import publishing, versions
from courses.models import Course, Module, StaffRole
from enrolments import learners
from enrolments.models import ActivityResult
from kernel.permissions import Actor, SiteRole, Verdict
from lms.app import KINDS, policy
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, an_administrator, folder, publish, sign_in
from tests.support.folders import a_folder, changed
from tests.support.learning import At, a_learner, actor_of
from tests.support.wording import in_spanish
from webinars import recordings
from webinars.access import RecordingAction
from webinars.content import TranscriptPassage

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
TALK = "/courses/agua-en-casa/recordings/charla"
TRANSCRIPT = "01-contar/media/charla.es.md"


def the_sample(instance: Instance, *, preview: bool = False) -> Course:
    """Publish the sample course, its talk previewed or not."""
    files = a_folder()
    name = "01-contar/02-charla.recording.yaml"
    if preview:
        files[name] = files[name].replace(b"kind: audio\n", b"preview: true\nkind: audio\n")
    return publish(instance, files, now=NOON - timedelta(days=1))[0]


def previewed_outside(slug: str) -> dict[str, bytes]:
    """Return a course whose outside recording everybody may see."""
    files = folder(slug, modules=1)
    name = "01-parte/02-video.recording.yaml"
    files[name] = files[name].replace(b"required: false\n", b"required: false\npreview: true\n")
    return files


@pytest.fixture
def in_june(monkeypatch: pytest.MonkeyPatch) -> At:
    """Set the clock to a day on which the sample is open."""
    return At(monkeypatch, NOON)


def test_a_recording_of_ours_has_player_chapters_transcript_and_papers(browser: Browser, instance: Instance, in_june: At) -> None:
    a_learner_in(browser, the_sample(instance))

    page = browser.get(f"{TALK}?t=5")

    assert "<audio" in page.html
    assert "#t=5" in page.html
    assert 'data-second="5"' in page.html
    assert "Hablemos del agua." in page.text
    assert re.search(r'<label hidden>[^<]*<select id="speed">', re.sub(r">\s+<", "><", page.html))
    assert any("guia.txt" in address for address, _words in page.links)
    assert all(address.startswith("/") for address in re.findall(r'src="([^"]+)"', page.html))


@pytest.mark.parametrize("start", ["x", "-1", "1e9", "٣", "99999999999999999999"])
def test_a_start_that_is_no_second_is_the_beginning(browser: Browser, instance: Instance, in_june: At, start: str) -> None:
    """spec/security 3.5."""
    a_learner_in(browser, the_sample(instance))

    browser.get(f"{TALK}?t={start}")

    assert browser.response.status_code == 200


def test_nothing_of_another_site_is_loaded(browser: Browser, instance: Instance) -> None:
    """spec/security 7.6: a link with its host's name, no frame, no image, no address in the content policy."""
    a_learner_in(browser, a_course(instance, modules=1))

    page = browser.get("/courses/prueba/recordings/video-1")

    assert any(address == "https://example.org/v1" for address, _words in page.links)
    assert "Ejemplo" in page.text
    assert "example.org" not in browser.response.headers["Content-Security-Policy"]
    assert not re.search(r"<(iframe|embed|object)", page.html)
    assert not re.search(r'(?:src|poster|data-src|srcset|preload[^>]*href)="https?:', page.html)


def test_the_page_says_that_a_recording_is_also_completed_by_ones_word(browser: Browser, instance: Instance, in_june: At) -> None:
    a_learner_in(browser, the_sample(instance))
    page = browser.get(TALK)
    sentence = "%(share)s played; it counts as completed from %(needed)s, or when you mark it as done."
    assert in_spanish(sentence, share="0 %", needed="80 %") in page.text.replace("\xa0", " ")

    browser.submit("/done")

    assert in_spanish("Mark as done") not in browser.get(TALK).text


def test_the_player_tells_what_was_seen_and_is_told_the_share(browser: Browser, instance: Instance, in_june: At) -> None:
    """The JSON of static/js/player.js."""
    a_learner_in(browser, the_sample(instance))
    browser.get(TALK)
    in_june.pass_(seconds=20)

    answers = []
    for spans in ("0-4", "2-6", "garbage", "0-10"):
        token = re.search(r'data-token="([^"]+)"', browser.page.html)
        assert token
        browser._request("POST", f"{TALK}/watched", data={"csrf_token": token[1], "spans": spans})
        answers.append(browser.response.get_json())

    assert answers == [
        {"watched_percent": 40, "done": False},
        {"watched_percent": 60, "done": False},
        {"watched_percent": 60, "done": False},
        {"watched_percent": 100, "done": True},
    ]


def test_without_script_the_learner_says_so(browser: Browser, instance: Instance, in_june: At) -> None:
    """spec/performance P18: the film can be played and finished by the page's button."""
    a_learner_in(browser, the_sample(instance))
    browser.get(TALK)

    browser.submit("/charla/done")

    browser.get(TALK)
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(ActivityResult.completed_at).where(ActivityResult.activity_key == "charla")).scalar_one() == NOON
    assert not any(form.action.endswith("/charla/done") for form in browser.page.forms)


def watchable(session: Session, actor: Actor) -> set[tuple[str, str]]:
    """Return the recordings that the permission allows somebody, one by one."""
    allowed = set()
    for slug in session.scalars(select(Course.slug)):
        context = learners.get_learner_context(session, actor, slug)
        outline = versions.get_outline(session, context.version_id or 0)
        for activity in outline.activities():
            subject = learners.activity_context(session, context, outline, activity.key)
            if activity.kind == "recording" and policy().verdict(actor, RecordingAction.VIEW, subject) is Verdict.ALLOW:
                allowed.add((slug, activity.key))
    return allowed


def test_the_list_holds_exactly_what_its_reader_may_open(browser: Browser, instance: Instance, in_june: At) -> None:
    """The list's twin is the permission, for everybody before every recording; the page shows no other."""
    courses = [the_sample(instance), *(publish(instance, previewed_outside(key))[0] for key in ("abierto", "tarde", "archivado"))]
    hidden = folder("interno", modules=2, visibility="institution", enrolment="invitation")
    courses.append(publish(instance, hidden)[0])
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug == "archivado").values(archived_at=NOON))
        late = session.execute(select(Course.published_version_id).where(Course.slug == "tarde")).scalar_one()
        session.execute(update(Module).where(Module.version_id == late).values(opens_at=NOON + timedelta(seconds=1)))
    people = {
        "nadie": Actor(),
        "ajena": actor_of(a_person(instance, "ajena@example.org")),
        **{f"ana-{course.slug}": a_learner(instance, course, f"ana-{course.slug}@example.org") for course in courses},
        "edita": actor_of(a_teacher(instance, courses[4], "edita@example.org")),
        "califica": actor_of(a_teacher(instance, courses[2], "califica@example.org", StaffRole.GRADER)),
        "admin": Actor(person_id=an_administrator(instance).id, roles=frozenset({SiteRole.ADMINISTRATOR})),
    }
    with instance.database.unit_of_work(write=False) as session:
        listed = {
            name: {(row.slug, row.Activity.key) for row in recordings.visible_recordings(session, who)} for name, who in people.items()
        }
        assert listed == {name: watchable(session, who) for name, who in people.items()}
    assert listed["nadie"] == listed["ajena"] == {("abierto", "video-1")}
    assert listed["ana-interno"] == {("abierto", "video-1"), ("interno", "video-1"), ("interno", "video-2")}
    assert len(listed["admin"]) == 7
    enrolled = sign_in(browser.another(), "ana-interno@example.org").get("/recordings")
    assert enrolled.has_link("/courses/interno/recordings/video-2")
    assert not browser.get("/recordings?q=video").has_link("/courses/interno/recordings/video-2")


def test_the_list_is_searched_by_chapters_too(browser: Browser, instance: Instance, in_june: At) -> None:
    a_learner_in(browser, the_sample(instance))

    page = browser.get("/recordings?q=las+gotas")

    assert page.has_link(f"{TALK}?t=5#player")


def test_the_public_list_holds_exactly_what_a_stranger_may_watch(browser: Browser, instance: Instance, in_june: At) -> None:
    """The list's twin is the permission: previews of listed courses that nothing keeps closed."""
    the_sample(instance, preview=True)
    publish(instance, previewed_outside("abierto"))
    publish(
        instance,
        previewed_outside("interno") | {"course.yaml": previewed_outside("interno")["course.yaml"].replace(b"public", b"institution")},
    )
    publish(instance, previewed_outside("archivado"))
    publish(instance, previewed_outside("tarde"))
    publish(instance, previewed_outside("espera"))
    a_course(instance, "cerrado", modules=1)
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).where(Course.slug == "archivado").values(archived_at=NOON))
        of = dict(session.execute(select(Course.slug, Course.published_version_id)).all())
        session.execute(update(Module).where(Module.version_id == of["tarde"]).values(opens_at=NOON + timedelta(seconds=1)))
        session.execute(update(Module).where(Module.version_id == of["espera"]).values(requires=("otra",)))

    with instance.database.unit_of_work(write=False) as session:
        listed = {(row.slug, row.Activity.key) for row in recordings.public_recordings(session, now=NOON, limit=100)}
        allowed = watchable(session, Actor())

    assert listed == allowed == {("agua-en-casa", "charla"), ("abierto", "video-1")}


WRITTEN = (
    "## Inicio\r\n\r\n[0:00] Hablemos del **agua** y su [[consumo]]: {{ litros_ducha }}.\r\n\r\n"
    "[0:05] Cada gota\r\ncuenta [@manual].\r\n\r\n- sola\r\n- gota\r\n"
)


def test_a_transcript_in_markdown_is_shown_as_a_lesson_is(browser: Browser, instance: Instance, in_june: At) -> None:
    """spec/content-format 10: the dialect of spec/content-format 7 without embeds, whatever its line ends."""
    a_learner_in(browser, publish(instance, a_folder() | {TRANSCRIPT: WRITTEN.encode()}, now=NOON - timedelta(days=1))[0])

    html = browser.get(TALK).html

    shown = html[html.index('<ol class="cues tall"') :]
    assert re.findall(r'data-second="(\d+)"', shown) == ["0", "5"]
    assert '<h2 id="said-inicio">Inicio</h2>' in shown
    assert "<p>Hablemos del <strong>agua</strong> y su <button" in shown
    assert 'href="#said--source-1"' in shown
    assert "<li>sola</li>" in shown
    assert not re.search(r"\*\*|\[\[|\{\{|\[0:", shown)


def test_of_a_transcript_the_plain_words_are_found() -> None:
    """A language that the course has not is shown as it is written: nothing says what it names."""
    recording = "01-contar/02-charla.recording.yaml"
    files = changed(recording, "  es: media/charla.es.md\n", "  es: media/charla.es.md\n  fr: media/charla.fr.md\n")
    files |= {TRANSCRIPT: WRITTEN.encode(), "01-contar/media/charla.fr.md": b"[1:00:05] Un & *deux*\r\n\r\ntrois\r\n"}
    found = publishing.prepare(files, KINDS, today=NOON.date()).prepared
    assert found is not None

    said = found.activities["charla"].payload.transcripts

    words = [(one.second, one.words) for one in said["es"] if one.words]
    assert [second for second, _words in words] == [None, 0, 5, None]
    assert [text.replace("\xa0", " ") for _second, text in words] == [
        "Inicio",
        "Hablemos del agua y su consumo: 9,50 litros.",
        "Cada gota cuenta [1].",
        "sola gota",
    ]
    assert said["fr"] == [
        TranscriptPassage(3605, "Un & *deux*", "<p>Un &amp; *deux*</p>"),
        TranscriptPassage(None, "trois", "<p>trois</p>"),
    ]


def test_a_search_finds_what_is_said_and_leads_to_its_second(browser: Browser, instance: Instance, in_june: At) -> None:
    """Without accents and case; the words found are marked as they stand."""
    the_sample(instance, preview=True)
    publish(instance, previewed_outside("abierto"))

    found = browser.get("/recordings?q=GOTA+cuenta")
    title = browser.get("/recordings?q=charla")
    nothing = browser.get("/recordings?q=petroleo")

    assert found.has_link(f"{TALK}?t=5#player")
    assert "<mark>gota cuenta</mark>" in found.html
    assert title.has_link(TALK)
    assert not nothing.has_link(TALK)


def test_a_quiz_is_not_a_recording(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=1))

    browser.get("/courses/prueba/recordings/cuestionario-1", status=404)
    browser.get("/courses/prueba/recordings/leccion-1", status=404)


def test_only_learners_of_the_course_leave_a_note_of_what_they_watched(browser: Browser, instance: Instance, in_june: At) -> None:
    """Access: recording.note_watched; the team and visitors watch, and nothing is noted."""
    cast = a_cast(browser, instance)
    cast.join(the_sample(instance))

    outcomes = cast.outcomes(f"{TALK}/watched", "POST", {"spans": "0-4"})

    assert cast.check("recording.note_watched", "own_progress", outcomes) == []
