select country, max(day) as last_day, arg_max(users, day) as users, max(users) as most, arg_max(day, users) as most_day,
       list(users order by day) filter (where day > date '2020-04-25' - 90) as history
from users group by country order by users desc, country
