-- What operators said of the days of a sudden change and of the week before it: of all bridges, or of the country.
select event, note.day, country.name as about, page_paths.path, note.text
from events
join note on note.day between since - 7 and last
semi join day on day.day = note.day and day.bridges_expected > 0
left join country using (country)
left join page_paths on page_paths.kind = 'country' and page_paths.name = note.country
where note.server is null and note.bridge is null
  and (note.country is null or (events.kind = 'country' and note.country = events.name))
order by event, note.day, about nulls first, note.text
