-- The views that queries see (key first), made of what is visible.

-- A report of a day can be read from 12 to 60 hours after the day began, until the next one overwrites it, and surely from
-- 36 hours on. So where there is none, the server has been heard for it if it answered in those last hours, or answered
-- when it was asked last.
create table work.heard as
select missing.private_bridge, missing.day,
       bool_or(asked.answered and asked.finished >= missing.day + interval 36 hours)
           or arg_max(asked.answered, asked.finished) as heard
from (
    select visible.private_bridge, visible.day, named_bridge.private_server,
           least(visible.day + interval 60 hours, coalesce(next.ends, timestamp '9999-12-31')) as overwritten
    from work.visible
    join work.named_bridge using (private_bridge)
    asof left join work.report_day as next on next.bridge = visible.private_bridge and visible.day < next.day
    where not exists (select 1 from work.report_day
                      where report_day.bridge = visible.private_bridge and report_day.day = visible.day)
) as missing
join work.asked on asked.server = missing.private_server
               and asked.finished >= missing.day + interval 12 hours and asked.finished < missing.overwritten
group by missing.private_bridge, missing.day;

create table bridge_day as
select
    named_bridge.bridge,
    visible.day,
    case
        when report_day.no_geoip then 'no_geoip'
        when report_day.ends is not null then 'reported'
        when heard.heard or named_bridge.private_server not in (select server from work.asked) then 'no_report'
        else 'unreachable'
    end as state,
    report_day.ipv4 + report_day.ipv6 as clients,
    report_day.ipv4,
    report_day.ipv6,
    case when setting.tor_version then report_day.tor_version end as tor_version,
    -- tor 0.4.8.4 to 0.4.8.9 count every client of a transport under <OR> too (tor#40871)
    coalesce(regexp_full_match(report_day.tor_version, '0\.4\.8\.[4-9](-.*)?'), false) as or_inflated
from work.visible
join work.named_bridge using (private_bridge)
cross join setting.rule as setting
left join work.report_day on report_day.bridge = visible.private_bridge and report_day.day = visible.day
left join work.heard on heard.private_bridge = visible.private_bridge and heard.day = visible.day
order by bridge, day;

create table bridge as
select named_bridge.bridge, named_bridge.label, named_bridge.server,
       min(visible.day) as first_day,
       max(visible.day) filter (where report_day.ends is not null) as last_day
from work.named_bridge
join work.visible using (private_bridge)
left join work.report_day on report_day.bridge = visible.private_bridge and report_day.day = visible.day
group by all
order by bridge;

-- A day is complete when every server with a bridge on it has answered 36 hours after it began or later, by when every
-- interval of that day has ended; or was asked after 60 hours, by when what it had not told is overwritten.
create table work.server_day as
select distinct visible.day, named_bridge.private_server
from work.visible join work.named_bridge using (private_bridge);

create table day as
with complete as (
    select server_day.day,
           bool_and(case when server_day.private_server = '' then archive.newest >= server_day.day + interval 60 hours
                         else asked.server is null or coalesce(asked.last_answer >= server_day.day + interval 36 hours, false)
                              or asked.last_asked >= server_day.day + interval 60 hours end) as complete
    from work.server_day
    left join (select server, max(finished) as last_asked, max(finished) filter (where answered) as last_answer
               from work.asked group by server) as asked on asked.server = server_day.private_server
    -- The newest word of an archive: what bridges say of a day, they have said by then.
    cross join (select max(report.received) as newest from warehouse.report
                join warehouse.extract on extract.id = report.extract where extract.plugin = 'collector') as archive
    group by server_day.day
),
counted as (
    select day, count(*) filter (where state in ('reported', 'no_geoip')) as bridges_reporting, count(*) as bridges_expected
    from bridge_day group by day
)
select
    cast(all_days.day as date) as day,
    coalesce(complete.complete, false) as complete,
    coalesce(counted.bridges_reporting, 0) as bridges_reporting,
    coalesce(counted.bridges_expected, 0) as bridges_expected
from (select unnest(generate_series(min(day), max(day), interval 1 day)) as day from bridge_day) as all_days
left join complete on complete.day = all_days.day
left join counted on counted.day = all_days.day
order by 1;

create table work.country_fact as
select named_bridge.bridge, report_day.day, country_count.country, country_count.clients
from work.visible
join work.named_bridge using (private_bridge)
join work.report_day on report_day.bridge = visible.private_bridge and report_day.day = visible.day
join warehouse.country_count on country_count.bridge = report_day.bridge and country_count.ends = report_day.ends;

-- Countries that are seen enough, on a day, in all that is published, to be named.
create table work.shown_country as
select day, country from work.country_fact
group by day, country
having sum(clients) >= (select minimum_clients from setting.rule);

create table country_day as
select bridge, day, case when shown.country is null then 'other' else fact.country end as country,
       cast(sum(fact.clients) as bigint) as clients
from work.country_fact as fact
left join work.shown_country as shown using (day, country)
group by all
order by bridge, day, country;

create table transport_day as
select named_bridge.bridge, report_day.day, transport_count.transport, transport_count.clients
from work.visible
join work.named_bridge using (private_bridge)
join work.report_day on report_day.bridge = visible.private_bridge and report_day.day = visible.day
join warehouse.transport_count on transport_count.bridge = report_day.bridge and transport_count.ends = report_day.ends
order by all;

create table traffic_day as
select named_bridge.bridge, visible.day, traffic.sent_bytes, traffic.received_bytes
from work.visible
join work.named_bridge using (private_bridge)
join work.traffic_by_day as traffic on traffic.bridge = visible.private_bridge and traffic.day = visible.day
order by all;

-- Estimated users as Tor Metrics does it, for one bridge: a client asks about ten times a day; 4 is half a rounding step.
create table request_day as
select named_bridge.bridge, visible.day, request.answered as directory_requests,
       greatest(0, (request.answered - 4) / 10.0) as estimated_users
from work.visible
join work.named_bridge using (private_bridge)
join work.request_by_day as request on request.bridge = visible.private_bridge and request.day = visible.day
order by bridge, day;

create table request_country_day as
select named_bridge.bridge, visible.day,
       case when shown.country is null and setting.minimum_clients > 0 then 'other' else fact.country end as country,
       cast(sum(fact.requests) as bigint) as directory_requests
from work.visible
join work.named_bridge using (private_bridge)
join work.request_by_day as request on request.bridge = visible.private_bridge and request.day = visible.day
join warehouse.request_country_count as fact on fact.bridge = request.bridge and fact.ends = request.ends
left join work.shown_country as shown on shown.day = visible.day and shown.country = fact.country
cross join setting.rule as setting
group by all
order by bridge, day, country;
