"""What couriers' files say, through the real server: each spelling of a heading, each text of a
status, and what real files do, one after the other."""

import datetime
from collections import Counter

from integration.test_cells import workbook
from support.uploads import UploadCase

HEADINGS = {
    "waybill_number": [
        "Waybill Number", "Waybill", "Waybill No", "Waybill No.", "Waybill Numb", "Tracking Number",
        "Tracking No", "Tracking No.", "PNO", "AWB", "AWB Number", "No. AWB", "No. Waybill",
        "Nomor Resi", "Resi", "运单号", "运单编号"],
    "status": ["Order Status", "Orderstatus", "Status", "Delivery Status", "Shipment Status"],
    "sender_name": ["Sender Name", "Sender", "Sender Name/Product", "Shipping Customer", "Shipper",
                    "Nama Pengirim"],
    "sender_phone": ["Sender Cellphone", "Sender Phone", "Sender Contact", "Telepon Pengirim"],
    "sender_address": ["Sender Address"],
    "receiver_name": ["Receiver", "Receiver Name", "Receiver(*)", "Consignee", "Consignee Name",
                      "Recipient", "Nama Penerima"],
    "receiver_phone": ["Receiver Cellphone", "Receiver Phone", "Receiver Telephone (*)",
                       "Receiver Contact", "Receiver Mobile", "Receiver Ce", "Consignee Phone",
                       "Telepon Penerima"],
    "province": ["Province", "State", "Receiver Province (*)", "Provinsi Penerima"],
    "city": ["City", "Receiver City (*)", "Kota Penerima"],
    "barangay": ["Barangay", "Brgy", "Receiver Barangay", "Receiver Region (*)",
                 "Kecamatan Penerima"],
    "destination": ["Destination"],
    "receiver_address": ["Address", "Receiver Address", "Consignee Address", "Street",
                         "Alamat Penerima"],
    "weight": ["Item Weight", "Weight", "Weight (kg) (*)", "Settlement Weight",
               "Chargeable Weight", "Berat"],
    "number_of_items": ["Number Of Items", "Quantity", "Qty", "Total parcels(*)", "Jumlah Barang"],
    "express_type": ["Express Type", "Service Type", "Express Type/Service Type", "Product Type",
                     "Layanan"],
    "cod_amount": ["COD", "COD Amount", "COD Amt", "COD (PHP) (*)", "Nilai COD"],
    "remarks": ["Remarks", "Remark", "Remark1", "Remark2", "Remark3", "Notes", "Keterangan"],
    "item_name": ["Item Name", "Product", "Product Name", "Parcel Name (*)", "Item Type"],
    "signing_time": ["SigningTime", "Signing Time", "Delivery Time", "Waktu TTD"],
    "submission_time": ["Submission Time", "Submission Tir", "PU Time", "Pickup Time",
                        "Order Date"],
    "extra": ["RTS Reason", "Creator Code", "Payment Method", "Total Shipping Cost", "Item Value",
              "Valuation Fee", "Receipt Waybill No", "Return Tracking No.",
              "The Original Tracking No.", "COD Fee", "COD Transfer Fee", "Sender City"],
}
# What is written into such a column, and what is stored.
CELLS = {"status": ("Delivered", "delivered"), "sender_phone": ("09171234567", "09171234567"),
         "receiver_phone": ("09171234568", "09171234568"), "weight": ("1.5", "1.5"),
         "number_of_items": ("2", "2"), "cod_amount": ("1,250.50", "1250.5"),
         "signing_time": ("2025-01-31 08:05", "2025-01-31 08:05:00"),
         "submission_time": ("2025-01-30 08:05", "2025-01-30 08:05:00")}
