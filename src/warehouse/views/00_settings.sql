-- What the configuration says, for the SQL of the views. Dropped when they are made.
create schema setting;
create table setting.rule (
    private boolean, scope text, delay integer, minimum_clients integer, tor_version boolean, organizations boolean
);
create table setting.server (server text, label text, pseudonym text);
create table setting.bridge (server text, instance text, label text, publish boolean);
create table setting.organization (organization text, name text);
create table setting.assignment (organization text, server text, instance text, from_day date, until_day date);
create table setting.note (day date, server text, instance text, country text, text text);
create table setting.country (country text, name text, note text);
