-- Sample values for the pattern page: a sparkline in each state.
with days as (
    select cast(range as integer) as day, cast(8 * round(20 + 12 * sin(range * 0.9)) as bigint) as clients from range(30)
)
select name, history, mark
from (
    select 1 as number, 'rising' as name, list(clients * (day + 3) order by day) as history, null as mark from days
    union all
    select 2, 'falling, with the day of the change marked', list(if(day < 21, clients + 160, clients // 4) order by day), 21 from days
    union all
    select 3, 'some days not known', list(if(day % 7 = 3 or day between 15 and 18, null, clients) order by day), null from days
    union all
    select 4, 'one day alone', list(if(day = 29, 64, null) order by day), null from days
    union all
    select 5, 'nobody', list(0 order by day), null from days
    union all
    select 6, 'nothing known', list(if(day < 0, 0, null) order by day), null from days
) as trends
order by number
