"use strict";
// Tables: a click on a heading sorts, one on a row moves the viewer to its peak.
(() => {
  const valueOf = (group, column) => {
    const cell = group.rows[0].cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = Number(text);
    return text === "" || Number.isNaN(number) ? text : number;
  };

  // Texts without a number stand last in either order; equal ones keep their order.
  const compare = (a, b, sign) => {
    const numbers = [typeof a === "number", typeof b === "number"];
    if (numbers[0] && numbers[1]) return sign * (a - b) || 0;
    if (numbers[0] !== numbers[1]) return numbers[0] ? -1 : 1;
    return sign * String(a).localeCompare(String(b), "en", { numeric: true });
  };

  const sort = (heading) => {
    const table = heading.closest("table");
    const descendingFirst = heading.classList.contains("number");
    const before = heading.getAttribute("aria-sort");
    const descending = before ? before === "ascending" : descendingFirst;
    for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const column = heading.cellIndex;
    const sign = descending ? -1 : 1;
    const groups = [...table.tBodies];
    groups.sort((a, b) => compare(valueOf(a, column), valueOf(b, column), sign));
    table.append(...groups);
  };

  const go = (row) => {
    const viewers = (window.secondlevel || {}).viewers || {};
    const viewer = viewers[row.dataset.viewer];
    if (!viewer) return;
    for (const shown of document.querySelectorAll(`tr.shown[data-viewer="${row.dataset.viewer}"]`)) {
      shown.classList.remove("shown");
    }
    row.classList.add("shown");
    const { x, y, z, hemisphere } = row.dataset;
    viewer.goTo([Number(x), Number(y), Number(z)], hemisphere);
    const section = row.closest("section");
    const panel = section && section.querySelector(".viewer");
    if (panel) panel.scrollIntoView({ block: "nearest" });
  };

  const toggle = (button, name) => {
    const table = document.getElementById(button.dataset.table);
    const less = table.classList.toggle(name);
    button.setAttribute("aria-expanded", String(!less));
    button.textContent = less ? button.dataset.more : button.dataset.less;
  };

  document.addEventListener("click", (event) => {
    const target = event.target;
    const sorter = target.closest("button.sort");
    if (sorter) return sort(sorter.closest("th"));
    if (target.closest("button.show-all")) return toggle(target.closest("button"), "folded");
    if (target.closest("button.show-columns")) return toggle(target.closest("button"), "few-columns");
    const row = target.closest("tr[data-viewer]");
    const selecting = window.getSelection && String(window.getSelection()) !== "";
    if (row && !selecting && !target.closest("a")) go(row);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("tr[data-viewer]")) go(event.target);
  });
})();
