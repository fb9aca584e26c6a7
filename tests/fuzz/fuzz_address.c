/* Any address: its parts lie within it, in order, and come together as promised. */
#include "parse/address.h"
#include "parse/utf8.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct slice part, struct slice whole)
{
	if (part.p != NULL)
		assert(part.n > 0 && part.p >= whole.p &&
		       part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice whole = { (const char *)data, size };
	struct address a;

	if (!utf8_valid(whole))
		return 0;
	if (!address_split(whole, &a)) {
		assert(a.province.p == NULL && a.city.p == NULL && a.barangay.p == NULL &&
		       a.street.p == NULL);
		return 0;
	}
	assert(a.province.n > 0 && a.city.n > 0);
	check_within(a.city, whole);
	check_within(a.barangay, whole);
	check_within(a.street, whole);
	if (a.barangay.p != NULL)
		assert(a.barangay.p + a.barangay.n <= a.city.p);
	if (a.street.p != NULL)
		assert(a.barangay.p != NULL && a.street.p + a.street.n <= a.barangay.p);
	return 0;
}
