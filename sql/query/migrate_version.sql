-- plain
-- The newest migration that was applied; 0 for an empty database.
select coalesce(max(version), 0) from schema_version
