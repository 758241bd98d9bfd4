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
    const steps = numbers(await unpack(packed.steps), Int16Array);
    return Float32Array.from(steps, (step) => step * packed.step);
  };

  const flags = async (text, count) => {
    const bytes = await unpack(text);
    const all = new Uint8Array(count);
    for (let k = 0; k < count; k += 1) all[k] = (bytes[k >> 3] >> (7 - (k & 7))) & 1;
    return all;
  };

  const written = (value) => {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size === 0) return "0";
    const text = size >= 0.01 && size < 1e5
      ? value.toFixed(Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(size)))))
      : value.toExponential(2);
    return text.replace("-", "−");
  };

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
      this.ready = null;
    }

    find(selector) { return this.root.querySelector(selector); }

    start() {
      if (!this.ready) this.ready = this.load();
      return this.ready;
    }

    async load() {
      this.scene = await sceneOf();
      const given = read(`contrast-${this.number}-maps`);
      this.layers = [];
      for (const layer of given.layers) {
        this.layers.push({ ...layer, values: await values(layer) });
      }
      this.sides = given.sides;
      this.home = { place: given.start, part: given.part };
      this.layer = 0;
      this.threshold = given.threshold;
      this.controls();
      this.view = new window.secondlevel.views[this.scene.kind].View(this);
      this.view.goTo(this.home.place, this.home.part);
      this.changed();
    }

    controls() {
      const select = this.find("select");
      this.layers.forEach((layer, k) => select.append(new Option(layer.name, String(k))));
      select.addEventListener("change", () => {
        this.layer = Number(select.value);
        this.changed();
      });
      const slider = this.find("input[type=range]");
      slider.max = String(Math.ceil(this.layers[0].largest * 100) / 100);
      slider.addEventListener("input", () => this.setThreshold(Number(slider.value)));
      this.find(".viewer-reset").addEventListener("click", () => {
        this.view.goTo(this.home.place, this.home.part);
        this.changed();
      });
    }

    // Whether an element lies beyond the threshold, on a side that was asked for. 0 shows all.
    beyond(element) {
      const z = this.layers[0].values[element];
      if (this.threshold === 0) return true;
      if (this.sides === "both") return Math.abs(z) >= this.threshold;
      return (this.sides === "negative" ? -z : z) >= this.threshold;
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
      if (!this.layers) return this.start().then(() => this.setThreshold(value));
      this.threshold = Math.max(0, value);
      return this.changed();
    }

    goTo(place, part) {
      return this.start().then(() => {
        this.view.goTo(place, part);
        this.changed();
      });
    }

    changed() {
      const slider = this.find("input[type=range]");
      slider.value = String(this.threshold);
      const or = this.scene.reached ? ["≥", "≤"] : [">", "<"];
      const sign = { both: `|z| ${or[0]} `, positive: `z ${or[0]} `, negative: `z ${or[1]} −` }[this.sides];
      this.find("output").textContent = this.threshold.toFixed(2);
      slider.setAttribute("aria-valuetext", sign + this.threshold.toFixed(2));
      let count = 0;
      const total = this.layers[0].values.length;
      for (let k = 0; k < total; k += 1) count += this.beyond(k) ? 1 : 0;
      this.find(".viewer-count").textContent = this.threshold > 0
        ? `${count.toLocaleString("en").replaceAll(",", " ")} ${this.scene.elements} with ${sign}${this.threshold.toFixed(2)}`
        : `all ${total.toLocaleString("en").replaceAll(",", " ")} ${this.scene.elements}`;
      this.bar();
      this.view.draw();
      this.say();
    }

    bar() {
      const { largest, signed, name } = this.layers[this.layer];
      const canvas = this.find(".viewer-bar");
      const context = canvas.getContext("2d");
      const row = context.createImageData(256, 1);
      const table = this.scene.colours[signed ? "signed" : "oneSign"];
      for (let k = 0; k < 256; k += 1) {
        row.data.set([table[3 * k], table[3 * k + 1], table[3 * k + 2], 255], 4 * k);
      }
      context.putImageData(row, 0, 0);
      const ends = this.root.querySelectorAll(".viewer-ends span");
      ends[0].textContent = signed ? written(-largest) : "0";
      ends[1].textContent = signed ? `0 (${name})` : name;
      ends[2].textContent = written(largest);
      canvas.setAttribute("aria-label", `Colours of ${name}, from ${ends[0].textContent} to ${ends[2].textContent}`);
    }

    // What is at the cross-hair, in words.
    say() {
      const { place, part, element } = this.view.where();
      const at = place.map((one, k) => `${"xyz"[k]} ${one.toFixed(this.scene.fine ? 1 : 0).replace("-", "−")}`);
      const here = element < 0
        ? ["outside the mask"]
        : this.layers.map((layer) => `${layer.name} = ${written(layer.values[element])}`);
      this.find(".viewer-values").textContent = [
        `${part ? `${part}, ` : ""}${at.join(", ")} mm`, ...here,
      ].join("  ·  ");
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
