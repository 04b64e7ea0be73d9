-- Everything torcollect knows. Times are UTC. This file is private: what the public may see is made by views/*.sql.

-- What a server printed, byte for byte, so that facts can be derived again when a parser improves.
create sequence extract_id;
create table extract (
    id bigint primary key default nextval('extract_id'),
    plugin text not null,
    source text not null,
    server text not null,
    received timestamp not null,
    hash text not null,                -- of the content without header and clock
    content blob not null,
    unique (plugin, source, server, hash)
);

-- Every attempt to collect from a server, also the failed ones.
create table collection (
    run bigint not null,               -- when the run began, in milliseconds since 1970
    plugin text not null,
    source text not null,
    server text not null,
    started timestamp not null,
    finished timestamp not null,
    status text not null,              -- new, unchanged, failed
    error text,                        -- a fixed phrase: never an address
    bytes bigint not null,
    extract bigint,                    -- what was read, also when it was known already
    primary key (run, plugin, source, server)
);

-- Extracts whose facts have been derived.
create table derivation (extract bigint primary key);

-- What was wrong in an extract.
create table problem (extract bigint not null, instance text not null, message text not null);

-- Labels that a source suggests; an instance '' is the server itself.
create table label (server text not null, instance text not null, label text not null, primary key (server, instance));

-- Which bridge stood where, in which extract. `bridge` is HMAC(salt, hashed fingerprint).
create table sighting (
    extract bigint not null,
    bridge text not null,
    server text not null,
    instance text not null,
    hashed_fingerprint text,
    nickname text
);

-- Bridges whose publication was refused (`publish: false`); kept when the configuration no longer names them.
create table refused (bridge text primary key);

-- The salt under which bridges are named, as the name that it gives to nothing.
create table salt (name_of_nothing text not null);

-- Facts, keyed by a bridge and the end of an interval. A null is not known, which is not zero.
create table report (
    bridge text not null,
    ends timestamp not null,
    seconds integer not null,
    ipv4 integer,
    ipv6 integer,
    no_geoip boolean not null,
    has_countries boolean not null,
    has_transports boolean not null,
    tor_version text,
    extract bigint not null,
    received timestamp not null,
    primary key (bridge, ends)
);
create table country_count (bridge text not null, ends timestamp not null, country text not null, clients integer not null);
create table transport_count (bridge text not null, ends timestamp not null, transport text not null, clients integer not null);

create table request (
    bridge text not null,
    ends timestamp not null,
    seconds integer not null,
    answered integer,                  -- the `ok` of dirreq-v3-resp
    extract bigint not null,
    received timestamp not null,
    primary key (bridge, ends)
);
create table request_country_count (bridge text not null, ends timestamp not null, country text not null, requests integer not null);

create table traffic (
    bridge text not null,
    ends timestamp not null,
    seconds integer not null,
    sent_bytes bigint,
    received_bytes bigint,
    extract bigint not null,
    received timestamp not null,
    primary key (bridge, ends)
);
