/* Couriers' status texts. */
#include "parse/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct row {
	const char *in, *want; /* want NULL: unknown */
} rows[] = {
	{ "Pending", "pending" },
	{ "Pending Pickup", "pending" },
	{ "Headquarters Scheduling To Outlets", "hq_scheduling" },
	{ "hq_scheduling", "hq_scheduling" },
	{ "Dispatched", "dispatched" },
	{ "Picked Up", "dispatched" },
	{ "Pickup", "dispatched" },
	{ "Pick-up", "dispatched" },
	{ "In Transit", "in_transit" },
	{ "IN_TRANSIT", "in_transit" },
	{ "in-transit", "in_transit" },
	{ "Departure", "in_transit" },
	{ "Arrival", "in_transit" },
	{ "Arrived Hub", "in_transit" },
	{ "At Warehouse", "in_transit" },
	{ "Delivering", "delivering" },
	{ "Out for Delivery", "delivering" },
	{ "OUT  FOR DELIVERY", "delivering" },
	{ "On Delivery", "delivering" },
	{ "Delivery Failed", "delivering" },
	{ "Problematic Processing", "delivering" },
	{ "Detained", "delivering" },
	{ "Delivered", "delivered" },
	{ "DELIVERED", "delivered" },
	{ "Signed", "delivered" },
	{ "For Return", "for_return" },
	{ "for_return", "for_return" },
	{ "Returning", "for_return" },
	{ "Return to Sender", "for_return" },
	{ "RTS", "for_return" },
	{ "Returned", "returned" },
	{ "Cancelled", "cancelled" },
	{ "Canceled", "cancelled" },
	{ "Closed", "cancelled" },
	/* a hold is decided here, never by a file */
	{ "issue_pending", NULL },
	{ "", NULL },
	{ "Deliver", NULL },
	{ "Not Delivered", NULL },
	{ "Return", NULL },
	{ "Terkirim", NULL },
	{ "已签收", NULL },
	{ "Headquarters Scheduling To Outlets In The North", NULL },
};

static void knows_the_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice got = status_read(slice_str(rows[i].in));

		if ((got.p == NULL) != (rows[i].want == NULL) ||
		    !slice_eq(got, slice_str(rows[i].want)))
			fail_msg("\"%s\": \"%.*s\"", rows[i].in, (int)got.n, got.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
