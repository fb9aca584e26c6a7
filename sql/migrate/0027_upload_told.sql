-- What an upload is told to be: counters that add up, the rows that were lost before those that
-- came twice, the seconds that are left, and whose answer a key gets.

alter table uploads
	-- The attempt under way brings rows straight into the table: nothing is left to be merged.
	add column direct boolean;

-- Forgets what an earlier attempt has found out.
create or replace function upload_set_back(p_id bigint) returns void language sql as $$
	update uploads
	set sheet = null, format = null, heading_row = null, mapping = '[]', rows_total = null,
	    rows_done = 0, inserted = 0, updated = 0, unchanged = 0, duplicate = 0, rejected = 0,
	    error = null, message = null, warnings = '[]', finished_at = null,
	    phase = case state when 'processing' then 'reading' end, direct = null,
	    bytes_done = null, bytes_total = null, merging_at = null, progress_at = null,
	    loading_at = case state when 'processing' then clock_timestamp() end
	where id = p_id
$$;

-- Seconds until an upload that is being loaded will be there. Rows that go straight into the
-- table are there when all are read; staged ones are merged after that, which takes about twice
-- as long as the reading.
create or replace function upload_seconds_left(u uploads) returns integer language sql stable as $$
	select case
	when u.state <> 'processing' or u.loading_at is null then null
	when u.merging_at is not null then
		greatest(0, extract(epoch from 2 * (u.merging_at - u.loading_at)
				    - (clock_timestamp() - u.merging_at)))::integer
	when u.bytes_done > 0 and u.rows_done > 0 then
		greatest(0, extract(epoch from (u.progress_at - u.loading_at))
			    * (case when u.direct then 1.0 else 3.0 end
			       * u.bytes_total / u.bytes_done - 1))::integer
	end
$$;
