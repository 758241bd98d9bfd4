"use strict";
// What viewers of volumes and of surfaces share: data, colours, threshold, values.
window.secondlevel = window.secondlevel || {};
window.secondlevel.viewers = window.secondlevel.viewers || [];
window.secondlevel.views = window.secondlevel.views || {};
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  // Text to the bytes that were packed.
  const unpack = async (text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  // Bytes that lie plane after plane to numbers.
  const numbers = (bytes, Kind) => {
    const size = Kind.BYTES_PER_ELEMENT;
    const count = bytes.length / size;
    const straight = new Uint8Array(bytes.length);
    for (let plane = 0; plane < size; plane += 1) {
      for (let k = 0; k < count; k += 1) straight[k * size + plane] = bytes[plane * count + k];
    }
    return new Kind(straight.buffer);
  };

  const values = async (packed) => {
    const Kind = packed.bytes === 2 ? Int16Array : Int32Array;
    const steps = numbers(await unpack(packed.steps), Kind);
    // A number stands for a step, and is read as its middle; 0 stands for 0.
    return Float64Array.from(steps, (n) => (n - Math.sign(n) / 2) * packed.step);
  };

  const flags = async (text, count) => {
    const bytes = await unpack(text);
    const all = new Uint8Array(count);
    for (let k = 0; k < count; k += 1) all[k] = (bytes[k >> 3] >> (7 - (k & 7))) & 1;
    return all;
  };

  // A number with three digits, or fewer where the last would be less than two steps.
  const written = (value, step = 0) => {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    const first = Math.floor(Math.log10(size));
    const more = step > 0 ? Math.min(2, first + Math.floor(1e-9 - Math.log10(2 * step))) : 2;
    if (size === 0 || more < 0) return "0";
    const text = size >= 0.001 && size < 1e5
      ? value.toFixed(Math.max(0, more - first))
      : value.toExponential(more);
    return text.replaceAll("-", "−");
  };

  const counted = (count) => count.toLocaleString("en").replaceAll(",", "\u2009");

  // One for all viewers of the page.
  let scene = null;
  const sceneOf = () => {
    if (!scene) {
      const given = read("scene");
      scene = (async () => {
        const colours = {
          signed: await unpack(given.colours.signed),
          oneSign: await unpack(given.colours.oneSign),
        };
        return window.secondlevel.views[given.kind].prepare(given, colours);
      })();
    }
    return scene;
  };

  class Viewer {
    constructor(root) {
      this.root = root;
      this.number = Number(root.dataset.number);
      this.started = null;
      // Goes up when other elements or other colours are shown.
      this.version = 0;
    }

    // Settles when the maps are unpacked and drawn; asking for it starts that.
    get ready() { return this.start(); }

    find(selector) { return this.root.querySelector(selector); }

    start() {
      if (!this.started) this.started = this.load().catch((error) => this.fail(error));
      return this.started;
    }

    fail(error) {
      this.find(".viewer-values").textContent = "This browser could not unpack the maps; the pictures above show the same.";
      this.find(".viewer-controls").hidden = true;
      this.find(".viewer-foot").hidden = true;
      console.error(error);
    }

    async load() {
      this.scene = await sceneOf();
      const given = read(`contrast-${this.number}-maps`);
      this.layers = [];
      for (const layer of given.layers) {
        this.layers.push({ ...layer, values: await values(layer) });
      }
      // Flags of elements beyond the threshold, on the sides that were asked for.
      this.shown = new Uint8Array(this.layers[0].values.length);
      this.sides = given.sides;
      this.home = { place: given.start, part: given.part };
      this.layer = 0;
      this.asked = given.threshold;
      this.threshold = this.asked;
      this.controls();
      this.view = new window.secondlevel.views[this.scene.kind].View(this);
      this.view.goTo(this.home.place, this.home.part);
      this.changed();
    }

    controls() {
      this.find(".viewer-controls").hidden = false;
      this.find(".viewer-foot").hidden = false;
      const select = this.find("select");
      this.layers.forEach((layer, k) => select.append(new Option(layer.name, String(k))));
      select.addEventListener("change", () => {
        this.layer = Number(select.value);
        this.changed();
      });
      const slider = this.find("input[type=range]");
      const highest = this.layers[0].values.reduce((most, z) => Math.max(most, Math.abs(z)), 0);
      slider.max = String(Math.ceil((highest - this.layers[0].step) * 100) / 100);
      slider.addEventListener("input", () => {
        const value = Number(slider.value);
        // The slider has steps; the threshold that was asked for lies between two of them.
        this.setThreshold(Math.abs(value - this.asked) < 0.006 ? this.asked : value);
      });
      this.find(".viewer-reset").addEventListener("click", () => {
        this.view.goTo(this.home.place, this.home.part);
        this.moved();
      });
    }

    // Note which elements lie beyond the threshold; 0 shows all. Returns how many.
    mark() {
      const { values: all } = this.layers[0];
      const { threshold, shown, sides } = this;
      const { reached } = this.scene;
      let count = 0;
      for (let k = 0; k < all.length; k += 1) {
        const z = sides === "both" ? Math.abs(all[k]) : sides === "negative" ? -all[k] : all[k];
        shown[k] = threshold === 0 || z > threshold || (reached && z === threshold) ? 1 : 0;
        count += shown[k];
      }
      return count;
    }

    // Red, green and blue of an element in the chosen map, into three places from `at` on.
    paint(element, into, at) {
      const { values: all, largest, signed } = this.layers[this.layer];
      const share = signed ? 0.5 + all[element] / largest / 2 : all[element] / largest;
      const place = 3 * Math.max(0, Math.min(255, Math.round(share * 255)));
      const table = this.scene.colours[signed ? "signed" : "oneSign"];
      into[at] = table[place];
      into[at + 1] = table[place + 1];
      into[at + 2] = table[place + 2];
    }

    setThreshold(value) {
      if (!this.view) return this.start().then(() => this.view && this.setThreshold(value));
      this.threshold = Math.max(0, value);
      return this.changed();
    }

    goTo(place, part) {
      return this.start().then(() => {
        if (!this.view) return;
        this.view.goTo(place, part);
        this.moved();
      });
    }

    changed() {
      this.version += 1;
      const slider = this.find("input[type=range]");
      slider.value = String(this.threshold);
      const or = this.scene.reached ? ["≥", "≤"] : [">", "<"];
      const sign = { both: `|z| ${or[0]} `, positive: `z ${or[0]} `, negative: `z ${or[1]} −` }[this.sides];
      this.find("output").textContent = this.threshold.toFixed(2);
      slider.setAttribute("aria-valuetext", sign + this.threshold.toFixed(2));
      const count = this.mark();
      this.find(".viewer-count").textContent = this.threshold > 0
        ? `${counted(count)} ${this.scene.elements} with ${sign}${this.threshold.toFixed(2)}`
        : `all ${counted(this.shown.length)} ${this.scene.elements}`;
      this.bar();
      this.moved();
    }

    moved() {
      this.view.draw();
      this.say();
    }

    bar() {
      const { largest, signed, name, more } = this.layers[this.layer];
      const canvas = this.find(".viewer-bar");
      const context = canvas.getContext("2d");
      const row = context.createImageData(256, 1);
      const table = this.scene.colours[signed ? "signed" : "oneSign"];
      for (let k = 0; k < 256; k += 1) {
        row.data.set([table[3 * k], table[3 * k + 1], table[3 * k + 2], 255], 4 * k);
      }
      context.putImageData(row, 0, 0);
      const ends = this.root.querySelectorAll(".viewer-ends span");
      ends[0].textContent = signed ? `${more ? "≤ " : ""}${written(-largest)}` : "0";
      ends[1].textContent = signed ? `0 (${name})` : name;
      ends[2].textContent = `${more ? "≥ " : ""}${written(largest)}`;
      canvas.setAttribute("aria-label", `Colours of ${name}, from ${ends[0].textContent} to ${ends[2].textContent}`);
    }

    // What is at the cross-hair, in words.
    say() {
      const { place, part, element } = this.view.where();
      const at = place.map((one, k) => `${"xyz"[k]} ${one.toFixed(this.scene.fine ? 1 : 0).replace("-", "−")}`);
      const here = element < 0
        ? ["outside the mask"]
        : this.layers.map((layer) => `${layer.name} = ${written(layer.values[element], layer.step)}`);
      const words = [`${part ? `${part}, ` : ""}${at.join(", ")} mm`, ...here];
      this.find(".viewer-values").replaceChildren(...words.flatMap((text, k) => {
        const span = document.createElement("span");
        span.textContent = text;
        return k ? [" · ", span] : [span];
      }));
    }
  }

  window.secondlevel.unpack = { unpack, numbers, values, flags };
  document.addEventListener("DOMContentLoaded", () => {
    for (const root of document.querySelectorAll(".viewer[data-number]")) {
      window.secondlevel.viewers[Number(root.dataset.number)] = new Viewer(root);
    }
    // A viewer unpacks its maps when it is nearly in sight.
    const watch = new IntersectionObserver((seen) => {
      for (const one of seen) {
        if (!one.isIntersecting) continue;
        window.secondlevel.viewers[Number(one.target.dataset.number)].start();
        watch.unobserve(one.target);
      }
    }, { rootMargin: "400px" });
    for (const root of document.querySelectorAll(".viewer[data-number]")) watch.observe(root);
  });
})();
