-- The chart of each month: clients by country on its complete days, the month's five largest first, and all others together. A day
-- on which one of the five is not listed is a zero: its clients are among the others.
with counted as (
    select cast(date_trunc('month', day) as date) as month, day, country, name, clients
    from country_days semi join day on day.day = country_days.day and day.complete
),
ranked as (
    select month, country, name,
           row_number() over (partition by month order by country in ('other', '??'), sum(clients) desc, country) as rank
    from counted
    group by month, country, name
),
named as (
    select month, country,
           if(rank > 5 or country in ('other', '??'), 6, rank) as place,
           if(place = 6, '<others>', name) as name
    from ranked
)
select day.month, day.day, named.name as country, cast(coalesce(sum(counted.clients), 0) as bigint) as clients
from (select distinct month, day from counted) as day
join named using (month)
left join counted on counted.day = day.day and counted.country = named.country
group by day.month, day.day, named.place, named.name
order by day.day, named.place, named.name
