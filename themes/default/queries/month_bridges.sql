-- Every bridge of each month: the mean of the complete days on which it reported, of how many, and its traffic. `since` and `until`
-- are the first and the last day on which it was expected, where they are inside of the month. `history` has the days of
-- the month so far.
with monthly as (
    select
        cast(date_trunc('month', bridge_days.day) as date) as month,
        bridge,
        label,
        min(bridge_days.day) as first_day,
        max(bridge_days.day) as last_day,
        avg(clients) filter (complete) as mean,
        count(clients) filter (complete) as days_reported,
        count(*) filter (complete) as days_expected,
        cast(sum(sent_bytes) as bigint) as sent_bytes,
        cast(sum(received_bytes) as bigint) as received_bytes
    from bridge_days join day on day.day = bridge_days.day
    group by all
),
histories as (
    select monthly.month, monthly.bridge, list(case when day.complete then bridge_days.clients end order by number) as history
    from monthly
    cross join publication
    join range(31) as numbers(number)
         on monthly.month + cast(number as integer) <= least(last_day(monthly.month), publication.last_day)
    left join bridge_days on bridge_days.bridge = monthly.bridge and bridge_days.day = monthly.month + cast(number as integer)
    left join day on day.day = bridge_days.day
    group by monthly.month, monthly.bridge
)
select
    monthly.month,
    monthly.bridge,
    monthly.label,
    page_paths.path,
    cast(round(monthly.mean) as bigint) as clients,
    monthly.days_reported,
    monthly.days_expected,
    case when monthly.first_day > greatest(monthly.month, publication.first_day) then monthly.first_day end as since,
    case when monthly.last_day < least(last_day(monthly.month), cast(publication.newest_run as date) - publication.delay - 1) then monthly.last_day end as until,
    monthly.sent_bytes,
    monthly.received_bytes,
    histories.history
from monthly
join histories on histories.month = monthly.month and histories.bridge = monthly.bridge
join page_paths on page_paths.kind = 'bridge' and page_paths.name = monthly.bridge
cross join publication
order by monthly.month, monthly.mean desc nulls last, monthly.label, monthly.bridge
