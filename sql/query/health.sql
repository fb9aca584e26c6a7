-- reads
-- Does the database answer?
select 200 as status, 'healthy'::text as body
