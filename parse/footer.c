/*
 * Rows of totals. Ignorant of headings, but for which cell is under the waybill number's.
 */
#include "parse/footer.h"

#include "parse/text.h"

/* The words that footers begin with; longer ones stand before their beginnings. */
static size_t footer_word(struct slice s)
{
	static const struct slice words[] = {
		SLICE_INIT("grand total"), SLICE_INIT("sub total"),
		SLICE_INIT("sub-total"),   SLICE_INIT("subtotal"),
		SLICE_INIT("totals"),      SLICE_INIT("total"),
		SLICE_INIT("jumlah"),      SLICE_INIT("总计"),
		SLICE_INIT("合计"),        SLICE_INIT("小计"),
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct slice head = { s.p, words[i].n };

		if (s.n >= head.n && slice_eq_nocase(head, words[i]))
			return head.n;
	}
	return 0;
}

enum label { LABEL_NONE, LABEL_BEGINS, LABEL_ONLY };

/* "Total" alone or with a colon; or "Total parcels: 25", but not "TOTAL-0001". */
static enum label footer_label(struct slice s)
{
	size_t n = footer_word(s);

	s = slice_from(s, n);
	if (n == 0)
		return LABEL_NONE;
	if (s.n == 0 || text_is_filler(s)) /* a colon, a dash */
		return LABEL_ONLY;
	if (s.p[0] == ':' || s.p[0] == '(' || s.p[0] == '=' || text_trim(s).p != s.p)
		return LABEL_BEGINS;
	return LABEL_NONE;
}

/* Eight letters and digits, one of them a digit, and no space: more than any count of
 * parcels has, and no number of a courier has less. */
static bool looks_like_number(struct slice s)
{
	size_t n = 0;
	bool digit = false;

	for (size_t i = 0; i < s.n; i++) {
		if (text_class((unsigned char)s.p[i] & 0x7f) == TEXT_LETTER)
			n++;
		if (s.p[i] == ' ')
			return false;
		digit = digit || (s.p[i] >= '0' && s.p[i] <= '9');
	}
	return n >= 8 && digit;
}

/* The first filled cell that is no bare number (a row's own number, a sum), or NULL. */
static const struct cell *first_text(const struct row *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct slice s = text_trim(r->cells[i].text);

		if (r->cells[i].kind == CELL_TEXT && s.n > 0 &&
		    (s.p[0] < '0' || s.p[0] > '9'))
			return &r->cells[i];
	}
	return NULL;
}

bool footer_row(const struct row *r, const struct cell *number)
{
	const struct cell *first = first_text(r);
	enum label label =
		first == NULL ? LABEL_NONE : footer_label(text_trim(first->text));
	struct slice s = { NULL, 0 };

	if (label == LABEL_NONE)
		return false;
	if (number != NULL)
		s = text_trim(number->text);
	if (s.n == 0 || text_is_filler(s) || number == first)
		return true;
	return label == LABEL_ONLY && !looks_like_number(s);
}
