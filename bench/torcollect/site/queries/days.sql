select day, clients, bridges from day order by day
