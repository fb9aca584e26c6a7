"""Workbooks of one sheet, with cells of any kind and whatever stands behind the rows; and of
several, with texts."""

import io
import zipfile
from xml.sax.saxutils import escape

NS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cell(inside, kind=""):
    """A c element with that inside, of that type; empty: no cell's text."""
    return f"<c t='{kind}'>{inside}</c>" if kind else f"<c>{inside}</c>"


def text(value):
    return cell(f"<is><t>{escape(str(value))}</t></is>", "inlineStr")


def number(value):
    return cell(f"<v>{value}</v>")


def row(*cells):
    return "<row>" + "".join(cells) + "</row>"


def relations(*ids):
    return "<Relationships>" + "".join(
        f"<Relationship Id='{i}' Type='{NS}/{kind}' Target='{target}'/>"
        for i, kind, target in ids) + "</Relationships>"


def relation(kind, target):
    return relations(("r1", kind, target))


def book(*rows, behind=""):
    """behind: elements behind the rows, such as mergeCells."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("_rels/.rels", relation("officeDocument", "xl/workbook.xml"))
        z.writestr("xl/_rels/workbook.xml.rels", relation("worksheet", "s.xml"))
        z.writestr("xl/workbook.xml", f"<workbook xmlns:r='{NS}'><sheets>"
                   "<sheet name='S' r:id='r1'/></sheets></workbook>")
        z.writestr("xl/s.xml", f"<worksheet><sheetData>{''.join(rows)}</sheetData>{behind}"
                   "</worksheet>")
    return out.getvalue()


def sheets(**named):
    """A workbook of sheets by their names; one whose name begins with "hidden" is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("_rels/.rels", relations(("a", "officeDocument", "xl/workbook.xml")))
        z.writestr("xl/_rels/workbook.xml.rels", relations(
            *((f"r{i}", "worksheet", f"{i}.xml") for i in range(len(named)))))
        z.writestr("xl/workbook.xml", f"<workbook xmlns:r='{NS}'><sheets>" + "".join(
            f"<sheet name='{name}' r:id='r{i}' "
            f"state='{'hidden' if name.startswith('hidden') else 'visible'}'/>"
            for i, name in enumerate(named)) + "</sheets></workbook>")
        for i, rows in enumerate(named.values()):
            data = "".join(row(*map(text, cells)) for cells in rows)
            z.writestr(f"xl/{i}.xml", f"<worksheet><sheetData>{data}</sheetData></worksheet>")
    return out.getvalue()
