"""Nothing that is typed is lost: refused, signed out, locked in between, sent twice, with files (spec/communities D14 to D20, D41, D42)."""

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, update

from accounts.models import Device, Person
from discussions import boards, posts, threads
from discussions.models import Board, BoardState, PostDraft, PostFile, Thread, ThreadPost
from kernel import clock
from kernel.files import StoredFile
from lms.instance import Instance
from tests.support.boards import CLOSED, a_thread, actor_of, an_answer
from tests.support.browser import Browser, Form
from tests.support.builders import PASSWORD, a_person, sign_in
from tests.support.wording import in_spanish

MEANWHILE = "While you were writing %(count)s post came: no. %(number)s."
REFUSED = "“%(name)s” cannot be attached: pictures and documents of at most 10 MB, which are what their names say."


def sources(instance: Instance, table: type[PostDraft | ThreadPost]) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(table.source).order_by(table.id)))


def key_of(instance: Instance, post: ThreadPost) -> str:
    with instance.database.unit_of_work(write=False) as session:
        return session.get_one(Thread, post.thread_id).key


def new_form(writer: Browser) -> Form:
    """Return the form of a new thread on the present page."""
    return next(form for form in writer.page.forms if "/discussions/new/" in form.action)


def a_picture() -> bytes:
    content = BytesIO()
    picture = Image.new("RGB", (8, 8), "red")
    exif = picture.getexif()
    exif[0x010F] = "Cámara secreta"
    picture.save(content, "JPEG", exif=exif)
    return content.getvalue()


def locked(instance: Instance, key: str, marta: Person, board: Board) -> None:
    with instance.database.unit_of_work() as session:
        actor = actor_of(marta)
        threads.lock(session, actor, boards.get_thread(session, actor, key), "Ya está.", continued="", is_locked=True, now=clock.now())


def read_only(instance: Instance, key: str, marta: Person, board: Board) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).where(Board.id == board.id).values(state=BoardState.READ_ONLY.value))


def archived(instance: Instance, key: str, marta: Person, board: Board) -> None:
    CLOSED.add(board.id)


def no_longer_a_member(instance: Instance, key: str, marta: Person, board: Board) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "ana@example.org").values(email="ana@otro.example"))


@pytest.mark.parametrize("meanwhile", [locked, read_only, archived, no_longer_a_member])
def test_d14_a_text_that_may_not_be_published_any_more_is_a_draft(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person, meanwhile: object
) -> None:
    first = a_thread(instance, board, marta)
    key = key_of(instance, first)
    writer = sign_in(browser)
    page = writer.get(f"/discussions/{key}")
    form = page.form(f"/discussions/{key}/answer")
    meanwhile(instance, key, marta, board)  # type: ignore[operator]  # one of the four above
    status = 404 if meanwhile is no_longer_a_member else 403
    writer.submit(form.action, {"text": "Mi respuesta larga."}, button=("act", "publish"), form=form, status=status)
    assert sources(instance, ThreadPost) == ["No lo entiendo."]
    assert sources(instance, PostDraft) == ["Mi respuesta larga."]
    shown = writer.get("/learning/drafts").text
    assert "Mi respuesta larga." in shown
    assert ("Taller de prueba" in shown) == (meanwhile is not no_longer_a_member)


def test_d15_signed_out_meanwhile_the_text_comes_along(browser: Browser, instance: Instance, board: Board, ana: Person) -> None:
    writer = sign_in(browser)
    writer.get(f"/discussions/new/{board.key}")
    form = writer.page.form(f"/discussions/new/{board.key}")
    with instance.database.unit_of_work() as session:
        session.execute(update(Device).values(ended_at=clock.now()))
    text = "Texto largo de una hora. " * 1_500
    values = {"title": "Mi pregunta larga", "text": text, "act": "publish", "file": (BytesIO(b"Apuntes."), "apuntes.txt")}
    page = writer.post(form.action, values, 401, content_type="multipart/form-data")
    assert any("resume" in dict(sign.fields) for sign in page.forms)
    page = writer.submit("/sign-in", {"email": ana.email, "password": PASSWORD})
    assert in_spanish("The files you chose were not kept. Choose them again.") in page.text
    assert sources(instance, ThreadPost) == []
    assert sources(instance, PostDraft) == [text.strip()]
    assert text.strip() in page.html
    assert in_spanish("You were signed out when you sent it. Publish it now if it is complete.") in page.text
    writer.submit(f"/discussions/new/{board.key}", {"text": "Más corto."}, button=("act", "publish"))
    assert sources(instance, ThreadPost) == ["Más corto."]


