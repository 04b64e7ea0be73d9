-- What operators said of all bridges or of a server, for the chart of the overview: the newest five in its days, as few words
-- as tell one from another.
with newest as (
    select max(day) as day from day where complete
),
short as (
    select note.day, concat_ws(': ', server, trim(split_part(text, ';', 1))) as text
    from note cross join newest
    where bridge is null and country is null and note.day > newest.day - 540 and note.day <= newest.day
)
-- Cut where a word ends.
select day, case when length(text) > 32 then regexp_replace(left(text, 32), '[\s,.:]+\S*$', '') || '…' else text end as text
from short
order by day desc, text
limit 5
