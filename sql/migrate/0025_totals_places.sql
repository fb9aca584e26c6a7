-- What an upload's rows add up to is kept in memory by the places' names as the totals have
-- them, cut, not by whatever long texts a file brings.
create or replace function waybills_inserted() returns trigger language plpgsql as $$
declare
	v_slot smallint := waybill_totals_slot();
	v_status text[];
	v_place text[];
	v_n bigint[];
begin
	select array_agg(status), array_agg(place), array_agg(n)
	into v_status, v_place, v_n
	from (select status, waybill_place(destination) as place, sum(n)::bigint as n
	      from (select status, destination, count(*) as n
		    from after_rows group by status, destination) given
	      group by 1, 2) told;
	insert into waybill_status_totals as t
	select status, v_slot, sum(n) from unnest(v_status, v_n) as told (status, n)
	group by status order by status
	on conflict (status, slot) do update set waybills = t.waybills + excluded.waybills;
	insert into waybill_destination_totals as t
	select place, v_slot, sum(n) from unnest(v_place, v_n) as told (place, n)
	where place is not null group by place order by place collate "C"
	on conflict (destination, slot) do update set waybills = t.waybills + excluded.waybills;
	return null;
end
$$;
