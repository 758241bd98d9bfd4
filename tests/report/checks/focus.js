// "list": what the Tab key should reach, in order. Otherwise: whether it reached that now.
(wanted) => {
  const name = (element) => {
    const words = element.ariaLabel || element.textContent.trim() || element.type || "";
    return `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}: "${words.slice(0, 30)}"`;
  };
  if (wanted === "list") {
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, iframe, [tabindex]");
    const seen = [...all].filter((one) => one.tabIndex >= 0 && !one.disabled
      && one.checkVisibility({ checkVisibilityCSS: true }));
    seen.forEach((one, k) => { one.dataset.stop = String(k); });
    return seen.map((one) => one.dataset.stop);
  }
  const focused = document.activeElement;
  const expected = document.querySelector(`[data-stop="${wanted}"]`);
  if (focused !== expected) return [`${name(expected)} is not reached; ${name(focused)} is`];
  const faults = [];
  const box = focused.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  if (!inside) faults.push(`${name(focused)} has the focus out of sight`);
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(focused);
  const ringed = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
  if (!ringed && boxShadow === "none") faults.push(`${name(focused)} does not show its focus`);
  return faults;
}
