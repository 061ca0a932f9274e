"""What pages that are no articles say: patterns by the reason they are refused for. Used by `suspicion`, which weighs them.

Titles are matched as a whole (a title, or a piece of it between ` | ` or ` - `), so that a headline which begins with the same
words is none. Sentences are searched, but only in short pages. Sources of the challenge markers: the documentation of Cloudflare
and AWS WAF, and what the pages of Imperva, DataDome, HUMAN (PerimeterX), Akamai, Sucuri and Anubis carry. Cloudflare's
`/cdn-cgi/challenge-platform/scripts/jsd` and Imperva's bare `_Incapsula_Resource` script also stand in good pages: no signal.
"""

from __future__ import annotations

import re
from typing import Literal

Reason = Literal["block-page", "login-wall", "soft-404", "maintenance", "consent-wall", "other-page", "not-an-article"]
REASONS: tuple[Reason, ...] = ("block-page", "login-wall", "soft-404", "maintenance", "consent-wall", "other-page", "not-an-article")


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_PAGE = r"(?:(?:the|this|that) )?(?:requested )?(?:page|url|file|content|article|document|item|node|resource|address)"
_YOU_WANT = r"(?: (?:you(?:'re| are| were)? ?(?:looking for|requested|asked for)|requested))?"
_MISSES = r"(?: (?:was|is|has been|could|can|does|do|no))?(?: ?(?:not|n't|no longer))?(?: be)?"
_IS_GONE = (
    r"(?:could not|cannot|can't|couldn't) be found|(?:was|were|is) not found|does(?: not|n't) exist|no longer (?:exists|available)"
    r"|is no longer|(?:has|may have) been (?:moved|removed|deleted)|is not available"
)
_LOG_IN = r"(?:log|sign)[ -]?in"
_SITE = r"(?:the |this |our )?(?:web)?(?:site|service|page|server)"
_DOWN = r"(?:unavailable|offline|down|out of service)"

