select country, date as day, users from userstats where country is not null order by country, day
