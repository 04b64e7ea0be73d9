-- What a query for a page may not call or name: functions whose answer is not a matter of the data alone, and the
-- system's own views.
select function_name from duckdb_functions() where stability <> 'CONSISTENT' and function_type in ('scalar', 'macro')
union
select view_name from duckdb_views() where internal
union
select unnest([
    'current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp', 'current_role', 'current_user',
    'session_user', 'user', 'current_catalog', 'current_setting', 'getvariable', 'getenv', 'version'
])
