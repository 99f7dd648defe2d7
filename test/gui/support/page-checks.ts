/**
 * Runs in the page: texts that are wider than the box they are in, or than the window. What is cut with an ellipsis and
 * what can be scrolled is meant so.
 */
export const OVERFLOWING = `(() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    if (text === '') continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right, width } = range.getBoundingClientRect();
    if (width === 0) continue;
    let isMeant = false;
    let [from, to] = [0, innerWidth];
    let box;
    for (let at = node.parentElement; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (/^(SCRIPT|STYLE|OPTION|SELECT|SVG)$/i.test(at.tagName) || at.getAttribute('aria-hidden') === 'true') isMeant = true;
      if (style.overflowX === 'auto' || style.overflowX === 'scroll') isMeant = true;
      if (style.overflowX !== 'visible' && style.textOverflow === 'ellipsis') isMeant = true;
      if (style.clipPath !== 'none' || style.clip !== 'auto' || style.visibility === 'hidden') isMeant = true;
      if (isMeant) break;
      if (!box && !/^(inline|contents)$/.test(style.display)) {
        box = at.getBoundingClientRect();
        [from, to] = [Math.max(from, box.left), Math.min(to, box.right)];
      }
    }
    if (!isMeant && (left < from - 1.5 || right > to + 1.5))
      found.push(text.slice(0, 60) + ' (' + Math.round(left) + '..' + Math.round(right) + ' in ' + Math.round(from) + '..' + Math.round(to) + ')');
  }
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth + 1) found.push('the page is ' + root.scrollWidth + ' wide');
  return found;
})()`;
