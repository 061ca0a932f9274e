"""What must never become an article: challenges, log-in walls, soft 404s, maintenance, and a site that answers all requests alike."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom import config, extract
from newsroom.alike import Alike
from newsroom.archive import ArchiveReader
from newsroom.extract.signals import REASONS, title_signal
from newsroom.model import ArchiveRef
from newsroom.sample import SampleSite, Server
from newsroom.sample.answers import Action, Answer
from newsroom.sample.faults import (
    ARTICLE,
    LISTING,
    Fault,
    all_alike,
    answer_with,
    challenge,
    login_wall,
    maintenance,
    page_is,
    redirect,
    soft_404,
)
from newsroom.sample.pages import article, frame, message
from newsroom.urls import Addresses
from tests.nights import CONFIG, Office, differences

FIELDS = ("url", "title", "lead", "body", "published_on", "is_removed", "issuers", "topics", "content_type")
OSCE = config.load_source(CONFIG / "sources" / "osce.toml")
ADDRESSES = Addresses(OSCE)
WALLS: dict[str, tuple[Callable[[], Action], str]] = {
    "challenge": (challenge, "block-page"),
    "soft 404": (soft_404, "soft-404"),
    "log-in wall": (login_wall, "login-wall"),
    "maintenance": (maintenance, "maintenance"),
}


@pytest.fixture
def site() -> SampleSite:
    return SampleSite(60)


def only(numbers: list[int]) -> str:
    return rf"/({'|'.join(map(str, numbers))})(?=\?|$)"


def pages_asked(server: Server, since: int = 0) -> int:
    return sum(re.search(ARTICLE, served.path) is not None for served in server.log[since:])


def look(
    html: str, *, url: str = "https://www.osce.org/albania/51513", title: str | None = None, final_url: str | None = None
) -> str | None:
    doubt = extract.look(
        html, OSCE, url=url, canonical=ADDRESSES.canonical, article_id=ADDRESSES.article_id, listed_title=title, final_url=final_url
    ).doubt
    return doubt.reason if doubt else None


# --- nights ----------------------------------------------------------------------------------------------------------


def walls_before(site: SampleSite, each: int) -> dict[str, str]:
    """Every kind of wall before so many articles each; article ids with the reasons they should be refused for."""
    items = [item for item in site.articles() if item.language == "en"]
    expected: dict[str, str] = {}
    for n, (wall, reason) in enumerate(WALLS.values()):
        mine = items[n * each : (n + 1) * each]
        site.faults.append(Fault(only([item.id for item in mine]), wall()))
        expected |= {f"osce:{item.id}": reason for item in mine}
    return expected


def test_walls_in_place_of_new_articles_are_set_aside_and_tried_again(office: Office, site: SampleSite) -> None:
    """Eight articles answer 200 with something else: eight rows in quarantine with the bytes, none published; next night all is well."""
    expected = walls_before(site, 2)
    office.run("nightly")
    rows = office.dicts("SELECT * FROM quarantine")
    assert {row["article_id"]: row["reason"] for row in rows} == expected
    assert {(row["stage"], row["attempts"]) for row in rows} == {("fetch", 1)}
    with ArchiveReader(office.data / "archive" / "osce") as archive:
        for row in rows:
            assert row["warc_file"] in row["detail"]
            stored = archive.read(ArchiveRef(row["warc_file"], row["warc_offset"]))
            assert look(extract.decode(stored.content), url=row["url"]) == row["reason"], "the evidence is what was refused"
    assert office.sql("SELECT sum(quarantined), sum(published + duplicate) FROM coverage") == [(8, 52)]
    assert office.sql("SELECT rejected, unread FROM runs") == [(8, 0)]
    site.faults.clear()
    office.sleep()
    assert office.run("nightly").sources["osce"]["fetched"] == 8
    assert office.sql("SELECT count(*) FROM quarantine") == [(0,)]
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []


def test_walls_in_place_of_stored_articles_make_no_version(office: Office, site: SampleSite) -> None:
    """The articles stay published as they were, quarantine tells why; the next night's retry is not confused by the ETags of the walls."""
    office.run("nightly")
    before = office.public_data()
    expected = walls_before(site, 2)
    office.sleep()
    office.run("nightly", recheck="all")
    after = office.public_data()
    assert dict(office.sql("SELECT article_id, reason FROM quarantine")) == expected
    for table in before.keys() - {"quarantine"}:
        assert after[table] == before[table], table
    site.faults.clear()
    office.sleep()
    counts = office.run("nightly").sources["osce"]
    assert (counts["not_modified"], counts.get("rejected", 0)) == (8, 0), "asked again at their own pace, with the articles' validators"
    assert office.public_data() == before


