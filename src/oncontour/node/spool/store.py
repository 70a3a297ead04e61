"""The store: images come in as parts, are synced, and get their name in one step.

    incoming/<random>.part           arriving
    incoming/<random>.<digest>.whole all of it is here, perhaps not yet under its name
    studies/<study>/<image>.dcm      safe
    studies/<study>/<image>.<digest>.dcm  another content that came under the same UID

Several processes may share a spool, on one file system that knows hard links: a name is given by linking, which fails
where the name is taken, so nothing is ever written over.

**Success survives a power cut**, at the price of one flush an image: a part that is complete is renamed to `.whole`,
then synced, which makes its bytes and that name durable together; then it is linked to its place. If the power fails
before the link reaches the disk, the next start finds the `.whole`, checks its digest and links it again. (A sync of
the folder after each link would cost a second flush.)
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BufferedReader, FileIO
from pathlib import Path

from oncontour.core.errors import OutputError
from oncontour.data.files import explained
from oncontour.node.spool.arrival import Arrival, Kind
from oncontour.node.spool.header import Identity, read_identity
from oncontour.node.spool.meta import HEAD_BYTES, FileMeta, read_meta, write_meta
from oncontour.node.spool.refusal import Refusal, RefusedError
from oncontour.node.spool.uids import token

INCOMING, STUDIES = "incoming", "studies"
PART, WHOLE, IMAGE = ".part", ".whole", ".dcm"

STALE_PART_S = 3600.0
"""A part that nobody wrote to for so long belongs to a process that is gone."""

STALE_WHOLE_S = 10.0
"""A whole image waits milliseconds for its name. One as old as this was left by a power cut or a killed process."""

_DIGEST_DIGITS = 16
"""Of SHA-256, in the name of a conflicting image."""

HELD_BYTES = 1 << 20
"""Of a data set that arrives are held in memory, and written and hashed at once: most images are. Every call that lets
other associations go on costs a wait for the next turn."""

_LINK_TRIES = 20
"""A study may be moved away between the making of its folder and the link into it, but not so often."""

_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG))


class Spool:
    """A folder of studies that arrive.

    Args:
        folder: made where it is not there.

    Raises:
        OutputError: it cannot be written, or its file system has no hard links.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.incoming = folder / INCOMING
        self.studies = folder / STUDIES
        with explained(folder):
            self.incoming.mkdir(parents=True, exist_ok=True)
            self.studies.mkdir(exist_ok=True)
            self._check_links()

    def part(self, meta: FileMeta, sender: str) -> Part:
        """Begin an image.

        Args:
            meta: its SOP class and instance, as announced, and the transfer syntax of what is going to be written.
            sender: AE title, "WEB" or "FOLDER".
        """
        return Part(self, meta, sender)

    def recover(self) -> int:
        """Bring in order what a power cut or a killed process left; other processes may be receiving meanwhile.

        Returns:
            how many whole images got their name. Nobody is told of their arrival: read the studies afterwards.
        """
        now, named = time.time(), 0
        for path in self.incoming.iterdir():
            try:
                age = abs(now - path.stat().st_mtime)  # A clock that was set back leaves files of the future.
                if path.suffix == PART and age > STALE_PART_S:
                    path.unlink()
                elif path.suffix == WHOLE and age > STALE_WHOLE_S:
                    named += self._recover_whole(path)
            except FileNotFoundError:
                continue  # Another process was faster.
        return named

    def _recover_whole(self, path: Path) -> bool:
        with path.open("rb") as stream:
            meta = read_meta(stream.read(HEAD_BYTES))
            digest = path.suffixes[0].removeprefix(".")
            identity = None
            if meta is not None and data_set_digest(stream, meta.length) == digest:
                identity = read_file_identity(stream, meta)
        if identity is not None:
            self.place(path, identity, digest)
        path.unlink()
        return identity is not None

    def place(self, path: Path, identity: Identity, digest: str) -> Kind:
        """Give a whole image its name beside the one it has. Nothing is written over."""
        folder, image = self.studies / token(identity.study), token(identity.sop_instance)
        names: dict[Kind, str] = {"new": image, "conflict": f"{image}.{digest[:_DIGEST_DIGITS]}"}
        for kind, name in names.items():
            final = folder / (name + IMAGE)
            if _link(path, final):
                return kind
            if _holds(final, digest):
                return "same"
        raise FileExistsError(errno.EEXIST, "the name of a conflicting image is taken by another content")

    def put_back(self, path: Path, study: str) -> None:
        """Give an image that was taken away its name again; where that is taken by another content, beside it."""
        if not _link(path, self.studies / study / path.name):
            with path.open("rb") as stream:
                meta = read_meta(stream.read(HEAD_BYTES))
                identity = read_file_identity(stream, meta) if meta else None
                digest = data_set_digest(stream, meta.length) if meta else ""
            if identity is not None:
                self.place(path, identity, digest)

    def _check_links(self) -> None:
        probe = self.incoming / f"{secrets.token_hex(8)}{PART}"
        probe.touch()
        linked = probe.with_suffix(".probe")
        try:
            linked.hardlink_to(probe)
        except OSError as error:
            remedy = "Put the spool on a file system such as ext4, XFS or NFS."
            raise OutputError(self.folder, f"{error.strerror}", "a file system with hard links", remedy) from error
        finally:
            linked.unlink(missing_ok=True)
            probe.unlink()


