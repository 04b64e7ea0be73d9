-- Where the page of each country, transport and bridge stands, so that a query can offer links: join it by `kind` and `name`, which
-- is the country's code, the transport's name, or the bridge. `other` has no page: it is made of other countries every day.
with named as (
    select 'country' as kind, country as name, 'countries' as folder, slug, md5(country) as hash
    from country
    semi join country_day using (country)
    where country <> 'other'
    union all
    select 'transport', transport, 'transports', slug, md5(transport)
    from transport
    union all
    -- A label may be anything.
    select 'bridge', bridge, 'bridges',
           trim(left(regexp_replace(lower(strip_accents(label)), '[^a-z0-9_]+', '-', 'g'), 60), '-'), bridge
    from bridge
)
-- What would share a path, or have none, or that of the section itself, is told apart by a hash.
select kind, name,
       folder || '/' || case when slug in ('', 'index') or count(*) over (partition by kind, slug) > 1
                             then concat_ws('-', nullif(slug, ''), left(hash, 12)) else slug end || '.html' as path
from named
order by kind, name
