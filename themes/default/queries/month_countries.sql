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
    select month, country, name, note, told.days, count(*) as listed, sum(clients) / told.days as mean, listed >= 0.9 * told.days as often
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
    cast(round(now.mean) as bigint) as clients,
    now.listed,
    now.days,
    now.mean / sum(now.mean) over (partition by now.month) as share,
    case when now.often and past.often then now.mean / past.mean - 1 end as change,
    coalesce(change < -0.2 and past.mean - now.mean >= 40, false) as fell,
    coalesce(change > 0.5 and now.mean - past.mean >= 40, false) as rose,
    case when now.often and year.often then now.mean / year.mean - 1 end as year_change,
    histories.history,
    began.since - now.month as mark
from monthly as now
join histories on histories.month = now.month and histories.country = now.country
left join monthly as past on past.month = now.month - interval 1 month and past.country = now.country
left join monthly as year on year.month = now.month - interval 1 year and year.country = now.country
left join began on began.month = now.month and began.country = now.country
order by now.month, now.mean desc, now.country
