-- Facts by public day: the UTC date of the interval's middle. Of two intervals on one day the longer wins, then the later.
create table work.report_day as
select bridge, cast(ends - seconds / 2 * interval 1 second as date) as day, ends, ipv4, ipv6, no_geoip, tor_version
from warehouse.report
qualify row_number() over (partition by bridge, day order by seconds desc, ends desc) = 1;

create table work.request_by_day as
select bridge, cast(ends - seconds / 2 * interval 1 second as date) as day, ends, answered
from warehouse.request
qualify row_number() over (partition by bridge, day order by seconds desc, ends desc) = 1;

-- Traffic of older tors comes in intervals shorter than a day: those are added up.
create table work.traffic_by_day as
select bridge, day, sent_bytes, received_bytes
from (
    select
        bridge,
        cast(ends - seconds / 2 * interval 1 second as date) as day,
        seconds,
        case when seconds >= 86400 then ends end as whole_day,
        cast(sum(sent_bytes) as bigint) as sent_bytes,
        cast(sum(received_bytes) as bigint) as received_bytes
    from warehouse.traffic
    group by all
)
qualify row_number() over (partition by bridge, day order by seconds desc, whole_day desc) = 1;

-- The newest run, and the newest day whose publication has waited long enough.
create table work.newest as
select
    newest_run,
    case when setting.private then date '9999-12-31'
         else cast(newest_run as date) - 1 - setting.delay end as last_day,
    -- Rows come without any server being asked.
    case when setting.private then date '9999-12-31'
         else cast(newest_collection as date) - 1 - setting.delay end as last_row_day
from (
    select coalesce((select max(finished) from warehouse.collection
                     where server <> '' and plugin in ('tor-bridge', 'sample') or plugin = 'collector'), collected.finished, (select max(ends) from warehouse.report)) as newest_run,
           coalesce(collected.finished, (select max(ends) from warehouse.report)) as newest_collection
    from (select max(finished) as finished from warehouse.collection) as collected
)
cross join setting.rule as setting;

-- The days on which a bridge is expected to report: from its first report until its last; or until its server, asked
-- later, has shown that it is gone; or until the newest day of which its server could have told when it was asked last.
create table work.span as
select
    named_bridge.private_bridge,
    min(report_day.day) as first_day,
    greatest(
        max(report_day.day),
        max(cast(case when asked.last_answer > seen.seen then seen.seen - interval 36 hours
                      else asked.last_asked - interval 12 hours end as date))
    ) as until_day,
    -- Of what was before its server was asked for the first time, only reports are known.
    any_value(cast(asked.first_asked - interval 60 hours as date)) as asked_from
from work.named_bridge
join work.report_day on report_day.bridge = named_bridge.private_bridge
left join work.seen on seen.bridge = named_bridge.private_bridge
left join (
    select server, min(finished) as first_asked, max(finished) as last_asked,
           max(finished) filter (where answered) as last_answer
    from work.asked group by server
) as asked on asked.server = named_bridge.private_server
where named_bridge.publish
group by named_bridge.private_bridge;

-- Who has which bridge when.
create table work.assigned as
select given.organization, place.bridge as private_bridge, given.from_day, given.until_day
from setting.assignment as given
join work.place on place.server = given.server and place.instance = given.instance;

-- Every bridge-day that may be seen: all that a later step reads is joined with this.
create table work.visible as
select bridge_day.private_bridge, bridge_day.day
from (
    select private_bridge, asked_from,
           cast(unnest(generate_series(first_day, least(until_day, last_day), interval 1 day)) as date) as day
    from work.span cross join work.newest
) as bridge_day
left join work.report_day on report_day.bridge = bridge_day.private_bridge and report_day.day = bridge_day.day
where (report_day.ends is not null or asked_from is null or bridge_day.day > asked_from)
  and ((select scope from setting.rule) is null
       or exists (
            select 1 from work.assigned
            where assigned.organization = (select scope from setting.rule)
              and assigned.private_bridge = bridge_day.private_bridge
              and bridge_day.day between coalesce(from_day, date '0001-01-01') and coalesce(until_day, date '9999-12-31')));
