create or replace temp table staged_attempt (
    number bigint, run bigint, plugin text, source text, server text,
    started timestamp, finished timestamp, error text, hash text, content blob
);