@pytest.mark.parametrize(
    ("values", "reason", "field"),
    [
        ({"title": "Corto", "text": ""}, "Escriba su texto", "text"),
        ({"title": "¡!", "text": "Hola."}, "título de 5 a 150", "title"),
        ({"title": "Un título bueno", "text": "x" * 20_001}, "20.000 caracteres", "text"),
    ],
)
def test_what_is_refused_is_shown_again_with_the_reason(
    browser: Browser, instance: Instance, board: Board, ana: Person, values: dict[str, str], reason: str, field: str
) -> None:
    writer = sign_in(browser)
    writer.get(f"/discussions/new/{board.key}")
    page = writer.submit(f"/discussions/new/{board.key}", {"kind": "discussion", **values}, button=("act", "publish"))
    assert reason in page.text
    assert f'href="#{field}"' in page.html
    assert re.findall(r'id="(\w+)-error"', page.html) == [field]
    assert re.findall(r'aria-invalid="true"[^>]* id="(\w+)"', page.html) == [field]
    assert values["text"][:20_001] in page.html
    assert sources(instance, ThreadPost) == []
    assert sources(instance, PostDraft) == [values["text"]]


def test_d16_preview_and_drafts_publish_nothing(browser: Browser, instance: Instance, board: Board, ana: Person) -> None:
    writer = sign_in(browser)
    writer.get(f"/discussions/new/{board.key}?anchor_kind=heading&anchor_key=uno&anchor_part=dos")
    values = {"title": "Un título bueno", "text": "Con *énfasis*.", "kind": "discussion"}
    page = writer.submit("", values, button=("act", "preview"), form=new_form(writer))
    assert "<em>énfasis</em>" in page.html
    page = writer.submit("", values, button=("act", "draft"), form=new_form(writer))
    assert in_spanish("The draft was saved. It is under “My drafts”.") in page.text
    assert sources(instance, ThreadPost) == []
    writer.submit("", values, button=("act", "publish"), form=new_form(writer))
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Thread)).one()
        assert (row.anchor_kind, row.anchor_key, row.anchor_part) == ("heading", "uno", "dos")
        assert session.scalars(select(PostDraft)).all() == []


def opened_form(browser: Browser, instance: Instance, board: Board, author: Person) -> tuple[ThreadPost, str, Browser, Form]:
    """Open a thread by its author; return its first post and key, and who reads it with the form of an answer before them."""
    first = a_thread(instance, board, author)
    key, reader = key_of(instance, first), sign_in(browser)
    return first, key, reader, reader.get(f"/discussions/{key}").form(f"/discussions/{key}/answer")


def test_d17_who_writes_reads_what_came_meanwhile(browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person) -> None:
    first, _key, writer, form = opened_form(browser, instance, board, marta)
    for text in ("Una.", "Dos."):
        an_answer(instance, first, marta, text)
    page = writer.submit(form.action, {"text": "Tarde."}, button=("act", "publish"), form=form)
    assert in_spanish(MEANWHILE, 2, number=2) in page.text
    page = writer.submit(form.action, {"text": "Tarde."}, button=("act", "publish"), form=form)
    assert sources(instance, ThreadPost).count("Tarde.") == 1


