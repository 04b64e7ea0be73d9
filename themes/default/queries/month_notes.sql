-- What operators said of the days of each month that have a page.
select cast(date_trunc('month', note.day) as date) as month, note.day,
       coalesce(bridge.label, note.server, country.name) as about, page_paths.path, note.text
from note
semi join days on days.day = note.day
left join bridge using (bridge)
left join country using (country)
left join page_paths on page_paths.kind = if(bridge is null, 'country', 'bridge') and page_paths.name = coalesce(bridge, country)
order by note.day, about nulls first, note.text, note.bridge, note.country
