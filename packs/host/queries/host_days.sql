-- What each server said of each day; null is not known. A load of 1 keeps one processor busy.
select server, day,
       cast(max(value) filter (where measure = 'sent_bytes') as bigint) as sent_bytes,
       cast(max(value) filter (where measure = 'received_bytes') as bigint) as received_bytes,
       max(value) filter (where measure = 'load') as load,
       max(value) filter (where measure = 'load') / max(value) filter (where measure = 'processors') as busy,
       1 - max(value) filter (where measure = 'memory_free_bytes') / max(value) filter (where measure = 'memory_bytes') as memory,
       1 - max(value) filter (where measure = 'disk_free_bytes') / max(value) filter (where measure = 'disk_bytes') as disk
from host
group by server, day
order by server, day
