-- A batch session begins.
-- $1 scanned_by   $2 station   $3 JSON array of upload ids whose waybills are expected, or null
-- $4 batch_ready: true expects all that is marked ready for a batch and has not left; null does
-- so when no upload is named and there is any; false never
-- 201 with its counters; 422 unknown_upload
with wanted as (
	select distinct value::bigint as id
	from json_array_elements_text(coalesce(nullif($3, ''), '[]')::json)
), unknown as (
	select string_agg(w.id::text, ', ' order by w.id) as ids
	from wanted w
	where not exists (select from uploads u
			  where u.id = w.id and u.state = 'completed' and not u.dry_run)
), ready as materialized (
	select b.id from waybills b
	where b.batch_ready and status_waits(b.status)
	      and coalesce($4::boolean, not exists (select from wanted))
), held as materialized (
	select id from ready
	union
	-- What these uploads brought, and what they named that was known before.
	select b.id from wanted u join waybills b on b.upload_id = u.id
	union
	select b.id
	from wanted u join upload_known k on k.upload_id = u.id, unnest(k.waybill_ids) as known (id)
	join waybills b on b.id = known.id
), made as (
	insert into batch_sessions (scanned_by, station, uploads, expected)
	select nullif($1, ''), nullif($2, ''), coalesce(array_agg(w.id order by w.id), '{}'),
	       case when count(w.id) > 0 or $4::boolean or exists (select from ready)
		    then (select count(*) from held) end
	from wanted w
	having (select ids from unknown) is null
	returning *
), snapshot as (
	insert into session_expected (session_id, waybill_id)
	select m.id, h.id from made m, held h order by h.id
)
select 201 as status, session_json(made::batch_sessions)::text as body
from made
union all
select 422, json_build_object('error', 'unknown_upload', 'message',
	'Only uploads that were loaded can be expected; these were not: ' || ids || '.')::text
from unknown where ids is not null
