"""A mistake in a file is refused before any request, in one line that says where, what, and what is allowed."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from newsroom import __version__, config, strict_toml
from newsroom.errors import ConfigError

SHIPPED = Path(__file__).resolve().parents[1] / "config"

ACME = """
name = "acme"
title = "Acme news"
[site]
base_url = "https://news.acme.org"
article_path = '/news/(?P<id>\\d+)'
[listing]
url = "/news?page={page}"
rows = 20
entries = ["css:.item"]
[listing.fields]
title = ["link"]
[article.fields]
title = ["css:h1"]
body = ["css:.text"]
[politeness]
delay_seconds = 2.0
"""


def acme(folder: Path, old: str = "", new: str = "") -> Path:
    """The definition of a small source with one thing changed."""
    assert old in ACME
    path = folder / "acme.toml"
    path.write_text(ACME.replace(old, new, 1), encoding="utf-8")
    return path


def refused(path: Path) -> str:
    """What is said when the definition is refused; the file's name must begin it."""
    with pytest.raises(ConfigError) as caught:
        config.load_source(path)
    line = str(caught.value)
    assert caught.value.exit_code == 2
    assert line.startswith(f"{path}: ")
    assert line.isprintable(), "one line"
    return line.removeprefix(f"{path}: ")


def test_a_newsroom_of_an_ordinary_kind_is_a_short_file(tmp_path: Path) -> None:
    """What is not said has a default; lists are tuples, so that a source can be handed to any worker."""
    source = config.load_source(acme(tmp_path))
    assert (source.name, source.listing.rows, source.listing.entries) == ("acme", 20, ("css:.item",))
    assert source.politeness.concurrency == 2
    assert isinstance(hash(source.site), int)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "rows = 20",
            "row = 20",
            "listing.row = 20: unknown key; did you mean rows? Allowed here: entries, fields, first_page, max_pages, ",
        ),
        (
            '["link"]',
            '["link"]\nsnipet = ["css:p"]',
            'listing.fields.snipet = ["css:p"]: unknown key; did you mean snippet? Allowed here: content_type, ',
        ),
        ("[politeness]", "[polite]", "polite: unknown key; did you mean politeness? Allowed here: article, content_types, "),
        ("rows = 20", 'rows = "20"', 'listing.rows = "20": must be a whole number'),
        ("rows = 20", "rows = 2.5", "listing.rows = 2.5: must be a whole number"),
        ("rows = 20", "rows = 0", "listing.rows = 0: must be greater than or equal to 1"),
        ("rows = 20", "rows = 2026-01-01", 'listing.rows = "2026-01-01": must be a whole number'),
        ("rows = 20", "", None),
        ("rows = 20", 'order = "oldest"', "listing.order = \"oldest\": must be 'newest-first', 'oldest-first' or 'none'"),
        ("2.0", "true", "politeness.delay_seconds = true: must be a number"),
        ("2.0", "-1", "politeness.delay_seconds = -1: must be greater than or equal to 0"),
        ("2.0", "inf", "politeness.delay_seconds = Infinity: must be a finite number"),
        ("2.0", "2", None),
        ('["css:.item"]', '"css:.item"', 'listing.entries = "css:.item": must be a list'),
        ('["css:.item"]', '["css:.item", 7]', "listing.entries[1] = 7: must be a string"),
        ('["css:.item"]', "[]", "listing.entries = []: must not be empty"),
        ('["css:.text"]', '[""]', 'article.fields.body[0] = "": must not be empty'),
        ('title = ["css:h1"]\n', "", "article.fields.title: is missing; it must be given"),
        ("(?P<id>", "(?P<id", 'site.article_path = "/news/(?P<id\\\\d+)": not a regular expression: missing >, '),
        ("https://news.acme.org", "https://news.acme.org/", None),
        ("https://news.acme.org", "news.acme.org", 'site.base_url = "news.acme.org": must be a scheme and a host in lower case'),
        ("https://news.acme.org", "https://acme.org/news", 'site.base_url = "https://acme.org/news": must be a scheme and a host'),
        ("[listing]", 'host_aliases = ["http://acme.org"]\n[listing]', 'site.host_aliases[0] = "http://acme.org": must be a host name'),
        ("?page={page}", "?page=0", 'listing.url = "/news?page=0": must contain {page}, and no braces but {page}, {rows}'),
        ("?page={page}", "?page={page.__class__}", 'listing.url = "/news?page={page.__class__}": must contain {page}'),
        ("?page={page}", "?page={page:>9}", 'listing.url = "/news?page={page:>9}": must contain {page}'),
        ("?page={page}", "?page={page}&f={", 'listing.url = "/news?page={page}&f={": not a template: '),
        ('"/news?', '"https://acme.org/news?', 'listing.url = "https://acme.org/news?page={page}": must be a path that begins with one /'),
        ("[politeness]", "[recheck]\ndays = [7, 3]\n[politeness]", "recheck.days = [7, 3]: must be days of 1 and more"),
        (
            "[politeness]",
            '[vocabulary.content_typ]\n"a" = "b"\n[politeness]',
            "vocabulary.content_typ: unknown key; did you mean content_type?",
        ),
        ("[politeness]", "politeness = 3\n[recheck]", "article.fields.politeness = 3: unknown key"),
        ('name = "acme"', 'name = "Acme"', 'name = "Acme": must look like "osce", that is ^[a-z]'),
        ('name = "acme"', 'name = "acne"', 'name = "acne": must be the name of the file: "acme"'),
        ('title = "Acme news"', 'title = "Acme', "not valid TOML: "),
        ('"Acme news"', '"' + "x" * 500 + '"\nrowz = "' + "y" * 500 + '"', 'rowz = "' + "y" * 58 + "…: unknown key"),
        ('"Acme news"', '"Acme news"\n"a\\u001b[2J\\nb" = 1', "a\\x1b[2J\\nb = 1: unknown key"),
    ],
)
def test_every_mistake_is_said_in_one_line(tmp_path: Path, old: str, new: str, said: str | None) -> None:
    """File, key, value, what is allowed; None: it is no mistake."""
    path = acme(tmp_path, old, new)
    if said is None:
        config.load_source(path)
    else:
        assert refused(path).startswith(said)


