"""What every page is held to, measured in the browser: words, figures, bytes, hosts, and axe."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, Request, Response

from api.web.packages import package_file

MOST_BYTES = 60_000
TEXT, ELDER_TEXT = 18, 24
TARGET, ELDER_TARGET = 44, 60
"""Pixels; the ministry's figures for elders."""
IN_SENTENCE = 24
"""What a link within a sentence is tall at least, with the air of its line: it cannot be as tall as a button there."""
VIEWS = (("light", "0"), ("dark", "1"))
"""Colours, on which contrast depends; and the elders' view, on which sizes do."""
SERIOUS = ("serious", "critical")
BROWSERS_OWN = re.compile(r"^Failed to load resource|blocked by Playwright")
CODE = re.compile(r"(?<![\w/@.:-])(?:[a-z]+_[a-z_]+|[a-z]{2,}(?:\.[a-z_]{2,})+)(?![\w/@:-])")
"""How a code looks that has no words: `page.title`, `second_review`."""
LOWER = re.compile(r"(?<![\w./@:=-])(?!https\b)[a-z]{3,}(?![\w./@:=-])")

# For each text that is seen, its size; for each thing to press, its box: that of the label around it, if there is one;
# and whether it is a link with words beside it in its line, which is then as tall as the line.
FIGURES = r"""
() => {
  const texts = [], targets = [];
  const seen = (each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isInline = (each) => getComputedStyle(each).display === "inline";
  const isWord = (each) => each.nodeType === Node.TEXT_NODE && /[\p{L}\p{N}]/u.test(each.textContent);
  const speaks = (each, way) => {
    for (let next = each[way]; next; next = next[way]) {
      if (isWord(next)) return true;
      if (next.nodeType === Node.ELEMENT_NODE && (next.tagName === "BR" || !isInline(next))) return false;
    }
    return false;
  };
  const isInSentence = (each) => {
    for (let part = each; isInline(part); part = part.parentElement) {
      if (speaks(part, "previousSibling") || speaks(part, "nextSibling")) return true;
    }
    return false;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !seen(element) || element.closest("noscript, script, style, .visually-hidden, .skip")) continue;
    const size = parseFloat(getComputedStyle(element).fontSize);
    const scale = element.ownerSVGElement ? element.ownerSVGElement.getScreenCTM().a : 1;
    texts.push([text.slice(0, 40), size * scale, !element.closest("small, .small, svg")]);
  }
  for (const each of document.querySelectorAll("a, button, select, input:not([type=hidden]), textarea, summary")) {
    if (!seen(each) || each.classList.contains("skip") || each.closest(".visually-hidden")) continue;
    const label = each.closest("label") ?? (each.id && document.querySelector(`label[for="${each.id}"]`)) ?? each;
    const own = each.getBoundingClientRect(), around = label ? label.getBoundingClientRect() : own;
    const isTick = ["checkbox", "radio"].includes(each.type);
    const box = isTick && around.height > own.height ? around : own;
    if (own.width < 2) continue;
    const isPart = each.tagName === "A" && isInSentence(each);
    const height = isPart ? Math.max(box.height, parseFloat(getComputedStyle(each).lineHeight) || 0) : box.height;
    targets.push([(each.textContent.trim() || each.name || each.type || "").slice(0, 40), box.width, height, isPart]);
  }
  return { texts, targets, overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth };
}
"""
TEXT_OF = """
() => {
  const DATA = ".mono, code, pre, [translate=no], noscript, script, style";
  const copy = document.body.cloneNode(true);
  for (const each of copy.querySelectorAll(DATA)) each.remove();
  const all = [];
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) all.push(walker.currentNode.textContent);
  return all;
}
"""
AXE_ITSELF = package_file("axe-core", "axe.min.js").decode()
BLOCKING = """
() => performance.getEntriesByType("resource")
  .filter((each) => each.renderBlockingStatus === "blocking").map((each) => each.name)
"""
SHAPE = """
(step) => {
  document.documentElement.classList.toggle("elder", step > 0);
  document.documentElement.classList.toggle("largest", step > 1);
}
"""
AXE = """
async ([options, steps]) => {
  const shape = %s, all = [];
  for (const step of steps) {
    if (step !== null) shape(step);
    for (const each of (await axe.run(document, options)).violations) {
      const nodes = each.nodes.slice(0, 3).map((node) => node.target.join(" "));
      all.push([step, each.id, each.impact, nodes.join(" | ")]);
    }
  }
  return all;
}
""".replace("%s", SHAPE.strip())
WHOLE = {"resultTypes": ["violations"], "preload": False}
CONTRAST = WHOLE | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""What colours and sizes decide; all else is the same by day and by night, in the plain view and in the elders'."""
UNFOLD = "() => { for (const each of document.querySelectorAll('details')) each.open = true; }"


