-- Every transport today, the one with the most clients in the newest 30 complete days first. `special` is what is no transport's
-- name: `none` is no transport, `unnamed` one without a name.
select page_paths.path, transport.transport,
       case transport.transport when '<OR>' then 'none' when '<??>' then 'unnamed' end as special,
       histories.* exclude (name),
       coalesce(changed_days.direction = 'fell', false) as fell, coalesce(changed_days.direction = 'rose', false) as rose,
       changed_days.since, changed_days.event
from transport
left join histories on histories.kind = 'transport' and histories.name = transport.transport
join page_paths on page_paths.kind = 'transport' and page_paths.name = transport.transport
left join changed_days on changed_days.kind = 'transport' and changed_days.name = transport.transport and changed_days.day = histories.day
order by histories.month_clients desc nulls last, transport.transport