class Part:
    """An image that is arriving. Every one ends with `keep` or `drop`."""

    def __init__(self, spool: Spool, meta: FileMeta, sender: str) -> None:
        self._spool, self._meta, self._sender = spool, meta, sender
        self._path = spool.incoming / f"{secrets.token_hex(16)}{PART}"
        self._stream: FileIO | None = None
        self._digest = hashlib.sha256()
        self._head = write_meta(meta.sop_class, meta.sop_instance, meta.transfer_syntax, sender)
        self._length = self._written = 0
        self._held = bytearray(self._head)

    @property
    def length(self) -> int:
        """Bytes of the data set so far."""
        return self._length

    def write(self, data: bytes | memoryview) -> None:
        """Append to the data set.

        Raises:
            RefusedError: there is no room.
        """
        self._held += data
        self._length += len(data)
        if len(self._held) >= HELD_BYTES:
            self._flush()

    def keep(self, study: str | None = None) -> Arrival:
        """Make it safe, and give it its name.

        Args:
            study: Study Instance UID that it was announced for; None: any.

        Raises:
            RefusedError: there is no room, or it is not the image that was announced, or no image. Nothing stays.
        """
        try:
            identity = read_identity(self._read, self._meta.transfer_syntax)  # Mostly of what is held in memory.
            if identity is None:
                raise RefusedError(Refusal.NO_IDENTITY)
            announced = (self._meta.sop_class, self._meta.sop_instance)
            if (identity.sop_class, identity.sop_instance) != announced or study not in (None, identity.study):
                raise RefusedError(Refusal.MISMATCH)
            stream = self._flush()
            digest = self._digest.hexdigest()
            with _refused():
                self._path = self._path.rename(self._path.with_suffix(f".{digest}{WHOLE}"))
                os.fsync(stream.fileno())
                kind = self._spool.place(self._path, identity, digest)
        finally:
            self.drop()
        return Arrival(
            study=token(identity.study),
            series=token(identity.series),
            image=token(identity.sop_instance),
            kind=kind,
            bytes=self._length,
            sender=self._sender,
            when=datetime.now(UTC),
        )

    def drop(self) -> None:
        """Let it go."""
        if self._stream is not None:
            self._stream.close()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _flush(self) -> FileIO:
        """Write what is held in memory; the file."""
        with _refused():
            if self._stream is None:
                self._stream = FileIO(self._path, "x+")
            rest = memoryview(self._held)
            self._digest.update(rest[0 if self._written else len(self._head) :])
            while rest:
                rest = rest[self._stream.write(rest) :]
        self._written += len(self._held)
        self._held = bytearray()
        return self._stream

    def _read(self, offset: int, count: int) -> bytes:
        """Of the data set."""
        place = len(self._head) + offset
        if place < self._written:
            return os.pread(self._flush().fileno(), count, place)
        return bytes(self._held[place - self._written : place - self._written + count])


def data_set_digest(stream: BufferedReader, start: int) -> str:
    """SHA-256 of a file from `start` to its end."""
    stream.seek(start)
    return hashlib.file_digest(stream, "sha256").hexdigest()


def read_file_identity(stream: BufferedReader, meta: FileMeta) -> Identity | None:
    """Which image a DICOM file is."""
    number = stream.fileno()
    return read_identity(lambda offset, count: os.pread(number, count, meta.length + offset), meta.transfer_syntax)


def _link(path: Path, final: Path) -> bool:
    """Give a file a second name, making its folder; False where the name is taken."""
    for _ in range(_LINK_TRIES):
        try:
            os.link(path, final)
        except FileExistsError:
            return False
        except FileNotFoundError:
            final.parent.mkdir(exist_ok=True)  # The study is new, or was moved away this moment.
        else:
            return True
    raise FileNotFoundError(errno.ENOENT, "the study's folder vanishes again and again")


def _holds(path: Path, digest: str) -> bool:
    """Whether an image's data set is the one of that digest; no, where it is gone."""
    try:
        with path.open("rb") as stream:
            meta = read_meta(stream.read(HEAD_BYTES))
            return meta is not None and data_set_digest(stream, meta.length) == digest
    except FileNotFoundError:
        return False


@contextmanager
def _refused() -> Iterator[None]:
    """The system has no room: so is the image's sender told."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise RefusedError(Refusal.NO_ROOM) from error
        raise
