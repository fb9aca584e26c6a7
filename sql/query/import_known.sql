-- plain
-- Are the staged numbers known? Asked of one page in fifty.
-- One row: how many of those are
select count(*)
from import_staging s tablesample system (2)
where exists (select from waybills w where w.waybill_number = s.waybill_number)
