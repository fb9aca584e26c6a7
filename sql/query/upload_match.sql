-- After the commit of an upload's rows: scans of numbers that were unknown are matched, and
-- the upload says how many.
-- $1 upload id   $2 the HTTP status to answer with
with swept as materialized (select unknown_sweep($1::bigint) as n)
update uploads u
set warnings = case when s.n = 0 then u.warnings else u.warnings || jsonb_build_object(
	'kind', 'scans_matched', 'count', s.n, 'message',
	'Scans of numbers that were unknown until now are matched to waybills of this file.') end
from swept s
where u.id = $1::bigint
returning $2::integer as status, upload_json(u, true)::text as body
