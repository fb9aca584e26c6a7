-- One step of a job that comes by the clock.
-- $1 kind   $2 id   $3 hold_days   $4 retention_days   $5, $6 seconds that a web session lasts
-- without a request, and at the most
-- One row: how many rows it removed or changed; 0: the job is done
select job_step($1, $2::bigint, $3::integer, $4::integer, $5::integer, $6::integer)
