"""How well the words of a page stand out from what is behind them (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

LEAST = 4.5
"""Level AA, text of any size."""

_MEASURE = """() => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([red, green, blue]) => {
    const linear = (one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = [red, green, blue].map((one) => linear(one / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility({ visibilityProperty: true })) continue;
    if (node.closest("title, script, style")) continue;
    const style = getComputedStyle(node);
    const colour = parts(node instanceof SVGElement ? style.fill : style.color);
    const [low, high] = [luminance(colour), luminance(behind(node))].sort((a, b) => a - b);
    found.push([walker.currentNode.data.trim().slice(0, 40), (high + 0.05) / (low + 0.05)]);
  }
  return found;
}"""


def contrasts(page) -> list[tuple[str, float]]:
    """Each visible text, and its contrast, 1 to 21."""
    return [(text, ratio) for text, ratio in page.evaluate(_MEASURE)]
