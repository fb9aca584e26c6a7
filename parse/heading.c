/*
 * The spellings of headings. Ignorant of rows and of which of two columns is taken:
 * columns.c decides that by what stands here.
 */
#include "parse/heading.h"

#include "parse/text.h"

enum specific { LOOSE = 0, BARE = 2, QUALIFIED = 4, UNIT = 1 };
enum { KEY_MAX = 32 };

/* Keys as text_key() makes them. */
static const struct spelling {
	struct slice key;
	enum field field;
	enum specific specific;
	unsigned part;
} spellings[] = {
	{ SLICE_INIT("waybillnumber"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },
	{ SLICE_INIT("waybillno"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },
	{ SLICE_INIT("waybill"), FIELD_WAYBILL_NUMBER, BARE, 0 },
	{ SLICE_INIT("waybillnumb"), FIELD_WAYBILL_NUMBER, LOOSE, 0 },
	{ SLICE_INIT("trackingnumber"), FIELD_WAYBILL_NUMBER, BARE, 0 },
	{ SLICE_INIT("trackingno"), FIELD_WAYBILL_NUMBER, BARE, 0 },
	{ SLICE_INIT("pno"), FIELD_WAYBILL_NUMBER, LOOSE, 0 },
	{ SLICE_INIT("awb"), FIELD_WAYBILL_NUMBER, BARE, 0 },
	{ SLICE_INIT("awbnumber"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },
	{ SLICE_INIT("noawb"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },
	{ SLICE_INIT("nowaybill"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },
	{ SLICE_INIT("nomorresi"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },
	{ SLICE_INIT("resi"), FIELD_WAYBILL_NUMBER, BARE, 0 },
	{ SLICE_INIT("运单号"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },
	{ SLICE_INIT("运单编号"), FIELD_WAYBILL_NUMBER, QUALIFIED, 0 },

	{ SLICE_INIT("orderstatus"), FIELD_STATUS, QUALIFIED, 0 },
	{ SLICE_INIT("deliverystatus"), FIELD_STATUS, QUALIFIED, 0 },
	{ SLICE_INIT("shipmentstatus"), FIELD_STATUS, QUALIFIED, 0 },
	{ SLICE_INIT("status"), FIELD_STATUS, BARE, 0 },

	{ SLICE_INIT("sendername"), FIELD_SENDER_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("namapengirim"), FIELD_SENDER_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("sendernameproduct"), FIELD_SENDER_NAME, BARE, 0 },
	{ SLICE_INIT("sender"), FIELD_SENDER_NAME, BARE, 0 },
	{ SLICE_INIT("shipper"), FIELD_SENDER_NAME, BARE, 0 },
	{ SLICE_INIT("shippingcustomer"), FIELD_SENDER_NAME, BARE, 0 },

	{ SLICE_INIT("sendercellphone"), FIELD_SENDER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("senderphone"), FIELD_SENDER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("teleponpengirim"), FIELD_SENDER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("sendercontact"), FIELD_SENDER_PHONE, BARE, 0 },

	{ SLICE_INIT("senderaddress"), FIELD_SENDER_ADDRESS, QUALIFIED, 0 },

	{ SLICE_INIT("receivername"), FIELD_RECEIVER_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("consigneename"), FIELD_RECEIVER_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("namapenerima"), FIELD_RECEIVER_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("receiver"), FIELD_RECEIVER_NAME, BARE, 0 },
	{ SLICE_INIT("consignee"), FIELD_RECEIVER_NAME, BARE, 0 },
	{ SLICE_INIT("recipient"), FIELD_RECEIVER_NAME, BARE, 0 },

	{ SLICE_INIT("receivercellphone"), FIELD_RECEIVER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("receiverphone"), FIELD_RECEIVER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("receivermobile"), FIELD_RECEIVER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("consigneephone"), FIELD_RECEIVER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("teleponpenerima"), FIELD_RECEIVER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("receivertelephone"), FIELD_RECEIVER_PHONE, QUALIFIED, 0 },
	{ SLICE_INIT("receivercontact"), FIELD_RECEIVER_PHONE, BARE, 0 },
	{ SLICE_INIT("receiverce"), FIELD_RECEIVER_PHONE, LOOSE, 0 },

	{ SLICE_INIT("receiverprovince"), FIELD_PROVINCE, QUALIFIED, 0 },
	{ SLICE_INIT("provinsipenerima"), FIELD_PROVINCE, QUALIFIED, 0 },
	{ SLICE_INIT("province"), FIELD_PROVINCE, BARE, 0 },
	{ SLICE_INIT("state"), FIELD_PROVINCE, BARE, 0 },

	{ SLICE_INIT("receivercity"), FIELD_CITY, QUALIFIED, 0 },
	{ SLICE_INIT("kotapenerima"), FIELD_CITY, QUALIFIED, 0 },
	{ SLICE_INIT("city"), FIELD_CITY, BARE, 0 },

	{ SLICE_INIT("receiverbarangay"), FIELD_BARANGAY, QUALIFIED, 0 },
	{ SLICE_INIT("kecamatanpenerima"), FIELD_BARANGAY, QUALIFIED, 0 },
	{ SLICE_INIT("barangay"), FIELD_BARANGAY, BARE, 0 },
	{ SLICE_INIT("brgy"), FIELD_BARANGAY, BARE, 0 },
	{ SLICE_INIT("receiverregion"), FIELD_BARANGAY, LOOSE, 0 },

	{ SLICE_INIT("destination"), FIELD_DESTINATION, QUALIFIED, 0 },

	{ SLICE_INIT("receiveraddress"), FIELD_RECEIVER_ADDRESS, QUALIFIED, 0 },
	{ SLICE_INIT("consigneeaddress"), FIELD_RECEIVER_ADDRESS, QUALIFIED, 0 },
	{ SLICE_INIT("alamatpenerima"), FIELD_RECEIVER_ADDRESS, QUALIFIED, 0 },
	{ SLICE_INIT("address"), FIELD_RECEIVER_ADDRESS, BARE, 0 },
	{ SLICE_INIT("street"), FIELD_STREET, QUALIFIED, 0 },

	{ SLICE_INIT("itemweight"), FIELD_WEIGHT, QUALIFIED, 0 },
	{ SLICE_INIT("weight"), FIELD_WEIGHT, BARE, 0 },
	{ SLICE_INIT("berat"), FIELD_WEIGHT, BARE, 0 },
	{ SLICE_INIT("settlementweight"), FIELD_WEIGHT, QUALIFIED, 0 },
	{ SLICE_INIT("chargeableweight"), FIELD_WEIGHT, QUALIFIED, 0 },

	{ SLICE_INIT("numberofitems"), FIELD_NUMBER_OF_ITEMS, QUALIFIED, 0 },
	{ SLICE_INIT("totalparcels"), FIELD_NUMBER_OF_ITEMS, QUALIFIED, 0 },
	{ SLICE_INIT("jumlahbarang"), FIELD_NUMBER_OF_ITEMS, QUALIFIED, 0 },
	{ SLICE_INIT("quantity"), FIELD_NUMBER_OF_ITEMS, BARE, 0 },
	{ SLICE_INIT("qty"), FIELD_NUMBER_OF_ITEMS, BARE, 0 },

	{ SLICE_INIT("expresstype"), FIELD_EXPRESS_TYPE, QUALIFIED, 0 },
	{ SLICE_INIT("expresstypeservicetype"), FIELD_EXPRESS_TYPE, QUALIFIED, 0 },
	{ SLICE_INIT("servicetype"), FIELD_EXPRESS_TYPE, QUALIFIED, 0 },
	{ SLICE_INIT("layanan"), FIELD_EXPRESS_TYPE, BARE, 0 },
	{ SLICE_INIT("producttype"), FIELD_EXPRESS_TYPE, LOOSE, 0 },

	{ SLICE_INIT("codamount"), FIELD_COD_AMOUNT, QUALIFIED, 0 },
	{ SLICE_INIT("codamt"), FIELD_COD_AMOUNT, QUALIFIED, 0 },
	{ SLICE_INIT("nilaicod"), FIELD_COD_AMOUNT, QUALIFIED, 0 },
	{ SLICE_INIT("cod"), FIELD_COD_AMOUNT, BARE, 0 },

	{ SLICE_INIT("remarks"), FIELD_REMARKS, BARE, 0 },
	{ SLICE_INIT("remark"), FIELD_REMARKS, BARE, 0 },
	{ SLICE_INIT("keterangan"), FIELD_REMARKS, BARE, 0 },
	{ SLICE_INIT("notes"), FIELD_REMARKS, LOOSE, 0 },
	{ SLICE_INIT("remark1"), FIELD_REMARKS, LOOSE, 1 },
	{ SLICE_INIT("remark2"), FIELD_REMARKS, LOOSE, 2 },
	{ SLICE_INIT("remark3"), FIELD_REMARKS, LOOSE, 3 },

	{ SLICE_INIT("itemname"), FIELD_ITEM_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("parcelname"), FIELD_ITEM_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("productname"), FIELD_ITEM_NAME, QUALIFIED, 0 },
	{ SLICE_INIT("product"), FIELD_ITEM_NAME, BARE, 0 },
	{ SLICE_INIT("itemtype"), FIELD_ITEM_NAME, LOOSE, 0 },

	{ SLICE_INIT("signingtime"), FIELD_SIGNING_TIME, QUALIFIED, 0 },
	{ SLICE_INIT("waktuttd"), FIELD_SIGNING_TIME, QUALIFIED, 0 },
	{ SLICE_INIT("deliverytime"), FIELD_SIGNING_TIME, BARE, 0 },

	{ SLICE_INIT("submissiontime"), FIELD_SUBMISSION_TIME, QUALIFIED, 0 },
	{ SLICE_INIT("pickuptime"), FIELD_SUBMISSION_TIME, BARE, 0 },
	{ SLICE_INIT("putime"), FIELD_SUBMISSION_TIME, BARE, 0 },
	{ SLICE_INIT("orderdate"), FIELD_SUBMISSION_TIME, LOOSE, 0 },
	{ SLICE_INIT("submissiontir"), FIELD_SUBMISSION_TIME, LOOSE, 0 },
};

/* Units that change nothing about what a column means. Grams are not among them: a
 * column of grams is no column of kilograms. */
static bool is_unit(struct slice s)
{
	static const struct slice units[] = {
		SLICE_INIT("kg"),   SLICE_INIT("kgs"),    SLICE_INIT("kilogram"),
		SLICE_INIT("kilo"), SLICE_INIT("php"),    SLICE_INIT("peso"),
		SLICE_INIT("idr"),  SLICE_INIT("pesos"),  SLICE_INIT("rp"),
		SLICE_INIT("myr"),  SLICE_INIT("rupiah"), SLICE_INIT("rm"),
		SLICE_INIT("usd"),  SLICE_INIT("sgd"),    SLICE_INIT("cny"),
		SLICE_INIT("pcs"),  SLICE_INIT("pc"),     SLICE_INIT("pieces"),
		SLICE_INIT("rmb"),  SLICE_INIT("元"),
	};
	char key[KEY_MAX];
	size_t n = 0;

	if (!text_key(s, key, sizeof(key), &n))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (slice_eq((struct slice){ key, n }, units[i]))
			return true;
	return false;
}

/* Finds the first of an ASCII sign and its full-width form; its length or 0. */
static size_t sign_find(struct slice s, char ascii, struct slice wide, size_t *at_r)
{
	for (*at_r = 0; *at_r < s.n; ++*at_r) {
		if (s.p[*at_r] == ascii)
			return 1;
		if (slice_starts(slice_from(s, *at_r), wide))
			return wide.n;
	}
	return 0;
}

/* Takes what stands before the next parenthesis into *head_r and what stands in it into
 * *inside_r; both parentheses are gone. */
static void take_part(struct slice *s, struct slice *head_r, struct slice *inside_r)
{
	size_t at, len = sign_find(*s, '(', SLICE("\xef\xbc\x88"), &at);

	*head_r = slice_take(s, at);
	(void)slice_take(s, len);
	*inside_r = (struct slice){ NULL, 0 };
	if (len == 0)
		return;
	len = sign_find(*s, ')', SLICE("\xef\xbc\x89"), &at);
	*inside_r = slice_take(s, at);
	(void)slice_take(s, len);
}

static bool heading_key(struct slice text, char *to, size_t *n, bool *unit_r)
{
	struct slice head, inside;

	*n = 0;
	*unit_r = false;
	while (text.n > 0) {
		take_part(&text, &head, &inside);
		if (!text_key(head, to, KEY_MAX, n))
			return false;
		if (inside.n > 0 && is_unit(inside))
			*unit_r = true;
		else if (!text_key(inside, to, KEY_MAX, n))
			return false;
	}
	return true;
}

bool heading_read(struct slice text, struct heading *h_r)
{
	char bytes[KEY_MAX];
	struct slice key = { bytes, 0 };
	bool unit;

	if (!heading_key(text, bytes, &key.n, &unit))
		return false;
	for (unsigned i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (slice_eq(key, spellings[i].key)) {
			h_r->field = spellings[i].field;
			h_r->specific =
				(unsigned)spellings[i].specific + (unit ? UNIT : 0u);
			h_r->part = spellings[i].part;
			return true;
		}
	return false;
}