def test_d17_a_form_sent_again_leaves_a_later_draft_and_no_draft_of_its_own(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    _first, key, writer, form = opened_form(browser, instance, board, marta)
    writer.submit(form.action, {"text": "Uno."}, button=("act", "publish"), form=form)
    later = writer.get(f"/discussions/{key}").form(f"/discussions/{key}/answer")
    writer.submit(later.action, {"text": "Dos, para después."}, button=("act", "draft"), form=later)

    writer.submit(form.action, {"text": "Uno."}, button=("act", "publish"), form=form)
    assert sources(instance, PostDraft) == ["Dos, para después."]
    locked(instance, key, marta, board)
    writer.submit(form.action, {"text": "Uno."}, button=("act", "publish"), form=form, status=403)
    assert sources(instance, PostDraft) == ["Dos, para después."]
    assert sources(instance, ThreadPost) == ["No lo entiendo.", "Uno."]


def test_d17_a_form_sent_again_counts_once_for_the_limit(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    _first, _key, writer, form = opened_form(browser, instance, board, marta)
    for _time in range(12):
        writer.submit(form.action, {"text": "Uno."}, button=("act", "publish"), form=form)
    assert (sources(instance, ThreadPost), sources(instance, PostDraft)) == (["No lo entiendo.", "Uno."], [])


def test_d17_another_text_of_a_form_that_was_gone_back_to_is_another_post(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    _first, _key, writer, form = opened_form(browser, instance, board, marta)
    for text in ("Uno.", "Otro texto."):
        writer.submit(form.action, {"text": text}, button=("act", "publish"), form=form)
    assert sources(instance, ThreadPost) == ["No lo entiendo.", "Uno.", "Otro texto."]


def test_d19_alike_threads_are_shown_once_before_a_question(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    a_thread(instance, board, marta, "¿Cómo se calcula la pensión?")
    writer = sign_in(browser)
    writer.get(f"/discussions/new/{board.key}")
    values = {"title": "¿Cómo calcula la pensión el IESS?", "text": "No sé.", "kind": "question"}
    page = writer.submit(f"/discussions/new/{board.key}", values, button=("act", "publish"))
    assert "¿Cómo se calcula la pensión?" in page.text
    assert sources(instance, ThreadPost) == ["No lo entiendo."]
    writer.submit(f"/discussions/new/{board.key}", button=("act", "anyway"))
    assert sources(instance, ThreadPost) == ["No lo entiendo.", "No sé."]


def test_d20_ten_posts_in_ten_minutes_and_the_eleventh_is_a_draft(browser: Browser, instance: Instance, board: Board, ana: Person) -> None:
    first = a_thread(instance, board, ana)
    key = key_of(instance, first)
    writer = sign_in(browser)
    for number in range(11):
        writer.get(f"/discussions/{key}")
        writer.submit(f"/discussions/{key}/answer", {"text": f"Mensaje {number}."}, button=("act", "publish"))
    assert len(sources(instance, ThreadPost)) == 11
    assert sources(instance, PostDraft) == ["Mensaje 10."]


def test_d41_files_are_checked_cleaned_and_asked_for_each_time(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    first = a_thread(instance, board, marta)
    key = key_of(instance, first)
    writer = sign_in(browser)
    writer.get(f"/discussions/{key}")

    def send(name: str, content: bytes, **fields: str) -> str:
        data = {"text": "Con archivo.", "act": "publish", "token": f"{name}-{fields}", "file": (BytesIO(content), name), **fields}
        return writer.post(f"/discussions/{key}/answer", data, content_type="multipart/form-data").text

    assert in_spanish(REFUSED, name="virus.svg") in send("virus.svg", b"<svg/>")
    assert in_spanish(REFUSED, name="foto.png") in send("foto.png", b"no es una imagen")
    undescribed = in_spanish("Describe what the attached picture shows, or say that it only decorates.")
    assert undescribed in send("foto.jpg", a_picture())
    assert "foto.jpg" in writer.page.text
    assert sources(instance, ThreadPost) == ["No lo entiendo."]
    writer.submit(f"/discussions/{key}/answer", {"alternative": "Una gráfica"}, button=("act", "publish"))
    with instance.database.unit_of_work(write=False) as session:
        file, stored = session.execute(select(PostFile, StoredFile).join(StoredFile, StoredFile.id == PostFile.stored_file_id)).one()
        post = session.get_one(ThreadPost, file.post_id or 0)
    assert b"secreta" not in instance.files.read(stored.sha256)
    address = f"/discussions/files/{post.key}/{file.number}"
    writer.get(address)
    assert writer.response.headers["Cache-Control"] == "private, no-store"
    stranger = browser.another()
    stranger.client.get(address, base_url="https://localhost")
    assert stranger.client.get(address, base_url="https://localhost").status_code == 303  # to sign in
    with instance.database.unit_of_work() as session:
        actor = actor_of(ana)
        posts.withdraw_post(session, actor, boards.get_post(session, actor, post.key), now=clock.now())
    reader = sign_in(browser.another(), "mod.jefa@example.org")
    reader.get(address)
    eva = a_person(instance, "eva@example.org", given="Eva")
    sign_in(stranger, eva.email).get(address, status=404)
    with instance.database.unit_of_work() as session:
        posts.erase_withdrawn(session, clock.now(), now=clock.now())
    writer.deliver_jobs()
    assert not instance.files.holds(stored.sha256)


def test_boxes_that_were_ticked_come_back_with_the_preview_and_with_an_edit(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    writer = sign_in(browser)
    writer.get(f"/discussions/new/{board.key}")
    values = {"title": "Un título bueno", "text": "Hola.", "kind": "discussion", "mentions": str(marta.uuid)}
    page = writer.submit("", values, button=("act", "preview"), form=new_form(writer))
    assert ("mentions", str(marta.uuid)) in new_form(writer).fields
    writer.submit("", {}, button=("act", "publish"), form=new_form(writer))
    writer.deliver_jobs()
    assert in_spanish("You were mentioned.") in sign_in(browser.another(), marta.email).get("/notices").text
    with instance.database.unit_of_work(write=False) as session:
        key = session.scalars(select(ThreadPost.key)).one()
    page = writer.get(f"/discussions/posts/{key}/edit")
    form = next(form for form in page.forms if form.action.endswith("/edit"))
    assert ("mentions", str(marta.uuid)) in form.fields


def test_an_edit_sent_before_the_notification_is_there_takes_none_back(
    browser: Browser, instance: Instance, board: Board, ana: Person, marta: Person
) -> None:
    writer, notice = sign_in(browser), in_spanish("You were mentioned.")
    writer.get(f"/discussions/new/{board.key}")
    values = {"title": "Un título bueno", "text": "Hola.", "kind": "discussion", "mentions": str(marta.uuid)}
    writer.submit("", values, button=("act", "publish"), form=new_form(writer))
    with instance.database.unit_of_work(write=False) as session:
        edit = f"/discussions/posts/{session.scalars(select(ThreadPost.key)).one()}/edit"
    writer.get(edit)
    writer.submit("/edit", {"text": "Hola, todos."}, button=("act", "publish"))
    writer.get(edit)
    writer.submit("/edit", {"text": "Hola a todos."}, button=("act", "draft"))
    writer.deliver_jobs()
    writer.get(edit)
    writer.submit("/edit", {"text": "Hola a todas."}, button=("act", "publish"))
    writer.deliver_jobs()
    reader = sign_in(browser.another(), marta.email)
    assert notice in reader.get("/notices").text
    writer.get(edit)
    writer.submit("/edit", {"text": "Hola.", "mentions": None}, button=("act", "draft"))
    writer.get(edit)
    writer.submit("/edit", {}, button=("act", "publish"))
    writer.deliver_jobs()
    assert notice not in reader.get("/notices").text


@pytest.mark.settings(keep_post_drafts_days=12)
def test_the_page_of_drafts_says_how_long_they_are_kept(browser: Browser, ana: Person) -> None:
    assert "12 días" in sign_in(browser).get("/learning/drafts").text
