# The words of the interface in English, in Project Fluent's format: https://projectfluent.org/fluent/guide/
# Another language is a copy of this file under its tag, such as `de.ftl`, with the words after `=` translated. A value in
# braces, `{ $count }`, stays as it is; `[one]`, `[few]` and so on are the plural forms that the language has. `<a>` and
# `</a>` stand around the words of a link. What is left out stays English. Names of countries are in `countries.en.tsv`.

## How numbers and days are written

# Between thousands (a narrow no-break space), and before what is less than one.
number-group = { "\u202F" }
number-point = .
percent = { $number }{ "\u202F" }%

date-long = { $day } { $month } { $year }
date-short = { $day } { $short }
# `$alone` is the month's name where no day stands before it: give it as `.alone` if it differs.
date-month = { $alone } { $year }
month-1 = January
    .short = Jan
month-2 = February
    .short = Feb
month-3 = March
    .short = Mar
month-4 = April
    .short = Apr
month-5 = May
    .short = May
month-6 = June
    .short = Jun
month-7 = July
    .short = Jul
month-8 = August
    .short = Aug
month-9 = September
    .short = Sep
month-10 = October
    .short = Oct
month-11 = November
    .short = Nov
month-12 = December
    .short = Dec
weekday-1 = Monday
    .short = Mo
weekday-2 = Tuesday
    .short = Tu
weekday-3 = Wednesday
    .short = We
weekday-4 = Thursday
    .short = Th
weekday-5 = Friday
    .short = Fr
weekday-6 = Saturday
    .short = Sa
weekday-7 = Sunday
    .short = Su

yes = yes
no = no

## What stands in the place of pictures, for who does not see them

sparkline-alt = first { $first }, last { $last }, lowest { $lowest }, highest { $highest }{ $gaps ->
        [0] { "" }
       *[other] , { $gaps } unknown
    }
sparkline-alt-marked = first { $first }, last { $last }, lowest { $lowest }, highest { $highest }{ $gaps ->
        [0] { "" }
       *[other] , { $gaps } unknown
    }, marked { $marked }
sparkline-gap = a gap
sparkline-empty = nothing known

chart-untitled = Chart
chart-alt-empty = { $title }: no numbers yet.
chart-alt-day = { $title }, { $day }.
chart-alt-days = { $title }, { $from } to { $to }.
chart-alt-series = { $name }: first { $first }, last { $last }, lowest { $lowest }, highest { $highest }.
chart-alt-unknown = { $name }: nothing known.
chart-alt-more = And { $count } more.
chart-alt-marked = Marked: { $marks }{ $older ->
        [0] .
       *[other] { " " }and { $older } before.
    }
chart-day = Day
chart-month = Month

map-alt = Map of the world: { $countries }{ $more ->
        [0] { "" }
       *[other] { " " }and { $more } more
    }
map-alt-empty = Map of the world: no country has a number

## On every page

skip = Skip to the content
sample-data = Sample data: a made-up fleet, so that you can look around.
menu = Site
trail = Place
colours = Colours
scheme = { $name ->
        [dark] dark
        [light] light
       *[auto] automatic
    }
footer-clients = Clients are unique addresses seen by one bridge in 24 hours, rounded up to a multiple of 8. Sums over bridges count some people twice. <a>How to read these numbers</a>
footer-made = Made by torcollect.
pages = Pages
pages-before = ← Before
pages-after = After →

## Charts, maps, tables, calendars

chart-legend-order = From the bottom up:
chart-legend = { $kind ->
        [line] Series
       *[other] Series, from the bottom up
    }