def test_a_wall_that_stays_becomes_a_dead_letter(office: Office, site: SampleSite) -> None:
    """Night after night the same log-in wall: asked less and less often, then no more; it never counts as an article."""
    victim = site.articles()[0].id
    site.faults.append(Fault(only([victim]), login_wall()))
    for _ in range(10):
        office.run("nightly")
        office.sleep(9)
    (row,) = office.dicts("SELECT * FROM quarantine")
    assert (row["reason"], row["attempts"]) == ("login-wall", OSCE.recheck.give_up_after_nights)
    assert office.sql("SELECT sum(quarantined) FROM coverage") == [(1,)]


@pytest.mark.parametrize("name", ["challenge", "soft 404", "one article"])
def test_a_site_that_answers_all_requests_alike_is_not_asked_on(name: str, office: Office, site: SampleSite, server: Server) -> None:
    """The run stops after a dozen requests: incomplete, one line says why, nothing in quarantine, everything pending; tomorrow goes on."""
    wall = all_alike if name == "one article" else WALLS[name][0]
    site.faults.append(Fault(ARTICLE, wall()))
    result = office.run("nightly")
    assert (result.outcome, result.published) == ("incomplete", False)
    assert "stopped asking" in (result.detail or "") and "stay pending" in (result.detail or "")
    assert "\n" not in (result.detail or "")
    assert pages_asked(server) <= OSCE.suspicion.stop_at + OSCE.politeness.concurrency
    site.faults.clear()
    office.sleep()
    assert office.run("nightly").outcome == "ok"
    assert office.sql("SELECT sum(listed), sum(published + duplicate) FROM coverage") == [(60, 60)]
    assert office.sql("SELECT count(*) FROM quarantine") == [(0,)]
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []


@pytest.mark.parametrize("name", ["log-in wall", "one article"])
def test_a_site_that_turns_bad_during_a_recheck_leaves_what_is_published(
    name: str, office: Office, site: SampleSite, server: Server
) -> None:
    """After twenty good answers every answer is the same: what was stored stays as it was, without a mark; the next night goes on."""
    office.run("nightly")
    site.redecorate()
    before = office.public_data()
    wall = all_alike if name == "one article" else WALLS[name][0]
    site.faults.append(Fault(ARTICLE, wall(), skip=20))
    asked = len(server.log)
    office.sleep()
    result = office.run("nightly", recheck="all")
    assert result.outcome == "incomplete"
    assert pages_asked(server, asked) <= 20 + 40
    assert office.public_data() == before
    site.faults.clear()
    office.sleep()
    assert office.run("nightly", recheck="all").outcome == "ok"
    assert office.public_data() == before
    assert office.sql("SELECT max(version) FROM articles") == [(1,)]


def test_a_bad_stretch_does_not_hold_up_the_rest_for_ever(office: Office, site: SampleSite) -> None:
    """The fifteen newest articles are soft 404s for good: the first night stops at them, the second asks for all others first."""
    newest = [item.id for item in site.listing()[:16] if item.trap is None]
    site.faults.append(Fault(only(newest), soft_404()))
    assert office.run("nightly").outcome == "incomplete"
    office.sleep()
    result = office.run("nightly")
    assert result.outcome == "incomplete"
    assert office.sql("SELECT sum(published + duplicate) >= 44, sum(listed) FROM coverage") == [(True, 60)]


def test_a_small_night_cannot_trip(office: Office, site: SampleSite) -> None:
    """Three new articles, all three challenged: three rows in quarantine, the night is ok."""
    office.run("nightly")
    site.faults.append(Fault(only(site.add(3)), challenge()))
    office.sleep()
    assert office.run("nightly").outcome == "ok"
    assert office.sql("SELECT count(*) FROM quarantine") == [(3,)]


def test_a_challenge_in_place_of_listing_pages_is_no_empty_listing(office: Office, site: SampleSite) -> None:
    """The walk is incomplete and says what it met and where the bytes are; what was known stays, and no check cries wolf."""
    office.run("nightly")
    before = office.public_data()
    for action in (challenge(), maintenance(), answer_with("<title>Hello</title><p>There is nothing here for you.</p>")):
        site.faults[:] = [Fault(LISTING, action)]
        office.sleep()
        result = office.run("nightly")
        assert result.outcome == "incomplete"
        assert "instead of a listing page" in (result.detail or "")
        assert ".warc" in office.sql("SELECT reason FROM walks ORDER BY started_at DESC LIMIT 1")[0][0]
        assert office.public_data() == before


