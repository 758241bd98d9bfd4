// What a reader who hears the page, or moves through it by keys, would miss.
() => {
  const faults = [];
  const name = (element) => {
    const id = element.id ? `#${element.id}` : "";
    return `${element.tagName.toLowerCase()}${id}`;
  };
  const all = (selector) => [...document.querySelectorAll(selector)];
  const words = (element) => element.textContent.trim();

  if (!document.documentElement.lang) faults.push("html: has no lang");
  if (!document.title.trim()) faults.push("head: has no title");
  if (all("h1").length !== 1) faults.push(`page: has ${all("h1").length} h1`);
  if (all("main, [role=main]").length !== 1) faults.push("page: has not one main");

  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1) faults.push(`${name(heading)}: "${words(heading)}" follows an h${level}`);
    if (!words(heading)) faults.push(`${name(heading)}: is empty`);
    level = next;
  }

  for (const image of all("img")) {
    if (!image.hasAttribute("alt")) faults.push(`${name(image)}: has no alt`);
  }
  for (const frame of all("iframe")) {
    if (!frame.title) faults.push(`${name(frame)}: has no title`);
  }
  for (const table of all("table")) {
    const label = table.caption ? words(table.caption) : table.ariaLabel || table.getAttribute("aria-labelledby");
    if (!label) faults.push(`${name(table)}: has neither caption nor label`);
    if (!table.querySelector("th")) faults.push(`${name(table)}: has no heading`);
    const widths = new Set([...table.rows].map((row) => [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0)));
    if (widths.size > 1) faults.push(`${name(table)}: has rows of ${[...widths].join(" and ")} cells`);
  }
  for (const heading of all("th")) {
    if (!["col", "row", "colgroup", "rowgroup"].includes(heading.scope)) {
      faults.push(`${name(heading)}: "${words(heading)}" has no scope`);
    }
  }

  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((one, k) => ids.indexOf(one) !== k))) {
    faults.push(`#${id}: is there more than once`);
  }
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls", "for"]) {
    for (const element of all(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (!document.getElementById(id)) faults.push(`${name(element)}: ${attribute} names no #${id}`);
      }
    }
  }
  for (const link of all("a[href^='#']")) {
    const target = decodeURIComponent(link.hash.slice(1));
    if (!document.getElementById(target)) faults.push(`${name(link)}: leads to no #${target}`);
  }
  for (const element of all("[tabindex]")) {
    if (element.tabIndex > 0) faults.push(`${name(element)}: comes before its turn, tabindex ${element.tabIndex}`);
  }
  for (const element of all("[aria-hidden=true]")) {
    const within = element.querySelector("a[href], button, input, select, textarea, [tabindex='0']");
    if (within) faults.push(`${name(within)}: can have the focus, but is hidden from those who listen`);
  }
  return faults;
}
