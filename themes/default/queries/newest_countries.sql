-- The ten countries with the most clients on the newest complete day.
select country_days.* from country_days semi join newest_day using (day) order by clients desc, country limit 10