STATUSES = {
    "pending": ["Pending", "Pending Pickup"],
    "hq_scheduling": ["Headquarters Scheduling To Outlets"],
    "dispatched": ["Dispatched", "Picked Up", "Pickup"],
    "in_transit": ["In Transit", "Departure", "Arrival", "Arrived Hub", "At Warehouse"],
    "delivering": ["Delivering", "Out for Delivery", "On Delivery", "Delivery Failed",
                   "Problematic Processing", "Detained"],
    "delivered": ["Delivered", "Signed"],
    "for_return": ["For Return", "Returning", "Return to Sender", "RTS"],
    "returned": ["Returned"],
    "cancelled": ["Cancelled", "Canceled", "Closed"],
}
PORTAL = ("Serial Number,Creator Code,Status,Waybill Number,Sign For Pictures,SigningTime,Receiver,"
          "Receiver Cellphone,Province,City,Barangay,Address,Payment Method,Settlement Weight,"
          "Receivable Freight,Receipt Waybill No,Total Shipping Cost,COD,Pouches Size,"
          "Submission Time,RTS Reason,Remarks,Operating").split(",")
DOCUMENTED = ("Waybill Number,Sender Name/Product,Sender Address,Sender Phone,Receiver Name,"
              "Receiver Address,Receiver Phone,Destination,Number of Items,Weight,"
              "Express Type/Service Type,COD Amount,Remarks,Order Status,Signing Time").split(",")


def table(rows):
    lines = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
    return ("\n".join(lines) + "\n").encode()


class DomainCase(UploadCase):
    def load(self, *rows, status=200):
        return self.upload(table(rows), "d.csv", status)

    def look(self, *rows):
        """The rows as they would be stored, which costs less, and all that is told."""
        r = self.client.upload(table(rows), name="d.csv", path="/upload/preview")
        self.assertEqual(r.status, 200, r)
        return [{**row["values"], "extra": row["extra"]} for row in r.json()["rows"]], r.json()

    def row(self, number):
        return self.client.get(f"/waybills/{number}").json()

    def mapping(self, answer):
        return {m["heading"]: m["field"] for m in answer["mapping"]}

    def kinds(self, answer):
        return Counter({w["kind"]: 0 for w in answer["warnings"]}) + sum(
            (Counter({w["kind"]: w["count"]}) for w in answer["warnings"]), Counter())


