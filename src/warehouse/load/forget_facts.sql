-- Rows are in their final form.
delete from derivation where extract not in (select id from extract where plugin in ('table', 'command'));
delete from problem where extract in (select id from extract where plugin not in ('table', 'command'));
delete from sighting;
delete from report;
delete from country_count;
delete from transport_count;
delete from request;
delete from request_country_count;
delete from traffic;
delete from claim;
