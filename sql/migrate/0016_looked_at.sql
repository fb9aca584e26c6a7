-- Files that somebody looks at before they are loaded: kept for an hour, so that a correction
-- and the loading itself need not send them once more. Unlogged: they cost no log and no standby,
-- and after a crash the sender still has them.

create unlogged table previews (
	id uuid primary key default gen_random_uuid(), -- who knows it may load the file
	file_name text not null,
	file_size bigint not null,
	file_crc32 bigint not null,
	kept_at timestamptz not null default clock_timestamp()
);

create unlogged table preview_files (
	preview_id uuid not null references previews on delete cascade,
	part integer not null,
	bytes bytea not null,
	primary key (preview_id, part)
);
alter table preview_files alter column bytes set storage external;

-- Those of more than an hour ago go, and of the others all but the newest p_most.
create function previews_drop(p_most integer) returns bigint language plpgsql as $$
declare
	v_count bigint;
begin
	delete from previews where id in (
		select id from previews
		where kept_at < clock_timestamp() - interval '1 hour'
		      or id not in (select id from previews order by kept_at desc limit p_most)
		for update skip locked);
	get diagnostics v_count = row_count;
	return v_count;
end
$$;

-- One step of a job that comes by the clock; 0: it is done.
create or replace function job_step(p_kind text, p_job bigint, p_hold_days integer,
				    p_retention_days integer, p_session_idle integer,
				    p_session_max integer)
returns bigint language plpgsql as $$
declare
	v_now integer := extract(epoch from now());
	v_count bigint := 0;
begin
	if p_kind = 'session_purge' then
		delete from sessions where id in (
			select id from sessions
			where last_activity <= v_now - p_session_idle
			      or (payload::json ->> 'started')::integer <= v_now - p_session_max
			limit 5000);
		get diagnostics v_count = row_count;
		v_count := v_count + previews_drop(16);
	elsif p_kind = 'hold_expiry' and p_hold_days > 0 then
		v_count := hold_expiry(p_hold_days, p_job);
	elsif p_kind = 'scans_match' then
		v_count := unknown_sweep(null);
	elsif p_kind = 'retention' then
		v_count := retention(p_retention_days, 5000);
	end if;
	return v_count;
end
$$;
