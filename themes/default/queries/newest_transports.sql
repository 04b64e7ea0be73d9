-- The pluggable transports of the newest complete day.
select transport_days.* from transport_days semi join newest_day using (day) order by clients desc, transport
