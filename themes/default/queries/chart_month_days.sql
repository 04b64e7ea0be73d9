-- The charts of each month: clients, bridges and traffic of its complete days.
select
    cast(date_trunc('month', day) as date) as month,
    day,
    clients,
    bridges_reporting as reporting,
    bridges_expected - bridges_reporting as missing,
    sent_bytes as sent,
    received_bytes as received
from days
where complete
order by day
