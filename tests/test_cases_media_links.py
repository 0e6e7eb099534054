"""Pictures by address: one covered still, opened by its own address and by no other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from urllib.parse import urlsplit

import httpx
import pytest

from api.server import ApiServer
from cases import MediaLinks, Store
from configs import ConfigError
from pipeline import Runner
from pipeline.delivery import case_system, media_links
from tests.case_payloads import make_case
from tests.case_server import CaseServer
from tests.evidence_requests import make_writer, one_still_request
from tests.site_text import GOOD, site_of
from tests.violations import make_violation

LINKS = 'media: url, media_base: "https://box.example/x/", codes: gbt47678-2026'


def site_text(folder: Path, url: str) -> str:
    """Write a site whose case system fetches pictures."""
    return (
        GOOD.replace("./demo-data", str(folder))
        .replace("http://127.0.0.1:8311/open311/v2", url)
        .replace("codes: gbt47678-2026", LINKS)
    )


@dataclass
class Box:
    """A box that serves its pictures, and the address that was posted."""

    posted: str
    api: str
    original: str

    def get(self, path: str) -> httpx.Response:
        """Fetch without a token, as a case system does."""
        return httpx.get(f"{self.api}{path}", trust_env=False)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Post a case with evidence, and serve the API."""
    with CaseServer() as server:
        site = site_of(site_text(tmp_path / "data", server.url), tmp_path)
        evidence = make_writer(site.data / "evidence").write(
            replace(one_still_request(), violation=make_violation(0))
        )
        case = make_case(0, evidence=evidence, root=site.data / "evidence")
        system = case_system(site)
        assert system is not None
        system.post(case)
        (request,) = server.stored
    with Store.open(site.data / "store.sqlite3", site_id=site.site.id) as store:
        store.confirm(make_violation(0), evidence, case.to_json())
        runner = cast("Runner", SimpleNamespace(site=site, store=store))
        api = ApiServer(runner, host="127.0.0.1", port=0, token="t" * 32)
        api.start()
        try:
            yield Box(request.fields["media_url"], api.url, "1-confirmation.jpg")
        finally:
            api.stop()
    assert request.files == []


def test_the_address_opens_the_covered_still(box: Box) -> None:
    """Without a token; it lies below the base that the site file names."""
    assert box.posted.startswith("https://box.example/x/shown/")
    path = urlsplit(box.posted).path.removeprefix("/x")
    answer = box.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert path.endswith("-annotated.jpg")


def test_no_other_address_opens_anything(box: Box) -> None:
    """Another file, another case, another signature, other paths of the API, another method."""
    path = urlsplit(box.posted).path.removeprefix("/x")
    _, _, signature, name, file = path.split("/")
    wrong = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    for other in (
        path.replace(file, box.original),
        path.replace(file, "manifest.json"),
        path.replace(name, "0" * 20),
        path.replace(signature, wrong),
        path.replace(signature, ""),
        path + "/",
        f"/shown/{signature}/../cases",
        f"/cases/{name}/evidence/{file}",
        "/shown/",
    ):
        assert box.get(other).status_code == 401, other
    assert httpx.post(f"{box.api}{path}", trust_env=False).status_code == 401


def test_the_key_is_kept(tmp_path: Path) -> None:
    """An address that was given out opens after a restart, and on no other box."""
    file = tmp_path / "data" / "media-key"
    path = urlsplit(MediaLinks("https://box", file).url("2026/01/05/abc/1.jpg")).path
    assert MediaLinks("https://elsewhere", file).opens(path)
    assert not MediaLinks("https://box", tmp_path / "other").opens(path)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_base_and_the_wish_for_it_belong_together(tmp_path: Path) -> None:
    """One clear error; a site without either gives out no addresses."""
    assert media_links(site_of(GOOD, tmp_path)) is None
    text = site_text(tmp_path, "http://127.0.0.1:1/x").replace("media: url, ", "")
    with pytest.raises(ConfigError, match="belong together"):
        site_of(text, tmp_path)
