"""Every file under a folder or in a zip, zips unpacked where they can do no harm."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from oncontour.core.errors import InputError

MAXIMUM_FILES = 200_000
"""Members of a zip: ten times the largest MR examination."""

MAXIMUM_BYTES = 64 * 2**30
"""Unpacked size of a zip: ten times the largest MR examination."""

MAXIMUM_RATIO = 200
"""Unpacked over packed size of a member: empty image slices reach about 100, zip bombs 1000."""

SMALL_MEMBER_BYTES = 16 * 2**20
"""A member this small may have any ratio: it cannot fill a disk."""

MAXIMUM_NESTING = 3
"""Zips inside zips: exports wrap one in another, nobody wraps four."""

_CHUNK = 2**20


def list_files(root: Path, temporary: Path) -> tuple[Path, ...]:
    """Every regular file at `root`, a folder, a zip or a single file; zips at any depth are unpacked into `temporary`.

    Raises:
        InputError: there is no such path, or a zip is damaged, encrypted, or would unpack to an absurd size.
    """
    if not root.exists():
        raise InputError(root, "nothing", "a folder, a zip or a DICOM file", "Check the path.")
    return tuple(_walk(root, temporary, 0))


def _walk(path: Path, temporary: Path, nesting: int) -> Iterator[Path]:
    for file in [path] if path.is_file() else sorted(_regular_files(path)):
        if _is_zip(file):
            if nesting == MAXIMUM_NESTING:
                remedy = "Unpack the outer ones first."
                raise InputError(file, f"zips nested more than {MAXIMUM_NESTING} deep", "fewer", remedy)
            yield from _walk(unpack(file, temporary), temporary, nesting + 1)
        else:
            yield file


def _regular_files(folder: Path) -> Iterator[Path]:
    """Files of a folder and its subfolders; links to folders are not followed, so nothing runs in circles."""
    for parent, _, names in os.walk(folder):
        yield from (path for name in names if (path := Path(parent, name)).is_file())


def _is_zip(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def unpack(file: Path, temporary: Path) -> Path:
    """Unpack a zip into a new folder of `temporary`.

    Members get numbers for names, so that no name in the zip can lead outside, collide or name a patient.

    Returns:
        The new folder.
    """
    temporary.mkdir(parents=True, exist_ok=True)
    folder = temporary / f"zip{sum(1 for _ in temporary.glob('zip*')):04d}"
    folder.mkdir()
    remedy = "Unpack it yourself and give the folder."
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not member.is_dir() and not _is_link(member)]
            _check_size(file, members, temporary)
            for n, member in enumerate(members):
                _check_member(file, member)
                _copy(archive, member, folder / f"{n:06d}")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, zlib.error) as error:
        raise InputError(file, f"a zip that does not unpack ({type(error).__name__})", "a whole zip", remedy) from None
    return folder


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _check_size(file: Path, members: list[zipfile.ZipInfo], temporary: Path) -> None:
    total = sum(member.file_size for member in members)
    free = shutil.disk_usage(temporary).free
    if len(members) > MAXIMUM_FILES:
        raise InputError(file, f"{len(members)} files", f"at most {MAXIMUM_FILES}", "Give one study at a time.")
    if total > MAXIMUM_BYTES:
        found, expected = f"{total / 2**30:.1f} GiB unpacked", f"at most {MAXIMUM_BYTES // 2**30} GiB"
        raise InputError(file, found, expected, "Give one study at a time.")
    if total > free:
        found, expected = f"{total / 2**20:.0f} MiB unpacked", f"at most the {free / 2**20:.0f} MiB free on disk"
        raise InputError(file, found, expected, "Free some disk, or choose another temporary folder.")


def _check_member(file: Path, member: zipfile.ZipInfo) -> None:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or (name.parts and name.parts[0].endswith(":")):
        raise InputError(file, "a member whose name leads outside the zip", "plain names", "Do not trust this zip.")
    if member.file_size > SMALL_MEMBER_BYTES and member.file_size > MAXIMUM_RATIO * max(member.compress_size, 1):
        found = f"a member {member.file_size / max(member.compress_size, 1):.0f} times larger than packed"
        raise InputError(file, found, f"at most {MAXIMUM_RATIO} times", "Do not trust this zip.")


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Copy a member, and stop where it is longer than it claims."""
    left = member.file_size
    with archive.open(member) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile
            sink.write(chunk)
