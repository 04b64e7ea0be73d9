-- The newest 24 months of every country, transport and bridge: the mean of the complete days, the change against the same month of
-- the year before, which is that of the bridges that told in both, and the share. A change needs 15 days in both on which it is
-- known or listed.
with months as (
    select
        kind, name, cast(date_trunc('month', day) as date) as month,
        avg(counted) as clients,
        sum(counted) / nullif(sum(whole) filter (where counted is not null), 0) as share,
        day(last_day(month)) as month_days,
        count(clients) as days
    from history_days
    group by all
)
select
    page_paths.path,
    months.month,
    strftime(months.month, '%Y-%m') as month_name,
    cast(round(months.clients) as bigint) as clients,
    case when months.days >= 15 and before.days >= 15
         then if(months.kind = 'bridge', months.clients / nullif(before.clients, 0) - 1, month_changes.change) end as change,
    months.share,
    months.days,
    months.month_days
from months
join page_paths using (kind, name)
left join months as before on before.kind = months.kind and before.name = months.name
                          and before.month = months.month - interval 1 year
left join month_changes on month_changes.kind = months.kind and month_changes.name = months.name
                       and month_changes.month = months.month and month_changes.months = 12
where months.days > 0 or months.kind = 'bridge'
qualify row_number() over (partition by page_paths.path order by months.month desc) <= 24
order by page_paths.path, months.month desc
