-- reads
-- A manifest's sums: all of its parcels in the first row (destination null), then each
-- destination, the largest first. A parcel is on it by its valid scan.
-- $1 session
with parcels as (
	select n.mode, w.number_of_items, w.weight, w.cod_amount,
	       coalesce(nullif(w.destination, ''), nullif(w.city, ''), '') as place
	from scanned_waybills n left join waybills w on w.id = n.waybill_id
	where n.session_id = $1::bigint and n.mode <> 'check' and n.result = 'valid'
	      and n.voided_at is null
), sums as (
	select place, grouping(place) as whole, count(*) as parcels,
	       count(*) filter (where mode = 'return') as returned,
	       coalesce(sum(number_of_items), 0) as items,
	       trim_scale(coalesce(sum(weight), 0)) as weight,
	       coalesce(sum(cod_amount), 0) as cod_amount
	from parcels group by grouping sets ((), (place))
)
select place as destination, parcels::text, returned::text, items::text, weight::text,
       trim_scale(cod_amount)::text as cod,
       to_char(cod_amount, 'FM999,999,999,999,999,990.00') as cod_shown,
       case when whole = 1
	    then json_build_object('parcels', parcels, 'returned', returned, 'items', items,
				   'weight', weight, 'cod_amount', trim_scale(cod_amount))
	    else json_build_object('destination', place, 'parcels', parcels,
				   'returned', returned, 'items', items, 'weight', weight,
				   'cod_amount', trim_scale(cod_amount)) end::text as body
from sums
order by whole desc, sums.parcels desc, place
