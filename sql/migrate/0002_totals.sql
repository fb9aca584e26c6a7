-- Figures that are kept while rows change, so that no dashboard counts a big table.
--
-- Every figure is split over slots that are summed when read: a connection adds to the slot
-- of its process number, so that stations do not wait for each other's commits. Slots 16 to
-- 31 are for uploads, whose transactions hold theirs for longer.

create table waybill_status_totals (
	status text collate "C" not null,
	slot smallint not null,
	waybills bigint not null,
	primary key (status, slot)
) with (fillfactor = 50);

create table waybill_destination_totals (
	destination text collate "C" not null,
	slot smallint not null,
	waybills bigint not null,
	primary key (destination, slot)
) with (fillfactor = 70);

-- A station's and operator's scans of one hour, and of each of its minutes: one row, so that
-- a scan changes one.
create table scan_hours (
	hour timestamptz not null,
	station text collate "C" not null, -- '' for none
	scanned_by text collate "C" not null, -- '' for none
	slot smallint not null,
	valid bigint not null,
	duplicate bigint not null,
	error bigint not null,
	minutes integer[] not null, -- minutes[1] is the first of the hour
	primary key (hour, station, scanned_by, slot)
) with (fillfactor = 50);

create table session_counters (
	session_id bigint not null,
	slot smallint not null,
	valid integer not null,
	duplicate integer not null,
	error integer not null,
	found integer not null, -- valid scans of waybills that the session expects
	primary key (session_id, slot)
) with (fillfactor = 50);

-- Who changes waybills and why: whoever does so calls set_config('waybill.cause', ..., true)
-- with {"cause", "by", "detail"}; a change by hand has none and is "other".
create function waybill_cause() returns jsonb language sql stable as $$
	select coalesce(nullif(current_setting('waybill.cause', true), '')::jsonb, '{}')
$$;

-- The slot of this transaction. An upload also waits for the other upload on its slot, once,
-- here: two that added to the same rows in another order each would deadlock.
create function waybill_totals_slot() returns smallint language plpgsql as $$
declare
	v_slot smallint := pg_backend_pid() % 16;
begin
	if waybill_cause() ->> 'cause' = 'upload' then
		v_slot := v_slot + 16;
		perform pg_advisory_xact_lock(3, v_slot);
	end if;
	return v_slot;
end
$$;

-- A destination as the figures name it. An index holds no text of a whole cell.
create function waybill_place(p_destination text) returns text language sql immutable as $$
	select left(p_destination, 120)
$$;

create function waybills_inserted() returns trigger language plpgsql as $$
declare
	v_slot smallint := waybill_totals_slot();
begin
	insert into waybill_status_totals as t
	select status, v_slot, count(*) from after_rows group by status order by status
	on conflict (status, slot) do update set waybills = t.waybills + excluded.waybills;
	insert into waybill_destination_totals as t
	select waybill_place(destination), v_slot, count(*) from after_rows
	where destination is not null group by 1 order by waybill_place(destination) collate "C"
	on conflict (destination, slot) do update set waybills = t.waybills + excluded.waybills;
	return null;
end
$$;

create function waybills_deleted() returns trigger language plpgsql as $$
declare
	v_slot smallint := waybill_totals_slot();
begin
	insert into waybill_status_totals as t
	select status, v_slot, -count(*) from before_rows group by status order by status
	on conflict (status, slot) do update set waybills = t.waybills + excluded.waybills;
	insert into waybill_destination_totals as t
	select waybill_place(destination), v_slot, -count(*) from before_rows
	where destination is not null group by 1 order by waybill_place(destination) collate "C"
	on conflict (destination, slot) do update set waybills = t.waybills + excluded.waybills;
	return null;
end
$$;

-- Also writes the history: a status cannot change without a line in waybill_events.
create function waybills_updated() returns trigger language plpgsql as $$
declare
	v_slot smallint := waybill_totals_slot();
	v_cause jsonb := waybill_cause();
begin
	insert into waybill_events (waybill_id, from_status, to_status, cause, changed_by, detail)
	select a.id, b.status, a.status, coalesce(v_cause ->> 'cause', 'other'),
	       coalesce(v_cause ->> 'by', case when v_cause ? 'cause' then null else current_user end),
	       v_cause -> 'detail'
	from before_rows b join after_rows a using (id)
	where a.status <> b.status;
	if found then
		insert into waybill_status_totals as t
		select status, v_slot, sum(n)
		from (select status, -1 as n from before_rows
		      union all select status, 1 from after_rows) moved
		group by status having sum(n) <> 0 order by status
		on conflict (status, slot) do update set waybills = t.waybills + excluded.waybills;
	end if;
	insert into waybill_destination_totals as t
	select place, v_slot, sum(n)
	from (select waybill_place(destination) as place, -1 as n from before_rows
	      union all select waybill_place(destination), 1 from after_rows) moved
	where place is not null
	group by place having sum(n) <> 0 order by place collate "C"
	on conflict (destination, slot) do update set waybills = t.waybills + excluded.waybills;
	return null;
end
$$;

create function waybills_truncated() returns trigger language plpgsql as $$
begin
	delete from waybill_status_totals;
	delete from waybill_destination_totals;
	return null;
end
$$;

create trigger waybills_inserted after insert on waybills
	referencing new table as after_rows
	for each statement execute function waybills_inserted();
create trigger waybills_updated after update on waybills
	referencing old table as before_rows new table as after_rows
	for each statement execute function waybills_updated();
create trigger waybills_deleted after delete on waybills
	referencing old table as before_rows
	for each statement execute function waybills_deleted();
create trigger waybills_truncated after truncate on waybills
	for each statement execute function waybills_truncated();