TITLES: dict[Reason, re.Pattern[str]] = {
    "block-page": _any_of(
        r"just a (?:moment|second)",
        r"attention required",
        r"one more step",
        r"please wait(?: a moment)?",
        r"pardon our interruption",
        r"(?:error )?403(?: error)?(?:[ :-]+(?:forbidden|access denied))?",
        r"forbidden",
        r"access (?:is )?(?:denied|blocked|forbidden)",
        r"access to this (?:page|site|resource|website) (?:has been|is|was) (?:denied|blocked|restricted)",
        r"request (?:rejected|blocked|unsuccessful|denied)",
        r"(?:the|your) request (?:has been|was|could not be) (?:blocked|rejected|denied|satisfied)",
        r"(?:error:? )?the request could not be satisfied",
        r"(?:sorry,? )?you have been blocked",
        r"error 1[0-9]{3}",  # Cloudflare's own
        r"too many requests|(?:error )?429(?: error)?(?:[ :-]+too many requests)?",
        r"checking your browser(?: before accessing .*)?",
        r"(?:performing )?(?:a )?security (?:check|verification|checkpoint)(?: required)?|.* security checkpoint",
        r"(?:please )?(?:verify|confirm|prove)(?: that)? you(?: are|'re) (?:human|a human|not a (?:ro)?bot)",
        r"(?:are you|i am|i'm) (?:not )?(?:a )?(?:human|robot)",
        r"making sure you(?: are|'re) not a bot",
        r"(?:human|bot|browser|captcha) (?:verification|check|challenge)|robot check|client challenge|(?:re)?captcha",
        r"ddos[ -](?:protection|guard).*",
        r"unusual traffic(?: (?:detected|from) .*)?",
        r"(?:please )?(?:enable|turn on) (?:javascript|cookies)(?: and (?:javascript|cookies))?(?: to continue)?",
        r"javascript (?:is )?(?:required|disabled)",
    ),
    "soft-404": _any_of(
        r"(?:error )?(?:404|410)(?: error)?(?:[ :-]+(?:page|file|not|gone|oops|sorry|error)\b.{0,50})?",
        r"(?:page |content |site )?not found",
        rf"(?:(?:sorry|oops|whoops)[,!.]? )?{_PAGE}{_YOU_WANT}{_MISSES} ?(?:found|exists?|(?:un)?available|missing|removed|deleted|moved)",
        r"(?:oops|sorry|whoops)[,!.]? .*(?:not found|n't find|not find|n't exist|not exist|went wrong).*",
        r"(?:sorry,? )?we (?:can't|cannot|couldn't|could not) find (?:the|that|this|your) (?:page|content|article).*",
        r"nothing (?:was )?found(?: here)?",
        r"page introuvable|seite nicht gefunden|страница не найдена|сторінку не знайдено|faqja nuk u gjet|p[aá]gina no encontrada",
    ),
    "login-wall": _any_of(
        rf"(?:user |member |members |staff |please |secure )*{_LOG_IN}(?: required| page| form| here)?",
        rf"(?:please )?{_LOG_IN} to (?:continue|proceed|view|read|access|your account)(?: .*)?",
        rf"you (?:must|need to|have to) (?:be logged in|{_LOG_IN}).*",
        r"user account|authentication required|single sign[ -]on|create an account",
        r"(?:error )?401(?: error)?(?:[ :-]+(?:unauthori[sz]ed|authori[sz]ation required))?|unauthori[sz]ed(?: access)?",
        r"(?:restricted|members) (?:area|only|access)|access (?:is )?restricted",
        r"(?:register|subscribe) to (?:continue|read)(?: .*)?",
        r"identifikohu|anmelden|connexion",
    ),
    "maintenance": _any_of(
        r"(?:[\w.'-]+ ){0,5}(?:under|down for|undergoing|closed for)(?: (?:scheduled|planned|routine|essential))? maintenance",
        r"(?:scheduled |planned |site |website |system )*maintenance(?: mode| page| in progress| break| work)?",
        rf"{_SITE} (?:is )?(?:temporarily |currently )?{_DOWN}",
        rf"(?:service |temporarily |currently )+{_DOWN}",
        r"we(?:'ll| will| should) be (?:right )?back(?: soon| shortly| online)?|be right back|coming soon",
        r"(?:site |website |page )?under construction",
        r"(?:error )?5[0-9]{2}(?: error)?(?:[ :-]+(?:internal|bad|service|gateway|backend|server|error)\b.{0,50})?",
        r"internal server error|bad gateway|gateway time-?out",
        r"(?:an? )?(?:unexpected |unknown |server |database |application |fatal )*error(?: (?:has )?occurred)?",
        r"something went wrong|the website encountered an unexpected error.*",
    ),
    "consent-wall": _any_of(
        r"before you continue(?: to \S+)?",
        r"(?:we value )?your privacy(?: choices| settings| matters)?",
        r"(?:manage )?(?:cookie|privacy|tracking) (?:consent|settings|preferences|notice|choices|wall)",
        r"(?:this (?:web)?site|we) uses? cookies.*|cookies? on this (?:web)?site|(?:manage|your) consent|age verification",
    ),
}

SENTENCES: dict[Reason, re.Pattern[str]] = {
    "block-page": _any_of(
        r"enable javascript and cookies to continue|(?:requires|enable|turn on) javascript",
        r"checking (?:if the site connection is secure|your browser)|review the security of your connection",
        r"verif(?:y|ying)(?: that)? you are (?:a )?human|not a robot",
        r"\bray id\b|your support id is|incident id\b|reference #\d",
        r"unusual traffic from|automated (?:requests|queries|traffic|access)",
        r"you (?:do not|don't) have permission to access",
        r"your (?:ip|ip address|request|access) (?:has been|was|is) (?:blocked|denied|rejected)",
        r"complete the (?:security check|captcha)",
    ),
    "soft-404": _any_of(
        rf"\b(?:page|url|content|document|article|resource|file|address)\b[^.!?]{{0,80}}?(?:{_IS_GONE})",
        r"(?:can't|cannot|couldn't|could not|unable to) find (?:the|that|this) (?:page|content|article)",
    ),
    "login-wall": _any_of(
        rf"(?:please|must|need to|have to)(?: first)? {_LOG_IN}|must be (?:logged|signed) in|{_LOG_IN} to (?:continue|view|read)",
        r"forg(?:ot|otten) (?:your )?password|only (?:available )?(?:for|to) (?:registered|logged)",
    ),
    "maintenance": _any_of(
        r"(?:scheduled|planned|routine|essential|performing|under|down for) maintenance",
        r"(?:will|should|'ll) be back (?:soon|shortly|online|up)|temporarily (?:unavailable|out of service|offline|down)",
        r"(?:encountered|experiencing) (?:an )?(?:unexpected error|technical (?:problems?|difficulties))",
        r"(?:please )?try again (?:later|shortly|in a (?:few|moment))",
    ),
    "consent-wall": _any_of(r"(?:accept|reject) all(?: cookies)?|consent to (?:the use of )?cookies|we and our (?:\d+ )?partners"),
}

