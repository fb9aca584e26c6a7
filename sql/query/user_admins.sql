-- reads
-- How many can manage users.
select count(*) from users where role = 'admin' and disabled_at is null
