"""What must hold of any bytes that pretend to be a page; and a coverage-guided fuzzer that looks for bytes of which it does not.

    make fuzz                     five minutes; FUZZ_SECONDS=3600 for more
    python -m tests.fuzz FILE…    what became of some inputs

The first byte of an input says what is read: a page as an article or as a listing, with the definition as shipped or without class
names, or a source definition. `tests/corpus/` holds a small set of inputs that reach all the fuzzer has reached, and every input it
broke something with; `tests/test_fuzz.py` reads them all in every test run. The fuzzer itself (atheris, libFuzzer underneath) is
installed by `make fuzz` beside the locked environment and needed for nothing else.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
SECONDS = 10
"""For an input; a page of a few kilobytes takes milliseconds."""


def _modules() -> None:
    """Import what is fuzzed; under the fuzzer, within its instrumentation."""
    import newsroom.config
    import newsroom.dates
    import newsroom.extract
    import newsroom.urls  # noqa: F401


def check(data: bytes) -> str:
    """Read an input as its first byte says; what became of it, in a word. Raises AssertionError for what must not be."""
    kind, page = (data[0] % 5, data[1:]) if data else (0, b"")
    began = time.monotonic()
    said = _definition(page) if kind == 4 else _article(page, with_css=kind < 2) if kind % 2 == 0 else _listing(page, with_css=kind < 2)
    assert time.monotonic() - began < SECONDS, "too slow"
    return said


def _article(page: bytes, *, with_css: bool) -> str:
    from newsroom.errors import FieldMissing, Rejected
    from tests.extracting import osce, read_article, without_css

    source = osce() if with_css else without_css()
    try:
        article = read_article(page, source=source)
    except FieldMissing as missing:
        assert missing.args and "\n" not in str(missing)
        return "missing"
    except Rejected as rejected:
        assert rejected.reason and "\n" not in str(rejected)
        return "rejected"
    assert article == read_article(page, source=source), "not the same twice"
    for line in (article.title, article.place, article.content_type, *article.issuers, *article.topics, article.dateline_place):
        assert line is None or _is_clean(line), f"no clean line: {line!r}"
    assert article.body, "an article without a body"
    for paragraph in article.body.split("\n\n") + (article.lead.split("\n\n") if article.lead is not None else []):
        assert _is_clean(paragraph), f"no clean paragraph: {paragraph!r}"
    assert article.published_on is None or isinstance(article.published_on, date)
    assert all(link.startswith(("http://", "https://")) for link in (*article.links, *article.attachments)), "no web address"
    return "article"


def _listing(page: bytes, *, with_css: bool) -> str:
    from newsroom.errors import Rejected
    from tests.extracting import osce, read_listing, without_css

    source = osce() if with_css else without_css()
    try:
        listing = read_listing(page, source=source)
    except Rejected as rejected:
        assert rejected.reason and "\n" not in str(rejected)
        return "rejected"
    assert listing == read_listing(page, source=source), "not the same twice"
    for entry in listing.entries:
        assert entry.url.startswith("https://www.osce.org/"), f"outside the source: {entry.url}"
        assert entry.article_id.startswith("osce:")
        for line in (entry.title, entry.content_type, entry.snippet, *entry.issuers, *entry.topics):
            assert line is None or _is_clean(line), f"no clean line: {line!r}"
    assert listing.last_page is None or listing.last_page >= 0
    return f"{min(len(listing.entries), 3)} entries"


def _is_clean(line: str) -> bool:
    return bool(line) and line == line.strip() and not any(c in line for c in "\r\n\t\0\x1b\x7f\u202e\u2028")


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="newsroom-fuzz-"))


def _definition(text: bytes) -> str:
    from newsroom import config, extract
    from newsroom.errors import ConfigError

    path = _folder() / "any.toml"
    path.write_bytes(text)
    try:
        config.load_source(path, problems=extract.problems)
    except ConfigError as error:
        # one line for each mistake, each of them with the file's name
        assert all("any" in line for line in str(error).splitlines()), f"does not say where: {error}"
        return "refused"
    return "source"


def _fuzz(words: list[str]) -> None:
    atheris = import_module("atheris")  # by name: it is no dependency

    with atheris.instrument_imports(include=["newsroom", "tests.extracting"]):
        _modules()

    def one(data: bytes) -> None:
        check(data)

    atheris.Setup(words, one)
    atheris.Fuzz()


def _tell(paths: list[str], say: Callable[[str], object] = print) -> int:
    broken = 0
    for path in paths:
        try:
            say(f"{path}: {check(Path(path).read_bytes())}")
        except Exception as error:  # noqa: BLE001 -- that is what is looked for
            broken += 1
            say(f"{path}: BROKEN, {type(error).__name__}: {error}")
    return broken


if __name__ == "__main__":
    files = [word for word in sys.argv[1:] if Path(word).is_file()]
    if files and len(files) == len(sys.argv) - 1:
        sys.exit(_tell(files))
    with suppress(KeyboardInterrupt):
        _fuzz(sys.argv)
