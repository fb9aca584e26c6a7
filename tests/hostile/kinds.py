"""Files of other kinds, as they come under a workbook's name: each is called by its own."""

import gzip

from . import book as b
from .archive import Entry, archive
from .case import no_workbook

TABLE = b"<td>Waybill No</td><td>Receiver</td></tr><tr><td>H1</td><td>Ana</td></tr></table>"
CSV = b"Waybill Number,Receiver\nH1,Ana\n"
OLD = r"old Excel workbook \(\.xls\): open it in Excel or LibreOffice and save it as \.xlsx"
PAGE = r"web page, not a workbook: .*open it in Excel or LibreOffice and save it as \.xlsx.*download .* again"
SENDER = r"ask the sender for the manifest as \.xlsx or \.csv"
UNPACK = r"unpack it and upload"


def bof(length):
    """What PHP's xlsBOF() writes, a cell of text, and its xlsEOF()."""
    head = b"\x09\x08" + length.to_bytes(2, "little") + bytes(length)
    return head + b"\x04\x02\x0a\x00" + bytes(6) + b"\x02\x00H1" + b"\x0a\x00\x00\x00"


def office(main, root):
    """A package of Office whose main part is no workbook."""
    relation = ("http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument")
    return archive([
        Entry("_rels/.rels", f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
              f'<Relationship Id="r1" Type="{relation}" Target="{main}"/></Relationships>'.encode()),
        Entry(main, f'<x:{root} xmlns:x="urn:x"/>'.encode())])


def page(name, what, head):
    return no_workbook(f"kind-html-{name}", f"a web page that begins with {what}", lambda: head + TABLE, PAGE)


CASES = [
    no_workbook("kind-biff5", "BIFF without a container, as scripts in PHP write it", lambda: bof(8), OLD,
                ending="xls"),
    no_workbook("kind-biff8", "the same of Excel 97", lambda: bof(16), OLD, ending="xls"),
    page("center", "<center>", b"<center>List</center><table><tr>"),
    page("comment", "a comment", b"<!-- made by a portal -->\r\n<table><tr>"),
    page("font", "<font>", b"<font size=2><table><tr>"),
    page("heading", "<h2>", b"<h2>List</h2><table><tr>"),
    page("title", "<title>", b"<title>List</title><table><tr>"),
    page("row", "<tr>", b"<tr>"),
    page("cell", "<td>", b"<td>1</td>"),
    page("paragraph", "<p>", b"<p>List<table><tr>"),
    page("div", "<div>", b"<div class=x><table><tr>"),
    page("style", "<style>", b"<style>td{mso-number-format:'@'}</style><table><tr>"),
    page("meta", "<meta>", b"<meta charset=utf-8><table><tr>"),
    page("notice", "a notice of PHP", b"<br />\n<b>Notice</b>: Undefined index<table><tr>"),
    page("mark", "blanks and a byte order mark", b"\r\n \xef\xbb\xbf<table><tr>"),
    no_workbook("kind-xml-2003", "a workbook as XML of Excel 2003", lambda:
                b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
                r"XML spreadsheet of Excel 2003: open it in Excel or LibreOffice and save it as \.xlsx"),
    no_workbook("kind-xml", "other XML", lambda: b'<?xml version="1.0"?>\n<list/>', r"XML file.*" + SENDER),
    no_workbook("kind-json", "JSON", lambda: b'[{"waybill":"H1"}]', r"JSON file.*" + SENDER),
    no_workbook("kind-rtf", "RTF", lambda: b"{\\rtf1\\ansi H1}", r"RTF.*copy its table into Excel"),
    no_workbook("kind-pdf", "a PDF", lambda: b"%PDF-1.7\n", r"PDF.*" + SENDER),
    no_workbook("kind-jpeg", "a photo of a list", lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0", r"picture.*" + SENDER),
    no_workbook("kind-png", "a picture of a screen", lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", r"picture.*" + SENDER),
    no_workbook("kind-gzip", "a packed CSV", lambda: gzip.compress(CSV), r"packed archive: " + UNPACK),
    no_workbook("kind-rar", "a RAR archive", lambda: b"Rar!\x1a\x07\x01\0" + CSV, r"packed archive: " + UNPACK),
    no_workbook("kind-7z", "a 7z archive", lambda: b"7z\xbc\xaf\x27\x1c\0\4" + CSV, r"packed archive: " + UNPACK),
    no_workbook("kind-zip-xlsx", "a workbook in a ZIP archive", lambda: archive([Entry("a.xlsx", b.book())]),
                r"ZIP archive without a workbook: " + UNPACK),
    no_workbook("kind-zip-csv", "a CSV in a ZIP archive", lambda: archive([Entry("a.csv", CSV)]),
                r"ZIP archive without a workbook: " + UNPACK),
    no_workbook("kind-numbers", "a sheet of Numbers", lambda: archive([Entry("Index/Document.iwa", b"x")]),
                r"Numbers sheet: open it in Numbers and export it as \.xlsx"),
    no_workbook("kind-word", "a Word document", lambda: office("word/document.xml", "document"),
                r"Word document: copy its table into Excel"),
    no_workbook("kind-slides", "a presentation", lambda: office("ppt/p.xml", "presentation"),
                r"presentation.*" + SENDER),
    no_workbook("kind-binary", "none of these", lambda: bytes(range(64)),
                r"neither a workbook nor a text file.*" + SENDER),
]
