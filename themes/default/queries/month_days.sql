-- The days of each month, as far as they are published. Days on which no bridge was expected are one row with those next to them:
-- `until` is the last of them, and null of all other days.
with calendar as (
    select month, cast(unnest(generate_series(month, least(last_day(month), cast(newest_run as date) - delay - 1), interval 1 day)) as date) as day
    from month_reports cross join publication
),
numbered as (
    select calendar.*, days.day is null as empty, count(days.day) over (partition by calendar.month order by calendar.day) as number
    from calendar
    left join days on days.day = calendar.day
),
rows as (
    select month, min(day) as day, case when empty then max(day) end as until from numbered group by month, empty, number
)
select
    rows.month,
    rows.day,
    rows.until,
    days.complete,
    days.bridges_reporting,
    days.bridges_expected,
    days.clients,
    days.sent_bytes,
    days.received_bytes
from rows
left join days on days.day = rows.day
order by rows.month, rows.day
