/*
 * The parts of a Philippine address that stands in one cell: province, city, barangay
 * and street, read from the right as people write them ("12 Rizal St, Brgy. San Isidro,
 * Quezon City, Metro Manila 1100"). The names are those of places.txt.
 */
#ifndef PARSE_ADDRESS_H
#define PARSE_ADDRESS_H

#include "parse/slice.h"

/*
 * Views of the address; p is NULL for a part that is not there or not sure. province is a
 * view of static text when the address leaves it out and its city's name occurs only once
 * in the country. Province and city come together or not at all; barangay and street only
 * beside them, the street only beside a barangay.
 */
struct address {
	struct slice province, city, barangay, street;
};

/* Splits an address, valid UTF-8. False when it is not sure of the province and city: all
 * of *to is then NULL, and the address is best left whole. */
bool address_split(struct slice whole, struct address *to);

#endif
