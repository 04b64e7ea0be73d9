-- Clients by country and month: the mean of the complete days of which bridges told countries, its share of the mean of all
-- countries, and its change. A day on which the country is not listed counts as none, so that the mean is the least that it can be,
-- and a change is known only where the country is listed on nine days of ten of both months. `history` has the days of the month
-- so far, and `mark` is the first on which something sudden began.
with counted as (
    select cast(date_trunc('month', day) as date) as month, day, country, name, note, clients
    from country_days semi join day on day.day = country_days.day and day.complete
),
told as (
    select month, count(distinct day) as days from counted group by month
),
monthly as (
    select month, country, name, note, told.days, sum(clients) as clients, count(*) as listed,
           listed >= 0.9 * told.days and country <> 'other' as often
    from counted join told using (month)
    group by month, country, name, note, told.days
),
histories as (
    select monthly.month, monthly.country, list(counted.clients order by number) as history
    from monthly
    cross join publication
    join range(31) as numbers(number)
         on monthly.month + cast(number as integer) <= least(last_day(monthly.month), publication.last_day)
    left join counted on counted.month = monthly.month and counted.country = monthly.country
                     and counted.day = monthly.month + cast(number as integer)
    group by monthly.month, monthly.country
),
began as (
    select month, name as country, min(since) as since from month_events where kind = 'country' and since >= month group by month, name
)
select
    now.month,
    now.country,
    now.name,
    now.note,
    page_paths.path,
    cast(round(now.clients / now.days) as bigint) as clients,
    now.listed,
    now.days,
    now.clients / sum(now.clients) over (partition by now.month) as share,
    case when now.often and past.often then past_change.change end as change,
    coalesce(now.often and past.often and past_change.fell, false) as fell,
    coalesce(now.often and past.often and past_change.rose, false) as rose,
    case when now.often and year.often then year_change.change end as year_change,
    histories.history,
    began.since - now.month as mark
from monthly as now
join histories on histories.month = now.month and histories.country = now.country
left join monthly as past on past.month = now.month - interval 1 month and past.country = now.country
left join monthly as year on year.month = now.month - interval 1 year and year.country = now.country
left join month_changes as past_change on past_change.month = now.month and past_change.months = 1
                                      and past_change.kind = 'country' and past_change.name = now.country
left join month_changes as year_change on year_change.month = now.month and year_change.months = 12
                                      and year_change.kind = 'country' and year_change.name = now.country
left join page_paths on page_paths.kind = 'country' and page_paths.name = now.country
left join began on began.month = now.month and began.country = now.country
order by now.month, now.clients desc, now.country
