/*
 * Addresses into parts, by a table of the country's places. Ignorant of rows and columns.
 * What it is not sure of it leaves: a wrong city sends a parcel to the wrong gate.
 */
#include "parse/address.h"

#include "parse/text.h"

#include <stdint.h>
#include <stdlib.h>

enum {
	KEY_MAX = 28,  /* places.awk holds every key below this */
	SEGMENTS = 12, /* an address with more commas is something else */
	ZIP_DIGITS = 4,
	AMBIGUOUS = -2,
	UNKNOWN = -1
};

struct place {
	char key[KEY_MAX];
	uint8_t province;
};

#include "places_table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The parts between commas, trimmed, without empty ones. */
struct segments {
	struct slice at[SEGMENTS];
	size_t n;
};

/* The name's key as the table has it; false for none, or one longer than all of those. */
static bool key_of(struct slice name, char key[KEY_MAX])
{
	char bytes[2 * KEY_MAX];
	size_t n = 0, to = 0;

	if (!text_key(name, bytes, sizeof(bytes), &n))
		return false;
	for (size_t i = 0; i < n && to < KEY_MAX; i++) {
		bool enye = bytes[i] == '\xc3' && i + 1 < n && bytes[i + 1] == '\xb1';

		key[to++] = enye ? 'n' : bytes[i];
		i += enye;
	}
	if (to == 0 || to == KEY_MAX)
		return false;
	key[to] = '\0';
	return true;
}

/* Where the first entry with this key stands or would stand. */
static size_t lower_bound(const struct place *table, size_t n, const char *key)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (strcmp(table[middle].key, key) < 0)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

static int province_of(struct slice name)
{
	char key[KEY_MAX];
	size_t i;

	if (!key_of(name, key))
		return UNKNOWN;
	i = lower_bound(province_keys, COUNT(province_keys), key);
	if (i == COUNT(province_keys) || strcmp(province_keys[i].key, key) != 0)
		return UNKNOWN;
	return province_keys[i].province;
}

/* The province of the city with this key: `within` when that has one, and with within ==
 * UNKNOWN the only one that has. */
static int city_by_key(const char *key, int within)
{
	int found = UNKNOWN;

	for (size_t i = lower_bound(places, COUNT(places), key);
	     i < COUNT(places) && strcmp(places[i].key, key) == 0; i++) {
		if (within == places[i].province)
			return within;
		if (within == UNKNOWN)
			found = found == UNKNOWN ? places[i].province : AMBIGUOUS;
	}
	return found;
}

/* The same for a city as people write it: "Makati", "Makati City", "City of Makati",
 * "Iloilo" for Iloilo City within its province. */
static int city_of(struct slice name, int within)
{
	static const char *const prefixes[] = { "cityof", "municipalityof" };
	char key[KEY_MAX + sizeof("city")];
	char *bare = key;
	int found;
	size_t n;

	if (!key_of(name, key))
		return UNKNOWN;
	found = city_by_key(key, within);
	for (size_t i = 0; found == UNKNOWN && i < COUNT(prefixes); i++)
		if (strncmp(key, prefixes[i], strlen(prefixes[i])) == 0) {
			bare = key + strlen(prefixes[i]);
			found = city_by_key(bare, within);
		}
	n = strlen(bare);
	if (found == UNKNOWN && n > 4 && strcmp(bare + n - 4, "city") == 0) {
		/* Quezon City is no other name of Quezon in Quezon. */
		if (city_by_key(bare, UNKNOWN) != UNKNOWN)
			return UNKNOWN;
		bare[n - 4] = '\0';
		found = city_by_key(bare, within);
	} else if (found == UNKNOWN && within != UNKNOWN) {
		memcpy(bare + n, "city", sizeof("city"));
		found = city_by_key(bare, within);
	}
	return found;
}

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

/* Takes a ZIP code from a part's end: "Quezon City 1100". */
static struct slice without_zip(struct slice part)
{
	struct slice name = part;

	if (part.n <= ZIP_DIGITS)
		return is_digits(part) ? slice_from(part, part.n) : part;
	name.n -= ZIP_DIGITS;
	if (!is_digits(slice_from(part, name.n)) || text_trim(name).n == name.n)
		return part;
	return text_trim(name);
}