class Headings(DomainCase):
    def test_each_spelling_fills_its_field(self):
        for field, spellings in HEADINGS.items():
            for i, heading in enumerate(spellings):
                text = (heading, f"\u00a0{heading.upper()} *", f" {heading.lower()}\t")[i % 3]
                with self.subTest(field, heading=text):
                    self.check(field, text)

    def check(self, field, heading):
        cell, want = CELLS.get(field, ("Some text", "Some text"))
        if field == "waybill_number":
            (row,), _ = self.look([heading, "Payment Method", "City"], ["DN1", "cash", "Cebu"])
            self.assertEqual((row["waybill_number"], row["city"]), ("DN1", "Cebu"))
            return
        (row,), told = self.look(
            ["Waybill Number", heading, "Colour", "City" if field != "city" else "Province"],
            ["DN1", cell, "red", "Cebu"])
        self.assertEqual(told["warnings"], [])
        if field == "extra":
            self.assertEqual(row["extra"], {told["mapping"][1]["heading"]: cell, "Colour": "red"})
        else:
            self.assertEqual((row[field], row["extra"]), (want, {"Colour": "red"}))

    def test_letters_and_digits_alone_count_and_nothing_is_fuzzy(self):
        for heading, field in (("\ufeffR-e/c.e_i(v)er", "receiver_name"), ("Recever", "extra"),
                               ("Receivers", "extra"), ("The Receiver", "extra"),
                               ("Receiver Name (full)", "extra"), ("Weight (g)", "extra"),
                               ("Weight(KG)", "weight")):
            with self.subTest(heading):
                _, told = self.look(["Tracking No", heading, "City"], ["DF1", "2", "Cebu"])
                self.assertEqual(told["mapping"][1]["field"], field)

    def test_the_most_specific_spelling_wins_then_the_leftmost_and_it_is_said(self):
        answer = self.load(["Waybill", "COD", "COD (PHP)", "COD Amount", "Nilai COD", "Receiver",
                            "Consignee"], ["DS1", "1", "2", "3", "4", "Ana", "Ben"])
        row = self.row("DS1")
        self.assertEqual((row["cod_amount"], row["receiver_name"]), (3, "Ana"))
        self.assertEqual(row["extra"],
                         {"COD": "1", "COD (PHP)": "2", "Nilai COD": "4", "Consignee": "Ben"})
        self.assertEqual(self.kinds(answer), {"shadowed_column": 4})

    def test_traps_alone_are_no_waybill_number(self):
        answer = self.load(["Receipt Waybill No", "Return Tracking No.", "The Original Tracking No.",
                            "City", "COD"], ["A", "B", "C", "Cebu", "1"], status=422)
        self.assertEqual(answer["error"], "no_waybill_column")
        for heading in ("Receipt Waybill No", "Return Tracking No."):
            self.assertIn(heading, answer["message"])

    def test_remarks_are_joined(self):
        (row,), _ = self.look(["Waybill", "Remark1", "City", "Remark2", "Remark3"],
                              ["DR1", "a", "Cebu", "", "c"])
        self.assertEqual(row["remarks"], "a; c")

    def test_the_two_orders_that_are_known(self):
        row = {"Waybill Number": "JT0000000000001", "Status": "Signed", "SigningTime": "2025-01-31 08:05",
               "Receiver": "Ana", "Receiver Cellphone": "09171234567", "Province": "Cebu",
               "City": "Cebu City", "Barangay": "Lahug", "Settlement Weight": "1.5", "COD": "100",
               "Submission Time": "2025-01-30 10:00", "Receipt Waybill No": "RX9", "Remarks": "r"}
        for order in (PORTAL, PORTAL[::-1]):
            (got,), _ = self.look(order, [row.get(h, h if h != "Address" else "") for h in order])
            self.assertEqual({k: got[k] for k in ("waybill_number", "status", "receiver_name",
                              "destination", "receiver_address", "weight", "cod_amount")},
                             {"waybill_number": "JT0000000000001", "status": "delivered",
                              "receiver_name": "Ana", "destination": "Cebu City",
                              "receiver_address": "Lahug, Cebu City, Cebu", "weight": "1.5",
                              "cod_amount": "100"})
            self.assertEqual((got["extra"]["Receipt Waybill No"], got["extra"]["RTS Reason"]),
                             ("RX9", "RTS Reason"))
        _, told = self.look(DOCUMENTED, ["DD1"] + [""] * 14)
        fields = set(self.mapping(told).values())
        self.assertEqual((len(fields), "extra" in fields), (15, False))

    def test_a_street_beside_an_address_is_a_street(self):
        (row,), _ = self.look(["Waybill", "Address", "Street", "City"],
                              ["DA1", "12 Rizal, Cebu", "12 Rizal", "Cebu"])
        self.assertEqual((row["receiver_address"], row["street"]), ("12 Rizal, Cebu", "12 Rizal"))

    def test_the_heading_row_is_the_best_of_the_first_twenty(self):
        for above in (0, 7, 19):
            rows, told = self.look(*[["Manifest", "Waybill"]] * above,
                                   ["Waybill Number", "Receiver", "City"], ["DH1", "Ana", "Cebu"])
            self.assertEqual((told["heading_row"], len(rows)), (above + 1, 1), told)
        answer = self.load(*[["Manifest"]] * 20, ["Waybill Number", "Receiver"], ["DH1", "Ana"],
                           status=422)
        self.assertEqual(answer["error"], "no_heading_row")


class Statuses(DomainCase):
    def test_each_text_in_any_case(self):
        rows, want = [], {}
        for stored, texts in STATUSES.items():
            for text in texts:
                for told in (text, text.upper(), text.lower(), f"  {text} "):
                    rows.append([f"DT{len(rows)}", told])
                    want[rows[-1][0]] = stored
        answer = self.load(["Waybill", "Status"], *rows)
        self.assertEqual(answer["warnings"], [])
        self.assertEqual(dict(self.db.query(
            "SELECT waybill_number, status FROM waybills WHERE waybill_number LIKE 'DT%'")), want)

    def test_unknown_ones_are_kept_and_counted_by_their_text(self):
        answer = self.load(["Waybill", "Status"], ["DU1", "Sedang Diantar"], ["DU2", "sedang diantar"],
                           ["DU3", "迷失"], ["DU4", "Signed"], ["DU5", ""])
        self.assertEqual(self.kinds(answer), {"unknown_status": 3})
        said = {w["count"]: w["message"] for w in answer["warnings"]}
        self.assertIn("Sedang Diantar", said[2])
        self.assertIn("迷失", said[1])
        row = self.row("DU3")
        self.assertEqual((row["status"], row["extra"]), ("pending", {"Status": "迷失"}))


