-- Rows that files and programs bring, a table for each of their sources, under the source's name. In each, `_server` is where
-- the rows come from, '' for here. They are in their final form: nothing is derived from them again.
create schema source;

-- Which of them there are, as the settings have said last.
create table source_table (
    source text primary key,
    mode text not null,                -- replace, append, upsert
    key text not null                  -- a JSON array of columns' names
);
