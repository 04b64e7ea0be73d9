-- Every transport today, the one with the most clients in the newest 30 complete days first.
select page_paths.path, transport.transport, transport.note,
       case transport.transport when '<OR>' then 'no transport' when '<??>' then 'without a name' end as short,
       histories.* exclude (name)
from transport
left join histories on histories.kind = 'transport' and histories.name = transport.transport
join page_paths on page_paths.kind = 'transport' and page_paths.name = transport.transport
order by histories.month_clients desc nulls last, transport.transport
