"""One article, one address: every trap of the OSCE's addresses (../shared/OSCE.md, section 1), and those of the open web."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.config import Source
from newsroom.errors import ConfigError
from newsroom.urls import MAX_LENGTH, Addresses

OSCE = Source.model_validate(tomllib.loads((Path(__file__).parents[1] / "config/sources/osce.toml").read_text(encoding="utf-8")))
ADDRESSES = Addresses(OSCE)
OWN = "https://www.osce.org"


def with_site(**site: object) -> Source:
    return OSCE.model_copy(update={"name": "acme", "site": OSCE.site.model_copy(update=site)})


@pytest.mark.parametrize(
    "url",
    [
        "https://www.osce.org/albania/49210",
        "http://www.osce.org/albania/49210",
        "https://osce.org/albania/49210",
        "https://d6.web.osce.org/albania/49210",
        "https://staging.osce.org/albania/49210",
        "http://shhada.ir/albania/49210",
        "HTTPS://WWW.OSCE.ORG:443/Albania/49210",
        "http://www.osce.org:80/albania/49210",
        "https://www.osce.org./albania/49210/",
        "https://www.osce.org//albania///49210",
        "https://www.osce.org/kosovo/../albania/./49210",
        "https://www.osce.org/kosovo/%2e%2E/albania/49210",
        "https://www.osce.org/albania/49210?download=true",
        "https://www.osce.org/albania/49210?page=3&utm_source=x#contacts",
        "https://www.osce.org/albania/49210%3Fdownload%3Dtrue",
        "https://www.osce.org/albania/49210%25253Fdownload%25253Dtrue",
        "https://www.osce.org/%61lbania/4%39210",
        "https://reader:secret@www.osce.org/albania/49210",
        "  https://www.osce.org/albania/49210\n",
        "https://www.osce.org/alba\nnia/49210",
        "https:\\\\www.osce.org\\albania\\49210",
    ],
)
def test_many_spellings_are_one_address(url: str) -> None:
    """Hosts, schemes, ports, capitals, junk and encoded leftovers: the listing may spell an address as it likes."""
    assert ADDRESSES.canonical(url) == f"{OWN}/albania/49210"
    assert ADDRESSES.article_id(url) == "osce:49210"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("/press-releases", "/press-releases"),
        ("/press-Releases?page=1500", "/press-releases?page=1500"),
        ("/press-releases?page=251&rows=50&solrsort=ds_date+desc", "/press-releases?page=251&rows=50&solrsort=ds_date+desc"),
        ("/press-releases?page=0&filters=&solrsort=score%20desc&rows=50", "/press-releases?page=0&rows=50&solrsort=score+desc"),
        ("/press-releases?source=14&page=7&activities=kbcuttevcrvuwa&whoweare=9&fields=918", "/press-releases?page=7"),
        ("/press-releases?filters=+im_taxonomy_vid_1%3A%286%29&page=25", "/press-releases?page=25&filters=im_taxonomy_vid_1%3A%286%29"),
        ("/press-releases?page=25&filters=%20im_taxonomy_vid_1%3A%286%29", "/press-releases?page=25&filters=im_taxonomy_vid_1%3A%286%29"),
        ("/press-releases?filters=im_taxonomy_vid_1:(6)&page=25", "/press-releases?page=25&filters=im_taxonomy_vid_1%3A%286%29"),
        ("/press-releases/role?page=3", "/press-releases/role?page=3"),
        ("/press-releases/5%20%2B%202%20international?page=189", "/press-releases/5%20+%202%20international?page=189"),
        ("/press-releases/chair%253Fpage%253D354?page=848", "/press-releases/chair?page=848"),
        ("/press-releases/news%253Fpage%253D1%25monitoring%253DAll%25?page=917", "/press-releases/news?page=917"),
        ("/press-releases?page=354%253Fpage%253D848", "/press-releases?page=354"),
        ("/press-releases?solrsort=score%252520desc", "/press-releases?solrsort=score+desc"),
        ("/", "/"),
        ("", "/start"),
    ],
)
def test_listing_addresses_keep_only_what_means_something(url: str, canonical: str) -> None:
    """The crawler trap of doubly encoded search terms and ignored parameters folds into a few real listing addresses."""
    assert ADDRESSES.canonical(url, relative_to=f"{OWN}/start") == OWN + canonical


def test_sections_stay_addresses_of_their_own_but_share_the_article() -> None:
    """`/bih/…`, `/node/…` and the long section name are three rows of `article_urls`, and one of `articles`."""
    urls = [f"{OWN}/{section}/111026" for section in ("bih", "node", "mission-to-bosnia-and-herzegovina", "odihr/elections")]
    assert [ADDRESSES.canonical(url) for url in urls] == urls
    assert {ADDRESSES.article_id(url) for url in urls} == {"osce:111026"}


@pytest.mark.parametrize(
    ("path", "article_id"),
    [("/sq/albania/95137", "osce:sq/95137"), ("/sq/node/95137", "osce:sq/95137"), ("/UK/node/95137", "osce:uk/95137")],
)
def test_language_versions_stay_apart(path: str, article_id: str) -> None:
    """A translation has the id of its original; only the prefix tells them apart."""
    assert ADDRESSES.article_id(OWN + path) == article_id != ADDRESSES.article_id(f"{OWN}/albania/95137")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/press-releases",
        "/fom/statements",
        "/files/f/documents/a/4/86597.pdf",
        "/odihr-elections/item_12_45817.html",
        "/49210",
        "/albania/49210/more",
        "/albania/٤٩٢١٠",
        "/albania/49",
    ],
)
def test_an_address_of_the_source_that_is_no_article(path: str) -> None:
    """`article_path` is also the filter for what is an article."""
    assert ADDRESSES.canonical(OWN + path) is not None
    assert ADDRESSES.article_id(OWN + path) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://polis.osce.org/albania/49210",
        "https://odihr.osce.org/node/662896",
        "https://www.osce.org.evil.example/albania/49210",
        "https://www.osce.org@evil.example/albania/49210",
        "https://evil.example\\@www.osce.org/albania/49210",
        "https://evil.example#@www.osce.org/albania/49210",
        "https://www.osce.org:8443/albania/49210",
        "https://www.osce.org:80/albania/49210",
        "https://www.osce.org:x/albania/49210",
        "https://[::1/albania/49210",
        "ftp://www.osce.org/albania/49210",
        "javascript:alert('https://www.osce.org/albania/49210')",
        "mailto:press@osce.org",
        "//www.osce.org/albania/49210",
        "/albania/49210",
        "https:///albania/49210",
        "",
        f"{OWN}/albania/{'x' * MAX_LENGTH}",
        OWN + "/" + "é" * 500,
    ],
)
def test_what_is_not_of_this_source_has_no_address(url: str) -> None:
    """Other hosts, disguised hosts, other schemes, no host at all, or longer than any address: None, never an exception."""
    assert ADDRESSES.canonical(url) is None
    assert ADDRESSES.article_id(url) is None


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("/bih/111026", "/bih/111026"),
        ("111026", "/press-releases/111026"),
        ("../node/111026", "/node/111026"),
        ("//www.osce.org/odihr-elections/item_12_45817.html", "/odihr-elections/item_12_45817.html"),
        ("http://osce.org/bih/111026", "/bih/111026"),
        ("?page=2", "/press-releases/role?page=2"),
        ("#top", "/press-releases/role"),
    ],
)
def test_links_are_resolved_against_their_page(link: str, address: str) -> None:
    """Bodies of 2005 link without a scheme, pagers with a query alone."""
    assert ADDRESSES.canonical(link, relative_to="http://osce.org/press-releases/role") == OWN + address


def test_bytes_that_are_no_utf8_survive() -> None:
    """An address of the Latin-1 days must be asked for byte by byte, not with a replacement character in it."""
    assert ADDRESSES.canonical(f"{OWN}/files/D%E9claration.pdf") == f"{OWN}/files/D%E9claration.pdf"
    assert ADDRESSES.canonical(f"{OWN}/files/Déclaration.pdf") == f"{OWN}/files/D%C3%A9claration.pdf"
    assert ADDRESSES.canonical(f"{OWN}/files/a%252Fb%2Fc") == f"{OWN}/files/a%2Fb%2Fc"


def test_a_source_without_native_ids_is_keyed_by_its_addresses() -> None:
    """Then the address is all we have: its capitals and its kept parameters count, and the id is a hash of it."""
    acme = Addresses(with_site(article_path=r"/news/[\w-]+", keep_parameters=("story",)))
    first, second = f"{OWN}/news/Harvest?story=1", f"{OWN}/news/Harvest?story=2"
    assert acme.canonical(first + "&utm_source=x") == first
    assert acme.article_id(first) == "acme:00eaecb262527d19"
    assert len({acme.article_id(url) for url in (first, second, f"{OWN}/news/harvest?story=1")}) == 3
    assert acme.article_id(f"{OWN}/about/harvest") is None


def test_the_native_id_keeps_its_capitals() -> None:
    """Slugs around an id are decoration; the id itself may tell `aB` from `ab`."""
    acme = Addresses(with_site(article_path=r"/story/(?P<id>\w+)/[^/]+"))
    assert acme.canonical(f"{OWN}/Story/aB1/Good-%c3%89vening") == f"{OWN}/story/aB1/good-%C3%89vening"
    assert acme.article_id(f"{OWN}/Story/aB1/Good") == "acme:aB1"


MIRRORS = [
    "http://127.0.0.1:8123",
    "http://127.0.0.1:8123/",
    "http://[::1]:8123/mirror/",
    "https://mirror.example/a/b%20c",
    "https://www.osce.org/archive",
    "http://osce.org",
]


@pytest.mark.parametrize("base_url", MIRRORS)
def test_a_mirror_is_asked_but_never_stored(base_url: str) -> None:
    """`--base-url` changes what is asked for; whatever the mirror links to, absolute or root-relative, is stored as the source's own."""
    mirror = Addresses(OSCE, base_url=base_url)
    asked = mirror.request_url(f"{OWN}/bih/111026")
    assert asked == f"{base_url.rstrip('/')}/bih/111026"
    assert mirror.canonical(asked + "/?x=1#top") == f"{OWN}/bih/111026"
    assert mirror.canonical("/bih/111026", relative_to=f"{OWN}/press-releases") == f"{OWN}/bih/111026"
    assert mirror.canonical("/bih/111026", relative_to=asked) == f"{OWN}/bih/111026"
    rooted = "/" + asked.partition("://")[2].partition("/")[2]
    assert mirror.canonical(rooted, relative_to=f"{OWN}/press-releases") == f"{OWN}/bih/111026"
    assert mirror.canonical("https://shhada.ir/bih/111026") == f"{OWN}/bih/111026"
    assert mirror.request_url(f"{OWN}/press-releases?page=0&rows=50&solrsort=ds_date+desc") == (
        f"{base_url.rstrip('/')}/press-releases?page=0&rows=50&solrsort=ds_date+desc"
    )


