"""What templates compile to is kept in the instance's folder, and never trusted where it was cut off."""

from pathlib import Path

import pytest
from flask import Flask

from kernel.web import templating
from lms.app import create_app
from lms.instance import Instance

TEMPLATE = "partials/_footer.html"


def compiled(app: Flask) -> Path:
    """Compile a template, and return the file that is kept of it."""
    before = set(_kept(app))
    app.jinja_env.get_template(TEMPLATE)
    (made,) = set(_kept(app)) - before
    return made


def _kept(app: Flask) -> list[Path]:
    folder = Path(app.extensions["settings"].data_dir) / "templates"
    return list(folder.glob("*")) if folder.exists() else []


def test_the_next_start_takes_what_this_one_compiled(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = compiled(create_app(instance))
    again = create_app(instance)
    monkeypatch.setattr(again.jinja_env, "_parse", None)  # it cannot compile

    assert again.jinja_env.get_template(TEMPLATE).name == TEMPLATE
    assert kept.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("left", [b"", b"\0" * 4096, None], ids=["empty", "zeros", "half"])
def test_what_a_power_cut_left_is_compiled_anew(left: bytes | None, instance: Instance) -> None:
    kept = compiled(create_app(instance))
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2] if left is None else left)

    assert create_app(instance).jinja_env.get_template(TEMPLATE).name == TEMPLATE
    assert kept.read_bytes() == whole


def test_what_another_version_kept_is_compiled_anew(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own mark says nothing of its version, nor of how our environment is set."""
    kept = compiled(create_app(instance))
    whole = kept.read_bytes()
    monkeypatch.setattr(templating, "_VERSIONS", b"another")

    create_app(instance).jinja_env.get_template(TEMPLATE)

    assert kept.read_bytes() != whole


def test_a_folder_that_cannot_be_written_keeps_nobody_from_a_page(instance: Instance) -> None:
    (instance.settings.data_dir / "templates").write_text("in the way")

    assert create_app(instance).jinja_env.get_template(TEMPLATE).name == TEMPLATE
