"""Contrast, names and roles on the Live tab, by axe-core in the page: no serious finding, in light and in dark."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

FINDINGS = """async () => (await axe.run('#live', { resultTypes: ['violations'] })).violations
  .filter(({ impact }) => ['serious', 'critical'].includes(impact))
  .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 140)} ${node.any[0]?.message || ''}`))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_has_no_serious_finding(serve, visit, scheme, width):
    axe = Path(pytest.importorskip("axe_playwright_python").__file__).with_name("axe.min.js")
    page = visit(serve(), width, 844, scheme=scheme)
    page.wait_for_function("document.querySelector('.wam').live.status.strip.errors[4]", timeout=20_000)
    page.keyboard.press("Space")
    page.add_script_tag(path=str(axe))
    assert page.evaluate(FINDINGS) == []
