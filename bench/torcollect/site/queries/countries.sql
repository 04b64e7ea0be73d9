select day, name, clients, share, change, bridges from country_day order by day, clients desc, name