def test_a_misspelt_required_key_is_called_misspelt_not_missing(tmp_path: Path) -> None:
    """Both are true; only one of them helps. The other is counted."""
    line = refused(acme(tmp_path, "base_url", "base_uri"))
    assert line.startswith('site.base_uri = "https://news.acme.org": unknown key; did you mean base_url?')
    assert line.endswith("(and 1 more in this file)")


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    """Without it one searches for an hour."""
    assert refused(acme(tmp_path, "rows = 20", "rows 20")).endswith("(at line 9, column 6)")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'title = "\xff"', "not UTF-8 text (byte 9); save the file as UTF-8"),
        (b"x = " + b"[" * 20_000, "not valid TOML: "),
        (b"x = " + b"9" * 5_000, "not valid TOML: "),
        (b"\x00", "not valid TOML: "),
        (b"", "name: is missing; it must be given (and 4 more in this file)"),
    ],
)
def test_a_file_that_is_no_toml(tmp_path: Path, content: bytes, said: str) -> None:
    """Whatever a disk or an editor left there."""
    path = tmp_path / "acme.toml"
    path.write_bytes(content)
    assert refused(path).startswith(said)


def test_what_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    """Missing file, directory in its place, no permission."""
    assert refused(tmp_path / "none.toml") == "there is no such file"
    (tmp_path / "folder.toml").mkdir()
    assert refused(tmp_path / "folder.toml") == "cannot be read: Is a directory"
    if os.geteuid() != 0:  # root reads anything
        path = acme(tmp_path)
        path.chmod(0)
        assert refused(path) == "cannot be read: Permission denied"


def test_what_types_cannot_say_is_asked_of_the_extractor(tmp_path: Path) -> None:
    """`extract.problems` compiles selectors; its findings are told like all others."""
    found = [("listing.entries[0]", "css:.item[", "not a selector"), ("article.fields.title[0]", "x", "y")]
    with pytest.raises(ConfigError, match=r'listing\.entries\[0\] = "css:\.item\[": not a selector \(and 1 more in this file\)$'):
        config.load_source(acme(tmp_path), problems=lambda source: found)


