select day, name, clients, share, change, bridges from bridge_day order by day, clients desc, name
