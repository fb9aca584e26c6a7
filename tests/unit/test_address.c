/* Addresses of one cell, split or left whole. */
#include "parse/address.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* want: province|city|barangay|street, "" when the address must be left whole. */
static const struct split_row {
	const char *name, *address, *want;
} split_rows[] = {
	{ "all parts", "12 Rizal St, Brgy. San Isidro, Quezon City, Metro Manila",
	  "Metro Manila|Quezon City|San Isidro|12 Rizal St" },
	{ "a province left out", "12 Rizal St, Barangay Poblacion, Makati City",
	  "Metro Manila|Makati City|Poblacion|12 Rizal St" },
	{ "ZIP code and country",
	  "Unit 5, 12 Rizal St, Brgy 12, Makati 1200, Philippines",
	  "Metro Manila|Makati|12|Unit 5, 12 Rizal St" },
	{ "a ZIP code by itself", "Bgy. Uno, Dasmarinas, Cavite, 4114",
	  "Cavite|Dasmarinas|Uno|-" },
	{ "a ZIP code before the province", "Brgy Uno, Dasmariñas City 4114, Cavite",
	  "Cavite|Dasmariñas City|Uno|-" },
	{ "capitals", "12 RIZAL ST, BRGY SAN ROQUE, CEBU CITY, CEBU",
	  "CEBU|CEBU CITY|SAN ROQUE|12 RIZAL ST" },
	{ "the barangay's word within a part", "12 Rizal St Brgy. Uno, Lipa, Batangas",
	  "Batangas|Lipa|Uno|12 Rizal St" },
	{ "barangay names of several words", "Brgy. Bagong Silang Uno, Caloocan",
	  "Metro Manila|Caloocan|Bagong Silang Uno|-" },
	{ "poblacion is a barangay", "2 Mabini St, Poblacion, Boac, Marinduque",
	  "Marinduque|Boac|Poblacion|2 Mabini St" },
	{ "a barangay without its word is not sure",
	  "2 Mabini St, San Isidro, Lipa, Batangas", "Batangas|Lipa|-|-" },
	{ "city of", "Brgy. 1, City of San Fernando, Pampanga",
	  "Pampanga|City of San Fernando|1|-" },
	{ "a city called as its province", "Brgy. 1, Iloilo, Iloilo",
	  "Iloilo|Iloilo|1|-" },
	{ "a town called as its province", "Brgy. 1, Romblon, Romblon",
	  "Romblon|Romblon|1|-" },
	{ "another name of a province", "Brgy. 1, Pasig, NCR", "NCR|Pasig|1|-" },
	{ "another name of a city", "Brgy. 1, CDO, Misamis Oriental",
	  "Misamis Oriental|CDO|1|-" },
	{ "a name of two words by an apostrophe", "Brgy. 1, Brooke's Point, Palawan",
	  "Palawan|Brooke's Point|1|-" },
	{ "nothing but the city", "Makati", "Metro Manila|Makati|-|-" },
	{ "empty parts", ", 12 Rizal St,, Brgy. Uno , Lipa, Batangas,",
	  "Batangas|Lipa|Uno|12 Rizal St" },
	{ "a district of a city", "Brgy. 1, Sta. Cruz, Manila",
	  "Metro Manila|Manila|-|-" },
	{ "a city of another province's name", "Brgy. 1, Quezon City, Quezon", "" },
	{ "a city called so in another province", "Brgy. 1, Roxas City, Palawan", "" },
	{ "a city with City in its own province", "Brgy. 1, Naga City, Cebu",
	  "Cebu|Naga City|1|-" },
	{ "a city in a city", "Brgy. 1, Makati City, Manila", "" },
	{ "a city of two provinces", "Brgy. 1, San Fernando City", "" },
	{ "a city of another province", "Brgy. 1, Makati, Cebu", "" },
	{ "a province alone", "Cebu", "" },
	{ "a province that is also a city", "12 Rizal St, Davao", "" },
	{ "no place at the end", "12 Rizal St, beside the church", "" },
	{ "a place in the middle only", "Makati, beside the church", "" },
	{ "no comma", "12 Rizal St Makati City", "" },
	{ "empty", "", "" },
	{ "commas only", ",,,", "" },
	{ "a ZIP code only", "1200", "" },
	{ "too many commas", "a,b,c,d,e,f,g,h,i,j,k,Makati,Metro Manila", "" },
	{ "a long name",
	  "Brgy. 1, Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch", "" },
	{ "a barangay's word without a name", "Brgy., Lipa, Batangas",
	  "Batangas|Lipa|-|-" },
	{ "a word that begins so", "Barangayan St, Lipa, Batangas", "Batangas|Lipa|-|-" },
};

static const char *shown(struct slice s, char *to, size_t size)
{
	if (s.p == NULL)
		return "-";
	(void)snprintf(to, size, "%.*s", (int)s.n, s.p);
	return to;
}

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(split_rows) / sizeof(split_rows[0]); i++) {
		const struct split_row *row = &split_rows[i];
		char got[512] = "", part[4][100];
		struct address a;

		if (address_split(slice_str(row->address), &a))
			(void)snprintf(got, sizeof(got), "%s|%s|%s|%s",
				       shown(a.province, part[0], sizeof(part[0])),
				       shown(a.city, part[1], sizeof(part[1])),
				       shown(a.barangay, part[2], sizeof(part[2])),
				       shown(a.street, part[3], sizeof(part[3])));
		else
			assert_true(a.province.p == NULL && a.city.p == NULL &&
				    a.barangay.p == NULL && a.street.p == NULL);
		if (strcmp(got, row->want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", row->name, got,
				 row->want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_split) };

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
