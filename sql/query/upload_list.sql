-- reads
-- The latest 50 uploads, newest first, without their rejects.
select 200 as status,
       json_build_object('uploads', (
	       select coalesce(json_agg(upload_json(u, false) order by u.id desc), '[]')
	       from (select * from uploads order by id desc limit 50) u))::text as body
