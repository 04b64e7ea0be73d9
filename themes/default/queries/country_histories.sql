-- Every country today, the one with the most clients in the newest 30 complete days first, and its users at the least, as
-- estimated from the directory requests of the newest complete day.
with requests as (
    select country, cast(sum(directory_requests) as bigint) as directory_requests,
           cast(floor(greatest(0, (sum(directory_requests) - 4 * count(*)) / 10)) as bigint) as estimated_users
    from request_country_day
    where day = (select max(day) from day where complete)
    group by country
)
select page_paths.path, country.country, country.name, country.note, histories.* exclude (name),
       coalesce(changed_days.direction = 'fell', false) as fell, coalesce(changed_days.direction = 'rose', false) as rose,
       changed_days.since, changed_days.event, requests.directory_requests, requests.estimated_users
from country
semi join country_day using (country)
left join histories on histories.kind = 'country' and histories.name = country.country
left join page_paths on page_paths.kind = 'country' and page_paths.name = country.country
left join requests on requests.country = country.country
left join changed_days on changed_days.kind = 'country' and changed_days.name = country.country and changed_days.day = histories.day
order by histories.month_clients desc nulls last, country.country
