-- What can be derived again from raw extracts. Of archives and of rows nothing raw is kept, so what they have told stays.
create or replace temp table archived as select id as extract from extract where plugin in ('collector', 'table', 'command');
delete from derivation where extract not in (select extract from archived);
delete from problem where extract not in (select extract from archived);
delete from sighting where server <> '';
delete from country_count using report
where report.bridge = country_count.bridge and report.ends = country_count.ends and report.extract not in (select extract from archived);
delete from transport_count using report
where report.bridge = transport_count.bridge and report.ends = transport_count.ends and report.extract not in (select extract from archived);
delete from request_country_count using request
where request.bridge = request_country_count.bridge and request.ends = request_country_count.ends
  and request.extract not in (select extract from archived);
delete from report where extract not in (select extract from archived);
delete from request where extract not in (select extract from archived);
delete from traffic where extract not in (select extract from archived);
delete from claim;
