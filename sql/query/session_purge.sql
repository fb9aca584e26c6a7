-- Sessions that have ended go.
-- $1 seconds one lasts without a request, $2 at the most
-- how many they were
with gone as (
	delete from sessions
	where last_activity <= extract(epoch from now())::integer - $1::integer
	      or (payload::json ->> 'started')::integer
		 <= extract(epoch from now())::integer - $2::integer
	returning 1
)
select count(*) from gone
