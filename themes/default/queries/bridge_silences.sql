-- When a bridge did not report on complete days: the ten newest spans of each bridge, from which day to which, and why.
with silent as (
    select bridge, day, state,
           day - cast(row_number() over (partition by bridge, state order by day) as integer) as span
    from bridge_day
    semi join day on day.day = bridge_day.day and day.complete
    where state <> 'reported'
),
spans as (
    select bridge, state, min(day) as first_day, max(day) as last_day, count(*) as days
    from silent
    group by bridge, state, span
)
select page_paths.path, spans.state, spans.first_day, spans.last_day, spans.days,
       spans.last_day = (select max(day) from day where complete) as goes_on
from spans
join page_paths on page_paths.kind = 'bridge' and page_paths.name = spans.bridge
qualify row_number() over (partition by spans.bridge order by spans.first_day desc) <= 10
order by page_paths.path, spans.first_day desc
