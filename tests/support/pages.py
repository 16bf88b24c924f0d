"""Looking at HTML pages."""

import re
from html.parser import HTMLParser

from typing_extensions import override

_VOID = frozenset({"meta", "img", "br", "hr", "link", "input"})


class _Page(HTMLParser):
    """Collects what a page shows and what it refers to, and checks that its tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.alternatives: list[str] = []
        self.words: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        found = dict(attrs)
        self.sources += [found[name] or "" for name in ("src", "href", "srcset", "data") if name in found]
        self.alternatives += [found["alt"] or ""] if "alt" in found else []

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _read(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    assert not page.open, f"not closed: {page.open}"
    return page


def assert_self_contained(html: str) -> None:
    """The page parses, fetches nothing, and describes every image."""
    page = _read(html)
    assert page.sources
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in page.sources)
    assert len(page.alternatives) == html.count("<img")
    assert all(page.alternatives)
    assert not re.search(r"https?://|@import|url\(", html)


def text_of(html: str) -> str:
    """What a page says, blanks made single."""
    return " ".join(" ".join(_read(html).words).split())