@given(st.text(max_size=300))
@example("a = 1\n[a]")
@example("[[listing]]\nurl = 1")
@example("article = []")
@example('vocabulary = {"content_type" = {"a" = {"b" = "c"}}}')
def test_any_text_is_a_source_or_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """No text whatever ends in a traceback."""
    path = tmp_path_factory.mktemp("any") / "acme.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert refused(path)


KEYS = st.sampled_from(
    ["name", "site", "listing", "article", "fields", "url", "rows", "entries", "days", "vocabulary", "content_type", "x"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_shape_is_refused_in_one_line(data: dict[str, object]) -> None:
    """Tables where values belong, lists of tables, dates, infinities: the message can always be made."""
    with pytest.raises(ConfigError) as caught, pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_toml, "read", lambda path: data)
        strict_toml.load(Path("acme.toml"), config.Source)
    assert str(caught.value).startswith("acme.toml: ")
    assert str(caught.value).isprintable()


def test_sources_are_named_by_their_files(tmp_path: Path) -> None:
    """All by name, or those asked for in the order asked; what an editor left behind is none."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("zeta", "beta"):
        (folder / f"{name}.toml").write_text(ACME.replace("acme", name, 1))
    for leftover in ("beta.toml~", "._beta.toml", "README.md"):
        (folder / leftover).write_text("not a source")
    assert [source.name for source in config.load_sources(tmp_path)] == ["beta", "zeta"]
    assert [source.name for source in config.load_sources(tmp_path, ["zeta", "beta", "zeta"])] == ["zeta", "beta"]
    for unknown, said in (("bta", "did you mean beta? Allowed here: beta, zeta"), ("../sources/beta", "Allowed here: ")):
        with pytest.raises(ConfigError, match="there is no such source in ") as caught:
            config.load_sources(tmp_path, [unknown])
        assert said in str(caught.value)


def test_a_broken_source_does_not_stop_another(tmp_path: Path) -> None:
    """Asked for one by name, the mistakes of its neighbours are none of its business."""
    folder = tmp_path / "sources"
    folder.mkdir()
    acme(folder)
    (folder / "broken.toml").write_text("?")
    assert config.load_sources(tmp_path, ["acme"])[0].name == "acme"
    with pytest.raises(ConfigError, match=r"broken\.toml: not valid TOML"):
        config.load_sources(tmp_path)


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    """The commonest mistake of all: another working directory."""
    for load in (config.load_settings, config.load_checks, config.load_sources):
        with pytest.raises(
            ConfigError, match="nowhere: there is no such configuration directory; name it with --config or NEWSROOM_CONFIG"
        ):
            load(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="sources: there is no such directory; it holds one <source>"):
        config.load_sources(tmp_path)
    (tmp_path / "sources").mkdir()
    with pytest.raises(ConfigError, match="holds no <source>"):
        config.load_sources(tmp_path)


def test_what_ships_is_what_the_defaults_say() -> None:
    """So that a key may be left out of newsroom.toml, and the file shows what it then is."""
    shown = tomllib.loads((SHIPPED / "newsroom.toml").read_text())
    assert config.load_settings(SHIPPED) == config.Settings()
    for name, field in config.Settings.model_fields.items():
        assert name in shown
        if isinstance(shown[name], dict):
            assert set(shown[name]) == set(type(field.default).model_fields)


def test_without_files_there_are_defaults(tmp_path: Path) -> None:
    """A configuration directory needs nothing but its sources; the contact then stops a crawl of real sites."""
    assert config.load_settings(tmp_path) == config.Settings()
    assert config.load_settings(tmp_path).contact_is_placeholder
    assert set(config.load_checks(tmp_path).values()) == {config.CheckBounds()}


@pytest.mark.parametrize(
    ("contact", "is_placeholder"),
    [
        ("please-set-this@example.org", True),
        ("me@news.example.com", True),
        ("me@host.invalid", True),
        ("https://example.net/bot", True),
        ("https://user@EXAMPLE.org:8443/bot", True),
        ("newsdesk@osce.org", False),
        ("https://acme.org/our-crawler", False),
        ("example@acme.org", False),
    ],
)
def test_a_contact_that_reaches_nobody_is_a_placeholder(contact: str, is_placeholder: bool) -> None:
    """Names that RFC 2606 keeps for examples."""
    assert config.Settings(contact=contact).contact_is_placeholder is is_placeholder


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('contact = ""', 'contact = "": must be an e-mail address or a web page'),
        ('contact = "a@b.org\\r\\nX-Evil: 1"', "contact = "),
        ('contact = "ä@b.org"', "contact = "),
        ('user_agent = "x {contact}\\n"', 'user_agent = "x {contact}\\n": must be plain ASCII, in one line'),
        ('user_agent = "x"', 'user_agent = "x": must contain {contact}, and no braces but {contact}, {version}'),
        ("[warehouse]\nmemory_limit = 'lots'", 'warehouse.memory_limit = "lots": must look like "512MB", that is ^'),
        ("[publish]\nkeep_snapshots = 0", "publish.keep_snapshots = 0: must be greater than or equal to 1"),
        (
            '[archive]\nstore = "s3://key:secret@bucket/x"',
            'archive.store = "s3://key:secret@bucket/x": must be the URL of a folder, without keys',
        ),
        ("[batch]\nminutes = 1", "batch.minutes = 1: unknown key; Allowed here: articles, seconds"),
    ],
)
def test_mistakes_of_the_settings(tmp_path: Path, line: str, said: str) -> None:
    """The contact and the User-Agent become a header: nothing may slip into it."""
    (tmp_path / "newsroom.toml").write_text(line, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load_settings(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'newsroom.toml'}: {said}")


def test_the_user_agent_says_who_we_are() -> None:
    """Name, version, and whom to write to."""
    assert config.Settings(contact="newsdesk@osce.org").user_agent_text == f"newsroom/{__version__} (+newsdesk@osce.org)"


def test_every_check_has_bounds_and_every_bound_a_check(tmp_path: Path) -> None:
    """A check that is not named blocks on its first row; a name that is no check is a mistake, not a check that never runs."""
    shutil.copy(SHIPPED / "checks.toml", tmp_path)
    bounds = config.load_checks(tmp_path)
    assert bounds["navigation_in_body"] == config.CheckBounds(severity="block", max_rows=0, max_share=0.001)
    assert bounds["invariant_unique"] == config.CheckBounds(severity="block", max_rows=0, max_share=0)
    for line, said in (
        (
            "[checks.missing_titel]",
            "checks.missing_titel: there is no such check; did you mean missing_title? Allowed here: archive_damaged",
        ),
        ('[checks.invariant_unique]\nseverity = "warn"', "checks.invariant_unique: invariants always block, on the first row; remove"),
        ('[checks.missing_title]\nseverity = "no"', "checks.missing_title.severity = \"no\": must be 'block', 'warn' or 'off'"),
        ("[checks.missing_title]\nmax_share = 5", "checks.missing_title.max_share = 5: must be less than or equal to 1"),
        ("[checks.missing_title]\nmax_row = 5", "checks.missing_title.max_row = 5: unknown key; did you mean max_rows?"),
        ("checks = 5", "checks = 5: must be a table"),
    ):
        (tmp_path / "checks.toml").write_text(line)
        with pytest.raises(ConfigError) as caught:
            config.load_checks(tmp_path)
        assert str(caught.value).startswith(f"{tmp_path / 'checks.toml'}: {said}")


def test_every_table_is_defined_before_the_one_that_holds_it() -> None:
    """Else pydantic keeps its name instead of it, and what is allowed there cannot be told."""

    def below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
        for each in model.__subclasses__():
            yield each
            yield from below(each)

    tables = list(below(config._Strict))
    assert config.ListingFields in tables
    assert [(each.__name__, name) for each in tables for name, field in each.model_fields.items() if "ForwardRef" in repr(field)] == []