CHALLENGES: tuple[str, ...] = (
    "_cf_chl_opt",
    "_cf_chl_ctx",
    "_cf_chl_managed",
    "cf-chl-",
    "cf_chl_",
    "cf-browser-verification",
    "/cdn-cgi/challenge-platform/h/",
    'id="challenge-form',
    'id="challenge-running',
    'id="challenge-error',
    "px-captcha",
    "captcha-delivery.com",
    "distilidentificationblock",
    "distil_r_captcha",
    "sec-if-cpt-container",
    "gokuprops",
    "sucuri_cloudproxy_js",
    "anubis_challenge",
    "&incident_id=",
)
"""Markup, in small letters, of challenge pages and of nothing else."""

CAPTCHAS: tuple[str, ...] = ("g-recaptcha", "hcaptcha", "h-captcha", "cf-turnstile", "arkoselabs", "captcha")
"""Widgets, in small letters, that a contact form may have as well."""

PATHS: dict[Reason, re.Pattern[str]] = {
    "login-wall": _any_of(r"/(?:log-?in|sign-?in|log-?on|sso|saml|oauth2?|cas|auth|wp-login\.php|authenticate)(?:[/.]|$)"),
    "soft-404": _any_of(r"/(?:[45]\d\d|error\w*|not-?found|page-?not-?found|sorry|gone)(?:[/.]|$)"),
    "maintenance": _any_of(r"/(?:maintenance|unavailable|offline)(?:[/.]|$)"),
    "block-page": _any_of(r"/(?:captcha|challenge|blocked|denied|verify)(?:[/.]|$)"),
    "consent-wall": _any_of(r"/(?:consent|cookie-?wall|privacy-?gate)(?:[/.]|$)"),
}
"""Addresses that one is sent to instead of the one asked for."""

_PIECES = re.compile(r"\s+[|–—·»-]\s+|\s+::\s+")
_MAX_TITLE = 200


def pieces(title: str) -> list[str]:
    """A title, and what stands between the ` | ` or ` - ` in it.

    >>> pieces("Log in | OSCE")
    ['Log in | OSCE', 'Log in', 'OSCE']
    """
    whole = " ".join(title.split())[:_MAX_TITLE]
    return list(dict.fromkeys([whole, *_PIECES.split(whole)]))


def title_signal(title: str) -> Reason | None:
    """What a title says if it is, as a whole or in one of its pieces, that of a page that is no article.

    >>> title_signal("Just a moment..."), title_signal("Attention Required! | Cloudflare"), title_signal("404 - Page not found | OSCE")
    ('block-page', 'block-page', 'soft-404')
    >>> [title_signal(t) for t in ("Access denied to observers in Marenland", "Maintenance of peace", "Login to the training platform")]
    [None, None, None]
    """
    for piece in pieces(title):
        text = piece.strip(" .!?…:\"'“”").replace("’", "'")
        for reason, pattern in TITLES.items():
            if text and pattern.fullmatch(text):
                return reason
    return None


def marker(markup: str, known: tuple[str, ...]) -> str | None:
    """The first of the known markers that the markup has. Plain searches: a pattern took 10 ms a page.

    >>> marker("<script>window._CF_CHL_OPT={}</script>", CHALLENGES)
    '_cf_chl_opt'
    """
    lowered = markup.lower()
    return next((one for one in known if one in lowered), None)


def sentence_signal(text: str) -> tuple[Reason, str] | None:
    """What a short page says about itself, and the words that say it.

    >>> sentence_signal("The requested page could not be found.")
    ('soft-404', 'page could not be found')
    """
    for reason, pattern in SENTENCES.items():
        if found := pattern.search(text.replace("’", "'")):
            return reason, found[0]
    return None
