-- reads
-- How many jobs wait. Answered from the index of those that are queued.
select count(*)::text as queued
from jobs
where state = 'queued'
