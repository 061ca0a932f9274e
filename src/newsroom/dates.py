"""Calendar dates as a newsroom prints them, and the dateline that opens a press release. Pure: no clock, nothing invented.

English and ISO dates are read by regular expressions in microseconds. Month names of other languages come from `dateparser`
(Unicode CLDR data), one word at a time: so it can translate but not guess. It knows no Tajik.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from threading import Lock

from newsroom.model import Dateline


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LANGUAGES = _words("sq bs hr sr-Latn sr-Cyrl mk uk ru de fr it es pt nl ro tr az ka kk ky mn uz hy be bg pl cs sk sl hu el ar")
"""Languages whose month names are understood besides English: those of the OSCE area, under `dateparser`'s names."""

_MONTHS = _words("january february march april may june july august september october november december")
_ENGLISH = {name[:length]: number for number, name in enumerate(_MONTHS, start=1) for length in (3, len(name))} | {"sept": 9}
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"

_WORD = r"[^\W\d_]{3,20}"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?!\d)"
_YEAR_WORD = r"\.?(?:\s*(?:г|р|року|года|годин[аеи]|godin[ae])\b\.?)?"
_DAY_MONTH = rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<month>{_WORD})"
_MONTH_DAY = rf"(?P<first_month>{_WORD})\.?\s+(?P<second_day>\d{{1,2}})(?:st|nd|rd|th)?"
_ZONE = r"(?:Z|[+-]\d\d(?::?\d\d)?|\(?[A-Z]{2,5}\)?)?"
_CLOCK = rf"(?:,?\s+(?:(?:at|[|–-])\s+)?\d{{1,2}}[:.h]\d\d(?::\d\d)?\s*(?:[ap]\.?m\.?)?\s*{_ZONE})?"
_ISO_CLOCK = rf"(?:[T\s]\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?\s*{_ZONE})?"

_WORDS = re.compile(rf"(?:{_WEEKDAY},?\s+)?(?:{_DAY_MONTH}\.?,?\s+(?:de\s+)?|{_MONTH_DAY},?\s+){_YEAR}{_YEAR_WORD}{_CLOCK}", re.IGNORECASE)
_ISO = re.compile(rf"(?P<year>\d{{4}})([-/.])(?P<month>\d\d)\2(?P<day>\d\d){_ISO_CLOCK}", re.ASCII)
_NUMBERS = re.compile(rf"(?P<day>\d{{1,2}})([-/.])\s?(?P<month>\d{{1,2}})\2\s?(?P<year>\d{{4}})\.?{_CLOCK}", re.ASCII)

_HYPHENED = re.compile(rf"(?P<day>\d{{1,2}})([-/.])(?P<month>{_WORD})\2{_YEAR}{_CLOCK}", re.IGNORECASE)
# What may follow a date and is not part of it: `12 May 2020 (updated 2 June 2021)`
_APART = re.compile(r"\s*[(\[|·•]|\s*[,;–-]?\s*(?:last\s+)?(?:updated|modified|changed)\b", re.IGNORECASE)

_LONGEST_DATE = 80
"""Characters; a longer text is no date, though it may hold one: we do not go looking."""
_LONGEST_DATELINE = 140


def read_date(text: str, *, language: str | None = None) -> date | None:
    """The date that `text` is: the calendar date as printed, its time and zone left aside; None if it is not one whole, possible date.

    Day first where all is numbers. `language` (`hr`) decides where a month's name means different months in two languages; without
    it such a name is not believed.

    >>> read_date("16 October 2020"), read_date("2015-04-26T23:30:00-05:00")
    (datetime.date(2020, 10, 16), datetime.date(2015, 4, 26))
    >>> read_date("October 2020"), read_date("yesterday"), read_date("31 June 2004")
    (None, None, None)
    """
    text = text.strip()
    return None if len(text) > _LONGEST_DATE else _read(text, language)


@lru_cache(maxsize=2_048)
def _read(text: str, language: str | None) -> date | None:
    if match := _WORDS.fullmatch(text):
        month = _month(match["month"] or match["first_month"], language)
        return None if month is None else _date(match["year"], month, match["day"] or match["second_day"])
    if match := _ISO.fullmatch(text) or _NUMBERS.fullmatch(text):
        return _date(match["year"], match["month"], match["day"])
    if match := _HYPHENED.fullmatch(text):
        month = _month(match["month"], language)
        return None if month is None else _date(match["year"], month, match["day"])
    return None


def leading_date(text: str, *, language: str | None = None) -> date | None:
    """The date a text begins with, where what follows is set apart from it.

    >>> leading_date("12 May 2020 (updated 2 June 2021)"), leading_date("12 May 2020 to 2 June 2021")
    (datetime.date(2020, 5, 12), None)
    """
    apart = _APART.search(text)
    return read_date(text[: apart.start()], language=language) if apart and apart.start() else None