def test_only_the_host_in_use_may_be_asked() -> None:
    """Aliases are folded, not asked; with a mirror not even the source's own host is."""
    assert ADDRESSES.hosts == {"www.osce.org"}
    assert Addresses(OSCE, base_url="http://127.0.0.1:8123/mirror").hosts == {"127.0.0.1:8123"}
    assert Addresses(OSCE, base_url="http://[::1]:80").hosts == {"[::1]"}
    assert ADDRESSES.request_url(f"{OWN}/bih/111026") == f"{OWN}/bih/111026"
    stranger = "https://www.osce.org.evil.example/bih/111026"
    assert Addresses(OSCE, base_url="http://127.0.0.1:8123").request_url(stranger) == stranger


def test_hosts_in_other_scripts_are_compared_as_the_network_sees_them() -> None:
    """`Новости.example` in the file, `xn--…` in the link, or the other way round."""
    for base_url in ("https://новости.example", "https://xn--b1amnebsh.example"):
        acme = Addresses(with_site(base_url=base_url, host_aliases=()))
        assert acme.canonical("https://НОВОСТИ.example/a") == "https://xn--b1amnebsh.example/a"
        assert acme.canonical("https://XN--b1amnebsh.example/a") == "https://xn--b1amnebsh.example/a"


@pytest.mark.parametrize("base_url", ["127.0.0.1:8123", "ftp://mirror.example", "http://", "http://[::1", "nonsense", "http://host:port"])
def test_a_base_address_that_is_none_is_refused_at_once(base_url: str) -> None:
    """Before any request, in one line that names the option."""
    with pytest.raises(ConfigError, match=r"--base-url = .*: not an address of a site"):
        Addresses(OSCE, base_url=base_url)