static bool is_country(struct slice part)
{
	return slice_eq_nocase(part, SLICE("philippines")) ||
	       slice_eq_nocase(part, SLICE("pilipinas")) ||
	       slice_eq_nocase(part, SLICE("ph"));
}

static bool split_commas(struct slice whole, struct segments *to)
{
	to->n = 0;
	while (whole.n > 0) {
		struct slice part = text_trim(slice_split(&whole, ','));

		if (part.n == 0)
			continue;
		if (to->n == SEGMENTS)
			return false;
		to->at[to->n++] = part;
	}
	return true;
}

/* Takes country and ZIP code from the end. */
static void drop_tail(struct segments *s)
{
	while (s->n > 0) {
		struct slice *last = &s->at[s->n - 1];

		*last = without_zip(*last);
		if (last->n > 0 && !is_country(*last))
			return;
		s->n--;
	}
}

/* Takes city and province from the end. */
static bool take_city(struct segments *s, struct address *to)
{
	struct slice last = s->at[s->n - 1], before;
	int province = province_of(last);

	if (province != UNKNOWN && s->n > 1) {
		before = without_zip(s->at[s->n - 2]);
		if (city_of(before, province) == province) {
			to->province = last;
			to->city = before;
			s->n -= 2;
			return true;
		}
	}
	if (province != UNKNOWN)
		return false;
	province = city_of(last, UNKNOWN);
	if (province < 0)
		return false;
	/* "Makati, Manila": which of the two is the city, and which says only where? */
	if (s->n > 1 && city_of(without_zip(s->at[s->n - 2]), province) == province)
		return false;
	to->province = slice_str(province_names[province]);
	to->city = last;
	s->n--;
	return true;
}

/* The bytes of "Brgy." and the like with the space behind it, at s's begin; else 0. */
static size_t barangay_word(struct slice s)
{
	static const struct slice words[] = { SLICE_INIT("barangay"), SLICE_INIT("brgy"),
					      SLICE_INIT("bgy"), SLICE_INIT("brg") };

	for (size_t i = 0; i < COUNT(words); i++) {
		struct slice head = s, rest = slice_from(s, words[i].n), name;

		head.n -= rest.n;
		if (!slice_eq_nocase(head, words[i]))
			continue;
		if (rest.n > 0 && rest.p[0] == '.')
			(void)slice_take(&rest, 1);
		else if (rest.n > 0 && rest.p[0] != ' ')
			return 0;
		name = text_trim(rest);
		return name.n == 0 ? 0 : (size_t)(name.p - s.p);
	}
	return 0;
}

/* What stands in front of the barangay, within its part and in the parts before it. */
static void take_street(const struct segments *s, const char *end, struct address *to)
{
	struct slice street = { s->at[0].p, (size_t)(end - s->at[0].p) };

	street = text_trim(street);
	while (street.n > 0 && street.p[street.n - 1] == ',') {
		street.n--;
		street = text_trim(street);
	}
	if (street.n > 0)
		to->street = street;
}

/* Takes the barangay from the last part that is left: all of it behind the word, or what
 * stands behind the word within it. */
static void take_barangay(const struct segments *s, struct address *to)
{
	struct slice last;

	if (s->n == 0)
		return;
	last = s->at[s->n - 1];
	for (size_t i = 0; i < last.n; i++) {
		struct slice rest = slice_from(last, i);
		size_t word = i == 0 || last.p[i - 1] == ' ' ? barangay_word(rest) : 0;

		if (word == 0)
			continue;
		to->barangay = slice_from(rest, word);
		take_street(s, rest.p, to);
		return;
	}
	if (slice_starts(last, SLICE("Poblacion")) ||
	    slice_eq_nocase(last, SLICE("poblacion"))) {
		to->barangay = last;
		take_street(s, last.p, to);
	}
}

bool address_split(struct slice whole, struct address *to)
{
	struct segments s;

	*to = (struct address){ .province = { NULL, 0 } };
	if (!split_commas(whole, &s))
		return false;
	drop_tail(&s);
	if (s.n == 0 || !take_city(&s, to))
		return false;
	take_barangay(&s, to);
	return true;
}
