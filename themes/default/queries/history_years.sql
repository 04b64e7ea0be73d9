-- Year by year, the newest first: the mean of the complete days, its share, the rank among the countries, the day with the most,
-- how many days are known, what a bridge sent and received a day, and 53
-- weeks from the first of January on, each the mean of its days.
with years as (
    select
        kind, name, year(day) as year,
        avg(counted) as clients,
        sum(counted) / nullif(sum(whole) filter (where counted is not null), 0) as share,
        max(clients) as most,
        arg_max(day, (clients, -epoch(day))) filter (where clients is not null) as most_day,
        count(clients) as days,
        count(*) as complete_days
    from history_days
    group by all
),
weeks as (
    select kind, name, year(day) as year, (dayofyear(day) - 1) // 7 as week,
           case when count(clients) > 0 then cast(round(avg(counted)) as bigint) end as clients
    from history_days
    group by all
),
histories as (
    select years.kind, years.name, years.year, list(weeks.clients order by range) as weeks
    from years
    cross join range(53)
    left join weeks on weeks.kind = years.kind and weeks.name = years.name and weeks.year = years.year and weeks.week = range
    group by all
),
-- A bridge's alone.
traffic as (
    select 'bridge' as kind, bridge as name, year(day) as year, avg(sent_bytes) as sent_bytes, avg(received_bytes) as received_bytes
    from bridge_traffic
    group by all
),
ranked as (
    select kind, name, year, rank() over (partition by year order by clients desc) as rank
    from years
    where kind = 'country' and name not in ('??', 'other') and days > 0
)
select
    page_paths.path,
    years.year,
    cast(round(years.clients) as bigint) as clients,
    years.share,
    ranked.rank,
    years.most,
    years.most_day,
    years.days,
    years.complete_days,
    traffic.sent_bytes,
    traffic.received_bytes,
    histories.weeks
from years
join page_paths using (kind, name)
join histories using (kind, name, year)
left join ranked using (kind, name, year)
left join traffic using (kind, name, year)
where days > 0 or kind = 'bridge'
order by page_paths.path, year desc
