select known.bridge, known.label, known.published, given.organization, known.first_day, known.last_day
from known
left join given on given.server = known.server and given.instance = known.instance and given.has_it
order by known.bridge, given.organization
