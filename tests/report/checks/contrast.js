// Texts whose contrast with what is behind them is below WCAG 2.2 AA (success criterion 1.4.3).
() => {
  const parse = (text) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  };
  const known = new Map();
  const colour = (text) => {
    if (!known.has(text)) known.set(text, parse(text));
    return known.get(text);
  };
  const over = (top, below) => {
    const a = top.a + below.a * (1 - top.a);
    if (a === 0) return { r: 0, g: 0, b: 0, a: 0 };
    const mix = (one, other) => (one * top.a + other * below.a * (1 - top.a)) / a;
    return { r: mix(top.r, below.r), g: mix(top.g, below.g), b: mix(top.b, below.b), a };
  };
  const luminance = ({ r, g, b }) => {
    const linear = [r, g, b].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  const scheme = getComputedStyle(document.documentElement).colorScheme;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const isDark = scheme.includes("dark") && (prefersDark || !scheme.includes("light"));
  const bottom = colour(isDark ? "#121212" : "#ffffff");
  const opacity = (element) => {
    let share = 1;
    for (let one = element; one; one = one.parentElement) share *= Number(getComputedStyle(one).opacity);
    return share;
  };
  // Colours behind an element, from the nearest opaque one upwards. Null where a picture is behind.
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.backgroundImage !== "none") return null;
      const layer = colour(style.backgroundColor);
      if (layer.a > 0) layers.push(layer);
      if (layer.a === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), bottom);
  };
  const name = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].map((one) => `.${one}`).join("");
    return `${element.tagName.toLowerCase()}${id}${classes}`;
  };

  const faults = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const judge = (element, words, { color, fontSize, fontWeight }, drawn = false) => {
    const back = behind(element);
    if (back === null) {
      faults.push(`${name(element)}: "${words}" lies on a picture`);
      return;
    }
    const own = colour(color);
    const ink = over({ ...own, a: own.a * opacity(element) }, back);
    const size = parseFloat(fontSize);
    // 18 pt, or 14 pt in bold; what is no letter counts as drawn (success criterion 1.4.11).
    const large = drawn || size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
    const [found, needed] = [ratio(ink, back), large ? 3 : 4.5];
    if (found < needed) {
      faults.push(`${name(element)}: "${words}" has ${found.toFixed(2)}:1, needs ${needed}:1`);
    }
  };
  while (texts.nextNode()) {
    const words = texts.currentNode.textContent.trim().slice(0, 40);
    const element = texts.currentNode.parentElement;
    if (!words || element.closest("script, style, noscript, svg, canvas")) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (element.closest(":disabled")) continue;
    judge(element, words, getComputedStyle(element));
  }
  for (const element of document.body.querySelectorAll("select, textarea, input")) {
    if (!element.checkVisibility() || element.disabled) continue;
    if (element.matches("input") && !["text", "number", "search"].includes(element.type)) continue;
    const words = element.matches("select") ? element.selectedOptions[0]?.text : element.value;
    if (words) judge(element, words.slice(0, 40), getComputedStyle(element));
  }
  for (const element of document.body.querySelectorAll("*")) {
    for (const part of ["::before", "::after"]) {
      const style = getComputedStyle(element, part);
      const words = style.content.match(/^"(.*\S.*)"/)?.[1];
      if (!words || !element.checkVisibility({ checkVisibilityCSS: true })) continue;
      const { r, g, b, a } = colour(style.color);
      const { fontSize, fontWeight } = style;
      const seen = `rgb(${r} ${g} ${b} / ${a * Number(style.opacity)})`;
      judge(element, `${part} ${words.trim()}`, { color: seen, fontSize, fontWeight }, !/[\p{L}\d]/u.test(words));
    }
  }
  return faults;
}
