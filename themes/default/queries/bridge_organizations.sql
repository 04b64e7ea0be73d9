-- Who was given each bridge, and from when until when, where that may be shown; the newest first.
select page_paths.path, organization.name, assignment.from_day, assignment.until_day
from assignment
join organization using (organization)
join page_paths on page_paths.kind = 'bridge' and page_paths.name = assignment.bridge
order by page_paths.path, assignment.from_day desc nulls last, organization.name, assignment.until_day
