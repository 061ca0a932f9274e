"""RFC 9309, clause by clause: what a robots.txt says to `Newsroom`, as a table of files, addresses and verdicts.

The cases are those that the parsers of search engines are held to (line ends, capitals, groups, longest match, wildcards, escapes,
limits), told with names of our own; where the RFC leaves something open, the reason stands beside the case.
"""

from __future__ import annotations

import pytest

from newsroom.robots import Robots

SITE = "https://www.osce.org"

Case = tuple[str, str, list[str], list[str]]
"""What it is about, the file, paths that may be asked, paths that may not."""

LINES: list[Case] = [
    ("an empty file allows everything (2.2.4)", "", ["/", "/a"], []),
    ("rules before any group speak to nobody (2.2.1)", "disallow: /\nuser-agent: newsroom\nallow: /", ["/a"], []),
    ("names of fields in any case (2.2)", "USER-AGENT: newsroom\nDisAllow: /x\nALLOW: /x/y", ["/x/y", "/z"], ["/x", "/x/z"]),
    ("blanks around the colon", "user-agent : newsroom\n  disallow  :   /x  ", ["/z"], ["/x"]),
    ("tabs too", "user-agent:\tnewsroom\ndisallow:\t/x\t", ["/z"], ["/x"]),
    ("comments end a line (2.2)", "user-agent: newsroom # us\ndisallow: /x # not this\n# disallow: /z", ["/z"], ["/x"]),
    ("a value of nothing but a comment is empty", "user-agent: newsroom\ndisallow: # all", ["/", "/x"], []),
    ("an empty disallow forbids nothing (2.2.2)", "user-agent: newsroom\ndisallow:", ["/"], []),
    ("an empty allow is no rule", "user-agent: newsroom\ndisallow: /x\nallow:", ["/z"], ["/x"]),
    ("CR LF", "user-agent: newsroom\r\ndisallow: /x\r\nallow: /x/y\r\n", ["/x/y"], ["/x"]),
    ("CR alone", "user-agent: newsroom\rdisallow: /x\r", ["/z"], ["/x"]),
    ("the last line without an end", "user-agent: newsroom\ndisallow: /x", ["/z"], ["/x"]),
    ("a byte order mark", "\ufeffuser-agent: newsroom\ndisallow: /x", ["/z"], ["/x"]),
    ("a vertical tab ends no line", "user-agent: newsroom\ndisallow: /x\vallow: /", ["/z"], []),
    ("U+2028 ends no line either", "user-agent: newsroom\ndisallow: /x\u2028disallow: /z", ["/z"], []),
    ("lines that are none are skipped", "<html>\nuser-agent: newsroom\nhello\ndisallow: /x\n</html>", ["/z"], ["/x"]),
    ("unknown fields are skipped", "user-agent: newsroom\nno-such-field: /\ndisallow: /x", ["/z"], ["/x"]),
    ("a sitemap belongs to no group and ends none (2.2.4)", "user-agent: newsroom\nsitemap: /s.xml\ndisallow: /x", ["/z"], ["/x"]),
    ("a line as long as a book", f"user-agent: newsroom\ndisallow: /{'a' * 20_000}\ndisallow: /x", ["/z", "/" + "a" * 100], ["/x"]),
    ("beyond 500 KiB nothing need be read (2.5)", f"#{'x' * 600_000}\nuser-agent: *\ndisallow: /", ["/x"], []),
    ("within 500 KiB everything must be (2.5)", f"#{'x' * 480_000}\nuser-agent: *\ndisallow: /x", ["/z"], ["/x"]),
]

