"""What no template may hold under our content security policy, and that they all are well-formed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from web import guard
from web.pages import make_environment

WEB = Path(guard.__file__).parent
TEMPLATES = sorted(path.name for path in (WEB / "templates").glob("*.html"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_compiles(name: str) -> None:
    make_environment().get_template(name)


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_inline_and_nothing_from_elsewhere(name: str) -> None:
    text = (WEB / "templates" / name).read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(?:src|href|action)\s*=\s*\"(?:https?:)?//", text)
    assert "|safe" not in text


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_changes_something_carries_the_token(name: str) -> None:
    text = (WEB / "templates" / name).read_text(encoding="utf-8")
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, flags=re.S):
        assert 'name="csrf"' in form or "{{ hidden() }}" in form


@pytest.mark.parametrize("path", sorted((WEB / "static").glob("*")))
def test_static_files_load_nothing_from_other_hosts(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|url\(|@import|eval\(|innerHTML", text)


def test_policy_has_no_exception() -> None:
    assert "unsafe" not in guard.CSP
    assert "*" not in guard.CSP
    assert guard.CSP.startswith("default-src 'none'")
