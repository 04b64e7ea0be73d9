-- Every day: what all bridges together counted, and against the same weekday of the week before.
with clients as (
    select day, cast(sum(clients) as bigint) as clients, cast(sum(ipv4) as bigint) as ipv4, cast(sum(ipv6) as bigint) as ipv6
    from bridge_day
    group by day
),
traffic as (
    select day, cast(sum(sent_bytes) as bigint) as sent_bytes, cast(sum(received_bytes) as bigint) as received_bytes
    from traffic_day
    group by day
),
requests as (
    select day, cast(sum(directory_requests) as bigint) as directory_requests, floor(sum(estimated_users)) as estimated_users
    from request_day
    group by day
),
countries as (
    select day, count(distinct country) filter (where country not in ('other', '??')) as countries from country_day group by day
)
select
    day.day,
    day.complete,
    day.bridges_reporting,
    day.bridges_expected,
    clients.clients,
    clients.ipv4,
    clients.ipv6,
    traffic.sent_bytes,
    traffic.received_bytes,
    requests.directory_requests,
    requests.estimated_users,
    coalesce(countries.countries, 0) as countries,
    case when day.complete and week.complete then clients.clients / nullif(before.clients, 0) - 1 end as change,
    coalesce(change < -0.2 and before.clients - clients.clients >= 40, false) as fell
from day
left join clients on clients.day = day.day
left join traffic on traffic.day = day.day
left join requests on requests.day = day.day
left join countries on countries.day = day.day
left join day as week on week.day = day.day - 7
left join clients as before on before.day = day.day - 7
where day.bridges_expected > 0
order by day.day
