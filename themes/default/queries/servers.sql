-- The servers of the last 30 days: when each answered last, and how often. Those that failed when they were asked last stand
-- first, and of these the one that has been silent longest; then those that missed the most days.
with newest as (
    select max(day) as day from day
),
server as (
    select bridge.server, string_agg(bridge.label, ', ' order by bridge.label) as bridges, max(bridge.last_day) as last_report
    from bridge
    where bridge.bridge in (select bridge from bridge_day where day > (select day from newest) - 30)
    group by bridge.server
),
-- Several sources may have asked a server in one run.
attempt as (
    select run, server, cast(max(finished) as date) as day, bool_or(status <> 'failed') as answered,
           bool_or(status = 'failed') as failed, bool_or(status = 'new') as new, min(collection.error) as reason
    from collection
    group by run, server
),
latest as (
    select max(run) as run, max(day) as day from attempt
),
-- Each of the newest 30 days: 1 where the server answered, 0 where it failed, null where nobody asked it.
strip as (
    select server.server, list(cast(answered.answered as integer) order by calendar.day) as history
    from (select cast(unnest(generate_series(day - 29, day, interval 1 day)) as date) as day from latest) as calendar
    cross join server
    left join (select server, day, bool_or(answered) as answered from attempt group by server, day) as answered
           on answered.server = server.server and answered.day = calendar.day
    group by server.server
),
asked as (
    select
        attempt.server,
        max(attempt.run) = any_value(latest.run) as in_newest_run,
        arg_max(attempt.failed, attempt.run) as failed,
        arg_max(attempt.new, attempt.run) as new,
        arg_max(attempt.reason, attempt.run) as reason,
        max(attempt.run) filter (where answered) = any_value(latest.run) as answered_newest_run,
        max(attempt.day) filter (where answered) as last_answer,
        count(distinct attempt.day) filter (where answered and attempt.day > latest.day - 30) as days_answered,
        count(distinct attempt.day) filter (where attempt.day > latest.day - 30) as days_asked
    from attempt cross join latest
    group by attempt.server
)
select
    server.server,
    server.bridges,
    server.last_report,
    (select day from latest) as newest_run,
    coalesce(asked.in_newest_run, false) as in_newest_run,
    coalesce(asked.failed, false) as failed,
    asked.new,
    asked.reason,
    coalesce(asked.answered_newest_run, false) as answered_newest_run,
    asked.last_answer,
    (select day from latest) - asked.last_answer as days_before,
    asked.days_answered,
    asked.days_asked,
    strip.history
from server
left join asked using (server)
left join strip using (server)
order by coalesce(asked.failed, false) desc, asked.last_answer nulls first,
         asked.days_answered / asked.days_asked, server.server
