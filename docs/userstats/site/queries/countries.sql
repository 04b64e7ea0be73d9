select country, name, slug, max(day) as last_day, arg_max(users, day) as users, max(users) as most, arg_max(day, users) as most_day,
       list(users order by day) filter (where day > date '2020-04-25' - 40) as history
from users join country using (country) group by all order by users desc, country
