-- The names of the countries that a source of rows has codes of.
insert into country
select known.country, known.name, known.note,
       case when regexp_full_match(known.country, '[a-z0-9]+') then known.country else 'unknown' end
from setting.country as known
where known.country in (select country from SOURCE) and known.country not in (select country from country)
order by known.country;
