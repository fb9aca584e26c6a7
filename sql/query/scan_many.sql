-- Scans that are ready together, in one transaction (see scan_many() in the migrations).
-- $1 to $8 the parameters of scan.sql, each as the text of an array
-- In their order: status and body as of scan.sql, or nulls: ask for this one by itself
select status, body
from scan_many($1::text[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::text[],
	       $7::timestamptz[], $8::text[])
order by ordinal
