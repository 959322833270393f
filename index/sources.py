"""The files that documents came from, so that those that have not changed need not be read again."""

from collections.abc import Iterable

from index.visible import Visible


class Sources(Visible):
    """The table of files."""

    def remember(self, files: Iterable[tuple[str, str, int, int]]) -> None:
        """Note (document id, version, size in bytes, time of last change in ns) of files that were read."""
        with self.change() as db:
            db.executemany(
                "INSERT INTO sources VALUES (?, ?, ?, ?) ON CONFLICT (document_id) DO UPDATE SET"
                " version = excluded.version, size = excluded.size, mtime_ns = excluded.mtime_ns",
                files,
            )

    def remembered(self) -> dict[str, tuple[int, int, str]]:
        """(size, time of last change, title) of the file of each document that is in the version read
        from it, by document id."""
        rows = self.seen(
            "SELECT d.id, s.size, s.mtime_ns, d.title FROM sources s"
            " JOIN documents d ON d.id = s.document_id AND d.version = s.version WHERE d.id IN SEEN"
        )
        return {name: (size, mtime_ns, title) for name, size, mtime_ns, title in rows}

    def sources_below(self, folder: str) -> dict[str, str]:
        """Source of each document that lies below a folder, by document id."""
        start = folder.rstrip("/") + "/"
        rows = self.seen(
            "SELECT id, source FROM documents WHERE source > :start AND source < :end AND id IN SEEN"
            " ORDER BY source",
            start=start,
            end=start + chr(0x10FFFF),
        )
        return dict(rows)
