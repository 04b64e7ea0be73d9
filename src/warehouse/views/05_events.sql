-- Sudden changes: what range a country's or a transport's clients are expected in on a day, and the events outside of it. Made of
-- the publication's own tables, so that it sees no more than they show. Left out: `??` and `other`, whose counts change with
-- GeoIP's tables and with the other countries; and what had fewer than 40 clients (5 rounding steps) on all days compared.
create schema work;

-- What a bridge tells together, as tor counts it: on whole days, its countries; its transports; and those without a transport,
-- of whom some versions of tor count too many (tor#40871).
create table work.told as
with whole as (
    select bridge, day, state, clients, or_inflated from bridge_day semi join day on day.day = bridge_day.day and day.complete
)
select 'country' as part, bridge, day from whole where state = 'reported'
union all
select unnest(case when or_inflated then ['transport'] else ['transport', '<OR>'] end), bridge, day
from whole
where clients = 0
   or exists (select 1 from transport_day where transport_day.bridge = whole.bridge and transport_day.day = whole.day);

-- The bridges that can be compared on a day: they told on it and in three at least of the four weeks before, same weekday.
-- `known` has a bit for each of them, the lowest for the day itself. One that is missing is no change.
create table work.comparable as
select part, bridge, day + 7 * week as day, cast(bit_or(1 << week) as integer) as known
from work.told cross join (select unnest([0, 1, 2, 3, 4]) as week)
group by all
having known & 1 = 1 and bit_count(known) > 3;

-- For what days, in this week and the four after it, a day is needed, and what else is known there: five bits each. Bridges that
-- agree in it are added up before anything else, which makes the work a fifth of what it would be.
create table work.needed as
select part, bridge, day - 7 * week as day, cast(sum(known << (5 * week)) as integer) as pattern
from work.comparable cross join (select unnest([0, 1, 2, 3, 4]) as week)
group by all;

create view work.fact as
select 'country' as kind, 'country' as part, country as name, bridge, day, clients
from country_day where country not in ('??', 'other')
union all
select 'transport', if(transport = '<OR>', '<OR>', 'transport'), transport, bridge, day, clients
from transport_day;

-- A day's clients and those of the four weeks before, of the comparable bridges. A bridge that did not tell in one of the weeks
-- counts there as on average in its others. In twelfths, so that sums are exact in any order.
create table work.compared as
with alike as (
    select kind, name, day, pattern, sum(clients) as clients, count(*) as bridges
    from work.fact join work.needed using (part, bridge, day)
    group by all
),
near as (
    select kind, name, day + 7 * week as day, week, (pattern >> (5 * week)) & 31 as known, clients, bridges,
           12 * clients as own, 12 * clients // (bit_count(known) - 1) as average
    from alike cross join (select unnest([0, 1, 2, 3, 4]) as week)
    where known > 0
)
select
    kind, name, day, bit_or(known) as known,
    coalesce(sum(clients) filter (week = 0), 0) as clients,
    [sum(case when week = 1 then own when week > 0 and known & 2 = 0 then average else 0 end) / 12,
     sum(case when week = 2 then own when week > 0 and known & 4 = 0 then average else 0 end) / 12,
     sum(case when week = 3 then own when week > 0 and known & 8 = 0 then average else 0 end) / 12,
     sum(case when week = 4 then own when week > 0 and known & 16 = 0 then average else 0 end) / 12] as weeks,
    greatest(coalesce(sum(bridges) filter (week = 0), 0), coalesce(sum(bridges) filter (week > 0), 0) / 4) as bridges
from near
group by all
having greatest(clients, list_max(weeks)) >= 40;

-- Where small countries are merged into `other`, one that is not listed may have had as many as the smallest that is.
create table work.merged as
select day, min(clients) as most
from (select day, country, sum(clients) as clients from country_day group by day, country)
where country not in ('??', 'other') and day in (select day from country_day where country = 'other')
group by day;

create table work.week as
select compared.kind, compared.name, compared.day, week, compared.clients,
       if(weeks[week] = 0 and kind = 'country', coalesce(merged.most, 0), weeks[week]) as before
from work.compared
cross join (select unnest([1, 2, 3, 4]) as week)
left join work.merged on merged.day = compared.day - 7 * week
where (known >> week) & 1 = 1;

-- The fleet's own trend: how the 30 largest countries changed, in the median, so that one that is blocked moves it little.
create table work.trend as
select day, week, median(clients / before) as trend
from (
    select day, week, name, clients, before from work.week where kind = 'country' and before >= 40
    qualify row_number() over (partition by day, week order by before desc, name) <= 30
)
group by day, week
having count(*) >= 5;

-- What the weeks before lead to expect: their lower and upper median. A bad day or two of the four are not believed, and a new
-- level is expected when it has lasted two weeks. Transports are the fleet: of its trend they follow a quarter at most, so
-- that its collapse is seen there, once, and not in every country.
create table work.expected as
with led as (
    select week.kind, week.name, week.day,
           list_sort(list(before * if(kind = 'country', coalesce(trend, 1), greatest(0.75, least(1.33, coalesce(trend, 1)))))) as led
    from work.week
    left join work.trend on trend.day = week.day and trend.week = week.week
    group by week.kind, week.name, week.day
    having count(*) >= 3
)
select
    kind, name, day,
    if(compared.clients = 0 and kind = 'country', coalesce(merged.most, 0), compared.clients) as clients,
    led[(len(led) + 1) // 2] as lower,
    led[len(led) // 2 + 1] as upper,
    (lower + upper) / 2 as middle,
    -- Of counts alone: Poisson's variance, that of rounding each bridge up to 8, and that of the weeks compared with.
    1.25 * (middle + 12 * bridges) as variance,
    ln((clients + 8) / (middle + 8)) as change,
    -- How far beyond what was expected, without what counts alone explain: what the spread is estimated from.
    if(middle >= 40, sqrt(greatest(0, ln((clients + 8) / (greatest(lower, least(upper, clients)) + 8)) ** 2
                                      - variance / middle ** 2)), null) as beyond
from led
join work.compared using (kind, name, day)
left join work.merged using (day);

-- How far the largest names are beyond on the same day, and a name itself in its past nine weeks: three in four are nearer. Not
-- less than 7 %, which makes the range a quarter to either side where all is calm; of a name's own past not more than 15 % or
-- twice the fleet's, so that a restless one can still be seen to double. And not more than 100 %, fifty times as many, so that
-- no made-up numbers make a range that no integer can hold.
create table work.spread as
with fleet as (
    select kind, day, quantile_cont(beyond, 0.75) as fleet
    from (select kind, day, beyond from work.expected where beyond is not null
          qualify row_number() over (partition by kind, day order by middle desc, name) <= 30)
    group by kind, day
    having count(*) >= 5
),
past as (
    select kind, name, day,
           quantile_cont(beyond, 0.75) over nine_weeks as own,
           count(beyond) over nine_weeks as days,
           median(change) over week_before as week_before
    from work.expected
    window
        nine_weeks as (partition by kind, name order by day
                       range between interval 63 days preceding and interval 8 days preceding),
        week_before as (partition by kind, name order by day
                        range between interval 8 days preceding and interval 2 days preceding)
)
select kind, name, day,
       least(1, greatest(0.07, coalesce(fleet, 0), least(greatest(0.15, 2 * coalesce(fleet, 0)), if(days >= 14, own, 0.1)))) as spread,
       coalesce(week_before, 0) as week_before
from past left join fleet using (kind, day);

-- The range: of a normal distribution, 99.99 % are within 3.89 deviations. Never nearer than 40 clients.
create table work.ranged as
select
    kind, name, day, cast(clients as bigint) as clients, lower, upper, change, week_before, middle,
    cast(ceil(greatest(0, lower - greatest(40, sqrt((lower * (1 - exp(-3.89 * spread))) ** 2 + 3.89 ** 2 * variance)))) as bigint) as low,
    cast(floor(upper + greatest(40, sqrt((upper * (exp(3.89 * spread) - 1)) ** 2 + 3.89 ** 2 * variance))) as bigint) as high
from work.expected join work.spread using (kind, name, day);

create table expected_day as
select kind, name, day, clients, low, high from work.ranged order by kind, name, day;

-- The days outside, or more than half way out: those continue an event, but begin none. An event is sudden: one of its days is
-- outside even when the range is moved to where the week before was, so that a drift is none. And it is no single day at the
-- edge: two days are outside, or one is a quarter farther out.
create table work.outside as
with sided as (
    select *, unnest(['fell', 'rose']) as direction, row_number() over (partition by kind, name order by day) as number
    from work.ranged
),
away as (
    select
        kind, name, day, direction, clients, low, high, number, middle,
        if(direction = 'fell', clients < low, clients > high) as outside,
        if(direction = 'fell', change - week_before < ln((low + 8) / (lower + 8)),
                               change - week_before > ln((high + 8) / (upper + 8))) as sudden,
        if(direction = 'fell', greatest(low, 8) / greatest(clients, 8), clients / high) as factor,
        if(direction = 'fell', lower - clients >= 1.25 * (lower - low), clients - upper >= 1.25 * (high - upper)) as far
    from sided
    where if(direction = 'fell', clients < (low + lower) / 2, clients > (high + upper) / 2)
),
-- Gaps of up to two days are bridged.
gaps as (
    select *, number - lag(number) over (partition by kind, name, direction order by day) <= 3 as continued from away
)
select *, sum(if(continued, 0, 1)) over (partition by kind, name, direction order by day) as run from gaps;

create table work.run as
select
    kind, name, direction,
    min(day) filter (outside and sudden) as since,
    max(day) filter (outside) as last,
    -- When it was certain: on its second day outside, or on the first that was far.
    greatest(min(day) filter (outside and sudden),
             least(coalesce((list(day order by day) filter (outside))[2], date '9999-12-31'),
                   coalesce(min(day) filter (far), date '9999-12-31'))) as known,
    arg_max({day: day, clients: clients, low: low, high: high, middle: middle, factor: factor}, {factor: factor, day: day})
        filter (outside) as extreme
from work.outside
group by kind, name, direction, run
having since is not null and (count(*) filter (outside) > 1 or bool_or(far));

-- The bridges concerned: the fewest whose changes on the most extreme day make up four fifths of all changes that way. A
-- bridge's change is against its average of the weeks before, scaled to what was expected of all.
create table work.concerned as
with own as (
    select run.kind, run.name, run.direction, run.since, run.extreme.middle as middle, fact.bridge,
           coalesce(sum(fact.clients) filter (fact.day = comparable.day), 0) as clients,
           12 * coalesce(sum(fact.clients) filter (fact.day < comparable.day), 0) // any_value(bit_count(comparable.known) - 1) as before
    from work.run
    join work.comparable on comparable.day = run.extreme.day
    join work.fact on fact.kind = run.kind and fact.name = run.name and fact.part = comparable.part
                  and fact.bridge = comparable.bridge
                  and fact.day in (comparable.day, comparable.day - 7, comparable.day - 14, comparable.day - 21, comparable.day - 28)
    group by all
),
changed as (
    select *,
           cast((clients - coalesce(before * middle / nullif(sum(before) over event, 0), 0)) * if(direction = 'fell', -1, 1) as decimal(18, 3))
               as change
    from own
    window event as (partition by kind, name, direction, since)
),
added as (
    select *,
           sum(change) over (partition by kind, name, direction, since order by change desc, bridge rows unbounded preceding) - change
               as larger,
           sum(change) over (partition by kind, name, direction, since) as whole
    from changed where change > 0
)
select kind, name, direction, since, list(bridge order by change desc, bridge) as bridges
from added where larger < 0.8 * whole
group by kind, name, direction, since;

create table event as
select
    kind, name, since, if(last = (select max(day) from day where complete), null, last) as until, direction,
    extreme.clients as clients, extreme.low as low, extreme.high as high, round(extreme.factor, 2) as outside,
    coalesce(bridges, []) as bridges, known
from work.run left join work.concerned using (kind, name, direction, since)
order by since desc, kind, name, direction;

drop schema work cascade;
