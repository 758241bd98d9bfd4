// What lies on something else, reaches beyond the window, or is cut off.
() => {
  const TOLERANCE = 1;
  const name = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].map((one) => `.${one}`).join("");
    return `${element.tagName.toLowerCase()}${id}${classes}`;
  };
  const shown = (element) => element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true });
  // What is asked again and again is kept.
  const kept = (make) => {
    const known = new Map();
    return (element) => {
      if (!known.has(element)) known.set(element, make(element));
      return known.get(element);
    };
  };
  const style = kept((element) => {
    const { overflowX, overflowY, position, clip, clipPath } = getComputedStyle(element);
    return { overflowX, overflowY, position, clip, clipPath };
  });
  const scrolls = (element) => /auto|scroll/.test(style(element).overflowX);
  const page = (box) => ({
    left: box.left + scrollX, right: box.right + scrollX,
    top: box.top + scrollY, bottom: box.bottom + scrollY,
  });
  const frame = kept((element) => page(element.getBoundingClientRect()));
  const chain = kept((element) => {
    const all = [];
    for (let one = element; one && one !== document.body; one = one.parentElement) all.push(one);
    return all;
  });
  const fixed = (element) => chain(element).some((one) => style(one).position === "fixed");
  // What cuts an element off, or lets it be scrolled to.
  const frames = kept((element) => chain(element)
    .filter((one) => style(one).overflowX !== "visible" || style(one).overflowY !== "visible"));

  // Each piece: an element, a box of it on the page, cut by what scrolls around it, and its words;
  // a line of text, or something that is drawn as one.
  const pieces = [];
  const cut = (box, element) => {
    const seen = { ...box };
    for (const one of frames(element)) {
      if (one === element) continue;
      const around = frame(one);
      seen.left = Math.max(seen.left, around.left);
      seen.right = Math.min(seen.right, around.right);
      seen.top = Math.max(seen.top, around.top);
      seen.bottom = Math.min(seen.bottom, around.bottom);
    }
    return seen;
  };
  const add = (element, box, words, node) => {
    if (box.width === 0 || box.height === 0) return;
    const whole = page(box);
    if (whole.bottom <= 0 || whole.right <= 0) return;  // shows when it has the focus
    const seen = cut(whole, element);
    const gone = seen.right <= seen.left || seen.bottom <= seen.top;
    pieces.push({ element, words, node, whole, gone, ...seen });
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("script, style, noscript, option")) continue;
    if (!shown(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) add(element, box, node.textContent.trim().slice(0, 30), node);
  }
  for (const element of document.body.querySelectorAll("img, canvas, svg, input, select, button, textarea")) {
    if (!shown(element)) continue;
    add(element, element.getBoundingClientRect(), element.getAttribute("alt")?.slice(0, 30) ?? "", null);
  }

  const faults = [];
  const limit = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > limit + TOLERANCE) {
    faults.push(`page: is ${document.documentElement.scrollWidth} px wide in a window of ${limit}`);
  }
  for (const { element, words, left, right, gone } of pieces) {
    if (gone) continue;
    if (right > limit + TOLERANCE || left < -TOLERANCE) {
      faults.push(`${name(element)}: "${words}" reaches to ${Math.round(right > limit ? right : left)} px, beyond the window`);
    }
  }

  // Cut off: what hides its overflow holds more than it shows.
  for (const { element, words, whole } of pieces) {
    for (const one of frames(element)) {
      const { overflowX, overflowY, clip, clipPath } = style(one);
      if (clip !== "auto" || clipPath !== "none") break;  // kept for screen readers only
      const around = frame(one);
      const hidesX = /hidden|clip/.test(overflowX);
      const hidesY = /hidden|clip/.test(overflowY);
      const beyond = (hidesX && (whole.right > around.right + TOLERANCE || whole.left < around.left - TOLERANCE))
        || (hidesY && (whole.bottom > around.bottom + TOLERANCE || whole.top < around.top - TOLERANCE));
      if (beyond) faults.push(`${name(element)}: "${words}" is cut off by ${name(one)}`);
      if (beyond || scrolls(one)) break;
    }
  }

  // On each other: two pieces of which neither holds the other.
  const within = (one, two) => (one.node && one.node === two.node)
    || (!one.node && one.element.contains(two.element))
    || (!two.node && two.element.contains(one.element));
  const placed = pieces
    .filter(({ element, gone }) => !gone && !fixed(element))
    .sort((one, two) => one.top - two.top);
  placed.forEach((one, k) => {
    for (let next = k + 1; next < placed.length && placed[next].top < one.bottom; next += 1) {
      const two = placed[next];
      if (within(one, two)) continue;
      const across = Math.min(one.right, two.right) - Math.max(one.left, two.left);
      const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
      // Boxes of lines reach above and below their letters.
      const low = Math.min(one.bottom - one.top, two.bottom - two.top);
      const slack = one.node && two.node ? 0.3 * low : TOLERANCE;
      if (across > TOLERANCE && down > slack) {
        faults.push(`${name(one.element)}: "${one.words}" and ${name(two.element)}: "${two.words}" lie on each other`);
      }
    }
  });
  return [...new Set(faults)];
}
