"""The published JSON Schema is current, takes what we take, and refuses what has another shape."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from configs import SITE_TEMPLATE, ConfigError, Permit, calendar, code_profile, site_schema
from tests.json_schema import violations
from tests.site_text import GOOD, POLYGON, site_of, spoiled

CONFIGS = Path(__file__).parent.parent / "configs"


def told(text: str) -> list[str]:
    """Check the text of a site file against the schema."""
    schema: dict[str, Any] = site_schema()
    return list(violations(yaml.safe_load(text), schema, schema))


def test_the_committed_schema_is_current() -> None:
    """configs/site.schema.json is what the models say today (configs/schema.py renews it)."""
    committed = json.loads((CONFIGS / "site.schema.json").read_text(encoding="utf-8"))
    assert committed == site_schema()


@pytest.mark.parametrize(
    "text",
    [SITE_TEMPLATE, (CONFIGS / "demo.yaml").read_text(encoding="utf-8"), GOOD],
    ids=["template", "demo", "good"],
)
def test_the_schema_takes_what_we_take(text: str) -> None:
    """The template, the demo and a whole site fit."""
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        spoiled("dwell_s: 300", "dwel_s: 300"),
        spoiled("lat: 36.0986", "lat: 136.0986"),
        spoiled("version: 1", "version: 2"),
        spoiled("language: zh-CN", "language: zh"),
        spoiled(POLYGON, "[[100, 200], [0.9, 0.5], [0.9, 0.9]]"),
        spoiled(POLYGON, "[[0.1, 0.5, 0.1], [0.9, 0.5], [0.9, 0.9]]"),
        spoiled("dwell_s: 300", "allow: [{from: 22:00, to: '06:00'}]"),
        spoiled("    username: viewer", "    cameras: []\n    username: viewer"),
        spoiled("interval_s: 2", "interval_s: '2 s'"),
        GOOD[: GOOD.index("cameras:")],
    ],
)
def test_the_schema_refuses_another_shape(text: str) -> None:
    """An editor with the schema marks what loading would refuse."""
    assert told(text)


def test_every_key_is_described_in_the_guide() -> None:
    """docs/site-file.md names every key of the schema."""
    guide = (CONFIGS.parent / "docs" / "site-file.md").read_text(encoding="utf-8")
    schema = site_schema()
    models = [schema, *schema["$defs"].values()]
    keys = {key for model in models for key in model.get("properties", {})}
    assert sorted(key for key in keys if f"`{key}`" not in guide) == []


def test_the_examples_of_the_guide_are_right(tmp_path: Path) -> None:
    """The whole file in docs/site-file.md is a site, its profile a profile, its message ours."""
    guide = (CONFIGS.parent / "docs" / "site-file.md").read_text(encoding="utf-8")
    site, permits, profile, days = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert [Permit.model_validate(each) for each in yaml.safe_load(permits)["allow"]]
    assert site_of(site, tmp_path, CASE_API_KEY="key").cameras[0].rules[0].allow
    (tmp_path / "own.yaml").write_text(profile, encoding="utf-8")
    assert code_profile("own.yaml", tmp_path).code("illegal_parking", "fire_lane") is not None
    (tmp_path / "days.yaml").write_text(days, encoding="utf-8")
    assert len(calendar(["days.yaml"], tmp_path).holidays) == 7
    with pytest.raises(ConfigError) as caught:
        site_of(spoiled("dwell_s: 300", "dwel_s: 300"), tmp_path)
    assert str(caught.value).removeprefix(f"{tmp_path}/") in guide
