"""The desk's page in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from cases.desk import Desk
from cases.open311 import Open311
from tests.case_payloads import PLACE, make_case, make_evidence

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a tab that fails the test for any error, and for any request to elsewhere."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    trouble: list[str] = []
    opened.on("console", lambda message: trouble.append(message.text))
    opened.on("pageerror", lambda error: trouble.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None if request.url.startswith("http://127.0.0.1:") else trouble.append(request.url)
        ),
    )
    yield opened
    context.close()
    gone = "Failed to load resource: net::ERR_CONNECTION_REFUSED"  # of a desk that was stopped
    assert [line for line in trouble if line != gone] == []


def test_what_arrives_shows_by_itself(page: Page, tmp_path: Path) -> None:
    """Pictures, Chinese text, the newest first, without a reload; a picture opens large."""
    with Desk(port=0) as desk:
        page.goto(desk.url)
        page.get_by_text("还没有收到案件").wait_for()
        system = Open311(desk.open311_url, media_root=tmp_path)
        for number, stills in enumerate((1, 3)):
            evidence = make_evidence(tmp_path / str(number), stills=stills)
            system.post(make_case(number, evidence=evidence, root=tmp_path))
        page.locator(".case").nth(1).wait_for()
        first = page.locator(".case").first
        assert make_case(1).case_key in first.inner_text()
        for text in ("机动车乱停放", "09009", "市北区营口路", "主管部门", "市北区综合行政执法局"):
            assert text in first.inner_text()
        page.wait_for_function(
            "[...document.images].filter(i => i.src.includes('/media/'))"
            ".every(i => i.complete && i.naturalWidth === 64)"
        )
        assert page.locator(".still").count() == 4
        page.locator(".still").first.click()
        assert page.locator("dialog[open] img").is_visible()
        page.locator("dialog[open]").click()
        assert page.locator("#count").inner_text() == "2 件"
        assert page.locator("#state").inner_text() == "实时更新"
        page.screenshot(path=tmp_path / "desk.png")
        assert (tmp_path / "desk.png").stat().st_size > 20_000


def test_the_page_speaks_english_too(page: Page) -> None:
    """One button; names of the codes change with it."""
    with Desk(port=0) as desk:
        Open311(desk.open311_url).post(make_case())
        page.goto(desk.url)
        page.get_by_role("button", name="English").click()
        assert page.locator(".case h2").inner_text() == "Motor vehicle parked illegally"
        assert page.locator("#count").inner_text() == "1 case"
        page.reload()
        assert page.locator("h1").inner_text() == "Case desk"


def test_text_of_a_case_is_only_ever_text(page: Page) -> None:
    """Markup in a description shows as it was written and runs nowhere."""
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    with Desk(port=0) as desk:
        case = make_case(place=PLACE)
        record = case.to_json() | {"description": f"{hostile}\n{hostile}：{hostile}\n"}
        record["address"] = hostile
        page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
        Open311(desk.open311_url).post(type(case).from_json(record))
        page.goto(desk.url)
        page.locator(".case").wait_for()
        assert hostile in page.locator(".case .where").inner_text()
        assert page.locator(".case img, .case script").count() == 0


def test_a_desk_that_is_gone_is_said_and_found_again(page: Page) -> None:
    """The page tells that what it shows may be old, and recovers by itself."""
    desk = Desk(port=0).start()
    page.goto(desk.url)
    page.get_by_text("实时更新").wait_for()
    desk.stop()
    page.get_by_text("连接中断").wait_for()
    with Desk(port=int(desk.url.rsplit(":", 1)[1])):
        page.get_by_text("实时更新").wait_for()
