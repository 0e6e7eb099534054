"""What a site file says about delivery reaches the courier and its case system."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cases import Channel
from cases.open311 import Open311
from configs import ConfigError, Site, parse_site
from models import Registry
from pipeline.check import check_site
from pipeline.delivery import alarm_system, case_system, courier_settings, limits_of
from pipeline.routes import Route, pre_alarm_channel, route_of
from tests.case_payloads import make_case
from tests.case_server import CaseServer
from tests.site_text import GOOD

SYSTEM = 'url: "http://127.0.0.1:8311/open311/v2", codes: gbt47678-2026'


def site(keys: str, url: str = "http://127.0.0.1:8311/open311/v2") -> Site:
    """Read the good site with more keys under case_system."""
    assert SYSTEM in GOOD
    text = GOOD.replace(SYSTEM, f'url: "{url}", {keys}')
    return parse_site(text, Path("site.yaml"), {"CAM_PASSWORD": "x", "API_TOKEN": "y"})


def test_pace_quiet_hours_and_deadline_reach_the_courier() -> None:
    """In the site's time zone; the wait for a look-up follows the deadline."""
    configured = site(
        'rate_per_minute: 10, deadline_s: 8, quiet: [{from: "22:00", to: "06:00", days: mon-fri}]'
    )
    system = case_system(configured)
    assert system is not None
    settings = courier_settings(configured, system.deadline_s)
    assert (settings.rate_per_minute, settings.settle_s, settings.lease_s) == (10.0, 13.0, 60.0)
    assert settings.timezone == ZoneInfo("Asia/Shanghai")
    (window,) = settings.quiet
    assert (window.days, window.start.hour, window.end.hour) == (frozenset(range(5)), 22, 6)


def test_without_a_word_cases_go_out_at_sixty_a_minute_at_all_hours() -> None:
    """And null lifts the limit."""
    settings = courier_settings(site("api_key: k"), 25.0)
    assert (settings.rate_per_minute, settings.quiet, settings.settle_s) == (60.0, (), 30.0)
    assert courier_settings(site("rate_per_minute: null"), 25.0).rate_per_minute is None


def test_services_attributes_and_media_reach_the_server() -> None:
    """As they are written."""
    case = make_case()
    with CaseServer() as server:
        keys = (
            f"services: {{{case.kind}: '17'}}, attributes: {{ID: '{{case_key}}'}}, media: none, "
            "deadline_s: 3"
        )
        system = case_system(site(keys, server.url))
        assert isinstance(system, Open311)
        assert system.deadline_s == 3.0
        system.post(case)
    fields = server.stored[0].fields
    assert (fields["service_code"], fields["attribute[ID]"]) == ("17", case.case_key)


@pytest.mark.parametrize(
    ("keys", "key", "text"),
    [
        ('quiet: [{from: "00:00", to: "24:00"}]', "case_system.quiet", "no case would ever"),
        (
            'quiet: [{from: "06:00", to: "22:00"}, {from: "21:00", to: "06:00"}]',
            "case_system.quiet",
            "all week",
        ),
        ("services: {illegal_parkin: '1'}", "case_system.services.illegal_parkin", "did you mean"),
        ("attributes: {ID: '{key}'}", "case_system.attributes.ID", "{case_key}"),
        ("states: ./none.yaml", "case_system.states", "there is no such file"),
        ("states: opn311", "case_system.states", "did you mean 'open311'"),
    ],
)
def test_check_refuses_what_cannot_be_meant(keys: str, key: str, text: str) -> None:
    """Quiet hours without an end, an unknown kind, a fact that no case has: each with its fix."""
    (found,) = [
        problem
        for problem in check_site(site(keys), Registry())
        if problem.key.startswith("case_system.") and problem.key != "case_system.url"
    ]
    assert found.key == key
    assert text in f"{found.problem}; {found.remedy}"


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("rate_per_minute: 0", "case_system.rate_per_minute"),
        ("rate_per_minute: fast", "case_system.rate_per_minute"),
        ("deadline_s: 0.1", "case_system.deadline_s"),
        ("quiet: [{from: 22:00, to: '06:00'}]", "case_system.quiet[0].from"),
        ("media: link", "case_system.media"),
        ("services: [a]", "case_system.services"),
        ("attributes: {ID: ''}", "case_system.attributes.ID"),
    ],
)
def test_a_wrong_value_is_named(keys: str, key: str) -> None:
    """By its key, before anything runs."""
    with pytest.raises(ConfigError) as raised:
        site(keys)
    assert raised.value.key == key


ALARMS = """
alarms: {kind: webhook, url: "http://127.0.0.1:9/in", secret: "%s"}
""" % ("whsec_" + "QUFB" * 10)


def crowd(more: str = "", keys: str = "api_key: k") -> Site:
    """Read the good site with a rule for crowds, and more keys."""
    text = GOOD.replace(SYSTEM, f'url: "http://127.0.0.1:8311/open311/v2", {keys}') + more
    assert "kind: illegal_parking" in text
    text = text.replace("kind: illegal_parking, zones: [kerb]", "kind: crowd_density")
    return parse_site(text, Path("site.yaml"), {"CAM_PASSWORD": "x", "API_TOKEN": "y"})


def test_a_kind_without_a_code_goes_to_the_receiver_of_alarms() -> None:
    """Without one it stays here, and check says what to write; a webhook takes it as its own."""
    assert route_of(crowd(ALARMS), coded=False) == Route(Channel.ALARM, "alarm")
    assert "write alarms:" in route_of(crowd(), coded=False).keep
    assert route_of(crowd(ALARMS), coded=True) == Route(Channel.CASE, "case")
    assert alarm_system(crowd(ALARMS)) is not None
    assert alarm_system(crowd()) is None


def test_pre_alarms_go_where_they_are_asked_for() -> None:
    """Nowhere by default."""
    assert pre_alarm_channel(crowd(ALARMS)) is None
    wanting = ALARMS.replace("kind: webhook,", "kind: webhook, events: [opened, confirmed],")
    assert pre_alarm_channel(crowd(wanting)) is Channel.ALARM


def test_events_name_the_case_itself() -> None:
    """A receiver that hears of everything but cases is a mistake."""
    with pytest.raises(ConfigError, match="leave out the case itself"):
        crowd(ALARMS.replace("kind: webhook,", "kind: webhook, events: [opened],"))


def test_caps_and_silences_reach_the_store() -> None:
    """As they are written, and by default."""
    text = "cases: {cap: {camera_kind: 3, site: null, per_s: 60}, silence_after_reject_s: 5}"
    limits = limits_of(crowd("\n" + text + "\n"))
    assert (limits.camera_kind, limits.site, limits.per_s) == (3, None, 60.0)
    assert limits_of(crowd()).site == 100
    assert courier_settings(crowd(), 25.0).silence_s == 86400.0
