-- What archives said again counts as said the last time. A row that has another time may have other words, or a server's, and stays.
create or replace temp table archived as select id as extract from extract where plugin = 'collector';

update report set received = again.told from staged_again as again
where again.kind = 'report' and report.bridge = again.bridge and report.ends = again.ends and report.received = again.known
  and report.extract in (select extract from archived);

update request set received = again.told from staged_again as again
where again.kind = 'request' and request.bridge = again.bridge and request.ends = again.ends and request.received = again.known
  and request.extract in (select extract from archived);

update sighting set nickname = again.nickname from (select distinct bridge, nickname from staged_again) as again
where sighting.server = '' and sighting.bridge = again.bridge;
