-- An upload's rows are gone through once for both figures, not once for each.
create or replace function waybills_inserted() returns trigger language plpgsql as $$
declare
	v_slot smallint := waybill_totals_slot();
	v_status text[];
	v_destination text[];
	v_n bigint[];
begin
	select array_agg(status), array_agg(destination), array_agg(n)
	into v_status, v_destination, v_n
	from (select status, destination, count(*) as n
	      from after_rows group by status, destination) told;
	insert into waybill_status_totals as t
	select status, v_slot, sum(n) from unnest(v_status, v_n) as told (status, n)
	group by status order by status
	on conflict (status, slot) do update set waybills = t.waybills + excluded.waybills;
	insert into waybill_destination_totals as t
	select waybill_place(destination), v_slot, sum(n)
	from unnest(v_destination, v_n) as told (destination, n)
	where destination is not null group by 1 order by waybill_place(destination) collate "C"
	on conflict (destination, slot) do update set waybills = t.waybills + excluded.waybills;
	return null;
end
$$;