@dataclass(slots=True)
class Watch:
    """A page under watch: what it said, whom it asked, and how much came."""

    page: Page
    url: str
    cdp: CDPSession
    said: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    bytes: int = 0

    def begin(self) -> None:
        """Forget what was seen of the last page."""
        self.said.clear()
        self.strangers.clear()
        self.kinds.clear()
        self.bytes = 0


async def watched(context: BrowserContext, url: str, *, is_new: bool = True) -> Watch:
    """Open a page and watch it; as the page of who comes for the first time, it keeps nothing of the last one."""
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    watch = Watch(page, url, cdp)

    def ask(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            watch.strangers.append(request.url)

    def answer(event: dict[str, Any]) -> None:
        watch.kinds[event["requestId"]] = event["type"]

    def end(event: dict[str, Any]) -> None:
        if watch.kinds.get(event["requestId"]) != "Image":
            watch.bytes += int(event["encodedDataLength"])

    page.on(
        "console", lambda each: watch.said.append(each.text) if each.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: watch.said.append(str(error)))
    page.on("request", ask)
    cdp.on("Network.responseReceived", answer)
    cdp.on("Network.loadingFinished", end)
    await cdp.send("Network.enable")
    await cdp.send("Network.setCacheDisabled", {"cacheDisabled": is_new})
    return watch


def loading_faults(watch: Watch, answer: Response) -> list[str]:
    """Return what is wrong with how a page came: its policy, its bytes, its hosts, what it said."""
    policy = answer.headers.get("content-security-policy", "")
    found = []
    if "default-src 'none'" not in policy or "unsafe-inline" in policy or "'unsafe-eval'" in policy:
        found.append(f"policy {policy}")
    if watch.bytes > MOST_BYTES:
        found.append(f"{watch.bytes} bytes")
    found += [f"asks {each}" for each in watch.strangers]
    return found + [f"says {each}" for each in watch.said if not BROWSERS_OWN.search(each)]


async def waiting_faults(page: Page) -> list[str]:
    """Return what a page waits for before it is painted, besides itself."""
    return [f"waits for {each}" for each in await page.evaluate(BLOCKING)]


async def axe_faults(page: Page, options: dict[str, Any], steps: Sequence[int | None] = (None,)) -> list[str]:
    """Return the serious and critical violations that axe finds: as the page is, or at steps of the elders' view."""
    if not await page.evaluate("() => Boolean(globalThis.axe)"):
        await page.evaluate(AXE_ITSELF)
    found = await page.evaluate(AXE, [options, list(steps)])
    return [
        f"axe {rule}{'' if step is None else f' at step {step}'}: {where}"
        for step, rule, impact, where in found
        if impact in SERIOUS
    ]


async def unfold(page: Page) -> None:
    """Open all that is folded on a page, so that it is measured, too."""
    await page.evaluate(UNFOLD)


async def shape(page: Page, step: int) -> None:
    """Show the page that is open as the elders' view would at a step: 0 is the plain view, 2 the largest letters."""
    await page.evaluate(SHAPE, step)


async def word_faults(page: Page, language: str) -> list[str]:
    """Return what has no words: codes, and lower-case Latin on Chinese pages."""
    said = await page.evaluate(TEXT_OF)
    found = {f"code {each}" for text in said for each in CODE.findall(text)}
    if language == "zh":
        # What an office wrote in both languages stands as it is.
        found |= {f"latin {each}" for text in said if " / " not in text for each in LOWER.findall(text)}
    return sorted(found)


async def figure_faults(page: Page, *, elder: bool) -> list[str]:
    """Return texts that are too small, what is smaller to press than a target, and sideways scrolling.

    For elders a link within a sentence is a target like any other; in the plain view it is as tall as its line.
    """
    measured = await page.evaluate(FIGURES)
    found = ["scrolls sideways"] if measured["overflow"] > 0 else []
    for text, size, is_main in measured["texts"]:
        least = ELDER_TEXT if elder and is_main else TEXT
        if size < least - 0.01:
            found.append(f"{size:.1f} px: {text}")
    target = ELDER_TARGET if elder else TARGET
    for name, width, height, is_in_sentence in measured["targets"]:
        least, side = (IN_SENTENCE, height) if is_in_sentence and not elder else (target, min(width, height))
        if side < least - 0.5:
            found.append(f"target {width:.0f}x{height:.0f}: {name}")
    return found


async def judge(page: Page, path: str, *, elder: str) -> None:
    """Assert that what a page shows can be read and touched, once it is loaded."""
    await page.wait_for_load_state()
    found = await figure_faults(page, elder=elder != "0") + await axe_faults(page, CONTRAST)
    assert not found, (path, found)
