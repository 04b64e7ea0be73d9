-- What operators say of the newest complete day.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from day
)
select note.day, coalesce(bridge.label, note.server, country.name) as about, note.text
from note
semi join newest using (day)
left join bridge using (bridge)
left join country using (country)
order by note.day, about nulls first, note.text, note.bridge, note.country