class Numbers(DomainCase):
    def test_waybill_numbers_are_normalised(self):
        for text, want in (("\tjt0000000000001", "JT0000000000001"), (" DW1 ", "DW1"),
                           ("\u00a0DW2\u00a0", "DW2"), ("'DW3", "DW3"), ('="0012345"', "0012345"), ("D\x07W4", "DW4"),
                           ("00012", "00012"), ("772012345678", "772012345678"),
                           ("1.23456789012E+11", "123456789012")):
            with self.subTest(text):
                (row,), _ = self.look(["Waybill", "City"], [text, "Cebu"])
                self.assertEqual(row["waybill_number"], want)

    def test_a_number_that_excel_has_rounded_is_rejected(self):
        rows, answer = self.look(["Waybill", "City"], ["1.2345678901234567E+19", "Cebu"],
                                 ["7.72012E+11", "Cebu"])
        self.assertEqual((rows, answer["rejected"]), ([], 2), answer)
        for reject in answer["rejects"]:
            self.assertRegex(reject["reason"], "digit")

    def test_phones_get_their_zero_back(self):
        rows, told = self.look(["Waybill", "Receiver Phone"], ["DP1", "9171234567"],
                               ["DP2", "09171234567"])
        self.assertEqual([r["receiver_phone"] for r in rows], ["09171234567"] * 2)
        self.assertEqual(self.kinds(told), {"phone_mended": 1})

    def test_money(self):
        for text, want in (("1,250.50", "1250.5"), ("\u20b1 1,250", "1250"), ("PHP 99", "99"),
                           ("Rp 25.000", "25000"), ("P1,000.00", "1000"), ("$5", "5"), ("0", "0")):
            with self.subTest(text):
                (row,), told = self.look(["Waybill", "COD"], ["DM1", text])
                self.assertEqual((row["cod_amount"], told["warnings"]), (want, []))

    def test_a_cod_flag_is_no_amount(self):
        rows, told = self.look(["Waybill", "COD"], ["DC1", "COD"], ["DC2", "NON-COD"], ["DC3", "100"])
        self.assertEqual(self.kinds(told), {"cod_flag": 2})
        self.assertEqual([(r.get("cod_amount"), r["extra"].get("COD")) for r in rows],
                         [(None, "COD"), (None, "NON-COD"), ("100", None)])

    def test_dates(self):
        for text, want in (("2025-01-31 08:05", "2025-01-31 08:05:00"),
                           ("2025-01-31 08:05:09", "2025-01-31 08:05:09"),
                           ("01/31/2025 08:05", "2025-01-31 08:05:00"),
                           ("31/01/2025", "2025-01-31 00:00:00"),
                           ("2025-01-31", "2025-01-31 00:00:00")):
            with self.subTest(text):
                (row,), told = self.look(["Waybill", "Signing Time"], ["DX1", text])
                self.assertEqual((row["signing_time"], told["warnings"]), (want, []))

    def test_two_digits_of_the_year(self):
        """25/01/31 was the 25th of January 2031, and had 03/04/25 read day first."""
        year = datetime.date.today().year
        y = year % 100
        ago = datetime.date(year - 1, 1, 31)
        rows, told = self.look(["Waybill", "Signing Time"], ["DY1", f"{y - 1}/01/31"],
                               ["DY2", f"03/04/{y - 1}"])
        self.assertEqual([r["signing_time"][:10] for r in rows], [str(ago), f"{year - 1}-03-04"])
        self.assertEqual(self.kinds(told), {"ambiguous_date": 1})
        (row,), told = self.look(["Waybill", "Signing Time"], ["DY1", f"31/01/{y - 1}"])
        self.assertEqual((row["signing_time"][:10], told["warnings"]), (str(ago), []))
        (row,), told = self.look(["Waybill", "Signing Time"], ["DY1", f"{y - 1}/01/{y - 3}"])
        self.assertEqual(row["signing_time"][:10], str(ago.replace(day=y - 3)))
        self.assertEqual(self.kinds(told), {"short_year": 1})
        answer = self.load(["Waybill", "Signing Time"], ["DY1", f"{y - 1}/01/31"])
        self.assertEqual((answer["warnings"], self.row("DY1")["signing_time"][:10]), ([], str(ago)))


