-- Clients of all bridges on every day, by the country of their addresses.
--
-- * day: the day, in UTC
-- * country: the code of ISO 3166 in small letters; ?? is not known, other are countries with few clients
-- * name: the country's name in English
-- * clients: as counted and rounded by each bridge, summed over bridges; because each country is rounded up, the countries of a
--   day are more than its clients
select
    country_day.day,
    country_day.country,
    country.name,
    cast(sum(country_day.clients) as bigint) as clients
from country_day
left join country using (country)
group by all
order by country_day.day, clients desc, country_day.country
