/*
 * Courier texts. Ignorant of what a status allows: that is SQL's.
 */
#include "parse/status.h"

#include "parse/text.h"

#define PENDING    SLICE_INIT("pending")
#define SCHEDULING SLICE_INIT("hq_scheduling")
#define DISPATCHED SLICE_INIT("dispatched")
#define IN_TRANSIT SLICE_INIT("in_transit")
#define DELIVERING SLICE_INIT("delivering")
#define DELIVERED  SLICE_INIT("delivered")
#define FOR_RETURN SLICE_INIT("for_return")
#define RETURNED   SLICE_INIT("returned")
#define CANCELLED  SLICE_INIT("cancelled")

/* Keys as text_key() makes them: the letters alone. */
static const struct {
	struct slice key, stored;
} texts[] = {
	{ SLICE_INIT("pending"), PENDING },
	{ SLICE_INIT("pendingpickup"), PENDING },
	{ SLICE_INIT("headquartersschedulingtooutlets"), SCHEDULING },
	{ SLICE_INIT("hqscheduling"), SCHEDULING },
	{ SLICE_INIT("dispatched"), DISPATCHED },
	{ SLICE_INIT("pickedup"), DISPATCHED },
	{ SLICE_INIT("pickup"), DISPATCHED },
	{ SLICE_INIT("intransit"), IN_TRANSIT },
	{ SLICE_INIT("departure"), IN_TRANSIT },
	{ SLICE_INIT("arrival"), IN_TRANSIT },
	{ SLICE_INIT("arrivedhub"), IN_TRANSIT },
	{ SLICE_INIT("atwarehouse"), IN_TRANSIT },
	{ SLICE_INIT("delivering"), DELIVERING },
	{ SLICE_INIT("outfordelivery"), DELIVERING },
	{ SLICE_INIT("ondelivery"), DELIVERING },
	{ SLICE_INIT("deliveryfailed"), DELIVERING },
	{ SLICE_INIT("problematicprocessing"), DELIVERING },
	{ SLICE_INIT("detained"), DELIVERING },
	{ SLICE_INIT("delivered"), DELIVERED },
	{ SLICE_INIT("signed"), DELIVERED },
	{ SLICE_INIT("forreturn"), FOR_RETURN },
	{ SLICE_INIT("returning"), FOR_RETURN },
	{ SLICE_INIT("returntosender"), FOR_RETURN },
	{ SLICE_INIT("rts"), FOR_RETURN },
	{ SLICE_INIT("returned"), RETURNED },
	{ SLICE_INIT("cancelled"), CANCELLED },
	{ SLICE_INIT("canceled"), CANCELLED },
	{ SLICE_INIT("closed"), CANCELLED },
};

struct slice status_read(struct slice text)
{
	char bytes[40];
	struct slice key = { bytes, 0 };

	if (text_key(text, bytes, sizeof(bytes), &key.n))
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			if (slice_eq(key, texts[i].key))
				return texts[i].stored;
	return (struct slice){ NULL, 0 };
}
