-- Extracts whose content is not known yet, each once.
insert into extract (plugin, source, server, received, hash, content)
select plugin, source, server, finished, hash, content
from staged_attempt
where hash is not null
  and not exists (
      select 1 from extract
      where extract.plugin = staged_attempt.plugin and extract.source = staged_attempt.source
        and extract.server = staged_attempt.server and extract.hash = staged_attempt.hash)
qualify row_number() over (partition by plugin, source, server, hash order by finished, number) = 1
order by finished, number;

-- An attempt brought something new if its extract came with it.
create or replace temp table staged_status as
select staged_attempt.number, coalesce(extract.received = staged_attempt.finished
       and extract.id not in (select extract from derivation), false) as is_new, extract.id as extract
from staged_attempt
left join extract using (plugin, source, server, hash);

-- A server that returns to what it said before has corrected what it said in between: its extract counts anew.
create or replace temp table staged_return as
select staged_status.extract
from staged_attempt
join staged_status using (number)
where not is_new and staged_status.extract is not null
  and not exists (select 1 from collection
                  where collection.run = staged_attempt.run and collection.plugin = staged_attempt.plugin
                    and collection.source = staged_attempt.source and collection.server = staged_attempt.server)
  and staged_status.extract <> (
      select arg_max(collection.extract, collection.finished) from collection
      where collection.plugin = staged_attempt.plugin and collection.source = staged_attempt.source
        and collection.server = staged_attempt.server and collection.finished < staged_attempt.finished
        -- Rows that were refused have changed nothing.
        and not exists (select 1 from extract as refused
                        where refused.id = collection.extract and contains(refused.hash, ' refused ')));
delete from derivation where extract in (select extract from staged_return);
-- What a table of rows has taken in was not kept; now it is needed again.
update extract set content = staged_attempt.content
from staged_attempt join staged_status using (number) semi join staged_return using (extract)
where extract.id = staged_status.extract and octet_length(extract.content) = 0;

insert into collection
select run, plugin, source, server, started, finished,
       case when error is not null then 'failed' when is_new then 'new' else 'unchanged' end,
       error, coalesce(octet_length(content), 0), extract
from staged_attempt join staged_status using (number)
on conflict do nothing;