GROUPS: list[Case] = [
    ("nobody is meant: everything is allowed (2.2.1)", "user-agent: other\ndisallow: /", ["/x"], []),
    ("the star is for whoever is not named (2.2.1)", "user-agent: *\ndisallow: /x", ["/z"], ["/x"]),
    ("whoever is named need not heed the star", "user-agent: *\ndisallow: /\nuser-agent: newsroom\ndisallow: /x", ["/z"], ["/x"]),
    ("in whatever order they stand", "user-agent: newsroom\ndisallow: /x\nuser-agent: *\ndisallow: /", ["/z"], ["/x"]),
    ("a named group without rules frees from the star", "user-agent: *\ndisallow: /\n\nuser-agent: newsroom\n", ["/x"], []),
    ("names in any case (2.2.1)", "user-agent: NEWSROOM\ndisallow: /x", ["/z"], ["/x"]),
    ("a version after the name", "user-agent: Newsroom/0.1\ndisallow: /x", ["/z"], ["/x"]),
    ("a name that ours begins with is another's", "user-agent: news\ndisallow: /\nuser-agent: new\ndisallow: /", ["/x"], []),
    ("a name that begins with ours is another's", "user-agent: newsroom-images\ndisallow: /", ["/x"], []),
    ("several names above one set of rules (2.2.1)", "user-agent: a\nuser-agent: newsroom\nuser-agent: b\ndisallow: /x", ["/z"], ["/x"]),
    ("groups of one name are one", "user-agent: newsroom\ndisallow: /x\n\nuser-agent: other\ndisallow: /\n\nuser-agent: newsroom\ndisallow: /y", ["/z"], ["/x", "/y"]),
    ("so are those of the star", "user-agent: *\ndisallow: /x\nuser-agent: other\nallow: /\nuser-agent: *\ndisallow: /y", ["/z"], ["/x", "/y"]),
    ("a blank line ends no group", "user-agent: newsroom\n\ndisallow: /x\n\ndisallow: /y", ["/z"], ["/x", "/y"]),
]  # fmt: skip

PATHS: list[Case] = [
    ("paths from their beginning (2.2.2)", "user-agent: *\ndisallow: /x", ["/", "/z/x"], ["/x", "/xy", "/x/y", "/x?y"]),
    ("paths in their own case (2.2.2)", "user-agent: *\ndisallow: /X", ["/x"], ["/X", "/Xy"]),
    ("a slash at the end", "user-agent: *\ndisallow: /x/", ["/x", "/xy"], ["/x/", "/x/y"]),
    ("the longest rule wins (2.2.2)", "user-agent: *\nallow: /x/y\ndisallow: /x", ["/x/y", "/x/yz"], ["/x", "/x/z"]),
    ("in whatever order they stand", "user-agent: *\ndisallow: /x\nallow: /x/y", ["/x/y"], ["/x"]),
    ("a longer disallow wins too", "user-agent: *\nallow: /x\ndisallow: /x/y", ["/x", "/x/z"], ["/x/y"]),
    ("of equals the friendlier one (2.2.2)", "user-agent: *\ndisallow: /x\nallow: /x", ["/x", "/x/y"], []),
    ("a star for anything (2.2.3)", "user-agent: *\ndisallow: /x/*/z", ["/x/y", "/x/z"], ["/x/y/z", "/x/a/b/z", "/x//z"]),
    ("a star at the end changes nothing", "user-agent: *\ndisallow: /x*", ["/z"], ["/x", "/xy"]),
    ("stars in a row are one", "user-agent: *\ndisallow: /x**y", ["/x"], ["/xy", "/xay"]),
    ("a dollar for the end (2.2.3)", "user-agent: *\ndisallow: /*.pdf$", ["/a.pdfx", "/a.pdf?b"], ["/a.pdf", "/a/b.pdf"]),
    ("a dollar elsewhere is a dollar", "user-agent: *\ndisallow: /x$y", ["/x"], ["/x$y"]),
    ("the query counts", "user-agent: *\ndisallow: /*?page=", ["/x", "/x?rows=1"], ["/x?page=1"]),
    ("everything but one", "user-agent: *\ndisallow: /\nallow: /press-releases", ["/press-releases?page=1"], ["/", "/x"]),
    ("what is no letter of ASCII is escaped (2.2.2)", "user-agent: *\ndisallow: /tiranë", ["/tiran"], ["/tiran%C3%AB"]),
    ("escaped there is the same", "user-agent: *\ndisallow: /tiran%C3%AB", ["/tiran"], ["/tiran%C3%AB"]),
    ("escapes in either case are one", "user-agent: *\ndisallow: /tiran%c3%ab", ["/tiran"], ["/tiran%C3%AB"]),
    ("what needs no escape is unescaped (2.2.2)", "user-agent: *\ndisallow: /%78", ["/z"], ["/x"]),
]

CASES = [*LINES, *GROUPS, *PATHS]


@pytest.mark.parametrize(("told", "open_", "closed"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_a_file_says(told: str, open_: list[str], closed: list[str]) -> None:
    rules = Robots(told.encode(), "Newsroom")
    assert [path for path in open_ if not rules.allows(SITE + path)] == [], "should be open"
    assert [path for path in closed if rules.allows(SITE + path)] == [], "should be closed"


def test_both_verdicts_are_asked_for() -> None:
    """A parser that says yes, or no, to everything would be seen."""
    assert sum(bool(case[2]) for case in CASES) > 30
    assert sum(bool(case[3]) for case in CASES) > 30