def read_dateline(text: str) -> Dateline | None:
    """The dateline at the head of a first paragraph; None where an ordinary sentence begins.

    Town in capitals, day and month, then a dash (`VIENNA, 5 October 2020-`) or, after comma and year, nothing; a town in small
    letters needs comma, year and dash; a town without any date (`VIENNA- The`) must be one we know. Parts that are not printed stay
    None; an impossible day (`31 June`) leaves only the place.

    >>> read_dateline("OSH, Kyrgyzstan, 14 March 2006- Ways of dealing with")
    Dateline(place='OSH, Kyrgyzstan', day=14, month=3, year=2006, length=31)
    >>> read_dateline("UN – OSCE co-operation")
    """
    head = text[:_LONGEST_DATELINE]
    if not head.lstrip()[:1].isupper():
        return None
    digit = _DIGIT.search(head)
    return (digit and _dated(head, digit.start())) or _undated(head)


def resolve(dateline: Dateline, published_on: date | None) -> date | None:
    """The dateline's day; a missing year is the one that brings it nearest to `published_on` (None without that).

    >>> resolve(Dateline("VIENNA", 30, 12), date(2015, 1, 2))
    datetime.date(2014, 12, 30)
    """
    if dateline.day is None or dateline.month is None:
        return None
    if dateline.year is not None:
        return _date(dateline.year, dateline.month, dateline.day)
    if published_on is None:
        return None
    # 29 February may be eight years away (1896 to 1904)
    near = (_date(published_on.year + years, dateline.month, dateline.day) for years in range(-8, 9))
    return min((day for day in near if day), key=lambda day: abs(day - published_on), default=None)


def place_and_date(text: str) -> tuple[str | None, date | None]:
    """Place and date of a line that holds nothing else: `PRISTINA 23 March 2004`, `10 tetor 2012`, `VIENNA`.

    (None, None) for any other line; a line without a place may still be a date in any form that `read_date` knows.

    >>> place_and_date("VIENNA/THE HAGUE 7 January 2003")
    ('VIENNA/THE HAGUE', datetime.date(2003, 1, 7))
    """
    line = text.strip(_LINE_ENDS)
    if len(line) > _LONGEST_DATELINE:
        return None, None
    digit = _DIGIT.search(line)
    before = line[: digit.start()] if digit else line
    place = _one_line(before.rstrip(_LINE_ENDS + ","))
    if not digit:
        return (place, None) if _is_known(place) else (None, None)
    if named := _DAY_NAMED.search(before):  # `TIRANA – Tuesday, 14 October 2003`, `OSLO June 24, 1999`
        before = before[: named.start()]
        place = _one_line(before.rstrip(_LINE_ENDS + ","))
    is_trusted = place.isupper() or _is_known(place) or before.rstrip().endswith(",")
    if is_trusted and _is_place(place) and (day := read_date(line[named.start() if named else digit.start() :])):
        return place, day
    return None, read_date(line)


