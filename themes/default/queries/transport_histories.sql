-- Every transport today, the one with the most clients in the newest 30 complete days first. `special` is what is no transport's
-- name: `none` is no transport, `unnamed` one without a name.
select page_paths.path, transport.transport,
       case transport.transport when '<OR>' then 'none' when '<??>' then 'unnamed' end as special,
       histories.* exclude (name)
from transport
left join histories on histories.kind = 'transport' and histories.name = transport.transport
join page_paths on page_paths.kind = 'transport' and page_paths.name = transport.transport
order by histories.month_clients desc nulls last, transport.transport
