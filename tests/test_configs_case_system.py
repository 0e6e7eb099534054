"""Case systems in a site file: each kind has its own keys, and wrong ones say so."""

import base64
from pathlib import Path

import pytest
import yaml

from configs import (
    ConfigError,
    EgovaSystem,
    Open311System,
    Site,
    WebhookSystem,
    parse_site,
    signing_key,
    site_schema,
)
from tests.json_schema import violations
from tests.site_text import GOOD

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OPEN311 = '{kind: open311, url: "http://127.0.0.1:8311/open311/v2", codes: gbt47678-2026}'
WEBHOOK = f'{{kind: webhook, url: "https://hooks.example/in", secret: "{SECRET}"}}'
EGOVA = (
    '{kind: egova, url: "https://city.example/v22-api", client_id: "17", client_secret: s3cret, '
    "sender_code: sw, rec_type: {id: 23, name: 城管}, event_src: {id: 8, name: 物联感知}}"
)


def site(system: str) -> Site:
    """Read a whole site with this case system."""
    assert OPEN311 in GOOD
    text = GOOD.replace(OPEN311, system)
    return parse_site(text, Path("site.yaml"), {"CAM_PASSWORD": "x", "API_TOKEN": "y"})


def test_each_kind_has_its_own_keys() -> None:
    """A kind's mapping becomes that kind's object, its secrets hidden."""
    webhook, egova = site(WEBHOOK).case_system, site(EGOVA).case_system
    assert isinstance(site(OPEN311).case_system, Open311System)
    assert isinstance(webhook, WebhookSystem)
    assert signing_key(webhook.secret.get_secret_value()) == bytes(range(32))
    assert isinstance(egova, EgovaSystem)
    assert (egova.rec_type.id, egova.event_src.name) == (23, "物联感知")
    assert "s3cret" not in repr(egova)
    assert SECRET[8:] not in repr(webhook)


def test_an_allow_list_that_is_not_written_holds_the_host() -> None:
    """Whatever the kind, exactly the host of its address may be spoken to."""
    assert site(WEBHOOK).allow.case_hosts == ("hooks.example",)
    assert site(EGOVA).allow.case_hosts == ("city.example",)


def test_secrets_in_the_file_are_remarked_upon() -> None:
    """A secret that is written out is taken, with a warning."""
    assert "case_system.secret" in {warning.key for warning in site(WEBHOOK).warnings}
    assert "case_system.client_secret" in {warning.key for warning in site(EGOVA).warnings}


@pytest.mark.parametrize(
    ("system", "key", "problem", "remedy"),
    [
        (WEBHOOK.replace("webhook", "webhok"), "kind", "unknown value 'webhok'", "'webhook'"),
        (WEBHOOK.replace("kind: webhook, ", ""), "kind", "missing", "egova"),
        (WEBHOOK.replace("secret:", "sekret:"), "sekret", "unknown key", "'secret'"),
        (WEBHOOK.replace(SECRET, "hunter2"), "secret", "no signing key", "openssl rand"),
        (WEBHOOK.replace(SECRET, "whsec_AAAA"), "secret", "no signing key", "24 to 64"),
        (EGOVA.replace("client_secret: s3cret, ", ""), "client_secret", "missing", "CAM_PASSWORD"),
        (EGOVA.replace("{id: 23", "{id: x"), "rec_type.id", "whole number", "1"),
        (EGOVA.replace("event_src: {id: 8, ", "event_src: {"), "event_src.id", "missing", "write"),
        (OPEN311.replace("codes:", "secret: abc, codes:"), "secret", "unknown key", "api_key"),
    ],
)
def test_wrong_keys_say_so(system: str, key: str, problem: str, remedy: str) -> None:
    """The message names the key as it stands in the file, and hides what was written."""
    with pytest.raises(ConfigError) as caught:
        site(system)
    found = {error.key: error for error in (caught.value, *caught.value.others)}
    error = found[f"case_system.{key}"]
    assert problem in error.problem
    assert remedy in error.remedy
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("system", [OPEN311, WEBHOOK, EGOVA])
def test_the_schema_knows_each_kind(system: str) -> None:
    """An editor with the schema takes each kind, and marks another kind's keys."""
    schema = site_schema()
    good = yaml.safe_load(GOOD.replace(OPEN311, system))
    assert list(violations(good, schema, schema)) == []
    good["case_system"]["surprise"] = 1
    assert list(violations(good, schema, schema)) != []
