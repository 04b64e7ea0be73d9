-- Sample values for the pattern page: none.
select cast(null as date) as day, 0 as clients where false order by day
