"""Are the files of Chroma's index whole? It looks at nothing in them: with damaged ones it finds other
passages without a word, or ends the process.

They are hnswlib's, as Chroma 1.5.9 writes them: a header; a row for each vector with its links, itself and
its label; the lengths that vectors had; and for each the links of its upper layers.
"""

from pathlib import Path

import numpy as np

HEADER = np.dtype(
    [("version", "<i4")]
    + [(name, "<u8") for name in ("offset", "most", "count", "row", "label_at", "vector_at")]
    + [("layers", "<i4"), ("entry", "<u4")]
    + [(name, "<u8") for name in ("links", "links_below", "m")]
    + [("scale", "<f8"), ("ef", "<u8")]
)
ROWS = 50_000
"""Looked at at once; bounds memory."""
QUICK = 200_000
"""Vectors whose links are all looked at whenever the folder is opened, 0.4 GB; a million take seconds."""


def check(folder: Path, most: int = QUICK) -> None:
    """Raises ValueError that names the first file of an index in the folder that is not whole. Of an index
    with more vectors than `most` only header and sizes are looked at."""
    for segment in sorted(path for path in folder.glob("*") if path.is_dir() and any(path.iterdir())):
        _check(segment, most)


def _check(segment: Path, most: int) -> None:
    path = segment / "header.bin"
    _need(path.is_file() and path.stat().st_size == HEADER.itemsize, path)
    header = np.fromfile(path, HEADER)[0]
    count, links = int(header["count"]), int(header["links_below"])
    _need(
        header["version"] == 1
        and header["vector_at"] == 4 + 4 * links
        and header["vector_at"] < header["label_at"] == header["row"] - 8
        and count <= header["most"]
        and (header["entry"] < count or not count),
        path,
    )
    if not count:
        return
    _need((segment / "index_metadata.pickle").is_file(), segment / "index_metadata.pickle")
    _need(_size(segment / "data_level0.bin") == count * int(header["row"]), segment / "data_level0.bin")
    _need(_size(segment / "length.bin") == 4 * count, segment / "length.bin")
    if count > most:
        return
    _check_rows(segment / "data_level0.bin", count, header)
    lengths = np.fromfile(segment / "length.bin", "<f4")
    _need(bool(np.isfinite(lengths).all() and (lengths >= 0).all()), segment / "length.bin")
    _check_layers(segment / "link_lists.bin", count, 4 + 4 * int(header["links"]))


def _check_rows(path: Path, count: int, header: np.void) -> None:
    """The lowest layer: links to rows that there are, and vectors of unit length."""
    kind = np.dtype(
        [
            ("links", "<u2"),
            ("flags", "<u2"),
            ("to", "<u4", (int(header["links_below"]),)),
            ("vector", "<f4", (int(header["label_at"] - header["vector_at"]) // 4,)),
            ("label", "<u8"),
        ]
    )
    _need(kind.itemsize == header["row"], path)
    labels = []
    for at in range(0, count, ROWS):
        rows = np.fromfile(path, kind, min(ROWS, count - at), offset=at * kind.itemsize)
        used = np.arange(rows["to"].shape[1]) < rows["links"][:, None]
        with np.errstate(all="ignore"):
            lengths = np.linalg.norm(rows["vector"], axis=1)
        whole = (rows["links"] <= used.shape[1]).all() and (rows["to"][used] < count).all()
        _need(bool(whole and (abs(lengths - 1) < 0.01).all()), path)
        labels.append(rows["label"])
    _need(len(np.unique(np.concatenate(labels))) == count, path)


def _check_layers(path: Path, count: int, layer: int) -> None:
    """The upper layers: for each vector the bytes of its layers, and these, each a number and its links."""
    data = np.fromfile(path, "<u4") if _size(path) % 4 == 0 else np.empty(0, "<u4")
    at = 0
    for _ in range(count):
        _need(at < len(data) and data[at] % layer == 0, path)
        end = at + 1 + int(data[at]) // 4
        for start in range(at + 1, end, layer // 4):
            _need(end <= len(data), path)
            used = int(data[start]) & 0xFFFF
            _need(used < layer // 4 and bool((data[start + 1 : start + 1 + used] < count).all()), path)
        at = end
    _need(at == len(data), path)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _need(whole: bool, path: Path) -> None:
    if not whole:
        raise ValueError(f"{path.parent.name}/{path.name} is damaged")
