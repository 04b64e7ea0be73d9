-- The five days with the most clients.
select day, clients, clients / (select avg(clients) from all_days) - 1 as above
from all_days
order by clients desc, day
limit 5
