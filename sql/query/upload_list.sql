-- reads
-- Uploads, newest first, without their rejects.
-- $1 at most so many, 1 to 200   $2 behind this id (a page's next_cursor) or null
-- $3 state or null   $4 part of the file's name, of who uploaded it, or of the key, or null
with found as (
	select u.* from uploads u
	where ($2::bigint is null or u.id < $2::bigint)
	      and ($3 is null or upload_state(u) = $3)
	      and ($4 is null or position(lower($4) in lower(concat_ws(
			e'\n', u.file_name, u.uploaded_by, u.upload_key))) > 0)
	order by u.id desc limit $1::integer + 1
), page as (
	select f.id, upload_json(u, false) as upload
	from (select * from found order by id desc limit $1::integer) f
	join uploads u on u.id = f.id
)
select 200 as status, json_build_object(
	'uploads', (select coalesce(json_agg(upload order by id desc), '[]') from page),
	'next_cursor', case when (select count(*) from found) > $1::integer
			    then (select min(id) from page) end)::text as body