def test_a_wall_in_the_middle_of_the_listing(office: Office, site: SampleSite) -> None:
    """One page of the walk is a challenge for good: never complete, all other pages are read."""
    site.faults.append(Fault(page_is(1), challenge()))
    result = office.run("sweep")
    assert result.outcome == "incomplete"
    assert office.sql("SELECT is_complete FROM walks") == [(False,)]
    assert office.sql("SELECT sum(listed) FROM coverage")[0][0] >= 10


def test_a_better_definition_believes_what_was_refused_without_asking_again(site: SampleSite, server: Server, office: Office) -> None:
    """`not_articles` was too broad: three articles were refused. Mended, `reparse` reads them from the archive."""
    path = office.config / "sources" / "osce.toml"
    text = path.read_text()
    titles = [item.title for item in site.articles() if item.layout == "press"][:3]
    patterns = ", ".join("'" + re.escape(title).replace("'", ".") + "'" for title in titles)
    path.write_text(text.replace("[article]\n", f"[article]\nnot_articles = [{patterns}]\n", 1))
    office.run("nightly")
    refused = office.sql("SELECT count(*) FROM quarantine WHERE reason = 'not-an-article'")[0][0]
    assert refused >= 3
    path.write_text(text)
    asked = len(server.log)
    office.run("reparse")
    assert len(server.log) == asked
    assert office.sql("SELECT count(*) FROM quarantine") == [(0,)]
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []


def test_a_better_definition_refuses_what_was_believed(site: SampleSite, office: Office) -> None:
    """A page of a kind nobody knew was read as an article; a pattern in the definition takes it out again.

    As that makes one article fewer, a person is asked (blocked); retry asks the site, and all is well.
    """
    victim = site.articles()[0]
    wall = message("Closed session", "This part of the newsroom is for delegates. " * 20)
    site.faults.append(Fault(only([victim.id]), answer_with(wall)))
    office.run("nightly")
    assert office.sql("SELECT count(*) FROM articles WHERE title = 'Closed session'") == [(1,)]
    path = office.config / "sources" / "osce.toml"
    path.write_text(path.read_text().replace("[article]\n", "[article]\nnot_articles = ['Closed session']\n", 1))
    result = office.run("reparse")
    assert (result.outcome, result.sources["osce"]["unread"]) == ("blocked", 1)
    assert "fewer_articles" in (result.detail or "")
    site.faults.clear()
    result = office.run("retry")
    assert (result.outcome, result.sources["osce"]["fetched"]) == ("ok", 1)
    assert office.sql("SELECT count(*) FROM quarantine") == [(0,)]
    assert differences(office.dicts("SELECT * FROM articles"), site.expected(), "article_id", FIELDS) == []


def test_a_redirect_to_another_page_is_no_article(office: Office, site: SampleSite) -> None:
    """Addresses lead to the home page, the log-in, the listing, an error page: set aside, whatever stands there."""
    targets = {"/": "other-page", "/user/login": "login-wall", "/press-releases": "other-page", "/page-not-found": "soft-404"}
    items = [item for item in site.articles() if item.language == "en"]
    home = frame("OSCE", "<h1>Welcome</h1><p>" + "The newsroom of an organization tells what happened. " * 30 + "</p>")
    for item, target in zip(items, targets, strict=False):
        site.faults.append(Fault(only([item.id]), redirect(target)))
        site.faults.append(Fault(rf"^{re.escape(target)}$", answer_with(home)))
    office.run("nightly")
    expected = {f"osce:{item.id}": reason for item, reason in zip(items, targets.values(), strict=False)}
    assert dict(office.sql("SELECT article_id, reason FROM quarantine WHERE stage = 'fetch'")) == expected
    assert office.sql("SELECT sum(published + duplicate) FROM coverage") == [(56,)]


# --- pages -----------------------------------------------------------------------------------------------------------

REFUSED = {
    "Just a moment...": "block-page",
    "Attention Required! | Cloudflare": "block-page",
    "Access denied | www.osce.org used Cloudflare to restrict access": "block-page",
    "403 Forbidden": "block-page",
    "ERROR: The request could not be satisfied": "block-page",
    "Making sure you're not a bot!": "block-page",
    "Pardon Our Interruption": "block-page",
    "Page not found | OSCE": "soft-404",
    "404": "soft-404",
    "404 – Page Not Found": "soft-404",
    "The requested page could not be found": "soft-404",
    "Sorry, the page you are looking for does not exist": "soft-404",
    "Faqja nuk u gjet": "soft-404",
    "Log in | OSCE": "login-wall",
    "Sign in to continue": "login-wall",
    "User account": "login-wall",
    "Access restricted": "login-wall",
    "Site under maintenance | OSCE": "maintenance",
    "OSCE is currently under maintenance": "maintenance",
    "503 Service Unavailable": "maintenance",
    "We'll be back soon!": "maintenance",
    "Service temporarily unavailable": "maintenance",
    "Before you continue": "consent-wall",
    "Cookie settings": "consent-wall",
}

