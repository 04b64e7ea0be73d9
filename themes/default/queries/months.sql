-- Every month: the mean of its complete days, its traffic, and its days for a calendar.
with clients as (
    select day, cast(sum(clients) as bigint) as clients from bridge_day group by day
),
traffic as (
    select day, sum(sent_bytes) as sent_bytes, sum(received_bytes) as received_bytes from traffic_day group by day
),
notes as (
    select note.day, string_agg(concat_ws(': ', coalesce(bridge.label, note.server, country.name), note.text), '. '
                                order by coalesce(bridge.label, note.server, country.name) nulls first, note.text) as notes
    from note
    left join bridge using (bridge)
    left join country using (country)
    group by note.day
),
-- Five shades between the lowest and the highest day of all, with round limits.
lowest as (
    select min(clients) as clients, greatest((max(clients) - min(clients)) / 5, 10) as width from clients
),
shading as (
    select cast(pow(10, floor(log10(width))) / 2 as bigint) as unit,
           cast(ceil(width / unit) as bigint) * unit as step,
           clients // step * step as base
    from lowest
),
days as (
    select
        day.day,
        date_trunc('month', day.day) as month,
        day.complete,
        day.bridges_reporting,
        clients.clients,
        traffic.sent_bytes,
        traffic.received_bytes,
        notes.notes,
        least(4, (clients.clients - shading.base) // shading.step) as shade
    from day
    cross join shading
    left join clients on clients.day = day.day
    left join traffic on traffic.day = day.day
    left join notes on notes.day = day.day
    where day.bridges_expected > 0
),
months as (
    select
        cast(month as date) as month,
        strftime(month, '%Y-%m') as code,
        count(*) as days,
        count(*) filter (where complete) as complete_days,
        cast(round(avg(clients) filter (where complete)) as bigint) as clients,
        max(clients) filter (where complete) as most,
        arg_max(day, (clients, -epoch(day))) filter (where complete) as most_day,
        max(bridges_reporting) as bridges,
        cast(sum(sent_bytes) as bigint) as sent_bytes,
        cast(sum(received_bytes) as bigint) as received_bytes,
        count(notes) as month_noted_days,
        isodow(min(day)) as first_weekday,
        list({day: day, of_month: dayofmonth(day), clients: clients, shade: shade, complete: complete, notes: notes} order by day) as calendar
    from days
    group by month
)
select
    * exclude (month_noted_days),
    cast(sum(month_noted_days) over () as bigint) as noted_days,
    cast(sum(days - complete_days) over () as bigint) as partial_days,
    (select [{shade: shade, "from": base + shade * step, "to": base + (shade + 1) * step} for shade in range(5)] from shading) as shades,
    -- twenty steps of a bar's length
    cast(round(20 * clients / nullif(max(clients) over (), 0)) as integer) as bar
from months
order by month desc
