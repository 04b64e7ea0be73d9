-- A row for each page: every country that had clients, and its best day.
select country, country.name, max(clients) as most, arg_max(day, clients) as most_day
from (select day, country, cast(sum(clients) as bigint) as clients from country_day group by day, country)
join country using (country)
where country not in ('other', '??')
group by country, country.name
order by country.name