HEADLINES = [
    "Access denied to observers in eastern Marenland",
    "Access denied: how monitors were kept from the bridge",
    "Maintenance of peace remains the task of all, says Chairperson",
    "Training on maintenance of small arms depots ends",
    "Login to the training platform opens for border officers",
    "Attention required on media freedom, Representative says",
    "Page not found in the archive: missing files of the registry office traced",
    "Please wait for the results, observers ask voters",
    "Not found but not forgotten: day of the disappeared marked",
    "Just a moment of silence for the victims of the blast",
    "Security check of polling stations begins",
    "Robot checks mines so that people need not",
    "404 mines cleared along the line of contact",
    "500 police officers trained in Skopje",
    "503 weapons destroyed under OSCE programme",
    "Error in voter lists worries observers",
    "Unusual traffic in arms stopped at the border",
    "Before you continue to the polls: what voters should know",
    "Your privacy online: a guide for young people",
    "We will be back soon, monitors promise villagers",
    "Under construction: new school opens with OSCE support",
    "Sign in sheet of the assembly published",
    "Restricted area around the depot cleared",
    "Something went wrong with the count, mission finds",
    "Please log in to the register, lawyers are told",
    "Forbidden words: conference on censorship ends",
]


@pytest.mark.parametrize(("title", "reason"), REFUSED.items())
def test_titles_of_walls_are_known(title: str, reason: str) -> None:
    """As a title of the page, or as its heading, in the frame of the site or bare."""
    assert (
        look(f"<html><head><title>{title}</title></head><body><p>Please be so kind as to come again another day.</p></body></html>")
        == reason
    )
    assert look(frame("OSCE", f"<h1>{title.split(' | ')[0]}</h1><p>Text. Text. Text.</p>")) == reason


@pytest.mark.parametrize("headline", HEADLINES)
def test_articles_that_talk_about_walls_are_believed(headline: str) -> None:
    """With a text of some length, even in the barest layout and without the listing's word; with a mark, however short."""
    text = (
        "<p>"
        + "The head of the mission said that access denied, pages not found and scheduled maintenance had been the talk of the day. " * 8
        + "</p>"
    )
    assert title_signal(headline) is None
    assert look(frame(headline, f"<h1>{headline}</h1>{text}")) is None
    short = f"<h1>{headline}</h1><p>VIENNA, 3 May 2019 – Access was denied: the page could not be found, please log in.</p>"
    assert look(frame("OSCE", short), title=headline) is None
    assert look(frame("OSCE", short + "<dl><dt>Date:</dt><dd>3 May 2019</dd><dt>Place:</dt><dd>VIENNA</dd></dl>")) is None
    assert look(frame("OSCE", f'<p class="kind">Press release</p>{short}')) is None
    assert look(frame("OSCE", short, head='<link rel="canonical" href="https://www.osce.org/node/51513">')) is None


@pytest.mark.parametrize("title", ["Access denied", "Page not found", "Maintenance"])
def test_an_article_whose_whole_title_is_a_signal_is_believed_by_its_labels(title: str) -> None:
    """Labels are the strongest mark: a page that names date and place is an article, whatever its headline."""
    facts = "<dl><dt>Date:</dt><dd>3 May 2019</dd><dt>Source:</dt><dd>OSCE Secretariat</dd></dl>"
    assert look(frame(title, f"<h1>{title}</h1>{facts}<p>Short text.</p>")) is None
    assert (
        look(frame(title, f"<h1>{title}</h1><p>{'A film of that name was shown and debated in the town hall. ' * 12}</p>"), title=title)
        is None
    )


def test_every_page_of_the_sample_newsroom_is_believed() -> None:
    """All layouts, both designs, with and without the listing's title: no false alarm on 300 articles."""
    for item in SampleSite(300).articles():
        url = "https://www.osce.org" + item.path
        for design in ("classic", "modern"):
            html = article(item, design=design)
            assert look(html, url=url) is None, (item.layout, url)
            assert look(html, url=url, title=item.title) is None


