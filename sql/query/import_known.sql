-- plain
-- Are the numbers known?
-- $1 waybill numbers, a line feed behind each
-- One row: how many of them are known
select count(*) from waybills where waybill_number = any(string_to_array($1, E'\n'))
