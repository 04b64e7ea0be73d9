-- What operators said of the days of each month that have a page.
select cast(date_trunc('month', note.day) as date) as month, note.day, coalesce(bridge.label, note.server, country.name) as about, note.text
from note
semi join days on days.day = note.day
left join bridge using (bridge)
left join country using (country)
order by note.day, about nulls first, note.text, note.bridge, note.country