chart-numbers = The numbers
chart-numbers-of = The numbers: { $title }
chart-marks-and-numbers = The marks and the numbers
chart-means = Mean of the days of each month that have a value
chart-empty = There are no numbers to draw yet.
map-title = Where from
map-legend = Clients by colour
map-none = none listed
map-elsewhere = Not on the map
table = Table
table-empty = There is nothing to show yet.
trend = Trend
trend-days = { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
range = { $from } to { $to }
range-or-more = { $from } or more
of = { $part } of { $whole }
shades = Clients by shade
shade-fewer = { $count ->
        [one] fewer than { $count } client
       *[other] fewer than { $count } clients
    }
day-clients = { $day }: { $clients ->
        [one] { $clients } client
       *[other] { $clients } clients
    }.
with-note = with a note of the operators
not-complete = not complete
notes-of-operators = Notes of the operators
all-days = All days

## What is not known of a bridge

no-geoip = no GeoIP
no-geoip-since = no GeoIP since { $day }
no-report = no report
no-report-since = no report since { $day }
not-reached = not reached
not-reached-since = not reached since { $day }

## The fleet

fleet-lead = When each server answered last, counted from the newest run that is shown here: { $day }.
fleet-empty = No server has a bridge that is shown here.
fleet-note = A server answers when its statistics could be read, new or not. <em>30 days</em>: on how many of the newest 30 days it answered, of those on which it was asked; in the picture, high for an answer, low for a failure, and a gap where it was not asked.
servers = Servers
server = Server
last-answered = Last answered
newest-report = Newest report
answered-newest = newest run
answered-earlier = { $days ->
        [0] earlier that day
        [one] { $days } day earlier
       *[other] { $days } days earlier
    }
answered-never = never
answered-new = new statistics
answered-nothing-new = nothing new
not-asked = not asked
not-asked-since = not asked since
# Why a server could not be asked, by the words that the warehouse keeps.
failure = { $code ->
        [not-reachable] not reachable
        [the-way-to-the-server-failed] the way to the server failed
        [connection-refused] connection refused
        [no-connection-in-time] no connection in time
        [silent-for-too-long] silent for too long
        [too-slow] too slow
        [connection-lost] connection lost
        [host-key-unknown] host key unknown
        [host-key-changed] host key changed
        [known-hosts-cannot-be-read] known hosts cannot be read
        [host-key-revoked] host key revoked
        [key-refused] key refused
        [password-refused] password refused
        [no-key-to-log-in-with] no key to log in with
        [too-large] too large
        [the-command-failed] the command failed
        [the-command-could-not-be-started] the command could not be started
        [protocol-error] protocol error
        [no-tor-may-be-read] no tor may be read
        [the-server-knows-of-no-tor] the server knows of no tor
        [unreachable] unreachable
       *[other] { $reason }
    }

## Data

rows = { $count ->
        [one] { $count } row:
       *[other] { $count } rows:
    }
columns-of = The columns of { $name }
column = Column
column-type = Type
column-meaning = Meaning

## The overview

overview = Overview
clients-on = Clients on { $day }
# `<b>` stands around a change that is sudden, which is then shown in the colour of warnings.
on-weekday-before = <b>{ $change }</b> on the { $weekday } before
counted-by = { $bridges ->
        [one] counted by { $bridges } bridge
       *[other] counted by { $bridges } bridges
    }
not-complete-yet = not complete yet
bridges-reporting = Bridges reporting
figure-of = { $part } <small>of { $whole }</small>
all-expected = all that are expected
what-is-not-known = what is not known
with-clients-or-more = { $count ->
        [one] with { $count } client or more
       *[other] with { $count } clients or more
    }
received-bytes = received { $bytes }
what-changed = What changed
event = { $direction ->
        [rose] { $clients } clients on { $day }, more than the { $low } to { $high } expected
       *[fell] { $clients } clients on { $day }, fewer than the { $low } to { $high } expected
    }
nothing-unusual = Nothing unusual in the last 14 days.
all-changes = All sudden changes
what-is-broken = What is broken
servers-not-answering = Servers that do not answer
bridges-not-known = Bridges whose clients are not known
everything-reported = Everything reported.
when-servers-answered = When each server answered last
all-countries-of = All countries of { $day }
recent-days = Newest days
clients-a-day = Clients a day
most = Most
numbers-as-files = These numbers as CSV and Parquet
older-months = Older months
newest-run = Newest run: { $day }.

## Words of tables, charts and lists on many pages

bridge = Bridge
bridges = Bridges
clients = Clients
countries = Countries
country = Country
day = Day
days = Days
expected = Expected
month = Month
months = Months
notes = Notes
received = Received
sent = Sent
share = Share
state = State
traffic = Traffic
transport = Transport
transports = Transports
# The change against the week before.
week = Week
# Behind another word, where a column has both: `Country, share`.
and-share = , share
and-sent = , sent
clients-by-country = Clients by country
clients-by-transport = Clients by transport
# The names of series in charts: what stands before `=` stays, and no name has a comma.
transport-names = <OR>=no transport, <??>=without a name, <others>=others
country-names = <others>=others
# What tor writes where there is no name of a transport.
transport-special = { $what ->
        [none] no transport
       *[unnamed] without a name
    }
# Of whom a sentence is that follows.
about = <strong>{ $name }:</strong>
about-linked = <strong><a>{ $name }</a>:</strong>
what-is-this = what is this?
counts-or-too-high = counts <a><OR> too high</a>
# `<b>` stands around what is not broken into lines.
rising-since = rising since <b>{ $day }</b>
falling-since = falling since <b>{ $day }</b>
goes-on = goes on
since-day = since { $day }
from-day = from { $day }
until-day = until { $day }
count-of-bridges = { $count ->
        [one] { $count } bridge
       *[other] { $count } bridges
    }
days-range = { $from } to { $to }
turn-before = ← { $to }
turn-after = { $to } →

## A day

day-title = { $weekday }, { $day }
day-heading = { $weekday }, <b>{ $day }</b>
day-summary = { $clients } clients on { $reporting } of { $expected } bridges
other-days = Other days
day-lead = <strong>{ $clients } clients</strong> on { $reporting } of { $expected } bridges.
day-lead-compared = <strong>{ $clients } clients</strong> on { $reporting } of { $expected } bridges, { $change } against <a>the same bridges</a> on the { $weekday } before.
traffic-of-all = { $sent } sent, { $received } received.
users-estimated = At least { $users ->
        [one] { $users } user
       *[other] { $users } users
    }, <a>estimated</a> from { $requests ->
        [one] { $requests } directory request
       *[other] { $requests } directory requests
    }.
day-not-complete = This day is not complete: reports may still come in.
no-countries-on-day = No bridge has told countries for this day.
no-transports-on-day = No bridge has told transports for this day.

## A month

month-of = { $month }, { $name }
other-months = Other months
month-lead = { $days ->
        [1] <strong>{ $clients } clients a day</strong>, on one complete day.
       *[other] <strong>{ $clients } clients a day</strong>, the mean of { $days } complete days.
    }
month-lead-unknown = No bridge has told its clients on a complete day of this month.
month-compared = { $bridges ->
        [1] { $change } against <a>{ $month }</a> on the same bridge.
       *[other] { $change } against <a>{ $month }</a> on the same { $bridges } bridges.
    }
month-reporting = { $missing ->
        [0] { $expected ->
            [1] One bridge reported on every day that was expected.
           *[other] { $expected } bridges reported on every day that was expected.
        }
        [1] { $reporting } of { $expected } bridges reported; on one day not all that were expected.
       *[other] { $reporting } of { $expected } bridges reported; on { $missing } days not all that were expected.
    }
users-a-day = { $users ->
        [one] At least { $users } user a day, <a>estimated</a>.
       *[other] At least { $users } users a day, <a>estimated</a>.
    }
month-not-complete = This month is not complete: it has { $days } of its { $length } days, { $complete } of them complete.
month-not-over = This month is not over: it has { $days } of its { $length } days so far, { $complete } of them complete.
# `<b>` stands around what is shown in the colour of warnings.
month-event = { $direction ->
        [fell] <strong><a>{ $name }</a></strong> fell: <b>{ $clients }</b> clients on { $day }, where { $low } or more were expected.
       *[rose] <strong><a>{ $name }</a></strong> rose: <b>{ $clients }</b> clients on { $day }, where { $high } or fewer were expected.
    }
month-events-then = As it was known when the month ended.
month-events-note = Counted are the bridges that can be compared with the four weeks before. A bar in the small pictures marks the day on which a change began.
# The names of series in charts: what stands before `=` stays, and no name has a comma.
month-names = clients=clients, reporting=reporting, missing=missing, sent=sent, received=received
no-traffic-in-month = No bridge has told its traffic in this month.
# A mean a day.
mean-a-day = A day
# The change against the month, and the year, before.
month-change = Month
year-change = Year
listed-on = listed on { $part } of { $whole } days
no-countries-in-month = No bridge has told countries on a complete day of this month.
month-countries-note = { $count ->
        [0] The mean of the complete days of which bridges told countries. A day on which no bridge told a country counts as none; <em>?</em> stands where it was not listed on nine days of ten in both months. Each bridge rounds each country up, so that countries add up to more than the clients.
       *[other] The mean of the complete days of which bridges told countries. A country with fewer than { $count } clients on a day is not listed on that day and counts as none, so that its mean may be too low; <em>?</em> stands where it was not listed on nine days of ten in both months. Each bridge rounds each country up, so that countries add up to more than the clients.
    }
no-transports-in-month = No bridge has told transports on a complete day of this month.
month-changes = <em>Month</em> is the change against { $month } (complete days: { $days }).
month-and-year-changes = <em>Month</em> is the change against { $month } (complete days: { $days }), <em>Year</em> that against { $year } (complete days: { $year_days }).
month-changes-note = It is that of the bridges that told the number in both months, each by its mean, so that it can differ from that of the means shown.
month-bridges-note = The mean of the complete days on which the bridge told its clients, and on how many it did of those on which it was expected to.
no-bridge-expected = no bridge was expected

## Sudden changes

changes = Changes
sudden-changes = Sudden changes
changes-description = Countries and transports whose clients suddenly became more or fewer than expected.
changes-lead = Countries and pluggable transports of which suddenly far more or far fewer clients came than the weeks before and the other countries lead to expect. <a>How they are found, and what they do not mean</a>
since = Since
until = Until
# The country or the transport.
who = Who
# By how much the clients are outside of what was expected.
outside = Outside
times = { $count } ×
fell-or-rose = { $direction ->
        [rose] rose
       *[fell] fell
    }
changes-note = <em>Clients</em> are those of the most extreme day, of the bridges that can be compared, and <em>Expected</em> is the range for that day. <em>Outside</em> is how many times more they are than the highest expected, or fewer than the lowest. A change ends when the clients are in the range again: because they went back, or because they stayed and are expected by now.
changes-empty = There was no sudden change so far.
change-title = { $direction ->
        [rose] { $name }: more clients than expected from { $day }
       *[fell] { $name }: fewer clients than expected from { $day }
    }
change-heading = { $direction ->
        [rose] <a>{ $name }</a>: more clients than expected from { $day }
       *[fell] <a>{ $name }</a>: fewer clients than expected from { $day }
    }
change-summary = { $clients } clients on { $day }, where { $low } to { $high } were expected
change-lead = { $direction ->
        [rose] <strong>{ $clients } clients</strong> on { $day }, where { $low } to { $high } were expected: { $times } times as many as the highest.
       *[fell] <strong>{ $clients } clients</strong> on { $day }, where { $low } to { $high } were expected: the lowest is { $times } times as many.
    }
change-ended = The last day outside of the range was { $day }; after it the clients went back, or they stayed and were expected.
change-days-note = Only the bridges that can be compared with the weeks before: a day of all bridges may have more clients.
change-goes-on = It goes on.
how-change-is-found = <a>How this is found, and what it does not mean</a>
clients-and-expected = Clients and what was expected
# The names of series in charts: what stands before `=` stays, and no name has a comma.
change-names = clients=clients, lowest_expected=lowest expected, highest_expected=highest expected
before = Before
change-bridges-note = The fewest bridges that make up four fifths of the change. <em>Before</em> is the mean of the same weekday in the four weeks before.

## Words that stand alone: titles, the menu, heads of columns

fleet = Fleet
data = Data
method = Method
how-to-read = How to read these numbers
patterns = Patterns
no-such-page = There is no such page
# Behind `clients`, where there is room for it.
lower-a-day = a day
rank = Rank
year = Year
sent-a-day = Sent a day
first-listed = First listed
last-listed = Last listed
first-used = First used
last-used = Last used
first-day = First day
last-day = Last day
reported = reported
trend-weeks = { $count ->
        [one] { $count } week
       *[other] { $count } weeks
    }
of-days = { $part } of { $whole ->
        [one] { $whole } day
       *[other] { $whole } days
    }
sent-received = { $sent } sent, { $received } received
no-day-complete = No day is complete yet: what is a mean and what is compared is not known.

## The lists of countries, transports and bridges

countries-description = Every country from which clients came, and its history.
countries-none = No bridge has told countries yet.
transports-description = Every pluggable transport that clients use, and its history.
transports-none = No bridge has told transports yet.
bridges-description = Every bridge, and its history.
bridges-none = There are no bridges yet.
histories-note = <em>Clients a day</em> is the mean of the newest 30 days that are complete, <em>30 days</em> its change against the 30 before them, which also shows bridges that came, went, or did not report: it is known where 15 days are known of both. The small picture has 53 weeks, each the mean of its days.
countries-note = Each bridge rounds each country up, so that countries add up to more than all clients; shares are those of all countries together. A day on which a country is not listed, because nobody or hardly anybody came from there, counts as 0 in its mean; a <em>?</em> stands where it was not listed on any.
transports-note = A transport that no bridge names on a day counts as 0; a <a>transport</a> is how a client speaks to its bridge.
bridges-note = A day without a report is left out of a bridge's mean, and shares are those of the days on which it reported.

## The page of a country

# What tor writes where it has no country.
country-special = { $note }. <a>What is this?</a>
country-lead = <strong>{ $clients } clients</strong> on { $day }, { $share } of all countries together.
country-lead-ranked = <strong>{ $clients } clients</strong> on { $day }, { $share } of all countries together and number { $rank } of { $ranks }.
country-lead-not-listed = Not listed on { $day }: nobody came from there, or fewer than { $least }, or no bridge told countries.
country-note = A day on which the country is not listed, because nobody came from there or fewer than { $least } clients, counts as 0 in means and shares, and is none of the days that are told. Shares are those of all countries together.

## The page of a transport

# What tor writes where there is no name of a transport.
transport-special-note = { $what ->
        [none] no pluggable transport: clients that speak plain Tor to the bridge. <a>What is this?</a>
       *[unnamed] a pluggable transport that did not say its name. <a>What is this?</a>
    }
transport-lead = <strong>{ $clients } clients</strong> on { $day }, { $share } of all transports together.
transport-lead-not-known = Not known on { $day }: no bridge told transports.

## The page of a bridge

bridge-lead = <strong>{ $clients } clients</strong> on { $day }, { $share } of all bridges.
bridge-lead-last-day = Its last day here is { $day }.
bridge-lead-not-known = Its clients on { $day } are not known.
days-here = Days
traffic-a-day = Traffic a day
given-to = Given to
given-from-until = { $name } from { $from } until { $until }
given-since = { $name } since { $day }
given-until = { $name } until { $day }
bridge-countries-none = It has told no countries in the newest 30 complete days.
bridge-countries-note = At most ten, by the mean of the newest 30 complete days. Each country is <a>rounded up</a> on its own: together they are more than the bridge's clients.
bridge-transports-none = It has told no transports in the newest 30 complete days.
days-not-known = Days not known
days-not-known-none = There were none.
# What follows the first of several days.
silence-until = { $state ->
        [no_geoip] no GeoIP until { $day }, { $days } days
        [no_report] no report until { $day }, { $days } days
       *[unreachable] not reached until { $day }, { $days } days
    }
silence-goes-on = { $state ->
        [no_geoip] no GeoIP since then, { $days } days
        [no_report] no report since then, { $days } days
       *[unreachable] not reached since then, { $days } days
    }
# What follows a day that was the only one.
silence-day = { $state ->
        [no_geoip] { no-geoip }
        [no_report] { no-report }
       *[unreachable] { not-reached }
    }

## The history of a country, transport or bridge

history-month = On the { $days } days that are known of the newest 30 complete ones { $clients } a day.
history-month-change = { $days ->
        [30] In the newest 30 complete days { $clients } a day, { $change } against the 30 before.
       *[other] On the { $days } days that are known of the newest 30 complete ones { $clients } a day, { $change } against the 30 before.
    }
newest-days-of = { $count ->
        [one] The newest { $count } day
       *[other] The newest { $count } days
    }
newest-days-none = Nothing is known of these days.
newest-days-until = Until { $until }.
newest-days-until-most = Until { $until }. The most of all days were <a>{ $clients } on { $day }</a>.
year-by-year = Year by year
month-by-month = Month by month
history-months-note = <em>Clients a day</em> is the mean of the days that are complete and known, <em>Year</em> its change against the same month of the year before, on the bridges that told in both.
history-bridges-note = By the mean of the newest 30 complete days on which each told.
history-bridges-note-first = The first ten of { $count } bridges, by the mean of the newest 30 complete days on which each told.
sudden-changes-none = There were none.
# What follows the day on which it began and, on the page of a bridge, the name of the country or transport.
history-event = { $direction ->
        [fell] fell until { $until }: on the farthest day { $clients } clients of all bridges, where { $low } to { $high } were expected
       *[rose] rose until { $until }: on the farthest day { $clients } clients of all bridges, where { $low } to { $high } were expected
    }
history-event-goes-on = { $direction ->
        [fell] fell, and goes on: on the farthest day { $clients } clients of all bridges, where { $low } to { $high } were expected
       *[rose] rose, and goes on: on the farthest day { $clients } clients of all bridges, where { $low } to { $high } were expected
    }

## The page of the data

data-description = The numbers of this site as files, and what each column means.
type = { $of ->
        [boolean] true or false
        [integer] whole number
        [number] number
        [text] text
        [date] date
       *[time] time
    }

## Added to figures and lists

users-of-day = { $users ->
        [one] at least { $users } user, <a>estimated</a>
       *[other] at least { $users } users, <a>estimated</a>
    }
of-organization = of { $name }
