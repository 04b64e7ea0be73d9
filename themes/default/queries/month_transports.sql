-- Clients by pluggable transport and month: the mean of the complete days of which bridges told their transports, its share of the
-- mean of all transports, and its change. On such a day a transport that none of them named is a zero. `history` and `mark` are as
-- those of `month_countries`.
with counted as (
    select cast(date_trunc('month', day) as date) as month, day, transport, note, clients
    from transport_days semi join day on day.day = transport_days.day and day.complete
),
told as (
    select month, list(distinct day) as told_days from counted group by month
),
monthly as (
    select month, transport, note, told_days, sum(clients) / len(told_days) as mean
    from counted join told using (month)
    group by month, transport, note, told_days
),
histories as (
    select monthly.month, monthly.transport,
           list(case when list_contains(monthly.told_days, monthly.month + cast(number as integer)) then coalesce(counted.clients, 0) end
                order by number) as history
    from monthly
    cross join publication
    join range(31) as numbers(number)
         on monthly.month + cast(number as integer) <= least(last_day(monthly.month), publication.last_day)
    left join counted on counted.month = monthly.month and counted.transport = monthly.transport
                     and counted.day = monthly.month + cast(number as integer)
    group by monthly.month, monthly.transport
),
began as (
    select month, name as transport, min(since) as since from month_events where kind = 'transport' and since >= month group by month, name
)
select
    now.month,
    now.transport,
    now.note,
    cast(round(now.mean) as bigint) as clients,
    now.mean / nullif(sum(now.mean) over (partition by now.month), 0) as share,
    now.mean / nullif(past.mean, 0) - 1 as change,
    coalesce(change < -0.2 and past.mean - now.mean >= 40, false) as fell,
    coalesce(change > 0.5 and now.mean - past.mean >= 40, false) as rose,
    now.mean / nullif(year.mean, 0) - 1 as year_change,
    histories.history,
    began.since - now.month as mark
from monthly as now
join histories on histories.month = now.month and histories.transport = now.transport
left join monthly as past on past.month = now.month - interval 1 month and past.transport = now.transport
left join monthly as year on year.month = now.month - interval 1 year and year.transport = now.transport
left join began on began.month = now.month and began.transport = now.transport
order by now.month, now.mean desc, now.transport
