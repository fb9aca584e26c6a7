-- plain
-- Where a file's rows wait for the merge. A date that reads both ways stands in both readings.
create temporary table import_staging (
	row_number bigint,
	waybill_number text collate "C",
	status text,
	sender_name text,
	sender_phone text,
	sender_address text,
	receiver_name text,
	receiver_phone text,
	receiver_address text,
	province text,
	city text,
	barangay text,
	street text,
	destination text,
	weight numeric,
	number_of_items integer,
	express_type text,
	cod_amount numeric,
	remarks text,
	item_name text,
	signing_time timestamptz,
	submission_time timestamptz,
	signing_day_first timestamptz,
	submission_day_first timestamptz,
	extra jsonb
) on commit drop
