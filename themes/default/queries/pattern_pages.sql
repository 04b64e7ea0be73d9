-- Sample values for the pattern page: a list on three pages, and the way to a page.
select 2 as number, 3 as count, 'index.html' as previous, 'method.html' as next,
       [{number: 1, path: 'index.html', current: false},
        {number: 2, path: 'patterns.html', current: true},
        {number: 3, path: 'method.html', current: false}] as "all",
       [{title: 'Overview', path: 'index.html'}, {title: 'Days', path: 'days/index.html'}] as trail
