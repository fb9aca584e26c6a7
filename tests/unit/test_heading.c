/* Every spelling of a heading that is known, and those that must not be taken. */
#include "parse/heading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct spelling {
	struct slice in;
	enum field want;
} rows[] = {
	{ SLICE_INIT("Waybill Number"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Waybill"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Waybill No"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Waybill No."), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Waybill Numb"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Tracking Number"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Tracking No"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Tracking No."), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("PNO"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("AWB"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("AWB Number"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("No. AWB"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("No. Waybill"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Nomor Resi"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Resi"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("运单号"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("运单编号"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("Order Status"), FIELD_STATUS },
	{ SLICE_INIT("Orderstatus"), FIELD_STATUS },
	{ SLICE_INIT("Status"), FIELD_STATUS },
	{ SLICE_INIT("Delivery Status"), FIELD_STATUS },
	{ SLICE_INIT("Shipment Status"), FIELD_STATUS },
	{ SLICE_INIT("Sender Name"), FIELD_SENDER_NAME },
	{ SLICE_INIT("Sender"), FIELD_SENDER_NAME },
	{ SLICE_INIT("Sender Name/Product"), FIELD_SENDER_NAME },
	{ SLICE_INIT("Shipping Customer"), FIELD_SENDER_NAME },
	{ SLICE_INIT("Shipper"), FIELD_SENDER_NAME },
	{ SLICE_INIT("Nama Pengirim"), FIELD_SENDER_NAME },
	{ SLICE_INIT("Sender Cellphone"), FIELD_SENDER_PHONE },
	{ SLICE_INIT("Sender Phone"), FIELD_SENDER_PHONE },
	{ SLICE_INIT("Sender Contact"), FIELD_SENDER_PHONE },
	{ SLICE_INIT("Telepon Pengirim"), FIELD_SENDER_PHONE },
	{ SLICE_INIT("Sender Address"), FIELD_SENDER_ADDRESS },
	{ SLICE_INIT("Receiver"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("Receiver Name"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("Receiver(*)"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("Consignee"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("Consignee Name"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("Recipient"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("Nama Penerima"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("Receiver Cellphone"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Receiver Phone"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Receiver Telephone (*)"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Receiver Contact"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Receiver Mobile"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Receiver Ce"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Consignee Phone"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Telepon Penerima"), FIELD_RECEIVER_PHONE },
	{ SLICE_INIT("Province"), FIELD_PROVINCE },
	{ SLICE_INIT("State"), FIELD_PROVINCE },
	{ SLICE_INIT("Receiver Province (*)"), FIELD_PROVINCE },
	{ SLICE_INIT("Provinsi Penerima"), FIELD_PROVINCE },
	{ SLICE_INIT("City"), FIELD_CITY },
	{ SLICE_INIT("Receiver City (*)"), FIELD_CITY },
	{ SLICE_INIT("Kota Penerima"), FIELD_CITY },
	{ SLICE_INIT("Barangay"), FIELD_BARANGAY },
	{ SLICE_INIT("Brgy"), FIELD_BARANGAY },
	{ SLICE_INIT("Brgy."), FIELD_BARANGAY },
	{ SLICE_INIT("Receiver Barangay"), FIELD_BARANGAY },
	{ SLICE_INIT("Receiver Region (*)"), FIELD_BARANGAY },
	{ SLICE_INIT("Kecamatan Penerima"), FIELD_BARANGAY },
	{ SLICE_INIT("Destination"), FIELD_DESTINATION },
	{ SLICE_INIT("Address"), FIELD_RECEIVER_ADDRESS },
	{ SLICE_INIT("Receiver Address"), FIELD_RECEIVER_ADDRESS },
	{ SLICE_INIT("Consignee Address"), FIELD_RECEIVER_ADDRESS },
	{ SLICE_INIT("Street"), FIELD_STREET },
	{ SLICE_INIT("Alamat Penerima"), FIELD_RECEIVER_ADDRESS },
	{ SLICE_INIT("Item Weight"), FIELD_WEIGHT },
	{ SLICE_INIT("Weight"), FIELD_WEIGHT },
	{ SLICE_INIT("Weight (kg) (*)"), FIELD_WEIGHT },
	{ SLICE_INIT("Settlement Weight"), FIELD_WEIGHT },
	{ SLICE_INIT("Chargeable Weight"), FIELD_WEIGHT },
	{ SLICE_INIT("Berat"), FIELD_WEIGHT },
	{ SLICE_INIT("Berat (KG)"), FIELD_WEIGHT },
	{ SLICE_INIT("Weight（kg）"), FIELD_WEIGHT },
	{ SLICE_INIT("Number Of Items"), FIELD_NUMBER_OF_ITEMS },
	{ SLICE_INIT("Quantity"), FIELD_NUMBER_OF_ITEMS },
	{ SLICE_INIT("Qty"), FIELD_NUMBER_OF_ITEMS },
	{ SLICE_INIT("Qty (pcs)"), FIELD_NUMBER_OF_ITEMS },
	{ SLICE_INIT("Total parcels(*)"), FIELD_NUMBER_OF_ITEMS },
	{ SLICE_INIT("Jumlah Barang"), FIELD_NUMBER_OF_ITEMS },
	{ SLICE_INIT("Express Type"), FIELD_EXPRESS_TYPE },
	{ SLICE_INIT("Service Type"), FIELD_EXPRESS_TYPE },
	{ SLICE_INIT("Express Type/Service Type"), FIELD_EXPRESS_TYPE },
	{ SLICE_INIT("Product Type"), FIELD_EXPRESS_TYPE },
	{ SLICE_INIT("Layanan"), FIELD_EXPRESS_TYPE },
	{ SLICE_INIT("COD"), FIELD_COD_AMOUNT },
	{ SLICE_INIT("COD Amount"), FIELD_COD_AMOUNT },
	{ SLICE_INIT("COD Amt"), FIELD_COD_AMOUNT },
	{ SLICE_INIT("COD (PHP) (*)"), FIELD_COD_AMOUNT },
	{ SLICE_INIT("COD Amount (₱)"), FIELD_COD_AMOUNT },
	{ SLICE_INIT("ＣＯＤ"), FIELD_COD_AMOUNT },
	{ SLICE_INIT("Nilai COD"), FIELD_COD_AMOUNT },
	{ SLICE_INIT("Remarks"), FIELD_REMARKS },
	{ SLICE_INIT("Remark"), FIELD_REMARKS },
	{ SLICE_INIT("Remark1"), FIELD_REMARKS },
	{ SLICE_INIT("Remark 2"), FIELD_REMARKS },
	{ SLICE_INIT("Remark3"), FIELD_REMARKS },
	{ SLICE_INIT("Notes"), FIELD_REMARKS },
	{ SLICE_INIT("Keterangan"), FIELD_REMARKS },
	{ SLICE_INIT("Item Name"), FIELD_ITEM_NAME },
	{ SLICE_INIT("Product"), FIELD_ITEM_NAME },
	{ SLICE_INIT("Product Name"), FIELD_ITEM_NAME },
	{ SLICE_INIT("Parcel Name (*)"), FIELD_ITEM_NAME },
	{ SLICE_INIT("Item Type"), FIELD_ITEM_NAME },
	{ SLICE_INIT("SigningTime"), FIELD_SIGNING_TIME },
	{ SLICE_INIT("Signing Time"), FIELD_SIGNING_TIME },
	{ SLICE_INIT("Delivery Time"), FIELD_SIGNING_TIME },
	{ SLICE_INIT("Waktu TTD"), FIELD_SIGNING_TIME },
	{ SLICE_INIT("Submission Time"), FIELD_SUBMISSION_TIME },
	{ SLICE_INIT("Submission Tir"), FIELD_SUBMISSION_TIME },
	{ SLICE_INIT("PU Time"), FIELD_SUBMISSION_TIME },
	{ SLICE_INIT("Pickup Time"), FIELD_SUBMISSION_TIME },
	{ SLICE_INIT("Order Date"), FIELD_SUBMISSION_TIME },
	/* dress */
	{ SLICE_INIT("\xef\xbb\xbfWaybill Number"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("\tWaybill\xc2\xa0Number "), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("WAYBILL\r\nNUMBER*"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("waybill_number"), FIELD_WAYBILL_NUMBER },
	{ SLICE_INIT("* Receiver Name *"), FIELD_RECEIVER_NAME },
	{ SLICE_INIT("运单号："), FIELD_WAYBILL_NUMBER },
	/* must not match */
	{ SLICE_INIT("Receipt Waybill No"), FIELD_EXTRA },
	{ SLICE_INIT("Return Tracking No."), FIELD_EXTRA },
	{ SLICE_INIT("The Original Tracking No."), FIELD_EXTRA },
	{ SLICE_INIT("COD Fee"), FIELD_EXTRA },
	{ SLICE_INIT("COD Transfer Fee"), FIELD_EXTRA },
	{ SLICE_INIT("Sender City"), FIELD_EXTRA },
	{ SLICE_INIT("RTS Reason"), FIELD_EXTRA },
	{ SLICE_INIT("Creator Code"), FIELD_EXTRA },
	{ SLICE_INIT("Payment Method"), FIELD_EXTRA },
	{ SLICE_INIT("Total Shipping Cost"), FIELD_EXTRA },
	{ SLICE_INIT("Item Value"), FIELD_EXTRA },
	{ SLICE_INIT("Valuation Fee"), FIELD_EXTRA },
	{ SLICE_INIT("Serial Number"), FIELD_EXTRA },
	{ SLICE_INIT("Sign For Pictures"), FIELD_EXTRA },
	{ SLICE_INIT("Receivable Freight"), FIELD_EXTRA },
	{ SLICE_INIT("Pouches Size"), FIELD_EXTRA },
	{ SLICE_INIT("Operating"), FIELD_EXTRA },
	{ SLICE_INIT("Waybill Numbe"), FIELD_EXTRA },
	{ SLICE_INIT("Waybil Number"), FIELD_EXTRA },
	{ SLICE_INIT("Remark4"), FIELD_EXTRA },
	{ SLICE_INIT("Weight (g)"), FIELD_EXTRA },
	{ SLICE_INIT("Address (Sender)"), FIELD_EXTRA },
	{ SLICE_INIT("订单号"), FIELD_EXTRA },
	{ SLICE_INIT(""), FIELD_EXTRA },
	{ SLICE_INIT("(kg)"), FIELD_EXTRA },
	{ SLICE_INIT("((("), FIELD_EXTRA },
	{ SLICE_INIT("JT0000000000001"), FIELD_EXTRA },
	{ SLICE_INIT("Waybill Number of the parcel that was sent back to the sender"),
	  FIELD_EXTRA },
};

static void knows_each_spelling(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct heading h = { .field = FIELD_EXTRA };

		if (!heading_read(rows[i].in, &h))
			h.field = FIELD_EXTRA;
		if (h.field != rows[i].want)
			fail_msg("\"%s\": %s, not %s", rows[i].in.p, field_name(h.field),
				 field_name(rows[i].want));
	}
}

/* The first is the more specific of the two. */
static const struct {
	const char *more, *less;
} pairs[] = {
	{ "Waybill Number", "Waybill" },
	{ "Waybill Number", "Tracking Number" },
	{ "Waybill", "PNO" },
	{ "Order Status", "Status" },
	{ "Receiver Name", "Receiver" },
	{ "Receiver Address", "Address" },
	{ "Receiver City (*)", "City" },
	{ "COD Amount", "COD" },
	{ "COD (PHP)", "COD" },
	{ "COD Amount", "COD (PHP)" },
	{ "Nilai COD", "COD" },
	{ "Settlement Weight", "Weight" },
	{ "Sender Name", "Sender Name/Product" },
	{ "Signing Time", "Delivery Time" },
	{ "Submission Time", "Pickup Time" },
	{ "Pickup Time", "Order Date" },
	{ "Remarks", "Notes" },
	{ "Item Name", "Product" },
	{ "Product", "Item Type" },
	{ "Receiver Cellphone", "Receiver Ce" },
};

static void ranks_spellings(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct heading more, less;

		assert_true(heading_read(slice_str(pairs[i].more), &more));
		assert_true(heading_read(slice_str(pairs[i].less), &less));
		assert_int_equal(more.field, less.field);
		if (more.specific <= less.specific)
			fail_msg("\"%s\" does not beat \"%s\"", pairs[i].more,
				 pairs[i].less);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_each_spelling),
		cmocka_unit_test(ranks_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
