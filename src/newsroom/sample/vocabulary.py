"""The site's own words: offices, fields of work, sections, navigation; and invented places.

Issuers, topics and content types are the values the real listing prints, because the source definition is written for
them. Everything that happens happens in towns that do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Remit = Literal["field", "elections", "media", "minorities", "headquarters"]


@dataclass(frozen=True, slots=True)
class Office:
    """Who issues news, and how a sentence speaks of it."""

    label: str
    """As the listing prints it."""
    title: str
    """As a headline calls it."""
    the: str
    """As a sentence introduces it."""
    unit: str
    """As the next sentence calls it."""
    section: str
    """First part of its addresses."""
    seat: str
    remit: Remit
    taxonomy_id: int
    """Number in the listing's `im_taxonomy_vid_1` filter."""


def _field(label: str, unit: str, section: str, seat: str, taxonomy_id: int) -> Office:
    title = f"OSCE {unit}"
    return Office(label, title, f"the {title}", f"the {unit}", section, seat, "field", taxonomy_id)


OFFICES: tuple[Office, ...] = (
    _field("OSCE Presence in Albania", "Presence", "albania", "TIRANA", 6),
    _field("OSCE Mission to Bosnia and Herzegovina", "Mission", "bih", "SARAJEVO", 11),
    _field("OSCE Mission in Kosovo", "Mission", "kosovo", "PRISTINA", 14),
    _field("OSCE Mission to Serbia", "Mission", "serbia", "BELGRADE", 17),
    _field("OSCE Mission to Skopje", "Mission", "mission-to-skopje", "SKOPJE", 18),
    _field("OSCE Mission to Moldova", "Mission", "moldova", "CHISINAU", 15),
    _field("OSCE Programme Office in Bishkek", "Programme Office", "bishkek", "BISHKEK", 39),
    _field("OSCE Programme Office in Dushanbe", "Programme Office", "tajikistan", "DUSHANBE", 40),
    _field("OSCE Programme Office in Astana", "Programme Office", "astana", "ASTANA", 38),
    _field("OSCE Centre in Ashgabat", "Centre", "ashgabat", "ASHGABAT", 37),
    _field("OSCE Project Co-ordinator in Uzbekistan", "Project Co-ordinator", "uzbekistan", "TASHKENT", 41),
    _field("OSCE Office in Yerevan (closed)", "Office", "yerevan", "YEREVAN", 42),
    _field("OSCE Mission to Georgia (closed)", "Mission", "georgia", "TBILISI", 43),
    _field("OSCE Mission to Croatia (closed)", "Mission", "zagreb", "ZAGREB", 44),
    Office(
        "OSCE Office for Democratic Institutions and Human Rights",
        "ODIHR",
        "the OSCE Office for Democratic Institutions and Human Rights (ODIHR)",
        "the Office",
        "odihr",
        "WARSAW",
        "elections",
        24,
    ),
    Office(
        "OSCE Representative on Freedom of the Media",
        "OSCE Media Freedom Representative",
        "the OSCE Representative on Freedom of the Media",
        "the Representative",
        "fom",
        "VIENNA",
        "media",
        27,
    ),
    Office(
        "OSCE High Commissioner on National Minorities",
        "OSCE High Commissioner",
        "the OSCE High Commissioner on National Minorities",
        "the High Commissioner",
        "hcnm",
        "THE HAGUE",
        "minorities",
        25,
    ),
    Office("OSCE Secretariat", "OSCE Secretariat", "the OSCE Secretariat", "the Secretariat", "secretariat", "VIENNA", "headquarters", 19),
    Office(
        "OSCE Chairpersonship",
        "OSCE Chairpersonship",
        "the OSCE Chairpersonship",
        "the Chairpersonship",
        "chairpersonship",
        "VIENNA",
        "headquarters",
        377,
    ),
    Office(
        "Transnational Threats Department",
        "OSCE Transnational Threats Department",
        "the OSCE Transnational Threats Department",
        "the Department",
        "secretariat",
        "VIENNA",
        "headquarters",
        2343,
    ),
)
OFFICE = {office.label: office for office in OFFICES}

