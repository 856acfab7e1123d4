"""The manual pages, and what several tests need from them."""

from mdoc import Page
from programs import ROOT

PAGES = {page.path.name: page for page in map(Page, sorted((ROOT / "packaging/man").glob("*.[0-9]")))}


def the_display(page, beginning):
    found = [display for display in PAGES[page].displays() if display.startswith(beginning)]
    assert len(found) == 1, f"{page}: {len(found)} examples begin with {beginning!r}"
    return found[0]
