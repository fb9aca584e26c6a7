-- plain
-- The file's rows: the row's number, the fields in the order of enum field, the day-first
-- readings, the other columns, the row's hash.
copy import_staging from stdin
