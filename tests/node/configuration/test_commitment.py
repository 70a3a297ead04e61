"""Storage commitment in node.yaml, and in what `node check` says about it."""

from pathlib import Path

import pytest
import yaml

from oncontour.core.errors import InputError
from oncontour.node.configuration.check import check_node
from oncontour.node.configuration.load import load_settings

from ..pacs import running


def written(folder: Path, port: int = 104, **scp: object) -> Path:
    content = {
        "name": "node", "place": "place", "receive": {"scp": scp, "keep_free_mb": 1},
        "peers": {"pacs": {
            "protocol": "dimse", "title": "PACS", "host": "127.0.0.1", "port": port, "commitment": True,
            "tls": {"authorities": "ca.pem"} if port == 104 else None,
        }},
    }  # fmt: skip
    path = folder / "node.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_who_is_to_report_must_be_allowed_to_call(tmp_path):
    path = written(tmp_path, callers=[{"ae_title": "MR1"}])
    with pytest.raises(InputError, match=r"peers\.pacs\.commitment: its reports come from PACS, who is not in"):
        load_settings(path)
    settings = load_settings(written(tmp_path, callers=[{"ae_title": "MR1"}, {"ae_title": "PACS"}]))
    assert settings.peers["pacs"].tls.authorities == tmp_path / "ca.pem"
    load_settings(written(tmp_path))


@pytest.mark.parametrize("commits", [True, False])
def test_check_asks_whether_a_peer_commits(tmp_path, commits):
    with running(commits) as pacs:
        settings = load_settings(written(tmp_path, pacs.port))
        (found,) = [checked for checked in check_node(settings) if checked.what == "peer pacs"]
    if commits:
        assert (found.trouble, found.told) == (None, "answers, and takes requests for storage commitment")
    else:
        assert "found no acceptance of Storage Commitment Push Model SOP Class" in str(found.trouble)
        assert "commitment: false" in str(found.trouble)
