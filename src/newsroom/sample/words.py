"""What the sample newsroom writes about: invented events, as pieces of a small grammar.

`[a|b]` is a choice, `{town}` a slot (see `prose.py`). Sentences of one theme fit together in any order, which is all the
coherence that a sample needs; the variety inside the brackets keeps two articles of a theme from being near-copies.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsroom.sample.vocabulary import Remit


@dataclass(frozen=True, slots=True)
class Theme:
    """A subject: whose it is, under which topics it is filed, and its sentences."""

    topics: tuple[str, ...]
    remits: tuple[Remit, ...]
    titles: tuple[tuple[int, str], ...]
    """Each with the number of the opening that tells the same event."""
    openings: tuple[str, ...]
    details: tuple[str, ...]
    quotes: tuple[str, ...]


THEMES: tuple[Theme, ...] = (
    Theme(
        ("Environmental activities", "Good governance"),
        ("field", "headquarters"),
        (
            (0, "{title} hands over [water gauges|measuring stations|flood sensors] to river wardens in {town}"),
            (1, "Upstream and downstream: [councils|waterworks|mayors] along the {river} agree on [shared|common] water data"),
            (2, "{town} and {town2} to manage the {river} together, with support of {the}"),
            (1, "[Farmers|Anglers|Millers] and engineers discuss the future of the {river} at meeting in {town}"),
        ),
        (
            "{The} handed over {n} [automatic|solar-powered|refurbished] water gauges to the river wardens of {town} {when}.",
            (
                "[Specialists|Engineers|Planners] from {n} municipalities along the {river} met in {town} {when} to "
                "[compare|discuss|agree on] the way they [measure|share|protect] their water."
            ),
            "A [joint|new|common] plan for the use of the {river} was presented {when} in {town} by {the} and the local waterworks.",
        ),
        (
            (
                "The {river} supplies [drinking water|irrigation] to some {m} villages, and its level has "
                "[fallen|varied sharply] in {n} of the past {m} summers."
            ),
            "Readings from the gauges are sent every {n} minutes to [a shared table|a public website|both town halls].",
            "The [wardens|operators] were trained for {n} days at the [pumping station|old mill|reservoir] of {town2}.",
            "Until now, {town} and {town2} used different [units|forms|calendars] for their records, so that no two could be compared.",
            (
                "The plan foresees [quarterly|monthly|yearly] inspections of {m} wells and the repair of {n} kilometres of "
                "[pipes|canals|dykes]."
            ),
            "Water losses in the [older|eastern|lower] part of the network are estimated at {n} per cent[| by the regional water board].",
            (
                "A [laboratory|mobile laboratory] for water quality will [open|start work] in {town2} [next spring|before the "
                "end of the year]."
            ),
        ),
        (
            "A river does not stop at the [edge of a map|town limits], and neither should the [figures|knowledge] about it",
            "For the first time we are [arguing|talking] about the same numbers, and that makes it a [much shorter|far better] argument",
        ),
    ),
    Theme(
        ("Economic activities", "Good governance"),
        ("field", "headquarters"),
        (
            (2, "[Reopened|Restored|Widened] bridge at {town} brings markets of {region} closer together"),
            (0, "{title} supports [customs|harbour|ferry] reform in {town}"),
            (0, "Harbour authorities of {town} and {town2} sign [agreement|memorandum] on [paperless|faster|simpler] clearance"),
            (3, "[Small|Family] businesses in {town} learn to [export|trade|sell] across the {river}"),
            (1, "Round table in {town} looks at [transport links|port fees|cross-border trade] in {region}"),
        ),
        (
            (
                "The [harbour|port] authorities of {town} and {town2} signed a memorandum on the [exchange|recognition] of "
                "[cargo|customs|safety] documents {when}, with the assistance of {the}."
            ),
            (
                "A [round table|seminar|conference] on [transport|trade|investment] in {region} opened in {town} {when}, "
                "organized by {the} together with the chamber of commerce."
            ),
            (
                "The footbridge across the {river} between {town} and {town2} was reopened to [traders|the public] {when} "
                "after {n} months of work."
            ),
            "Owners of {m} [small|family] companies in {town} completed a course on [exporting|trading] across the {river} {when}.",
        ),
        (
            (
                "About {h} [lorries|vans|carts] cross the {river} at this point on a market day, most of them carrying "
                "[timber|fruit|ceramics|fish]."
            ),
            "Clearing a [single|mixed] cargo required {m} signatures in {n} offices; in future [two|three] will do.",
            "The ferry between {town} and {town2} carried {h} passengers a week last [summer|winter|season].",
            (
                "[Owners|Managers] of {m} small companies took part in the [course|training], more than a third of them "
                "[women|from rural areas]."
            ),
            "A [leaflet|handbook] on port fees was printed in {n} languages and can be had [free of charge|at every ticket office].",
            "The [municipality|port authority] covers [half|two thirds] of the costs of the new [pier|weighbridge|signal lamp].",
            "Customs officers from {town2} will spend {n} weeks with their colleagues in {town} as part of an exchange.",
        ),
        (
            "A [bridge|harbour] is only as useful as the [rules|patience] at both ends of it",
            "If a form can be filled in once, nobody should be asked to fill it in [twice|five times]",
            "Trade between neighbours is the least [noticed|dramatic] form of [confidence-building|peace], and one of the most durable",
        ),
    ),
    Theme(
        ("Education", "National minority issues"),
        ("field", "minorities"),
        (
            (0, "[Joint|Shared|Bilingual] school opens its doors in {town}"),
            (1, "Teachers from {town} and {town2} write [history|geography|reading] workbook together"),
            (2, "{title} welcomes [decision|agreement] on shared classrooms in {region}"),
            (3, "[Pupils|Students] of {town} design [library|playground|school garden] for both language groups"),
        ),
        (
            "Some {h} pupils of both language groups [began|started] the school year under one roof in {town} {when}.",
            (
                "A [workbook|reader] written by {m} teachers from {town} and {town2} was presented {when} at the [town "
                "library|teachers' college]."
            ),
            "{The} welcomed {when} the decision of the school board of {region} to [open|reopen|keep] {n} shared classrooms.",
            (
                "A [library|playground|school garden] that the pupils of {town} had designed themselves was [opened|handed "
                "over to them] {when}."
            ),
        ),
        (
            (
                "The building, a former [weaving mill|barracks|railway store], was [rebuilt|renovated] over {n} months with "
                "local contractors."
            ),
            (
                "Lessons in [music|sports|drawing|physics] are taught [jointly|together], while the mother tongue remains the "
                "language of reading."
            ),
            "Parents' councils of both groups met {n} times before they agreed on a [timetable|name for the school|school bus].",
            "The library holds {h} [books|volumes] in {n} languages, many of them given by [families|readers] in {town2}.",
            "Each class elects two speakers, one for either language group, who [meet|report] every [second week|month].",
            "In {region}, children of neighbouring [streets|villages] had been taught in separate shifts for {n} years.",
            "[Inspectors|Advisers] will visit the school [twice|three times] in its first year and publish what they find.",
        ),
        (
            "Children find out [by themselves|very quickly] which differences matter; our task is not to [add|invent] new ones",
            "A shared [school yard|timetable] is worth more than {n} [declarations|conferences]",
        ),
    ),
    Theme(
        ("Education", "National minority issues", "Tolerance and non-discrimination"),
        ("field", "minorities"),
        (
            (0, "[Evening|Summer|Free] language courses for [civil servants|nurses|bus drivers] begin in {town}"),
            (1, "[Clerks|Officials] in {region} complete course in [second official language|minority languages]"),
            (2, "{title} calls for more [interpreters|language teachers] in {region}"),
            (1, "Learning each other's language: [first|second|third] class graduates in {town}"),
        ),
        (
            "A language course for {m} [civil servants|court clerks|nurses] opened in {town} {when} with the support of {the}.",
            "{M} [clerks|officials|teachers] received their certificates {when} after {n} months of evening classes in {town}.",
            "{The} encouraged the authorities of {region} {when} to [train|hire] more interpreters for [hospitals|courts|town halls].",
        ),
        (
            "Participants meet [twice|three times] a week and practise with [real|everyday] forms, letters and telephone calls.",
            (
                "A survey of {h} households showed that one in {n} had needed help with [a tax form|a prescription|a court "
                "letter] in the past year."
            ),
            "The course book was written in {town2} and uses [recipes|timetables|weather reports|love songs] as reading matter.",
            "Those who pass the [written|oral] examination receive a small [allowance|supplement], paid by the municipality.",
            "In the town hall of {town}, signs and counters have been marked in {n} languages since [last autumn|the spring].",
            "The waiting list for the next course has {m} names on it, among them those of {n} police officers.",
        ),
        (
            "Nobody has to be perfect; it is enough to be [polite|understood] at the counter",
            "I have worked next to my colleague for {n} years, and this week we [spoke|joked] without an interpreter",
        ),
    ),
    Theme(
        ("Elections", "Democratization"),
        ("elections", "field"),
        (
            (0, "{title} publishes [final|interim] report on [local|early parliamentary|mayoral] elections in {country}"),
            (3, "[Observers|Election experts] assess [ballot design|voter lists|campaign rules] before vote in {country}"),
            (1, "Election officials of {country} practise [the count|opening procedures|handling of complaints] in {town}"),
            (4, "[Young|First-time] voters in {town} practise polling at [mock|trial] election"),
            (2, "{title}: [voter lists|complaints procedures|campaign finance rules] in {country} should be [clearer|simpler]"),
        ),
        (
            "{The} presented its [assessment|findings] on the recent elections in {country} {when}, together with {m} recommendations.",
            (
                "[Chairpersons|Secretaries] of {m} polling stations practised the [count|opening procedures|handling of complaints] "
                "in {town} {when}."
            ),
            (
                "{Country} has taken up {n} earlier recommendations on its electoral law, {the} said {when}, but [several|a "
                "number] remain open."
            ),
            (
                "A team of {n} experts [looked at|assessed] the [ballot papers|voter lists|campaign rules] of {country} "
                "{when}, {m} days before the vote."
            ),
            "Some {h} pupils of {town} voted {when} in a mock election, with [real|genuine] ballot boxes and invented parties.",
        ),
        (
            (
                "The report notes that [polling stations|ballot boxes] were [well|adequately] equipped, but that {n} per cent could not be "
                "reached by wheelchair."
            ),
            "[Voter lists|Registers] had been displayed for {n} days, which gave citizens [little|sufficient] time for corrections.",
            "Observers visited {h} polling stations, from the [mountain|island] villages of {region} to the suburbs of {town}.",
            "The campaign was [calm|lively|low-key], and candidates were able to hold their meetings [freely|without hindrance].",
            "[Women|Persons under thirty] made up {n} per cent of the candidates and {n2} per cent of those elected.",
            (
                "The law does not say within how many [days|hours] a complaint is to be decided, and {m} of them were decided "
                "[late|after the vote]."
            ),
            "Sample ballots in large print were used for the [first|second] time in {town}, where {m} voters asked for them.",
            "The results of each polling station were posted on its door [the same night|before midnight], as the law requires.",
        ),
        (
            "An election begins with the [list|register] and ends with the last complaint, not with the [speeches|fireworks]",
            "Counting is a craft, and it is learned by [counting|practice]",
            "The best recommendation is the one that can be [struck off|forgotten] because it has been carried out",
        ),
    ),
    Theme(
        ("Policing", "Rule of law"),
        ("field", "headquarters"),
        (
            (0, "[Community|Neighbourhood] police officers trained in {town}"),
            (1, "Police of {town} and {town2} practise [joint patrols|forensic work|interview techniques] with support of {the}"),
            (0, "[Recruits|Cadets] of {region} police academy graduate in {town}"),
            (3, "{title} donates [bicycles|radios|training software] to [police station|police academy] in {town}"),
            (2, "[Citizens' panel|Safety council] and police in {town} present [first|second] annual report"),
        ),
        (
            (
                "{M} [recruits|cadets|sergeants] completed a [course|training] on [community policing|interview techniques|traffic safety] "
                "in {town} {when}."
            ),
            "{The} opened a [three-day|two-week|ten-day] course for police [instructors|investigators|supervisors] in {town} {when}.",
            "A council of citizens and police officers presented its report on [safety|street lighting|road accidents] in {town} {when}.",
            "{The} handed over {n} [bicycles|radios|computers] to the [police station|police academy] of {town} {when}.",
        ),
        (
            (
                "The [curriculum|programme] covers [first contact|report writing|the law on evidence], and ends with a "
                "practical examination."
            ),
            "[Patrols|Officers] on foot and by bicycle have visited {h} households and shops in the old town since [January|the spring].",
            "Of the {m} officers trained, {n} will [in turn|themselves] teach their colleagues in {town2}.",
            "The number of [burglaries|bicycle thefts|accidents] in the two pilot quarters fell by {n} per cent within a year.",
            "A [complaints box|telephone line] has been used by {m} residents; every report receives an answer within {n} days.",
            "Instructors from {n} countries took part, and the [role plays|exercises] were held in the [former|old] cattle market.",
            "Women make up {n} per cent of the new class, [twice|three times] as many as in the year before.",
        ),
        (
            "People should know the [name|face] of their police officer before they need [help|one]",
            "Good [policing|police work] is mostly listening, and listening can be [taught|practised]",
        ),
    ),
    Theme(
        ("Media freedom and development", "Safety of journalists"),
        ("media",),
        (
            (
                0,
                (
                    "{title} [concerned about|calls for review of] [draft broadcasting law|accreditation rules|fines for local "
                    "papers] in {country}"
                ),
            ),
            (3, "{title} welcomes [release of|amended] [public archives|press law|broadcasting rules] in {country}"),
            (1, "Threats against [local reporters|radio station|newspaper] in {town} must be investigated, says {title}"),
            (2, "[Journalists|Editors] and lawyers discuss [defamation law|protection of sources|safety of reporters] in {town}"),
        ),
        (
            (
                "{The} called on the authorities of {country} {when} to [reconsider|amend|withdraw] a draft law on "
                "[broadcasting|public notices|accreditation]."
            ),
            (
                "{The} expressed concern {when} about the [threats|searches|fines] that a [newspaper|radio station] in {town} "
                "has faced this month."
            ),
            (
                "[Editors|Reporters] from {n} countries met in {town} {when} to discuss the [protection of sources|safety of "
                "local journalists]."
            ),
            (
                "{The} welcomed {when} the decision of the authorities of {country} to [open the public archives|amend the law "
                "on broadcasting|drop the fines]."
            ),
        ),
        (
            (
                "Under the draft, a [station|publisher] could lose its licence after {n} [warnings|complaints], without [a "
                "hearing|a court order]."
            ),
            "The [newspaper|station], which has {n} employees, reports on [town budgets|building permits|the harbour company].",
            "A legal [review|analysis] of the draft was sent to the parliament of {country} and is [public|available on request].",
            (
                "According to the editors, {n} [letters|telephone calls] were reported to the police, and an "
                "[inquiry|investigation] has been opened."
            ),
            "The authorities replied within {n} days and offered a meeting with the [ministry|parliamentary committee] concerned.",
            "The number of local newspapers in {region} has fallen from {m} to {n} within {n2} years.",
            "Accreditation must not be used to choose who may [ask questions|attend a council meeting].",
        ),
        (
            (
                "A question that may not be asked in a council chamber will be asked in the [street|market place], and less "
                "[kindly|precisely]"
            ),
            "Local reporters are the first to be [threatened|sued] and the last to be [protected|noticed]",
            "Public money needs public [scrutiny|reporting]; it is as simple as that",
        ),
    ),
    Theme(
        ("Border management", "Reform and co-operation in the security sector"),
        ("field", "headquarters"),
        (
            (0, "Border [guards|officers] from {n} countries train together in {town}"),
            (1, "{title} supports [opening|renovation] of [border crossing|checkpoint] near {town}"),
            (2, "[Document|Passport] examiners compare notes in {town}"),
            (2, "Patrol leaders learn [mountain rescue|map reading|winter driving] in {region}"),
        ),
        (
            "{M} border officers took part in [a field exercise|a training course|joint patrols] near {town} {when}, organized by {the}.",
            "The renovated crossing between {town} and {town2} was [opened|handed over to the border service] {when}.",
            "A [course|workshop] on the [examination of documents|planning of patrols] began at the training centre in {town} {when}.",
        ),
        (
            (
                "The crossing is used by {h} people a day, many of them [pupils|seasonal workers|traders] who [go|cross] to "
                "{town2} and back."
            ),
            "The new hall has separate [lanes|counters] for [pedestrians|families|lorries] and a heated waiting room.",
            "Participants practised on {m} genuine and {n} forged documents, and had {n2} minutes for each.",
            "In winter the patrol tracks above {town2} can only be reached on skis, and [radios|maps] have to work at minus {m} degrees.",
            "[Trainers|Officers] who pass the course will repeat it at {n} [outposts|stations] before the [snow|summer] comes.",
            "The exercise ended with the search for {n} hikers, played by students of the [forestry|nursing] school.",
        ),
        (
            "A good border is one that is [quick|easy] for those who [commute|trade] and difficult for those who smuggle",
            "We share the same [mountain|snow]; it would be foolish not to share the [radio channel|maps]",
        ),
    ),
    Theme(
        ("Environmental activities",),
        ("field", "headquarters"),
        (
            (0, "[Former|Abandoned] [tannery|dye works|depot] near {town} cleared of [toxic|hazardous] waste"),
            (3, "{title} helps {town} [sort|recycle|compost] its waste"),
            (1, "Information centre on the environment opens in {town}"),
            (2, "[Volunteers|Students] plant [hundreds of|more] [poplars|willows|walnut trees] on slopes above {town}"),
        ),
        (
            "The last of {m} barrels of [solvents|pesticides] left a [disused|former] depot near {town} {when}.",
            "A centre where citizens can read about [air quality|planned roads|forest permits] opened in {town} {when}.",
            (
                "[Volunteers|Pupils|Soldiers] planted {h} [willows|poplars] on the banks of the {river} {when}, in a campaign "
                "supported by {the}."
            ),
            (
                "{Town} began {when} to collect [glass|paper|kitchen waste] apart from the rest, with {n} new [bins|carts] "
                "provided by {the}."
            ),
        ),
        (
            "The [site|depot] had been [unguarded|abandoned] for {n} years, and children from {town2} used it as a playground.",
            "[Soil|Well water] will be tested every {n} weeks, and the results posted at the [school|market hall].",
            "The town sorts its waste into {n} kinds; the [compost|glass] pays for the [drivers|bins].",
            "[Beekeepers|Shepherds|Hunters] of {region} had first drawn attention to the [smell|dead fish] in the {river}.",
            "The centre answers about {m} enquiries a month, most of them about [building permits|firewood|dust].",
            "Trees hold the slopes above the {n} houses that were damaged by a [mudslide|flood] in an earlier year.",
        ),
        (
            "Nobody objects to a clean river; the [work|question] is who gets up [early|first] to keep it clean",
            "The barrels were [easy|simple] to move once everybody had agreed whose they [were|had been]",
        ),
    ),
    Theme(
        ("Youth", "Education"),
        ("field", "headquarters"),
        (
            (0, "[Young people|Students] from {town} and {town2} [build boat|publish newspaper|run radio station] together"),
            (1, "{title} [opens|supports] youth [parliament|council|club] in {town}"),
            (0, "Summer camp brings teenagers of {region} to {town}"),
            (2, "[Debating|Chess|Robotics] contest in {town} won by team of mixed villages"),
        ),
        (
            "{M} [teenagers|students] from {n} towns of {region} [spent|completed] a week in {town} that ended {when}.",
            "A youth council with {m} members held its first [session|sitting] in the town hall of {town} {when}.",
            "The final of a [debating|robotics|chess] contest for schools, supported by {the}, took place in {town} {when}.",
        ),
        (
            "The participants, aged between 14 and {m}, had to [cook|plan|row] together before they were told who came from where.",
            "The council decides on a budget of {h} [crowns|florins] a year, and its [minutes|decisions] are public.",
            "Teams drew their [topic|opponent] by lot and had {n} minutes to prepare.",
            "In the evenings, [elderly residents|fishermen|shopkeepers] told of how {town} was before the [bridge|railway] was built.",
            "Half of the group had never been to {town2}, {n} kilometres away.",
            "A film about the week will be shown in {n} [schools|cinemas] of the region.",
        ),
        (
            "We were asked for our opinion and then, [strangely|to our surprise], somebody wrote it down",
            "I came for the [boats|chess] and stayed for the [arguments|people]",
        ),
    ),
    Theme(
        ("Gender equality",),
        ("field", "headquarters", "elections"),
        (
            (0, "Women [engineers|firefighters|mayors] of {region} found network in {town}"),
            (2, "{title} [presents|publishes] [guide|study] on women in [municipal councils|the security services|water management]"),
            (3, "[Mentors|Councillors] support women candidates in {town}"),
            (1, "[Shelter|Advice centre] for women opens in {town}"),
        ),
        (
            "A network of women [engineers|mayors|police officers] was founded in {town} {when} with {m} members.",
            "[An advice centre|A shelter] with room for {n} families opened in {town} {when}.",
            "{The} presented a [study|guide] on women in [local councils|public transport|peace talks] in {town} {when}.",
            "A [programme|scheme] in which {m} experienced councillors advise women candidates was launched in {town} {when}.",
        ),
        (
            "Of {h} councillors in {region}, {m} are women; {n} years ago there were {n2}.",
            (
                "Meetings of the [council|committee] have been moved from the evening to the [morning|afternoon], so that "
                "parents can attend."
            ),
            "Each new member is accompanied for {n} months by [a mentor|an experienced colleague] from another town.",
            "The centre's telephone is answered day and night in {n} languages.",
            "The study is based on {h} interviews and on the [minutes|records] of {m} meetings.",
            "The municipality provides the building, and {n} [lawyers|nurses] have offered their time.",
        ),
        (
            "It is hard to be [heard|elected] if the meeting is held when somebody has to put the children to bed",
            "One woman in the room is an exception; {n} are a [majority in waiting|normal committee]",
        ),
    ),
    Theme(
        ("Combating trafficking in human beings", "Rule of law"),
        ("field", "headquarters"),
        (
            (0, "[Labour inspectors|Prosecutors|Social workers] in {town} learn to recognize victims of trafficking"),
            (1, "{title} [launches|supports] hotline against [forced labour|trafficking] in {region}"),
            (0, "Simulation exercise on trafficking held in {town}"),
            (2, "Co-ordinators against trafficking in human beings meet in {town}"),
        ),
        (
            (
                "{M} [labour inspectors|prosecutors|social workers] took part in a simulation exercise on human trafficking in "
                "{town} {when}."
            ),
            "A telephone line for people who have been [promised work|exploited at work] went into service in {town} {when}.",
            "The co-ordinators of {n} [countries|regions] against trafficking in human beings met in {town} {when}.",
        ),
        (
            "In the exercise, actors played [harvest workers|hotel maids|builders] whose passports had been taken by a foreman.",
            "Calls are free, anonymous and answered in {n} languages; {m} came in during the [first week|test phase].",
            "The agencies found that {n} different [forms|interviews] were asked of one person, and agreed to share a single one.",
            "A [poster|card] with the number hangs in {h} buses and [ferries|waiting rooms].",
            "[Cases|Inquiries] in farming and building are [rarely|seldom] reported, because those concerned fear for their papers.",
            "Victims will have {m} days to recover before they decide whether to [testify|give evidence].",
        ),
        (
            "The first person to notice is often a [bus driver|doctor|shopkeeper]; that person needs to know whom to call",
            "A victim should have to tell the story [once|one time], to somebody who [listens|is trained to listen]",
        ),
    ),
    Theme(
        ("Arms control", "Reform and co-operation in the security sector"),
        ("field", "headquarters"),
        (
            (0, "Ammunition depot near {town} made safe"),
            (3, "[Old|Surplus] [hand grenades|rifles|signal rockets] destroyed in {region}"),
            (2, "{title} [completes|begins] [inventory|repair] of storage sites in {region}"),
            (1, "Storage site in {region} receives [new fence|new roof|lightning rod] and alarm systems"),
        ),
        (
            "The last of {h} crates of [surplus|outdated] ammunition were removed from a depot near {town} {when}.",
            "A [fence|roof|lightning rod] and {n} alarm systems were handed over to the guards of a storage site in {region} {when}.",
            "{The} completed {when} the inventory of {n} storage sites in {region}.",
            (
                "Some {h} [rifles|hand grenades|signal rockets] that nobody needs any more were [destroyed|melted down] in a "
                "foundry in {town} {when}."
            ),
        ),
        (
            "Houses in {town2} stand less than {h} metres from the depot; residents had asked for its removal for {n} years.",
            "The work was done by {m} specialists, who [dismantled|weighed|registered] every item by hand.",
            "The [brass|metal|wood] that remains is [recycled|sold], and the money goes to the [fire brigade|village school].",
            "[Inspectors|Experts] from {n} countries visited the site and found the [records|seals] in order.",
            "Guards were trained in [fire fighting|record keeping|first aid] for {n} weeks.",
        ),
        (
            "We have slept [badly|lightly] next to those sheds; tonight we shall sleep [well|soundly]",
            "Good storage is [dull|uneventful], and dull is exactly what it should be",
        ),
    ),
    Theme(
        ("Cyber/ICT Security",),
        ("headquarters", "field"),
        (
            (0, "[Hospitals|Waterworks|Power companies] of {region} rehearse [computer failure|cyber incident] in {town}"),
            (2, "{title} brings together [incident response teams|network engineers] in {town}"),
            (1, "[Diplomats|Engineers|Officials] in {town} discuss [confidence-building|emergency contacts] in cyberspace"),
        ),
        (
            "{M} [engineers|officials] rehearsed the failure of a regional [power|water] network in {town} {when}.",
            "Contact points from {n} countries tested {when} how quickly they can [reach|inform] one another in a cyber incident.",
            "A workshop on the safety of [hospital|harbour|railway] computers, organized by {the}, opened in {town} {when}.",
        ),
        (
            ("In the scenario, the [pumps|switches|ticket machines] of {town2} stopped at {clock}, and the telephones soon after."),
            "It took the teams {m} minutes to find [each other|the right telephone number] and {n} to restore the service.",
            "Each [participant|organization] left with a list of {n} things to do before the end of the [month|year].",
            "One [lesson|finding] was that {n} of {m} emergency plans were stored only on the computers that had failed.",
            "The next [rehearsal|communication check] will take place without [warning|announcement].",
        ),
        (
            "The best firewall is a colleague who [picks up|answers] the telephone",
            "We print our emergency plan on paper now; it [survives|works] without electricity",
        ),
    ),
    Theme(
        ("Rule of law", "Human rights"),
        ("field", "elections"),
        (
            (2, "[Judges|Court clerks] in {town} [adopt|test] [open|shorter] calendar of hearings"),
            (0, "{title} publishes trial monitoring report on courts of {region}"),
            (1, "Free legal advice reaches [villages|islands|suburbs] around {town}"),
            (3, "[Lawyers|Law students] of {town} win moot court on [fair trial|property rights]"),
        ),
        (
            "{The} presented {when} a report on {h} hearings that its monitors attended in the courts of {region}.",
            "A [van|bus] with {n} lawyers on board set out from {town} {when} to give free legal advice in {m} villages.",
            "{M} [judges|prosecutors|clerks] met in {town} {when} to discuss how long a [civil case|simple trial] should take.",
            (
                "A team of {n} students from {town} won the moot court of {region} {when}, with a case on [fair trial|property "
                "rights|legal aid]."
            ),
        ),
        (
            (
                "The average case took {m} months; {n} in a hundred hearings were postponed because [a file|an interpreter|a "
                "witness] was missing."
            ),
            "Decisions are now read aloud and published within {n} days, in [plain|clear] language.",
            "The monitors found that [defendants|the parties] were informed of their rights in {m} per cent of the cases.",
            "Most [questions|enquiries] concern [land|pensions|inheritance|rent], and half can be answered on the spot.",
            "The court of {town2} shares one courtroom among {n} judges, who [draw lots|keep a list] for the mornings.",
            "The report makes {m} recommendations, of which {n} had been made [before|in the previous year].",
        ),
        (
            "Justice that comes after {n} years is [history|too late], not justice",
            "People accept a decision against them more readily if somebody [explains|has explained] it",
        ),
    ),
    Theme(
        ("Roma and Sinti", "Human rights"),
        ("field", "elections"),
        (
            (0, "[Roma|Roma and Sinti] mediators begin work in [schools|clinics] of {town}"),
            (1, "Houses in {quarter} quarter of {town} receive [title deeds|papers]"),
            (2, "{title} [discusses|presents] [housing|schooling] of Roma in {region}"),
        ),
        (
            "{N} mediators began their work between Roma families and the [schools|health centres|town hall] of {town} {when}.",
            "{M} families in the {quarter} quarter of {town} received the title deeds to their houses {when}.",
            "Mayors and Roma representatives from {n} towns of {region} met in {town} {when}.",
        ),
        (
            "Without an address, the families could neither [register a birth|enrol a child|receive a letter] nor apply for electricity.",
            "The mediators, {n} women and {n2} men, were chosen by a [committee|meeting] of parents and teachers.",
            "School attendance in the quarter has risen by {n} per cent.",
            "A map of the quarter was drawn by the residents themselves, who found {m} houses that no [plan|register] had shown.",
            "The project began in {town2}, where {h} [certificates|documents] have been issued since.",
            "The municipality has promised to extend the [bus line|water main] by {n} hundred metres.",
        ),
        (
            "An address is [a small thing|nothing special] to those who have always had one",
            "We were asked to the table before the [plan|map] was drawn, and one can see it",
        ),
    ),
    Theme(
        ("Good governance", "Democratization"),
        ("field", "headquarters"),
        (
            (2, "{town} opens its [archive|files|old maps] to the public"),
            (3, "[Town halls|Municipalities] of {region} [compare|publish] what they spend"),
            (1, "{title} trains [auditors|procurement officers|municipal clerks] in {town}"),
            (0, "[Participatory|Public] budget: residents of {town} choose [street lamps|bus shelters|a new library]"),
        ),
        (
            "The residents of {town} decided {when} on the use of {n} per cent of the town budget.",
            (
                "{M} [auditors|procurement officers|clerks] from {region} completed a course on [open tenders|public records] "
                "in {town} {when}."
            ),
            "The town archive of {town}, with {h} metres of [files|maps], was opened to the public {when}.",
            (
                "{N} municipalities of {region} published {when} what they spend on [streets|schools|heating], in one table "
                "and in one currency."
            ),
        ),
        (
            (
                "Of {m} proposals, the [street lamps|bus shelter|footpath] received the most votes, followed by a [swimming "
                "pool|drinking fountain]."
            ),
            "All contracts above {h} [crowns|florins] are published within {n} days, with the names of those who [lost|took part].",
            "The [complaints|questions] of citizens are numbered, answered and, once a year, counted.",
            "Until last year, a copy of a [deed|map|permit] took {m} days; it can now be had in {n}.",
            "[Students|Pensioners] have helped to sort and label {h} boxes, some of which had not been opened for {m} years.",
            "{town2} will follow with a [smaller|similar] scheme, and has asked {town} for advice.",
        ),
        (
            "Trust does not come from [speeches|brochures]; it comes from [receipts|published accounts]",
            "The first question was about a bench, the second about the whole [budget|street]; this is how it should be",
        ),
    ),
    Theme(
        ("Conflict prevention and resolution",),
        ("field", "headquarters", "minorities"),
        (
            (0, "[Dialogue|Mediation] meeting between {town} and {town2} agrees on [use of spring|grazing rights|market days]"),
            (1, "{title} facilitates [talks|meeting] on [irrigation|missing cattle|shared road] in {region}"),
            (3, "Women mediators [settle|discuss] land questions in {region}"),
            (2, "[Incident prevention|Early warning] meeting held in {town}"),
        ),
        (
            "Representatives of {town} and {town2} agreed {when} on the shared use of [a spring|summer pastures|a forest road].",
            "{The} facilitated a meeting on [irrigation|stray cattle|a closed road] between {n} villages of {region} {when}.",
            "The {nth} meeting on the prevention of incidents in {region} took place in a tent near {town} {when}.",
            (
                "{M} women mediators met in {town} {when} to [compare|discuss] how disputes over [land|fences|water] are "
                "settled in {region}."
            ),
        ),
        (
            "The participants reviewed {m} [incidents|complaints] since the last meeting; {n} were settled on the spot.",
            "A [telephone line|joint list] between the two [mayors|village elders] has been used {m} times in {n} months.",
            "Pastures will be opened on the same day for both sides, and the cattle [counted|marked] by a joint commission.",
            "The talks were held in the [school|mill|tea house] halfway between the villages, which belongs to neither.",
            "Maps from {n} different decades were laid on one table, and the differences marked [in red|with wool].",
            "Both sides asked for the [crossing point|road] to be open longer during the [harvest|school term].",
        ),
        (
            "Not one of these questions is [large|heroic]; left alone, any of them could become so",
            "The agreement fits on one page because [everybody|each of us] knows the spring",
        ),
    ),
    Theme(
        ("Tolerance and non-discrimination", "Human rights"),
        ("elections", "field"),
        (
            (0, "[Football|Rowing|Cycling] clubs of {town} sign charter against [racism|discrimination]"),
            (1, "{title} [trains|supports] [teachers|prosecutors|librarians] on response to hate crime in {town}"),
            (2, "[Exhibition|Walking tour] in {town} tells of neighbours of many faiths"),
        ),
        (
            "{N} sports clubs in {town} signed a charter against discrimination {when}.",
            "{M} [prosecutors|teachers|police officers] took part in a course on hate crime in {town} {when}, led by {the}.",
            "An exhibition about {n} [families|houses|streets] of different faiths opened in the [museum|market hall] of {town} {when}.",
        ),
        (
            "The charter provides for [a contact person|stewards|mixed teams] in each club and for a yearly report.",
            "Participants worked on {m} real cases, from [graffiti|insults] on a wall to an attack on a [shop|bus].",
            "Only {n} of {m} incidents known to community groups had been reported to the police.",
            "The exhibition travels to {town2} and {town3}, where local [families|schools] will add their own [photographs|objects].",
            "[Victims|Witnesses] can report an incident in writing, by telephone or through [local associations|places of worship].",
            (
                "A [walking map|small book] shows {m} places where [people of different faiths|newcomers and locals] have "
                "lived door to door."
            ),
        ),
        (
            "Prejudice is learned in small [steps|sentences], and can be unlearned in the same way",
            "We put the photographs in the order of the [houses|street], not of the faiths; visitors noticed at once",
        ),
    ),
    Theme(
        ("Democratization", "Good governance"),
        ("field", "elections", "headquarters"),
        (
            (0, "Members of parliament of {country} [visit|debate in] {town}"),
            (1, "{title} [advises|supports] parliament of {country} on [rules of procedure|public hearings|oversight committees]"),
            (2, "[Citizens|Associations] of {town} [heard|consulted] on [draft law|new statute]"),
        ),
        (
            (
                "The committee on [local government|public works|petitions] of the parliament of {country} held a public "
                "hearing in {town} {when}."
            ),
            "{The} presented {when} an opinion on the [rules of procedure|law on associations|law on petitions] of {country}.",
            "{M} associations from {region} commented {when} on a draft law that [concerns|regulates] their registration.",
        ),
        (
            "Of the {m} comments received, {n} have been taken over into the draft, and the rest answered in writing.",
            "The hearing, the [first|second] outside the capital, lasted {n} hours and was broadcast by the local radio.",
            "The opinion recommends that a draft be published at least {m} days before its [first|second] reading.",
            "[Visitors|Pupils] may watch the sittings from the gallery, which had been closed for {n} years.",
            "The committee will report in {n} months, and return to {town2} to explain what it [changed|did not change].",
            "Sign-language interpreters were present, as they will be at all hearings from [this year|now] on.",
        ),
        (
            "A law is easier to keep if one has been [asked|heard] while it was being written",
            "I have waited {n} years for somebody from the capital to [listen|sit down], and I brought notes",
        ),
    ),
)

# Sentences that fit any subject: who came, who pays, what came before, what comes next.
SHARED: tuple[str, ...] = (
    "The event brought together {m} [participants|representatives] from {region}, {town2} and {town3}.",
    "It was organized [jointly with|in co-operation with] the municipality of {town} and the [university|association] of {town2}.",
    "The project [is financed|was made possible] by contributions of {n} participating States and by the [town|region] itself.",
    "[A similar|An earlier] meeting was held in {town3} {n} months ago.",
    "The [next|following] meeting will take place in {town2} in {nextmonth}.",
    "{Unit} has worked on this question in {region} for {n} years.",
    "The [full text|report|summary] will be [published|sent to all those concerned] within {n} weeks.",
    "[Documents|Minutes|Papers] are available in English and in the languages of {region}.",
    "The activity is part of a programme that runs until {nextyear} and reaches {m} municipalities.",
    "[Visits|Follow-up visits] to {town2}, {town3} and {n} villages are planned for {nextmonth}.",
    "{n_word} working groups [prepared|discussed] the details and reported to the plenary in the afternoon.",
    "[Interpreters|Volunteers] from {town3} helped with the [discussion|preparations].",
    "The participants also visited the [lighthouse|grain market|railway workshop|cable car] of {town}.",
    "An evaluation after {n} months will show what has [worked|changed] and what has not.",
    "Among those present were [teachers|farmers|nurses|students], [shopkeepers|engineers|retired sailors] and members of {n} councils.",
    "Similar [efforts|schemes] in {town3} have shown that results take about {n} months.",
    "{Unit} will [continue|go on] to support the [authorities|people] of {town} with advice, but the decisions are theirs.",
    "A [short|detailed] guide, written with {n} local partners, was handed out at the end.",
    "The recommendations of the meeting will be [discussed|presented] at the town council of {town2} [next month|in {nextmonth}].",
    "[Questions|Comments] from the public were collected in a box, which held {m} slips of paper in the evening.",
    "More than {h} people have taken part in activities of this kind since {lastyear}.",
    "The [mayors|councils] of {town} and {town3} have each named a contact person.",
    "[Snow|Heavy rain|Fog] on the road from {town2} delayed the beginning by an hour, but not the [result|agreement].",
    "{Unit} thanked the hosts for their [hospitality|patience|punctuality].",
)

SPEAKERS: tuple[str, ...] = (
    "the head of {unit}'s team in {town}",
    "a project officer of {unit}",
    "the mayor of {town}",
    "the deputy mayor of {town2}",
    "a participant from {town2}",
    "the chairperson of the association",
    "a spokesperson of {unit}",
    "one of the trainers",
    "the director of the programme",
    "a councillor from {region}",
    "the oldest participant, a retired teacher from {town3}",
)

QUARTERS: tuple[str, ...] = ("Brickfield", "Lower Mill", "Poplar", "Station", "Saltgate", "Kiln Hill")

# Reports of a monitoring team, numbered by the day; all of one shape, all different.
REPORT_SENTENCES: tuple[str, ...] = (
    "At {clock}, the team at {anytown} counted {h} pedestrians and {m} vehicles at the [northern|southern|eastern|western] gate.",
    (
        "In {anytown}, {n} [residents|shopkeepers] told the team that the [water supply|power line|bus service] had "
        "been interrupted for {n} hours."
    ),
    "The team saw {n} [engineers|workers] repairing [the roof of a school|a pylon|the ferry landing|a pumping station] in {anytown}.",
    "From {clock}, the team [heard|noted] {n} [blasts|signals] from the direction of the quarry at {anytown}.",
    "A convoy of {n} lorries with [timber|flour|roof tiles] passed {anytown} at {clock}, heading [north|south|east|west].",
    "The road between {anytown} and {anytown} was closed by [snow|a fallen tree|roadworks] from {clock}.",
    "In {anytown}, the team followed up reports of {n} [broken windows|missing boats|stray cattle] and spoke with the [owner|police].",
    "The team's camera at the bridge of {anytown} was [repaired|cleaned|out of service] and recorded {m} crossings at night.",
    "[Calm|Calm, with fog,|Heavy rain] prevailed in {anytown}, and {n} of {m} stalls in the market were open.",
)
REPORT_OPENING = "[Summary: |]The team [recorded|noted] {h} crossings at {town} and {h} at {town2} in the [24 hours|day] before {clock}."

STATEMENT_TITLES: tuple[tuple[int, int, str, str], ...] = (
    (5, 3, "Statement on the occasion of Press Freedom Week", "Media freedom and development"),
    (9, 21, "Statement on the Day of Good Neighbours", "Tolerance and non-discrimination"),
    (12, 10, "Statement on Human Rights Day", "Human rights"),
)
STATEMENT_SENTENCES: tuple[str, ...] = (
    (
        "On this day we [recall|remember] that [freedom|dignity|trust] is kept by those who [use|practise] it every "
        "day, in {town} as in {town2}."
    ),
    "In the past year, {m} [cases|questions] were brought to us from {region}, and {n} of them have been [settled|answered].",
    "We [encourage|invite|ask] all participating States to review their [laws|practice] together with those whom they concern.",
    "The [teachers|reporters|nurses|librarians] of {town3} have shown how much can be done with {n} people and one [room|telephone].",
    "Much remains to be done, and [{n} recommendations|the promises] made in {lastyear} wait to be carried out.",
    "[Words|Anniversaries] are useful if work follows; ours will be measured by what we can [report|show] in {nextyear}.",
    "[Neighbours|Citizens] who talk to each other need fewer [statements|observers], and we look forward to that.",
    "A [delegation|group of experts] will visit {region} in {nextmonth} and publish what it has seen.",
    "Equal treatment is not a [favour|luxury]; it is what {m} million people were promised.",
)

SISTER_TITLES: tuple[str, ...] = (
    "{title} opens election observation mission in {country}",
    "{title} election observation mission in {country} to hold press conference",
)

ALBANIAN_TITLES: tuple[str, ...] = (
    "Prezenca mbështet [shkollën|bibliotekën|portin] e re të qytetit",
    "Hapet [kursi|trajnimi] për [mësuesit|policët|infermieret] e zonës",
    "Të rinjtë diskutojnë për [lumin|ujin|mjedisin] dhe të ardhmen",
)
ALBANIAN_SENTENCES: tuple[str, ...] = (
    "Prezenca dhe bashkia organizuan një [takim|seminar|trajnim] me {m} pjesëmarrës nga {n} fshatra të zonës.",
    "Pjesëmarrësit diskutuan për [cilësinë e ujit|rrugën e re|shkollën e përbashkët] dhe bënë {n} propozime.",
    "Projekti zgjat {n} muaj dhe përfshin [mësues|inxhinierë|gazetarë] nga qytete të ndryshme.",
    "Takimi i radhës do të mbahet pas {n} javësh në [bibliotekën|bashkinë|shkollën] e qytetit.",
    "[Banorët|Prindërit|Nxënësit] shpresojnë se puna do të përfundojë para [dimrit|verës].",
    "Një udhëzues i shkurtër u shtyp në {h} kopje dhe u shpërnda falas.",
    "[Bashkia|Shoqata] do të botojë rezultatet çdo {n} muaj.",
    "Sipas organizatorëve, {m} vullnetarë kanë ndihmuar që nga [pranvera|vjeshta] e kaluar.",
)
