-- The newest word on an interval is the one that counts: within the batch, and against what is known already. A server's word
-- comes before that of an archive (under the server ''), whenever it was said.
create or replace temp table archived as select id as extract, false as of_server from extract where plugin = 'collector';

delete from sighting where server <> '' and extract in (select extract from staged_sighting);
insert into sighting select * from staged_sighting where server <> '';
-- All archives together show a bridge once.
delete from sighting where server = '' and bridge in (select bridge from staged_sighting where server = '');
insert into sighting select distinct on (bridge) * from staged_sighting where server = '' order by bridge, extract desc;

create or replace temp table won_report as
select * replace (arg_max(tor_version, received) over (partition by bridge, ends) as tor_version)
from own_report as staged_report
where not exists (select 1 from report left join archived using (extract)
                  where report.bridge = staged_report.bridge and report.ends = staged_report.ends
                    and (coalesce(of_server, true), report.received) > (staged_report.server <> '', staged_report.received))
qualify row_number() over (partition by bridge, ends order by received desc, extract desc, instance) = 1;

create or replace temp table replaced as select bridge, ends from won_report semi join report using (bridge, ends);
delete from country_count using replaced
where country_count.bridge = replaced.bridge and country_count.ends = replaced.ends;
delete from transport_count using replaced
where transport_count.bridge = replaced.bridge and transport_count.ends = replaced.ends;

-- A version that was seen is not forgotten because a later extract, with a newer interval, no longer says it.
insert into report
select * exclude (server, instance) from won_report
on conflict do update set
    seconds = excluded.seconds, ipv4 = excluded.ipv4, ipv6 = excluded.ipv6, no_geoip = excluded.no_geoip,
    has_countries = excluded.has_countries, has_transports = excluded.has_transports,
    tor_version = coalesce(excluded.tor_version, report.tor_version),
    extract = excluded.extract, received = excluded.received;
insert into country_count
select bridge, ends, country, clients from staged_country semi join won_report using (bridge, ends, extract, instance);
insert into transport_count
select bridge, ends, transport, clients from staged_transport semi join won_report using (bridge, ends, extract, instance);

create or replace temp table won_request as
select * from own_request as staged_request
where not exists (select 1 from request left join archived using (extract)
                  where request.bridge = staged_request.bridge and request.ends = staged_request.ends
                    and (coalesce(of_server, true), request.received) > (staged_request.server <> '', staged_request.received))
qualify row_number() over (partition by bridge, ends order by received desc, extract desc, instance) = 1;

create or replace temp table replaced as select bridge, ends from won_request semi join request using (bridge, ends);
delete from request_country_count using replaced
where request_country_count.bridge = replaced.bridge and request_country_count.ends = replaced.ends;
insert into request
select * exclude (server, instance) from won_request
on conflict do update set
    seconds = excluded.seconds, answered = excluded.answered,
    extract = excluded.extract, received = excluded.received;
insert into request_country_count
select bridge, ends, country, requests from staged_request_country semi join won_request using (bridge, ends, extract, instance);

insert into traffic
select * exclude (server, instance) from own_traffic as staged_traffic
where not exists (select 1 from traffic left join archived using (extract)
                  where traffic.bridge = staged_traffic.bridge and traffic.ends = staged_traffic.ends
                    and (coalesce(of_server, true), traffic.received) > (staged_traffic.server <> '', staged_traffic.received))
qualify row_number() over (partition by bridge, ends order by received desc, extract desc, instance) = 1
on conflict do update set
    seconds = excluded.seconds, sent_bytes = excluded.sent_bytes, received_bytes = excluded.received_bytes,
    extract = excluded.extract, received = excluded.received;
