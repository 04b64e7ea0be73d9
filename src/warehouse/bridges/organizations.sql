select
    setting_organization.organization,
    setting_organization.name,
    known.bridge,
    known.label,
    given.from_day,
    given.until_day,
    given.has_it,
    known.last_day
from setting_organization
left join given using (organization)
left join known on known.server = given.server and known.instance = given.instance
order by setting_organization.organization, given.from_day nulls first, known.bridge