class Rows(DomainCase):
    def test_blank_rows_by_the_hundred_thousand(self):
        answer = self.load(["Waybill", "City"], ["DB1", "Cebu"], *[["", " "]] * 100000)
        self.adds_up(answer, 1)

    def test_footers(self):
        for foot in (["Total", "5"], ["TOTAL:", "5"], ["Jumlah", "5"], ["Grand Total", "5"],
                     ["", "Total Parcels: 1"]):
            with self.subTest(foot):
                rows, told = self.look(["Waybill", "City"], ["DB1", "Cebu"], foot)
                self.assertEqual((len(rows), told["rejected"]), (1, 0))
                self.assertEqual(self.kinds(told), {"footer": 1}, told)

    def test_the_last_of_a_number_wins(self):
        answer = self.load(["Waybill", "City"], ["DL1", "Cebu"], ["DL2", "Davao"], ["dl1", "Bohol"])
        self.adds_up(answer, 3)
        self.assertEqual((answer["duplicate"], self.row("DL1")["city"]), (1, "Bohol"))
        self.assertEqual([(r["row"], r["kind"]) for r in answer["rejects"]], [(2, "duplicate")])

    def test_a_file_is_what_it_is_whatever_it_is_called(self):
        for name, file in (("m.xls", b"Waybill,City\nDN1,Cebu\n"),
                           ("m.xlsx", b"Waybill\tCity\nDN1\tCebu\n"),
                           ("m.csv", workbook(("Waybill", "City"), ("DN1", "Cebu")))):
            with self.subTest(name):
                self.adds_up(self.upload(file, name), 1)
        for name, file, words in (
                ("m.xlsx", b"<html><table><tr><td>Waybill</td></tr></table></html>", "web page"),
                ("m.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), r"\.xls")):
            with self.subTest(words):
                self.assertRegex(self.upload(file, name, status=415)["message"], words)

    def test_an_encoding_that_is_a_guess_is_told(self):
        """Names of a file as Macs and DOS write it were loaded as other names without a word."""
        text = "Waybill,Receiver,City\nDE1,Pe\u00f1a,Cebu\n"
        for encoding, name in (("utf-8", "Pe\u00f1a"), ("utf-8-sig", "Pe\u00f1a"),
                               ("utf-16", "Pe\u00f1a"), ("cp1252", "Pe\u00f1a"),
                               ("mac-roman", "Pe\u2013a"), ("cp850", "Pe\u00a4a")):
            with self.subTest(encoding):
                answer = self.upload(text.encode(encoding), "e.csv")
                self.assertEqual(self.kinds(answer), {} if "utf" in encoding else {"encoding": 1})
                self.assertEqual(self.row("DE1")["receiver_name"], name)
        for text in ("Waybill,Receiver,City\nDE2,\u5f20\u4f1f,\u5e7f\u5dde\n",
                     "\u8fd0\u5355\u53f7,Receiver,City\nDE2,Ana,Cebu\n",
                     "Waybill,Receiver\n" + "DE2,Ana\n" * 20000 + "DE2,\u5e7f\u5dde\n" * 20):
            with self.subTest(text[:40]):
                answer = self.upload(text.encode("gbk"), "e.csv", status=422)
                self.assertEqual(answer["error"], "damaged_file")
                self.assertRegex(answer["message"], "Chinese or Korean.*save the file as CSV UTF-8")