def _date(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month(word: str, language: str | None = None) -> int | None:
    return _ENGLISH.get(word.lower()) or _foreign_month(word.lower(), language)


@lru_cache(maxsize=2_048)
def _foreign_month(word: str, language: str | None) -> int | None:
    """Number of the month that `word` names in `language`, or in all of LANGUAGES that know the word; None where they differ.

    `listopada` is October in Croatian and November in Polish.
    """
    codes = [code for code in LANGUAGES if language is None or code.partition("-")[0] == language]
    months = {month for code in codes if (month := _names_of_months(code).get(_simple(word)))}
    return months.pop() if len(months) == 1 else None


@lru_cache(maxsize=len(LANGUAGES))
def _names_of_months(code: str) -> dict[str, int]:
    """The names of the months in a language, as `_simple` spells them: dateparser's own lists.

    Its parser says the same of every name (a test compares them), but takes a second of a core to begin, which no nightly with one
    page in Ukrainian should pay.
    """
    # imported here: few pages are not in English
    from dateparser.languages.loader import default_loader  # type: ignore[import-untyped]

    with _one_at_a_time:
        info = default_loader.get_locale(code).info
    meant: dict[str, set[int]] = {}
    for number, month in enumerate(_MONTHS, start=1):
        for name in info.get(month, ()):
            meant.setdefault(_simple(name), set()).add(number)
    return {name: numbers.pop() for name, numbers in meant.items() if len(numbers) == 1}


# dateparser is not safe in threads where it loads its data (scrapinghub/dateparser#441)
_one_at_a_time = Lock()


def _simple(word: str) -> str:
    """A word without accents, capitals and the dot of an abbreviation.

    >>> _simple("Déc.")
    'dec'
    """
    from dateparser.utils import normalize_unicode  # type: ignore[import-untyped]

    return str(normalize_unicode(word.lower())).rstrip(".")


# --- datelines ------------------------------------------------------------------------------------------------------------------

_DIGIT = re.compile(r"\d")
_DAY_NAMED = re.compile(rf"(?<=[\s,–-])(?:{_WEEKDAY}\b[.,]?\s*)?(?:\b(?:{'|'.join(_ENGLISH)})\.?\s*)?$", re.IGNORECASE)
_LINE_ENDS = " \t\r\n\xa0-–—"
_BEFORE_ENDS = (",", "-", "–", "—", ")", "/")
_AGENCY = r"(?:\s*(?:\([A-Z][\w /.-]{1,24}\)|/[A-Z]{2,10}/))?"
_BEFORE_DAY = re.compile(
    rf"\s*(?P<place>\S.*?){_AGENCY}(?P<mark>\s*,|\s*(?:--|[–—-])(?=\s))?(?:\s+(?P<month>{'|'.join(_ENGLISH)})\.?)?\s+", re.IGNORECASE
)
_DAY_FIRST = re.compile(rf"{_DAY_MONTH}\b\.?")
_DAY_SECOND = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\b")
_AFTER_MONTH = re.compile(rf"(?:,?\s+{_YEAR}{_YEAR_WORD})?(?:[,.]?{_AGENCY}\s*(?P<dash>[-‐‑–—−](?:\s*[-‐‑–—−])*)|[,.]|(?!\w))")
_RANGE = re.compile(rf"\s*\d{{1,2}}\.?\s+(?:{'|'.join(_ENGLISH)})\b", re.IGNORECASE)
_UNDATED = re.compile(rf"\s*(?P<place>\S.*?){_AGENCY}(?P<dash>\s*(?:--|[–—-]))\s+\S")

_CUT = re.compile(r"\s*[/,]\s*|\s+[–—-]\s+")
_NAME = re.compile(r"[^\W\d_][^\W\d_.'’`-]*(?:[.'’`-]+[^\W\d_.'’`-]*)*")
_SMALL = frozenset(_words("and of the former upon on sur de la le les del di da do dos du der den am an bei i e y и та"))
"""Words of a place's name that may be in small letters (`Bosnia and Herzegovina`)."""
_NO_PLACE = frozenset(_ENGLISH).union(
    _words("osce csce odihr hcnm un eu nato coe pace unhcr unicef unesco undp unmik eulex kfor sfor smm spmu gid iom ohchr europol"),
    _words("frontex interpol mission office presence secretariat assembly council delegation embassy ministry government parliament"),
    _words("mr mrs ms dr prof ambassador amb minister president chairman chairperson chairmanship chairpersonship secretary director head"),
    _words("troika spokesperson representative commissioner co-ordinator coordinator"),
    _words("press news newsroom media release item advisory report statement update updated summary correction corrigendum note notice"),
    _words("background embargoed embargo urgent breaking event daily spot weekly annex issued published posted date"),
    _words("in at from by since until till before after during between for to as with within following today yesterday tomorrow this that"),
    _words("these those it its he she they we when while starting held dated dear a"),
    _words("monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun"),
)
"""Words that no place's name holds, though they stand where one could."""

_TOWNS = (
    "aachen|abu dhabi|abuja|accra|addis ababa|alexandria|algiers|almaty|amman|amsterdam|andorra la vella|ankara|antalya|ashgabad|"
    "ashgabat|astana|athens|baghdad|baku|bangkok|banja luka|barcelona|basel|batken|batumi|beijing|beirut|belfast|belgrade|berlin|"
    "bern|berne|bihac|bihać|bishkek|bogota|bogotá|bonn|boston|brasilia|bratislava|brcko|brussels|brčko|bucharest|budapest|"
    "buenos aires|bujanovac|bukhara|cairo|canberra|cape town|casablanca|chicago|chisinau|chişinău|chișinău|copenhagen|cordoba|"
    "córdoba|dakar|damascus|delhi|doha|donetsk|dubai|dublin|dubrovnik|durres|durrës|dushanbe|edinburgh|ergneti|foča|ganja|garm|"
    "gdansk|gdańsk|geneva|gjilan|goražde|gori|gothenburg|graz|hamburg|hanoi|havana|helsinki|hong kong|innsbruck|interlaken|islamabad|"
    "istanbul|jakarta|jalal-abad|jerusalem|johannesburg|kabul|kharkiv|kherson|khorog|khujand|kiev|knin|korça|korçë|krakow|kraków|"
    "kuala lumpur|kulyab|kumanovo|kuwait city|kyiv|lagos|lima|linz|lisbon|ljubljana|lodz|london|los angeles|lucerne|lugano|luhansk|"
    "luxembourg|lviv|maastricht|madrid|manama|manila|mariupol|marrakech|marrakesh|mexico city|milan|minsk|mitrovica|mitrovicë|monaco|"
    "montreal|moscow|mostar|munich|muscat|nairobi|naples|neum|new delhi|new york|new york city|nicosia|niš|novi sad|nukus|nur-sultan|"
    "odesa|odessa|ohrid|osh|osijek|oslo|ottawa|palermo|paris|peja|podgorica|porto|prague|pretoria|prishtina|prishtinë|pristina|"
    "prizren|priština|qabala|rabat|reykjavik|riga|rio de janeiro|riyadh|rome|salzburg|samarkand|san francisco|san marino|santiago|"
    "sarajevo|seoul|shkodra|shkodër|singapore|sisak|skopje|sofia|split|st. petersburg|stepanakert|stockholm|strasbourg|sukhumi|"
    "sydney|tallinn|tashkent|tbilisi|tehran|tel aviv|termez|tetovo|the hague|thessaloniki|tirana|tiranë|tiraspol|tokmok|tokyo|"
    "toronto|tripoli|tskhinvali|tunis|turin|turkmenbashi|turku|tuzla|ulaanbaatar|vaduz|valletta|vancouver|venice|vienna|vilnius|"
    "vlora|vlorë|vukovar|warsaw|washington|washington d.c.|washington dc|wellington|yeravan|yerevan|zadar|zagreb|zenica|zurich|łódź|"
    "алматы|астана|београд|бишкек|донецьк|душанбе|київ|луганськ|минск|москва|сарајево|скопје|ташкент"
)
_PLACES = frozenset(_TOWNS.split("|"))
"""Towns newsrooms of the OSCE area date from: believed without a date. A list, because `UN –` and `OSH –` look alike."""


def _dated(head: str, at: int) -> Dateline | None:
    """A dateline whose date has its first digit at `at`."""
    last_word = head[:at].rstrip().rpartition(" ")[2].rstrip(".")
    if not (last_word.isupper() or last_word.endswith(_BEFORE_ENDS) or last_word.lower() in _ENGLISH):
        return None  # nearly all sentences end here, in two microseconds
    before = _BEFORE_DAY.fullmatch(head, 0, at)
    if before is None or not _is_place(before["place"]):
        return None
    day = (_DAY_SECOND if before["month"] else _DAY_FIRST).match(head, at)
    after = day and _AFTER_MONTH.match(head, day.end())
    if not day or not after or not _is_enough(before, after, head[after.end() :]):
        return None
    word = (before["month"] or day["month"]).lower()
    # a word that is no English month is worth asking the library about only where a year follows it
    month = _month(word) if after["year"] else _ENGLISH.get(word)
    if month is None:
        return None
    place, year = _one_line(before["place"]), int(after["year"]) if after["year"] else None
    if _date(2000 if year is None else year, month, day["day"]) is None:
        return Dateline(place, length=after.end())
    return Dateline(place, int(day["day"]), month, year, after.end())


def _is_enough(before: re.Match[str], after: re.Match[str], text: str) -> bool:
    """Whether what stands around place and date (and the text that follows) makes a dateline of them, not a sentence."""
    has_mark, has_dash, has_year = before["mark"] is not None, after["dash"] is not None, after["year"] is not None
    if has_dash and _RANGE.match(text):  # `5 October - 9 November`
        return False
    if _CUT.split(before["place"].strip())[0].isupper():
        return has_dash or (has_year and (has_mark or _is_known(before["place"])))
    return has_dash and has_mark and (has_year or _is_known(before["place"]))


def _undated(head: str) -> Dateline | None:
    match = _UNDATED.match(head) if head.lstrip()[:2].isupper() else None
    if match is None or not match["place"].isupper() or not _is_known(match["place"]):
        return None
    return Dateline(_one_line(match["place"]), length=match.end("dash"))


def _is_place(text: str) -> bool:
    names = _CUT.split(text.strip())
    return len(names) <= 6 and all(_is_name(name) for name in names)


def _is_name(name: str) -> bool:
    words = name.split()
    return (
        0 < len(words) <= 7
        and all(_NAME.fullmatch(word) and (word[0].isupper() or word in _SMALL) for word in words)
        and not _NO_PLACE.intersection(word.strip(".").lower() for word in words)
    )


def _is_known(text: str) -> bool:
    return _is_place(text) and _one_line(_CUT.split(text.strip())[0]).lower() in _PLACES


def _one_line(text: str) -> str:
    return " ".join(text.split())
