-- What operators say of each day: of all bridges first, then of one thing by its name.
select note.day, coalesce(bridge.label, note.server, country.name) as about, note.text
from note
left join bridge using (bridge)
left join country using (country)
order by note.day, about nulls first, note.text, note.bridge, note.country