# Printed behind the issuer they belong to: the site lists parents after children.
PARENTS = {"Transnational Threats Department": "OSCE Secretariat"}

TOPIC_IDS = {
    "Border management": 113,
    "Conflict prevention and resolution": 116,
    "Democratization": 117,
    "Elections": 120,
    "Human rights": 123,
    "Media freedom and development": 124,
    "Policing": 127,
    "Rule of law": 129,
    "Tolerance and non-discrimination": 130,
    "Good governance": 379,
    "Safety of journalists": 976,
}

TOWNS: tuple[str, ...] = (
    "Vellin",
    "Arnsted",
    "Karrow",
    "Lissova",
    "Tammerleigh",
    "Brodnica Ford",
    "Osterhaven",
    "Melcova",
    "Dunmarch",
    "Sarnbridge",
    "Pellworm",
    "Kostrel",
    "Halvard",
    "Rivna Dol",
    "Ilmenau Cross",
    "Trebovar",
    "Quillan",
    "Zelmira",
    "Ostrel",
    "Bargate",
    "Novi Lug",
    "Ferrin",
    "Castel Orro",
    "Wendlow",
    "Maravel",
    "Stari Klanac",
    "Ulvesund",
    "Porto Selle",
    "Gradenz",
    "Hollin Marsh",
    "Tirvalle",
    "Eskmoor",
    "Lodenice",
    "Kalmora",
    "Birkfeld",
    "Sorrel Bay",
    "Anvarad",
    "Dolna Reka",
    "Perrith",
    "Jasenovo Polje",
    "Marlund",
    "Tolvanen",
)
RIVERS: tuple[str, ...] = ("Selle", "Orra", "Maren", "Issel", "Tavra", "Lower Brenn", "Kaldra", "White Osk", "Vesper", "Rusna")
REGIONS: tuple[str, ...] = (
    "Upper Selle",
    "Marenland",
    "the Lake District of Karrow",
    "the Eastern Hills",
    "Lower Brenn",
    "the Coastal Cantons",
    "Osk Valley",
    "the Seven Parishes",
    "North Kaldra",
    "the Vesper Plain",
)
COUNTRIES: tuple[str, ...] = ("Marenland", "Vesperia", "Kaldra", "Brennmark", "Issalia", "Oskovia", "Tavria Minor", "Sellemark")

FIELDS_OF_WORK: tuple[str, ...] = (
    "Arms control",
    "Border management",
    "Combating trafficking in human beings",
    "Conflict prevention and resolution",
    "Countering terrorism",
    "Cyber/ICT Security",
    "Democratization",
    "Economic activities",
    "Education",
    "Elections",
    "Environmental activities",
    "Gender equality",
    "Good governance",
    "Human rights",
    "Media freedom and development",
    "Migration",
    "National minority issues",
    "Policing",
    "Reform and co-operation in the security sector",
    "Roma and Sinti",
    "Rule of law",
    "Tolerance and non-discrimination",
    "Youth",
)
MENU_COUNTRIES: tuple[str, ...] = (
    "Albania",
    "Andorra",
    "Armenia",
    "Austria",
    "Azerbaijan",
    "Belgium",
    "Bosnia and Herzegovina",
    "Croatia",
    "Cyprus",
    "Estonia",
    "Georgia",
    "Greece",
    "Hungary",
    "Iceland",
    "Ireland",
    "Kazakhstan",
    "Kyrgyzstan",
    "Latvia",
    "Malta",
    "Moldova",
    "Mongolia",
    "Montenegro",
    "Norway",
    "Poland",
    "Portugal",
    "Romania",
    "San Marino",
    "Serbia",
    "Slovenia",
    "Sweden",
    "Tajikistan",
    "Uzbekistan",
)