def test_addresses_cross_processes() -> None:
    """Batches run anywhere: the value is pickled with what it has worked out."""
    mirror = Addresses(OSCE, base_url=MIRRORS[0])
    copy = pickle.loads(pickle.dumps(mirror))
    assert copy == mirror
    assert copy.canonical("http://127.0.0.1:8123/bih/111026") == f"{OWN}/bih/111026"


PIECES = (
    r"% %25 %3F %2525 %23 %26 .. %2e%2e / // ? & = # + %20 \ @ : page= filters= 49210 %c3 %A9 %E9 press-Releases archive mirror a b%20c sq"
)
ODD = st.text(max_size=30) | st.text(alphabet="\udcc3\ud800Kſİ\t\x00 ", max_size=5) | st.sampled_from(PIECES.split(" "))
URLS = st.builds(
    lambda base, parts: base + "".join(parts),
    st.sampled_from(["", OWN, f"{OWN}/", "http://osce.org/", "http://127.0.0.1:8123/", "https://www.osce.org/archive/", "//", "http://["]),
    st.lists(ODD, max_size=12),
)


@given(url=URLS, base_url=st.sampled_from([None, *MIRRORS]))
def test_the_one_spelling_is_one(url: str, base_url: str | None) -> None:
    """Whatever the address: no exception, the canonical spelling of a canonical spelling is itself, and a mirror's way leads back."""
    addresses = Addresses(OSCE, base_url=base_url)
    canonical = addresses.canonical(url)
    if canonical is None:
        assert addresses.article_id(url) is None
        return
    assert canonical.isascii()
    assert canonical.startswith(f"{OWN}/")
    assert addresses.canonical(canonical) == canonical
    asked = addresses.request_url(canonical)
    assert len(asked) > MAX_LENGTH or addresses.canonical(asked) == canonical
    assert addresses.article_id(url) == addresses.article_id(canonical)


@given(link=URLS, page=URLS)
def test_resolving_never_raises(link: str, page: str) -> None:
    """A page is somebody else's text, and so are its links."""
    canonical = ADDRESSES.canonical(link, relative_to=page)
    assert canonical is None or ADDRESSES.canonical(canonical) == canonical
