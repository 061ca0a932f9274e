"""robots.txt (RFC 9309): what its body says to us. Parsing is protego's; this is the reading of bytes and names around it."""

from __future__ import annotations

from protego import Protego

# RFC 9309 §2.5: a crawler must read at least 500 kibibytes of the file; what comes later need not be read.
_MAX_BYTES = 512 * 1024


def product_token(user_agent: str) -> str:
    """The name that robots.txt groups are matched with.

    >>> product_token("Newsroom/0.1 (+https://example.org/bot; contact@example.org)")
    'Newsroom'
    """
    return user_agent.split("/")[0].split(" ")[0]


def _exact(line: str, token: str) -> str:
    """A line with the name of another crawler's group made unlike ours: protego would let `news` match `Newsroom`.

    RFC 9309 §2.2.1 matches the whole product token, ignoring case; a version after it means nothing.

    >>> _exact("User-agent: NEWSROOM/2.0 # us", "Newsroom"), _exact("User-agent: news", "Newsroom"), _exact("Allow: /news", "Newsroom")
    ('User-agent: Newsroom', 'User-agent: ~', 'Allow: /news')
    """
    field, _, value = line.partition(":")
    if field.strip().lower() != "user-agent":
        return line
    name = value.partition("#")[0].partition("/")[0].strip().lower()
    return f"User-agent: {'*' if name == '*' else token if name == token.lower() else '~'}"


class Robots:
    r"""The rules of one host for one crawler.

    >>> rules = Robots(b"User-agent: *\nDisallow: /admin/\nCrawl-delay: 7", "Newsroom")
    >>> rules.allows("https://www.osce.org/admin/1"), rules.allows("https://www.osce.org/albania/1"), rules.crawl_delay
    (False, True, 7.0)
    """

    def __init__(self, body: bytes, token: str) -> None:
        # RFC 9309 §2.2: UTF-8; only CR and LF end a line, while str.splitlines knows eight more
        text = body[:_MAX_BYTES].decode("utf-8-sig", "replace")
        lines = text.replace("\r", "\n").split("\n")
        self._rules = Protego.parse("\n".join(_exact(" ".join(line.split()), token) for line in lines))
        self._token = token
        self.crawl_delay: float = self._rules.crawl_delay(token) or 0.0

    def allows(self, url: str) -> bool:
        """Whether this URL may be asked for."""
        return self._rules.can_fetch(url, self._token)
