-- Every country, transport and bridge today: the newest complete day; the newest 30 complete days, and their change against the 30
-- before; when it was seen; and the 90 days and 53 weeks that end with the newest, with the newest sudden change
-- marked in the days. A change needs 15 days in both on which it is known or listed.
with newest as (
    select max(day) as day from day where complete
),
periods as (
    select
        kind, name,
        min(day) filter (where clients > 0) as first_seen,
        max(day) filter (where clients > 0) as last_seen,
        max(clients) as most,
        arg_max(day, (clients, -epoch(day))) filter (where clients is not null) as most_day,
        max(clients) filter (where age = 0) as clients,
        max(whole) filter (where age = 0) as whole,
        count(clients) filter (where age < 30) as month_listed,
        count(counted) filter (where age < 30) as month_days,
        case when month_listed > 0 then avg(counted) filter (where age < 30) end as month_clients,
        case when month_listed > 0
             then sum(counted) filter (where age < 30) / nullif(sum(whole) filter (where age < 30 and counted is not null), 0)
             end as month_share,
        case when month_listed >= 15 and count(clients) filter (where age between 30 and 59) >= 15
             then avg(counted) filter (where age between 30 and 59) end as before
    from history_days
    group by kind, name
),
marked as (
    select kind, name, cast(max(89 - (newest.day - event.since)) as integer) as mark
    from event cross join newest
    where event.since > newest.day - 90
    group by kind, name
),
ranked as (
    select kind, name,
           rank() over (partition by kind order by clients desc) as rank,
           count(*) over (partition by kind) as ranks
    from periods
    where clients > 0 and (kind, name) not in (('country', '??'), ('country', 'other'))
),
days as (
    select periods.kind, periods.name, list(history_days.clients order by range) as days
    from periods
    cross join range(90)
    cross join newest
    left join history_days on history_days.kind = periods.kind and history_days.name = periods.name
                          and history_days.day = newest.day - 89 + cast(range as integer)
    group by all
),
week as (
    select kind, name, 52 - (newest.day - history_days.day) // 7 as week,
           case when count(clients) > 0 then cast(round(avg(counted)) as bigint) end as clients
    from history_days cross join newest
    where history_days.day > newest.day - 7 * 53
    group by all
),
weeks as (
    select periods.kind, periods.name, list(week.clients order by range) as weeks
    from periods
    cross join range(53)
    left join week on week.kind = periods.kind and week.name = periods.name and week.week = range
    group by all
)
select
    periods.kind,
    periods.name,
    newest.day,
    periods.clients,
    periods.clients / nullif(periods.whole, 0) as share,
    ranked.rank,
    ranked.ranks,
    cast(round(month_clients) as bigint) as month_clients,
    month_share,
    month_days,
    periods.month_clients / nullif(before, 0) - 1 as change,
    first_seen,
    last_seen,
    most,
    most_day,
    days,
    list_count(days) > 0 as days_known,
    mark,
    weeks
from periods
cross join newest
left join ranked using (kind, name)
left join marked using (kind, name)
join days using (kind, name)
join weeks using (kind, name)
order by periods.kind, periods.month_clients desc nulls last, periods.name
