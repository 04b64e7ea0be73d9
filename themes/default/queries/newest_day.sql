-- The newest complete day, the newest of all if none is complete; and the 30 days that end there, of which those that are not
-- complete are gaps.
with newest as (
    select coalesce(max(day) filter (where complete), max(day)) as day from days
),
calendar as (
    select cast(unnest(generate_series(day - 29, day, interval 1 day)) as date) as day from newest
),
history as (
    select
        list(days.clients order by calendar.day) as clients_history,
        list(days.bridges_reporting order by calendar.day) as bridges_history,
        list(nullif(days.countries, 0) order by calendar.day) as countries_history,
        list(days.sent_bytes order by calendar.day) as sent_history
    from calendar
    left join days on days.day = calendar.day and days.complete
)
select days.*, history.*, case when fell or rose then 29 end as mark
from days
semi join newest using (day)
cross join history
order by day
