-- The next extracts without facts: at most so many (1), of about so many bytes (2), but one at least. Archives are
-- not kept: their facts are loaded as they are read.
with next as (
    select id, plugin, source, server, received from extract anti join derivation on derivation.extract = extract.id
    where plugin <> 'collector'
    order by id limit ?
),
measured as (
    select next.*, extract.content, sum(octet_length(extract.content)) over (order by next.id) - octet_length(extract.content) as before
    from next join extract using (id)
)
select id, plugin, source, server, epoch_us(received),
       epoch_us(coalesce((select max(finished) from collection where collection.extract = measured.id), received)),
       content
from measured where before < ? order by id
