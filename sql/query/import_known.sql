-- plain
-- Are the staged numbers known? Asked of some of the staging table's pages.
-- $1 how many of a hundred
-- One row: how many of their numbers are known
select count(*)
from import_staging s tablesample system ($1::real)
where exists (select from waybills w where w.waybill_number = s.waybill_number)
