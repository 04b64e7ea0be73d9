-- Sample values for the pattern page: a list on twenty pages, and the way to a page.
select 2 as number, 20 as count, 'index.html' as previous, 'method.html' as next,
       [{number: 1, path: 'index.html', current: false, gap: false},
        {number: 2, path: 'patterns.html', current: true, gap: false},
        {number: 3, path: 'method.html', current: false, gap: false},
        {number: 20, path: 'days/index.html', current: false, gap: true}] as near,
       [{title: 'Overview', path: 'index.html'}, {title: 'Days', path: 'days/index.html'}] as trail