def test_a_wall_that_keeps_title_and_address_is_refused_for_its_form() -> None:
    """Title and canonical are the article's, but there is a password field and no text; with the text there, the field means nothing."""
    head = '<link rel="canonical" href="https://www.osce.org/albania/51513">'
    form = '<form><input type="password" name="p"></form>'
    assert (
        look(frame("Mission opens school", f"<h1>Mission opens school</h1>{form}", head=head), title="Mission opens school") == "login-wall"
    )
    text = f"<h1>Mission opens school</h1><p>{'The school has twelve rooms and a garden. ' * 10}</p>{form}"
    assert look(frame("Mission opens school", text, head=head), title="Mission opens school") is None


def test_beacons_of_bot_protections_are_no_challenge() -> None:
    """Cloudflare puts its detection script, and forms their captcha, into perfectly good pages."""
    beacon = "<script>(function(){window.__CF$cv$params={r:'8'};a.src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'})()</script>"
    text = (
        f"<h1>Mission opens school</h1><p>{'The school has twelve rooms and a garden. ' * 20}</p><div class='cf-turnstile'></div>{beacon}"
    )
    assert look(frame("Mission opens school", text)) is None


def test_a_page_of_another_article_is_refused_unless_it_bears_the_listed_title() -> None:
    """Canonical or redirect names another id: not this article; but two nodes of one release may name the first as canonical."""
    other = '<link rel="canonical" href="https://www.osce.org/albania/99999">'
    text = f"<h1>Mission opens school</h1><dl><dt>Date:</dt><dd>3 May 2019</dd><dt>Place:</dt><dd>TIRANA</dd></dl><p>{'Rooms. ' * 50}</p>"
    assert look(frame("Mission opens school", text, head=other), title="Head of Presence visits northern towns") == "other-page"
    assert look(frame("Mission opens school", text, head=other), title="Mission opens school") is None
    assert look(frame("Mission opens school", text), final_url="https://www.osce.org/albania/99999") == "other-page"
    assert look(frame("Mission opens school", text), final_url="https://www.osce.org/node/51513") is None
    assert (
        look(frame("Mission opens school", text, head=other.replace("99999", "51513")), url="https://www.osce.org/sq/albania/51513") is None
    )


@given(
    st.text(max_size=400),
    st.sampled_from(["title", "h1", "p", "meta http-equiv=refresh content", "link rel=canonical href", "input type=password"]),
)
def test_a_look_at_anything_gives_a_verdict(text: str, where: str) -> None:
    """Never an error, always the same answer, and a reason that is known."""
    page = f"<{where}>{text}" if "=" not in where else f'<{where}="{text}"><p>{text}'
    assert look(page) == look(page)
    assert look(page) in (None, *REASONS)


# --- answers that are all alike ----------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from([None, "block-page", "soft-404"]), st.sampled_from("abcdefgh")), max_size=120)
)
def test_the_breaker_counts_as_it_says(answers: list[tuple[int, str | None, str]]) -> None:
    """It trips at the first moment when ten of the last forty were refused or said the same under ten addresses, and stays so."""
    alike = Alike(stop_at=10, of_last=40)
    tripped = False
    for n, (number, refusal, text) in enumerate(answers):
        alike.saw(f"x:{number}", refusal=refusal, likeness=text)
        last = answers[max(0, n - 39) : n + 1]
        refused = sum(r is not None for _, r, _ in last)
        common = max(len({i for i, _, t in last if t == letter}) for letter in "abcdefgh")
        tripped = tripped or refused >= 10 or common >= 10
        assert (alike.verdict is not None) == tripped


def test_copies_and_series_are_not_alike() -> None:
    """Likeness is equal for one text under two addresses, and differs between numbered reports and sister releases."""
    likenesses: dict[str, set[int]] = {}
    for item in SampleSite(600).articles():
        url = "https://www.osce.org" + item.path
        seen = extract.look(article(item), OSCE, url=url, canonical=ADDRESSES.canonical, article_id=ADDRESSES.article_id).likeness
        likenesses.setdefault(seen, set()).add(item.exact_copy_of or item.id)
    assert all(len(items) == 1 for items in likenesses.values())


def test_tokens_do_not_hide_that_pages_are_alike(office: Office, site: SampleSite) -> None:
    """One page under every address, with the address, a request id and the time on it: alike all the same."""

    def act(request: object, _site: SampleSite, _proceed: object) -> Answer:
        path = request.path  # type: ignore[attr-defined]
        text = "A long text about the work of the institution, with nothing to give it away. " * 20
        words = f"{path} was served at 12:03:{len(path):02} with request {hash(path) & 0xFFFFFFFFFFFF:012x}"
        return Answer(frame("The institution", f"<h1>The institution</h1><p>{text}</p><p>{words}</p>").encode())

    site.faults.append(Fault(ARTICLE, act))
    result = office.run("nightly")
    assert result.outcome == "incomplete"
    assert "say the same under different addresses" in (result.detail or "")
