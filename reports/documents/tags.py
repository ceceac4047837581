"""What WeasyPrint leaves open for those who listen: what heads a cell, and what is only for the eye."""

import re
from collections.abc import Iterator

import pikepdf

Element = pikepdf.Dictionary

FIGURE = re.compile(rb"/Figure\s*<<\s*/MCID (\d+)\s*>>\s*BDC")


def complete(pdf: pikepdf.Pdf) -> None:
    """Head every cell of every table, and take pictures without words out of what is read aloud."""
    unsaid: dict[int, set[int]] = {}
    for element in [thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary)]:
        if element.get("/S") == "/Table":
            _head_cells(element)
        elif element.get("/S") == "/Figure" and "/Alt" not in element:
            unsaid.setdefault(_number(element.Pg), set()).add(int(element.K[0]))
            _take_out(element)
    numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
    for number, leaf in enumerate(pdf.pages):
        if places := unsaid.get(_number(leaf.obj)):
            _hush(leaf, places)
            _forget(numbers[2 * number + 1], places)


def _head_cells(table: Element) -> None:
    """Say of each cell what heads it: its group of rows, its row, its columns."""
    columns: dict[int, Element] = {}
    group: list[Element] = []
    for row in _rows(table):
        cells = list(_placed(row))
        if row.P.S == "/THead":
            columns |= dict(cells)
            _scope(cells, "/Column")
        elif len(cells) == 1 and cells[0][1].S == "/TH":
            group = [cells[0][1]]
            _scope(cells, "/Column")
        else:
            _head_row(cells, columns, group)


def _head_row(
    cells: list[tuple[int, Element]], columns: dict[int, Element], group: list[Element]
) -> None:
    heads = [(place, cell) for place, cell in cells if cell.S == "/TH"]
    _scope(heads, "/Row")
    for place, cell in cells:
        if cell.S == "/TD":
            above = [columns[at] for at in range(place, place + _span(cell)) if at in columns]
            known = [*group, *(head for _, head in heads), *above]
            cell.A["/Headers"] = pikepdf.Array([head.ID for head in known])


def _scope(cells: list[tuple[int, Element]], scope: str) -> None:
    for _, cell in cells:
        cell.A["/Scope"] = pikepdf.Name(scope)


def _rows(element: Element) -> Iterator[Element]:
    for kid in _kids(element):
        if kid.S == "/TR":
            yield kid
        elif kid.S in {"/THead", "/TBody"}:
            yield from _rows(kid)


def _placed(row: Element) -> Iterator[tuple[int, Element]]:
    """Yield each cell with the number of its first column."""
    place = 0
    for cell in _kids(row):
        yield place, cell
        place += _span(cell)


def _span(cell: Element) -> int:
    return int(cell.A.get("/ColSpan", 1))


def _kids(element: Element) -> Iterator[Element]:
    return (kid for kid in element.K if isinstance(kid, pikepdf.Dictionary))


def _take_out(figure: Element) -> None:
    left = [kid for kid in figure.P.K if getattr(kid, "objgen", None) != figure.objgen]
    figure.P.K = pikepdf.Array(left)


def _number(page: pikepdf.Object) -> int:
    number, _ = page.objgen
    return int(number)


def _hush(page: pikepdf.Page, unsaid: set[int]) -> None:
    """Turn pictures which nothing is said of into artifacts, as the standard calls decoration."""
    page.Contents.write(FIGURE.sub(lambda m: _as_artifact(m, unsaid), page.Contents.read_bytes()))


def _as_artifact(match: re.Match[bytes], unsaid: set[int]) -> bytes:
    return b"/Artifact BMC" if int(match[1]) in unsaid else match[0]


def _forget(numbers: pikepdf.Object, unsaid: set[int]) -> None:
    """Leave the places of a page's artifacts in the list of its marked content empty."""
    for place in unsaid:
        numbers[place] = pikepdf.Object.parse(b"null")
