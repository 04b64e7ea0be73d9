-- Every day: what all bridges together counted, and the change from the same weekday of the week before.
with clients as (
    select day, cast(sum(clients) as bigint) as clients, cast(sum(ipv4) as bigint) as ipv4, cast(sum(ipv6) as bigint) as ipv6
    from bridge_day
    group by day
),
-- A change is that of the bridges that reported on both days: one that is missing is no change in its clients.
counted as (
    select bridge, day, clients from bridge_day semi join day on day.day = bridge_day.day and day.complete where clients is not null
),
compared as (
    select counted.day, sum(counted.clients) as counted, sum(week.clients) as before
    from counted
    join counted as week on week.bridge = counted.bridge and week.day = counted.day - 7
    group by counted.day
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
country_clients as (
    select day, sum(clients) as clients from country_day where country not in ('other', '??') group by day, country
),
countries as (
    select day, count(*) as countries from country_clients group by day
),
-- Where the map's classes end, the same on all days, so that their colours can be compared: quantiles of the clients of a
-- country on a day, rounded to one digit, and each at least twice the one before.
quantiles as (
    select list_transform(quantile_disc(clients, [0.25, 0.5, 0.75, 0.92]),
                          clients -> cast(round(clients, -cast(floor(log10(clients)) as integer)) as bigint)) as of_clients
    from country_clients
    where clients > 0
),
limits as (
    select
        greatest(of_clients[1], 2 * minimum_clients, 8) as first,
        greatest(of_clients[2], 2 * first) as second,
        greatest(of_clients[3], 2 * second) as third,
        greatest(of_clients[4], 2 * third) as fourth,
        concat_ws(' ', first, second, third, fourth) as map_limits
    from quantiles cross join publication
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
    limits.map_limits,
    compared.counted / nullif(compared.before, 0) - 1 as change,
    coalesce(change < -0.2 and compared.before - compared.counted >= 40, false) as fell,
    coalesce(change > 0.5 and compared.counted - compared.before >= 40, false) as rose
from day
cross join limits
left join clients on clients.day = day.day
left join traffic on traffic.day = day.day
left join requests on requests.day = day.day
left join countries on countries.day = day.day
left join compared on compared.day = day.day
where day.bridges_expected > 0
order by day.day
