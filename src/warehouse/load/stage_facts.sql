create or replace temp table staged_sighting (
    extract bigint, bridge text, server text, instance text, hashed_fingerprint text, nickname text
);
create or replace temp table staged_report (
    bridge text, ends timestamp, seconds integer, ipv4 integer, ipv6 integer, no_geoip boolean,
    has_countries boolean, has_transports boolean, tor_version text, extract bigint, received timestamp, server text, instance text
);
create or replace temp table staged_country (bridge text, ends timestamp, extract bigint, instance text, country text, clients integer);
create or replace temp table staged_transport (bridge text, ends timestamp, extract bigint, instance text, transport text, clients integer);
create or replace temp table staged_request (
    bridge text, ends timestamp, seconds integer, answered integer, extract bigint, received timestamp,
    server text, instance text
);
create or replace temp table staged_request_country (
    bridge text, ends timestamp, extract bigint, instance text, country text, requests integer
);
create or replace temp table staged_traffic (
    bridge text, ends timestamp, seconds integer, sent_bytes bigint, received_bytes bigint,
    extract bigint, received timestamp, server text, instance text
);
