-- What operators said last of days that have a page: the newest five notes.
select note.day, coalesce(bridge.label, note.server, country.name) as about, page_paths.path, note.text
from note
semi join day on day.day = note.day and day.bridges_expected > 0
left join bridge using (bridge)
left join country using (country)
left join page_paths on page_paths.kind = if(bridge is null, 'country', 'bridge') and page_paths.name = coalesce(bridge, country)
order by note.day desc, about nulls first, note.text, note.bridge, note.country
limit 5
