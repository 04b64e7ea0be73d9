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
    select month, transport, note, told_days, sum(clients) as clients
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
    page_paths.path,
    cast(round(now.clients / len(now.told_days)) as bigint) as clients,
    now.clients / nullif(sum(now.clients) over (partition by now.month), 0) as share,
    past_change.change,
    coalesce(past_change.fell, false) as fell,
    coalesce(past_change.rose, false) as rose,
    year_change.change as year_change,
    histories.history,
    began.since - now.month as mark
from monthly as now
join histories on histories.month = now.month and histories.transport = now.transport
left join month_changes as past_change on past_change.month = now.month and past_change.months = 1
                                      and past_change.kind = 'transport' and past_change.name = now.transport
left join month_changes as year_change on year_change.month = now.month and year_change.months = 12
                                      and year_change.kind = 'transport' and year_change.name = now.transport
join page_paths on page_paths.kind = 'transport' and page_paths.name = now.transport
left join began on began.month = now.month and began.transport = now.transport
order by now.month, now.clients desc, now.transport
