"""The browser of the tests is a real Chromium that knows Japanese and reaches no other host."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_page_shows_japanese(page: Page) -> None:
    page.set_content("<p lang='ja'>確認作業</p>")
    expect(page.get_by_text("確認作業")).to_be_visible()
    box = page.get_by_text("確認作業").bounding_box()
    assert box is not None
    assert box["height"] > 10
