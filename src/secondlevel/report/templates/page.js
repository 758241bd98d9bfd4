"use strict";
// The page: colour scheme, printing, copying, which section is read.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const button = document.querySelector("button.scheme");
  const isDark = () => (root.dataset.scheme ? root.dataset.scheme === "dark" : dark.matches);
  const name = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Show the light page" : "Show the dark page");
  };
  button.addEventListener("click", () => {
    root.dataset.scheme = isDark() ? "light" : "dark";
    name();
  });
  dark.addEventListener("change", name);
  name();

  document.querySelector("button.print").addEventListener("click", () => window.print());

  // Within a notebook's frame "#methods" would mean the notebook's own address.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (!link || window.location.protocol !== "about:") return;
    event.preventDefault();
    const target = document.getElementById(link.getAttribute("href").slice(1));
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView();
  });

  // On paper nothing is folded.
  const folded = [];
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) {
      part.open = true;
      folded.push(part);
    }
  });
  window.addEventListener("afterprint", () => {
    for (const part of folded.splice(0)) part.open = false;
  });

  // A page opened from disk, or within a frame, may not be allowed to use the clipboard by itself.
  const selectAndCopy = (part) => {
    const selection = window.getSelection();
    selection.removeAllRanges();
    const range = document.createRange();
    range.selectNodeContents(part);
    selection.addRange(range);
    const done = document.execCommand("copy");
    if (done) selection.removeAllRanges();
    return done;
  };
  for (const copier of document.querySelectorAll("button.copy")) {
    copier.addEventListener("click", async () => {
      const part = document.getElementById(copier.dataset.copies);
      let done = false;
      try {
        await navigator.clipboard.writeText(part.innerText);
        done = true;
      } catch {
        done = selectAndCopy(part);
      }
      copier.parentElement.querySelector(".copied").textContent = done
        ? "Copied."
        : "Selected: press Ctrl+C, or ⌘C.";
    });
  }

  const links = new Map(
    [...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]),
  );
  const seen = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) seen.add(entry.target.id);
        else seen.delete(entry.target.id);
      }
      let current = true;
      for (const [id, link] of links) {
        if (current && seen.has(id)) {
          link.setAttribute("aria-current", "true");
          current = false;
        } else {
          link.removeAttribute("aria-current");
        }
      }
    },
    { rootMargin: "-20% 0px -60% 0px" },
  );
  for (const id of links.keys()) {
    const section = document.getElementById(id);
    if (section) watcher.observe(section);
  }
})();
