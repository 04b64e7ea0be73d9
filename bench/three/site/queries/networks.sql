select day, name, clients, share, change, bridges from network_day order by day, clients desc, name
