-- The countries that have a page of their own, by name.
from country_histories where path is not null order by name, country
