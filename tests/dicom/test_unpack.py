"""A zip can do no harm: no path leads outside, no size explodes."""

import os
import zipfile

import pytest

from oncontour.core.errors import InputError
from oncontour.dicom import unpack as unpacking
from oncontour.dicom.unpack import list_files, unpack


def make_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:/evil"])
def test_path_traversal_is_refused(tmp_path, name):
    file = make_zip(tmp_path / "a.zip", {name: b"x"})
    with pytest.raises(InputError, match="leads outside"):
        unpack(file, tmp_path / "out" / "deeper")
    assert not list(tmp_path.rglob("evil"))


def test_names_are_replaced_and_collide_never(tmp_path):
    file = make_zip(tmp_path / "a.zip", {"Meyer/1": b"x", "meyer/1": b"y", "a" * 250: b"z"})
    names = [path.name for path in unpack(file, tmp_path / "out").iterdir()]
    assert sorted(names) == ["000000", "000001", "000002"]


def test_zip_bomb_is_refused(tmp_path):
    file = make_zip(tmp_path / "a.zip", {"zeros": bytes(40 * 2**20)})
    with pytest.raises(InputError, match="times larger than packed"):
        unpack(file, tmp_path / "out")


def test_too_many_or_too_large(tmp_path, monkeypatch):
    file = make_zip(tmp_path / "a.zip", {f"{n}": os.urandom(100) for n in range(5)})
    monkeypatch.setattr(unpacking, "MAXIMUM_FILES", 4)
    with pytest.raises(InputError, match="5 files; expected at most 4"):
        unpack(file, tmp_path / "out")
    monkeypatch.setattr(unpacking, "MAXIMUM_FILES", 10)
    monkeypatch.setattr(unpacking, "MAXIMUM_BYTES", 400)
    with pytest.raises(InputError, match="unpacked"):
        unpack(file, tmp_path / "out")


def test_damaged_zip(tmp_path):
    file = make_zip(tmp_path / "a.zip", {"a": os.urandom(5000)})
    file.write_bytes(file.read_bytes()[:3000])
    with pytest.raises(InputError, match="does not unpack"):
        unpack(file, tmp_path / "out")


def test_links_in_a_zip_are_left_out(tmp_path):
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("file", b"x")
    assert len(list(unpack(tmp_path / "a.zip", tmp_path / "out").iterdir())) == 1


def test_zip_in_zip(tmp_path):
    inner = make_zip(tmp_path / "inner.zip", {"image": b"content"})
    outer = make_zip(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes(), "note": b"n"})
    files = list_files(outer, tmp_path / "out")
    assert sorted(file.read_bytes() for file in files) == [b"content", b"n"]


def test_nesting_has_an_end(tmp_path):
    content = b"x"
    for _ in range(5):
        content = make_zip(tmp_path / "a.zip", {"a.zip": content}).read_bytes()
    with pytest.raises(InputError, match="nested"):
        list_files(tmp_path / "a.zip", tmp_path / "out")


def test_links_to_folders_do_not_run_in_circles(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "file").write_bytes(b"x")
    (tmp_path / "root" / "loop").symlink_to(tmp_path / "root")
    assert len(list_files(tmp_path / "root", tmp_path / "out")) == 1
