"""A small workbook, of which any part can be replaced."""

from .archive import Entry, archive

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
STYLES = "xl/styles.xml"
BOOK = "xl/workbook.xml"
BOOK_RELS = "xl/_rels/workbook.xml.rels"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'

TYPES = (HEAD + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
         '<Default Extension="xml" ContentType="application/xml"/>'
         '<Default Extension="rels" '
         'ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>')


def rels(*targets, more=""):
    """targets: (id, type, target)."""
    return HEAD + f'<Relationships xmlns="{PACKAGE}">' + "".join(
        f'<Relationship Id="{i}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for i, kind, target in targets) + more + "</Relationships>"


def workbook(sheets='<sheet name="Manifest" sheetId="1" r:id="rId1"/>', top=""):
    return HEAD + (f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{top}<sheets>{sheets}</sheets>'
                   "</workbook>")


def text(ref, value, more=""):
    return f'<c r="{ref}" t="inlineStr"{more}><is><t>{value}</t></is></c>'


HEADINGS = ('<row r="1">' + text("A1", "Waybill Number") + text("B1", "Receiver") +
            text("C1", "COD") + "</row>")
ROW2 = '<row r="2">' + text("A2", "H1") + text("B2", "Ana") + '<c r="C2"><v>100</v></c></row>'


def sheet(rows=ROW2, headings=HEADINGS, top="", bottom=""):
    return HEAD + (f'<worksheet xmlns="{MAIN}">{top}<sheetData>{headings}{rows}</sheetData>'
                   f"{bottom}</worksheet>")


def strings(*values, more=""):
    return HEAD + f'<sst xmlns="{MAIN}"{more}>' + "".join(
        f"<si><t>{v}</t></si>" for v in values) + "</sst>"


def styles(formats="", xfs='<xf numFmtId="0"/>'):
    return HEAD + (f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>'
                   f"<cellXfs>{xfs}</cellXfs></styleSheet>")


def parts(changed=None):
    """{name: bytes}: None leaves a part out."""
    book_rels = [("rId1", "worksheet", "worksheets/sheet1.xml")]
    if changed and STRINGS in changed:
        book_rels.append(("rId2", "sharedStrings", "sharedStrings.xml"))
    if changed and STYLES in changed:
        book_rels.append(("rId3", "styles", "styles.xml"))
    whole = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": rels(("rId1", "officeDocument", BOOK)),
        BOOK: workbook(),
        BOOK_RELS: rels(*book_rels),
        SHEET: sheet(),
        **(changed or {}),
    }
    return {name: data.encode() if isinstance(data, str) else data
            for name, data in whole.items() if data is not None}


def entries(changed=None, **entry):
    """entry: `what=Entry(...)`s behind the parts, or in place of one of the same name."""
    own = {e.name: e for e in entry.values()}
    made = [own.pop(name.encode(), None) or Entry(name, data)
            for name, data in parts(changed).items()]
    return made + list(own.values())


def book(changed=None, **how):
    return archive(entries(changed), **how)


def with_sheet(xml):
    return book({SHEET: xml})


def with_rows(rows, **how):
    return with_sheet(sheet(rows, **how))
