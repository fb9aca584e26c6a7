-- The tables. Hot tables carry no foreign keys: a check of the parent's row on every scan
-- would halve their number. Waybill numbers compare as bytes (COLLATE "C"): they are codes,
-- not words, and a language's order costs a quarter of an import's speed.

create table uploads (
	id bigint generated always as identity primary key,
	upload_key text collate "C" unique, -- the client's; the same key is the same upload
	file_name text,
	file_size bigint, -- with the checksum: is it the same file again?
	file_crc32 bigint,
	uploaded_by text,
	state text not null
		check (state in ('queued', 'processing', 'completed', 'failed', 'cancelled')),
	dry_run boolean not null default false,
	strict boolean not null default false,
	batch boolean not null default false,
	sheet text,
	format text,
	heading_row bigint,
	mapping jsonb not null default '[]', -- [{heading, column, field}]
	rows_total bigint,
	rows_done bigint not null default 0,
	inserted bigint not null default 0,
	updated bigint not null default 0,
	unchanged bigint not null default 0,
	duplicate bigint not null default 0,
	rejected bigint not null default 0,
	error text, -- a stable code
	message text, -- a sentence for a person
	warnings jsonb not null default '[]', -- [{kind, count, message}]
	started_at timestamptz not null default now(),
	finished_at timestamptz
);

create table upload_rejects (
	upload_id bigint not null,
	row_number bigint not null, -- as the spreadsheet counts
	kind text not null check (kind in ('rejected', 'duplicate')),
	"column" text, -- the heading of the cell at fault
	text text, -- that cell as the file has it
	reason text not null,
	cells jsonb not null default '{}', -- the whole row by heading
	primary key (upload_id, row_number)
);

-- The bytes of queued uploads: any host may run the job, none needs a shared disk.
create table upload_files (
	upload_id bigint not null,
	part integer not null,
	bytes bytea not null,
	primary key (upload_id, part)
);
alter table upload_files alter column bytes set storage external;

create table jobs (
	id bigint generated always as identity primary key,
	kind text not null,
	upload_id bigint,
	payload jsonb not null default '{}',
	state text not null default 'queued'
		check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
	attempts integer not null default 0,
	run_at timestamptz not null default now(),
	locked_by text,
	error text,
	created_at timestamptz not null default now(),
	finished_at timestamptz
);
create index jobs_waiting on jobs (run_at, id) where state = 'queued';

create table waybills (
	id bigint generated always as identity primary key,
	waybill_number text collate "C" not null unique,
	sender_name text,
	sender_address text,
	sender_phone text,
	receiver_name text,
	receiver_address text,
	province text,
	city text,
	barangay text,
	street text,
	receiver_phone text,
	destination text,
	item_name text,
	number_of_items integer,
	weight numeric, -- kilograms
	express_type text,
	cod_amount numeric,
	remarks text,
	status text not null default 'pending'
		check (status in ('pending', 'hq_scheduling', 'dispatched', 'in_transit',
				  'delivering', 'delivered', 'for_return', 'returned',
				  'issue_pending', 'cancelled')),
	signing_time timestamptz,
	submission_time timestamptz,
	extra jsonb not null default '{}', -- the file's other columns by heading
	batch_ready boolean not null default false,
	marked_pending_at timestamptz, -- since when it is on hold
	upload_id bigint, -- the upload that brought it first
	created_at timestamptz not null default now(),
	updated_at timestamptz not null default now()
) with (fillfactor = 90); -- room for a status to change in its page
create index waybills_upload on waybills (upload_id);

-- Which of an upload's waybills were known before it; those that it brought name it in
-- waybills.upload_id.
create table upload_known (
	upload_id bigint primary key,
	waybill_ids bigint[] not null
);
alter table upload_known alter column waybill_ids set storage external; -- spares an import time

-- What happened to a parcel, append-only; written by the trigger on waybills.
create table waybill_events (
	id bigint generated always as identity primary key,
	waybill_id bigint not null,
	from_status text,
	to_status text not null,
	cause text not null, -- upload, scan, dispatch, hold, resume, job, other
	changed_by text,
	detail jsonb, -- {"upload_id"}, {"scan_id", "session_id"}, {"reason"} ...
	changed_at timestamptz not null default now()
);
create index waybill_events_waybill on waybill_events (waybill_id);

create table batch_sessions (
	id bigint generated always as identity primary key,
	state text not null default 'open' check (state in ('open', 'dispatched', 'cancelled')),
	scanned_by text,
	station text,
	uploads bigint[] not null default '{}', -- whose waybills are expected; {}: any
	expected bigint, -- how many those were when the session began; null: any
	created_at timestamptz not null default now(),
	closed_at timestamptz,
	closed_by text
);

-- The waybills that a session expects, as its uploads held them when it began.
create table session_expected (
	session_id bigint not null,
	waybill_id bigint not null,
	primary key (session_id, waybill_id)
);

create table scanned_waybills (
	id bigint generated always as identity primary key,
	scan_id uuid not null unique,
	waybill_number text collate "C" not null,
	waybill_id bigint,
	session_id bigint,
	mode text not null,
	station text,
	scanned_by text,
	result text not null,
	scanned_at timestamptz not null, -- the client's clock
	received_at timestamptz not null default now(),
	voided_at timestamptz,
	voided_by text,
	answer text -- what the client was told, when it may ask again with its scan_id
);
-- Exactly one valid scan of a number in a session and mode, whatever arrives when; a check
-- only looks, as often as it likes.
create unique index scanned_waybills_once on scanned_waybills (session_id, waybill_number, mode)
	where result = 'valid' and voided_at is null and session_id is not null and mode <> 'check';
create index scanned_waybills_number on scanned_waybills (waybill_number);

create table users (
	id bigint generated always as identity primary key,
	username text collate "C" not null unique,
	password_hash text not null,
	role text not null check (role in ('admin', 'supervisor', 'office', 'scanner')),
	disabled_at timestamptz,
	created_at timestamptz not null default now(),
	updated_at timestamptz not null default now()
);

-- Web sessions, so that any host can serve any request; id is the cookie's hash.
create table sessions (
	id varchar(255) primary key,
	user_id bigint,
	ip_address varchar(45),
	user_agent text,
	payload text,
	last_activity integer
);
create index sessions_last_activity on sessions (last_activity);

create table audit_log (
	id bigint generated always as identity primary key,
	at timestamptz not null default now(),
	user_id bigint,
	actor text,
	action text not null,
	subject text,
	detail jsonb,
	ip_address text,
	request_id text
);
