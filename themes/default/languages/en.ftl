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

sparkline-alt = first { $first }, last { $last }, lowest { $lowest }, highest { $highest }
sparkline-gaps = , { $count } unknown
sparkline-marked = , marked { $value }
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

## Data

rows = { $count ->
        [one] { $count } row:
       *[other] { $count } rows:
    }
columns-of = The columns of { $name }
column = Column
column-type = Type
column-meaning = Meaning
