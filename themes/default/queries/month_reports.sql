-- Every month that has a day on which a bridge was expected: the mean of its complete days, its traffic, and how the mean changed
-- against the month before and the same month of the year before. A mean leaves out days of which nobody told the number.
with monthly as (
    select
        cast(date_trunc('month', day) as date) as month,
        count(*) as days,
        count(*) filter (complete) as complete_days,
        count(clients) filter (complete) as counted_days,
        avg(clients) filter (complete) as mean,
        count(*) filter (complete and bridges_reporting < bridges_expected) as days_missing,
        floor(avg(estimated_users) filter (complete)) as users,
        nullif(cast(sum(sent_bytes) as bigint), 0) as sent_bytes,
        nullif(cast(sum(received_bytes) as bigint), 0) as received_bytes,
        any_value(map_limits) as map_limits
    from days
    group by all
),
bridges as (
    select cast(date_trunc('month', day) as date) as month,
           count(distinct bridge) as bridges_expected,
           count(distinct bridge) filter (state in ('reported', 'no_geoip')) as bridges_reporting
    from bridge_days
    group by all
)
select
    now.month,
    strftime(now.month, '%Y-%m') as code,
    dayofmonth(last_day(now.month)) as length,
    last_day(now.month) < cast(publication.newest_run as date) - publication.delay as over,
    now.days,
    now.complete_days,
    now.counted_days,
    cast(round(now.mean) as bigint) as clients,
    now.days_missing,
    now.users,
    now.sent_bytes,
    now.received_bytes,
    now.map_limits,
    bridges.bridges_expected,
    bridges.bridges_reporting,
    past.month as past_month,
    strftime(past.month, '%Y-%m') as past_code,
    past.counted_days as past_days,
    past_change.bridges as past_bridges,
    past_change.change as past_change,
    year.month as year_month,
    strftime(year.month, '%Y-%m') as year_code,
    year.counted_days as year_days,
    year_change.bridges as year_bridges,
    year_change.change as year_change,
    (select name from organization where organization.organization = publication.organization) as organization
from monthly as now
join bridges on bridges.month = now.month
cross join publication
left join monthly as past on past.month = now.month - interval 1 month
left join monthly as year on year.month = now.month - interval 1 year
left join month_changes as past_change on past_change.month = now.month and past_change.kind = 'all' and past_change.months = 1
left join month_changes as year_change on year_change.month = now.month and year_change.kind = 'all' and year_change.months = 12
order by now.month
