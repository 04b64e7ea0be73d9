-- Of the staged facts, those that are their server's and their bridge's own. The oldest extract decides, whatever has become
-- of its facts: so the outcome is the same in whatever batches extracts are read. Archives (of the server '', which is none)
-- claim nothing: any server's own word comes before theirs, see load_facts.sql.
create or replace temp table staged_claim as
select kind, bridge, ends, server, instance, min(extract) as extract
from (
    select 'report' as kind, bridge, ends, server, instance, extract from staged_report
    union all
    select 'request' as kind, bridge, ends, server, instance, extract from staged_request
    union all
    select 'traffic' as kind, bridge, ends, server, instance, extract from staged_traffic
)
where server <> ''
group by all;
insert into claim select * from staged_claim
on conflict do update set extract = excluded.extract where excluded.extract < claim.extract;

-- An interval of a bridge is its server's that reported it first: a fingerprint is public, and any server can print it.
-- An interval of a place is the bridge's that reported it first: tor's old files outlive a change of its key.
create or replace temp table staged_owner as
select staged_claim.kind, staged_claim.bridge, staged_claim.ends, staged_claim.server, staged_claim.instance,
       (select arg_min(claim.server, (claim.extract, claim.server)) from claim
        where claim.kind = staged_claim.kind and claim.bridge = staged_claim.bridge
          and claim.ends = staged_claim.ends) as first_server,
       (select arg_min(claim.bridge, (claim.extract, claim.bridge)) from claim
        where claim.kind = staged_claim.kind and claim.server = staged_claim.server
          and claim.instance = staged_claim.instance and claim.ends = staged_claim.ends) as first_bridge
from staged_claim;
create or replace temp table owned as
select * from staged_owner where server = first_server and bridge = first_bridge;

create or replace temp table own_report as
select * from staged_report where server = ''
union all
select * from staged_report
semi join owned on owned.kind = 'report' and owned.bridge = staged_report.bridge and owned.ends = staged_report.ends
               and owned.server = staged_report.server and owned.instance = staged_report.instance;

create or replace temp table own_request as
select * from staged_request where server = ''
union all
select * from staged_request
semi join owned on owned.kind = 'request' and owned.bridge = staged_request.bridge and owned.ends = staged_request.ends
               and owned.server = staged_request.server and owned.instance = staged_request.instance;

create or replace temp table own_traffic as
select * from staged_traffic where server = ''
union all
select * from staged_traffic
semi join owned on owned.kind = 'traffic' and owned.bridge = staged_traffic.bridge and owned.ends = staged_traffic.ends
               and owned.server = staged_traffic.server and owned.instance = staged_traffic.instance;

-- A bridge that moves takes its files along, which is no contradiction; another server with other numbers is one.
create or replace temp table foreign_interval as
select distinct staged.extract, staged.server, staged.instance,
       'another server has reported this interval of this bridge' as message
from staged_report as staged
join staged_owner on staged_owner.kind = 'report' and staged_owner.bridge = staged.bridge and staged_owner.ends = staged.ends
                 and staged_owner.server = staged.server and staged_owner.instance = staged.instance
left join (select bridge, ends, ipv4, ipv6 from report union all select bridge, ends, ipv4, ipv6 from own_report) as own
       on own.bridge = staged.bridge and own.ends = staged.ends
where staged_owner.first_server <> staged.server
  and (own.ipv4 is distinct from staged.ipv4 or own.ipv6 is distinct from staged.ipv6);
insert into problem select extract, instance, message from foreign_interval;
