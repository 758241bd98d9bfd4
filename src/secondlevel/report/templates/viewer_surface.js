"use strict";
// A surface, turned by the pointer or by keys, drawn triangle by triangle with a depth for each
// pixel: no graphics card is needed.
(() => {
  const { unpack, numbers, values, flags } = window.secondlevel.unpack;
  // Height of the picture as a share of its width, and the most pixels across.
  const RATIO = 0.75;
  const WIDEST = 1280;
  // Degrees about the vertical axis and the one across, and the part that is looked at.
  const VIEWS = {
    "left lateral": { turn: -90, tilt: 0, part: "left" }, "left medial": { turn: 90, tilt: 0, part: "left" },
    "right medial": { turn: -90, tilt: 0, part: "right" }, "right lateral": { turn: 90, tilt: 0, part: "right" },
    "top": { turn: 0, tilt: 90, part: "" }, "bottom": { turn: 0, tilt: -90, part: "" },
    "front": { turn: 180, tilt: 0, part: "" }, "back": { turn: 0, tilt: 0, part: "" },
  };

  const prepare = async (given, colours) => {
    const parts = [];
    let [first, element, faces] = [0, 0, null];
    for (const part of given.parts) {
      const count = part.vertices;
      const points = await values(part.points);
      // Parts may share their triangles.
      if (part.faces) faces = corners(numbers(await unpack(part.faces), Uint32Array));
      const mask = await flags(part.mask, count);
      const elementAt = new Int32Array(count).fill(-1);
      for (let k = 0; k < count; k += 1) if (mask[k]) { elementAt[k] = element; element += 1; }
      parts.push({
        name: part.name, count, first, points, faces, elementAt,
        greys: await unpack(part.greys), normals: normals(points, faces, count),
        // Where vertices are in the picture, and how near; drawn anew each time.
        x: new Float32Array(count), y: new Float32Array(count), near: new Float32Array(count),
        lit: new Float32Array(3 * count),
      });
      first += count;
    }
    return { ...given, colours, parts, fine: true, reached: true };
  };

  // Triangles, corner by corner: the first less the one before, the others less the first.
  const corners = (packed) => {
    const count = packed.length / 3;
    const signed = (n) => (n >>> 1) ^ -(n & 1);
    const faces = new Int32Array(packed.length);
    let last = 0;
    for (let k = 0; k < count; k += 1) {
      last += signed(packed[k]);
      faces[3 * k] = last;
      faces[3 * k + 1] = last + signed(packed[count + k]);
      faces[3 * k + 2] = last + signed(packed[2 * count + k]);
    }
    return faces;
  };

  // Direction that each vertex faces: the mean of its triangles', turned outwards.
  const normals = (points, faces, count) => {
    const [x, y, z] = [0, 1, 2].map((axis) => points.subarray(axis * count, (axis + 1) * count));
    const out = new Float32Array(3 * count);
    for (let k = 0; k < faces.length; k += 3) {
      const a = faces[k];
      const b = faces[k + 1];
      const c = faces[k + 2];
      const [ux, uy, uz] = [x[b] - x[a], y[b] - y[a], z[b] - z[a]];
      const [vx, vy, vz] = [x[c] - x[a], y[c] - y[a], z[c] - z[a]];
      const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
      for (const at of [3 * a, 3 * b, 3 * c]) {
        out[at] += nx;
        out[at + 1] += ny;
        out[at + 2] += nz;
      }
    }
    const mean = (all) => all.reduce((sum, one) => sum + one, 0) / count;
    const centre = [mean(x), mean(y), mean(z)];
    let outwards = 0;
    for (let k = 0; k < count; k += 1) {
      outwards += out[3 * k] * (x[k] - centre[0]) + out[3 * k + 1] * (y[k] - centre[1]) + out[3 * k + 2] * (z[k] - centre[2]);
    }
    const sign = outwards < 0 ? -1 : 1;
    for (let k = 0; k < out.length; k += 3) {
      const length = sign * (Math.hypot(out[k], out[k + 1], out[k + 2]) || 1);
      for (let axis = 0; axis < 3; axis += 1) out[k + axis] /= length;
    }
    return out;
  };

  class View {
    constructor(viewer) {
      this.viewer = viewer;
      this.picked = { part: 0, vertex: 0 };
      this.turn = -90;
      this.tilt = 0;
      this.only = "";
      this.painted = { version: -1, colours: [] };
      this.framed = {};
      const panels = viewer.find(".viewer-panels");
      panels.classList.add("viewer-surface");
      this.canvas = this.panel(panels);
      this.size(640);
      this.buttons();
      new ResizeObserver(() => this.draw()).observe(this.canvas);
    }

    // A picture so many pixels wide, and for each pixel how near and which vertex.
    size(width) {
      this.width = width;
      this.height = Math.round(RATIO * width);
      this.canvas.width = this.width;
      this.canvas.height = this.height;
      this.image = new ImageData(this.width, this.height);
      this.pixels = new Uint32Array(this.image.data.buffer);
      this.depth = new Float32Array(this.width * this.height);
      this.ids = new Int32Array(this.width * this.height);
    }

    panel(panels) {
      const figure = document.createElement("figure");
      figure.className = "viewer-panel";
      const canvas = document.createElement("canvas");
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-roledescription", "surface");
      canvas.setAttribute("aria-label", "Surface: drag or arrow keys turn it, a click picks a vertex");
      this.caption = document.createElement("figcaption");
      figure.append(canvas, this.caption);
      panels.append(figure);
      let from = null;
      canvas.addEventListener("pointerdown", (event) => {
        from = { x: event.clientX, y: event.clientY, turn: this.turn, tilt: this.tilt, far: false };
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!from || !canvas.hasPointerCapture(event.pointerId)) return;
        const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
        from.far = from.far || Math.hypot(dx, dy) > 4;
        if (from.far) this.look(from.turn + dx / 2, from.tilt + dy / 2);
      });
      canvas.addEventListener("pointerup", (event) => {
        if (from && !from.far) this.pick(event);
        from = null;
      });
      canvas.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };
        if (!(event.key in steps)) return;
        event.preventDefault();
        this.look(this.turn + steps[event.key][0], this.tilt + steps[event.key][1]);
      });
      return canvas;
    }

    buttons() {
      const group = document.createElement("span");
      group.className = "viewer-views";
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", "Seen from");
      const names = this.viewer.scene.parts.map((part) => part.name);
      for (const [name, view] of Object.entries(VIEWS)) {
        if (view.part && !names.includes(view.part)) continue;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = name;
        button.addEventListener("click", () => {
          this.only = view.part;
          this.look(view.turn, view.tilt);
        });
        group.append(button);
      }
      this.viewer.find(".viewer-controls").prepend(group);
    }

    look(turn, tilt) {
      this.turn = turn;
      this.tilt = Math.max(-90, Math.min(90, tilt));
      this.draw();
    }

    goTo(place, name) {
      const { parts } = this.viewer.scene;
      let best = Infinity;
      parts.forEach((part, number) => {
        if (name && part.name !== name) return;
        for (let k = 0; k < part.count; k += 1) {
          let far = 0;
          for (let axis = 0; axis < 3; axis += 1) far += (part.points[axis * part.count + k] - place[axis]) ** 2;
          if (far < best) { best = far; this.picked = { part: number, vertex: k }; }
        }
      });
      this.face();
    }

    // Turn to the side that the picked vertex looks to.
    face() {
      const part = this.viewer.scene.parts[this.picked.part];
      const n = part.normals.subarray(3 * this.picked.vertex, 3 * this.picked.vertex + 3);
      this.only = this.viewer.scene.parts.length > 1 ? part.name : "";
      this.turn = (Math.atan2(n[0], -n[1]) * 180) / Math.PI;
      this.tilt = (Math.asin(Math.max(-1, Math.min(1, n[2]))) * 180) / Math.PI * 0.6;
    }

    pick(event) {
      const box = this.canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * this.width);
      const row = Math.floor(((event.clientY - box.top) / box.height) * this.height);
      const id = this.ids[row * this.width + column];
      if (id < 0) return;
      const { parts } = this.viewer.scene;
      const number = parts.findLastIndex((part) => part.first <= id);
      this.picked = { part: number, vertex: id - parts[number].first };
      this.draw();
      this.viewer.say();
    }

    where() {
      const part = this.viewer.scene.parts[this.picked.part];
      const place = [0, 1, 2].map((axis) => part.points[axis * part.count + this.picked.vertex]);
      return { place, part: part.name, element: part.elementAt[this.picked.vertex] };
    }

    shown() {
      const { parts } = this.viewer.scene;
      return this.only ? parts.filter((part) => part.name === this.only) : parts;
    }

    // Rows of the turn: to the right, up, towards the eye.
    axes() {
      const [a, b] = [(this.turn * Math.PI) / 180, (this.tilt * Math.PI) / 180];
      const eye = [Math.sin(a) * Math.cos(b), -Math.cos(a) * Math.cos(b), Math.sin(b)];
      const right = [Math.cos(a), Math.sin(a), 0];
      const up = [
        right[1] * -eye[2] - right[2] * -eye[1],
        right[2] * -eye[0] - right[0] * -eye[2],
        right[0] * -eye[1] - right[1] * -eye[0],
      ];
      return { right, up, eye };
    }

    // Centre and radius of what is shown, whatever side it is seen from.
    frame() {
      if (this.framed.only === this.only) return this.framed;
      const low = [Infinity, Infinity, Infinity];
      const high = [-Infinity, -Infinity, -Infinity];
      for (const { count, points } of this.shown()) {
        for (let axis = 0; axis < 3; axis += 1) {
          for (const value of points.subarray(axis * count, (axis + 1) * count)) {
            if (value < low[axis]) low[axis] = value;
            if (value > high[axis]) high[axis] = value;
          }
        }
      }
      const centre = low.map((value, axis) => (value + high[axis]) / 2);
      const radius = Math.hypot(...low.map((value, axis) => high[axis] - value)) / 2;
      this.framed = { only: this.only, centre, radius };
      return this.framed;
    }

    draw() {
      const sharp = window.devicePixelRatio || 1;
      const width = Math.min(WIDEST, Math.round((this.canvas.clientWidth || 640) * sharp));
      if (width !== this.width) this.size(width);
      this.pixels.fill(0);
      this.depth.fill(-Infinity);
      this.ids.fill(-1);
      const axes = this.axes();
      for (const part of this.shown()) {
        this.project(part, axes);
        this.light(part, axes.eye);
        this.raster(part);
      }
      const context = this.canvas.getContext("2d");
      context.putImageData(this.image, 0, 0);
      this.mark(context, this.width / (this.canvas.clientWidth || this.width));
      this.caption.textContent = this.only ? `${this.only} part` : "all parts";
    }

    // Where the vertices of a part are in the picture.
    project(part, { right, up, eye }) {
      const { count, points, x, y, near } = part;
      const { centre, radius } = this.frame();
      const scale = (0.62 * this.height) / radius;
      const [half, middle] = [this.width / 2, this.height / 2];
      for (let k = 0; k < count; k += 1) {
        const px = points[k] - centre[0];
        const py = points[count + k] - centre[1];
        const pz = points[2 * count + k] - centre[2];
        x[k] = half + scale * (px * right[0] + py * right[1] + pz * right[2]);
        y[k] = middle - scale * (px * up[0] + py * up[1] + pz * up[2]);
        near[k] = px * eye[0] + py * eye[1] + pz * eye[2];
      }
    }

    // Colours of the vertices of a part as they are without light, until something else is asked.
    colours(part) {
      const { viewer, painted } = this;
      if (painted.version !== viewer.version) this.painted = { version: viewer.version, colours: [] };
      const known = this.painted.colours;
      if (!known[part.first]) {
        const colours = new Uint8Array(3 * part.count);
        for (let k = 0; k < part.count; k += 1) {
          const element = part.elementAt[k];
          if (element >= 0 && viewer.shown[element]) viewer.paint(element, colours, 3 * k);
          else colours.fill(part.greys[k], 3 * k, 3 * k + 3);
        }
        known[part.first] = colours;
      }
      return known[part.first];
    }

    // Colour of every vertex, lit from where the eye is.
    light(part, eye) {
      const { count, normals: n, lit } = part;
      const colours = this.colours(part);
      for (let at = 0; at < 3 * count; at += 3) {
        const facing = n[at] * eye[0] + n[at + 1] * eye[1] + n[at + 2] * eye[2];
        const light = facing > 0 ? 0.45 + 0.55 * facing : 0.45;
        lit[at] = colours[at] * light;
        lit[at + 1] = colours[at + 1] * light;
        lit[at + 2] = colours[at + 2] * light;
      }
    }

    raster(part) {
      const { x, y, near, lit, faces, first } = part;
      const { width, height, depth, ids, pixels } = this;
      for (let k = 0; k < faces.length; k += 3) {
        const a = faces[k];
        const b = faces[k + 1];
        const c = faces[k + 2];
        const [bx, by, cx, cy] = [x[b] - x[a], y[b] - y[a], x[c] - x[a], y[c] - y[a]];
        const area = bx * cy - cx * by;
        if (area === 0) continue;
        // Pixels whose centres may lie inside.
        const left = Math.max(0, Math.ceil(Math.min(x[a], x[b], x[c]) - 0.5));
        const right = Math.min(width - 1, Math.floor(Math.max(x[a], x[b], x[c]) - 0.5));
        const top = Math.max(0, Math.ceil(Math.min(y[a], y[b], y[c]) - 0.5));
        const bottom = Math.min(height - 1, Math.floor(Math.max(y[a], y[b], y[c]) - 0.5));
        for (let row = top; row <= bottom; row += 1) {
          const down = row + 0.5 - y[a];
          for (let column = left; column <= right; column += 1) {
            const across = column + 0.5 - x[a];
            // How much each corner counts here.
            const wb = (across * cy - cx * down) / area;
            const wc = (bx * down - across * by) / area;
            const wa = 1 - wb - wc;
            if (wa < -1e-4 || wb < -1e-4 || wc < -1e-4) continue;
            const at = row * width + column;
            const here = wa * near[a] + wb * near[b] + wc * near[c];
            if (here <= depth[at]) continue;
            depth[at] = here;
            ids[at] = first + (wa >= wb && wa >= wc ? a : wb >= wc ? b : c);
            const red = wa * lit[3 * a] + wb * lit[3 * b] + wc * lit[3 * c];
            const green = wa * lit[3 * a + 1] + wb * lit[3 * b + 1] + wc * lit[3 * c + 1];
            const blue = wa * lit[3 * a + 2] + wb * lit[3 * b + 2] + wc * lit[3 * c + 2];
            pixels[at] = 0xff000000 | (blue << 16) | (green << 8) | red;
          }
        }
      }
    }

    // A ring about the picked vertex; dashed where it is on the far side.
    mark(context, sharp) {
      const part = this.viewer.scene.parts[this.picked.part];
      if (this.only && part.name !== this.only) return;
      const k = this.picked.vertex;
      const [x, y] = [part.x[k], part.y[k]];
      const at = Math.floor(y) * this.width + Math.floor(x);
      const seen = !(part.near[k] < this.depth[at] - 2);
      context.lineWidth = 2 * sharp;
      context.setLineDash(seen ? [] : [3 * sharp, 3 * sharp]);
      for (const [colour, radius] of [["#000", 7], ["#fff", 9]]) {
        context.strokeStyle = colour;
        context.beginPath();
        context.arc(x, y, radius * sharp, 0, 2 * Math.PI);
        context.stroke();
      }
      context.setLineDash([]);
    }
  }

  window.secondlevel.views.surface = { prepare, View };
})();
