-- The newest seven days.
from days order by day desc limit 7
