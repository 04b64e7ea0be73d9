-- The complete days of every country, transport and bridge, for the pages of their histories.
--
-- * clients: null if not known; of a country also if it is not listed on a day on which countries are told
-- * counted: what means are made of: a country or transport that is not listed counts 0, a bridge that is not known nothing
-- * whole: what is counted of all countries, transports or bridges together
-- * age: how many complete days came after it
with complete as (
    select day, row_number() over (order by day desc) - 1 as age from day where complete
),
listed as (
    select 'country' as kind, country as name, day, cast(sum(clients) as bigint) as clients from country_day group by all
    union all
    select 'transport', transport, day, cast(sum(clients) as bigint) from transport_day group by all
),
told as (
    select kind, day, age, cast(sum(clients) as bigint) as whole from listed join complete using (day) group by all
),
-- Before somebody used a transport for the first time it was not nobody's: it was not there.
named as (
    select kind, name, case when kind = 'transport' then min(day) filter (where clients > 0) end as first_day
    from listed
    group by kind, name
)
select kind, name, day, age,
       case when kind = 'country' then clients else coalesce(clients, 0) end as clients,
       coalesce(clients, 0) as counted,
       whole
from told
join named using (kind)
left join listed using (kind, name, day)
where first_day is null or day >= first_day
union all
select 'bridge', bridge, day, age, clients, clients, cast(sum(clients) over (partition by day) as bigint)
from bridge_day join complete using (day)
order by kind, name, day
