-- What the settings say of bridges and organizations.
create table setting_bridge (server text, instance text, label text, publish boolean);
create table setting_organization (organization text, name text);
create table setting_assignment (organization text, server text, instance text, from_day date, until_day date);
