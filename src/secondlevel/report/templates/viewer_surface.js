"use strict";
// A surface, turned by the pointer or by keys, drawn triangle by triangle with a depth for each
// pixel: no graphics card is needed.
(() => {
  const { unpack, numbers, values, flags } = window.secondlevel.unpack;
  const WIDTH = 640;
  const HEIGHT = 480;
  // Degrees about the vertical axis and the one across, and the part that is looked at.
  const VIEWS = {
    "left": { turn: -90, tilt: 0, part: "left" }, "left, inside": { turn: 90, tilt: 0, part: "left" },
    "right": { turn: 90, tilt: 0, part: "right" }, "right, inside": { turn: -90, tilt: 0, part: "right" },
    "top": { turn: 0, tilt: 90, part: "" }, "bottom": { turn: 0, tilt: -90, part: "" },
    "front": { turn: 180, tilt: 0, part: "" }, "back": { turn: 0, tilt: 0, part: "" },
  };

  const prepare = async (given, colours) => {
    let first = 0;
    let element = 0;
    const parts = [];
    for (const part of given.parts) {
      const points = await values(part.points);
      const faces = numbers(await unpack(part.faces), Int32Array);
      for (let k = 1; k < faces.length; k += 1) faces[k] += faces[k - 1];
      const mask = await flags(part.mask, part.vertices);
      const elementAt = new Int32Array(part.vertices).fill(-1);
      for (let k = 0; k < part.vertices; k += 1) if (mask[k]) { elementAt[k] = element; element += 1; }
      parts.push({
        name: part.name, count: part.vertices, first, points, faces, elementAt,
        greys: await unpack(part.greys), normals: normals(points, faces, part.vertices),
      });
      first += part.vertices;
    }
    return { ...given, colours, parts, fine: true, reached: true };
  };

  // Direction that each vertex faces, outwards: the mean of its triangles'.
  const normals = (points, faces, count) => {
    const [x, y, z] = [0, 1, 2].map((axis) => points.subarray(axis * count, (axis + 1) * count));
    const out = new Float32Array(3 * count);
    for (let k = 0; k < faces.length; k += 3) {
      const [a, b, c] = [faces[k], faces[k + 1], faces[k + 2]];
      const u = [x[b] - x[a], y[b] - y[a], z[b] - z[a]];
      const v = [x[c] - x[a], y[c] - y[a], z[c] - z[a]];
      const n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      for (const vertex of [a, b, c]) for (let axis = 0; axis < 3; axis += 1) out[3 * vertex + axis] += n[axis];
    }
    for (let k = 0; k < out.length; k += 3) {
      const length = Math.hypot(out[k], out[k + 1], out[k + 2]) || 1;
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
      this.depth = new Float32Array(WIDTH * HEIGHT);
      this.ids = new Int32Array(WIDTH * HEIGHT);
      const panels = viewer.find(".viewer-panels");
      panels.classList.add("viewer-surface");
      this.canvas = this.panel(panels);
      this.buttons();
    }

    panel(panels) {
      const figure = document.createElement("figure");
      figure.className = "viewer-panel";
      const canvas = document.createElement("canvas");
      canvas.width = WIDTH;
      canvas.height = HEIGHT;
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
      const sign = this.outward(part);
      this.only = this.viewer.scene.parts.length > 1 ? part.name : "";
      this.turn = (Math.atan2(sign * n[0], -sign * n[1]) * 180) / Math.PI;
      this.tilt = (Math.asin(Math.max(-1, Math.min(1, sign * n[2]))) * 180) / Math.PI * 0.6;
    }

    // 1 where triangles are so ordered that normals point outwards, else -1.
    outward(part) {
      if (part.sign) return part.sign;
      const centre = [0, 1, 2].map((axis) => {
        let sum = 0;
        for (let k = 0; k < part.count; k += 1) sum += part.points[axis * part.count + k];
        return sum / part.count;
      });
      let total = 0;
      for (let k = 0; k < part.count; k += 1) {
        for (let axis = 0; axis < 3; axis += 1) total += part.normals[3 * k + axis] * (part.points[axis * part.count + k] - centre[axis]);
      }
      part.sign = total < 0 ? -1 : 1;
      return part.sign;
    }

    pick(event) {
      const box = this.canvas.getBoundingClientRect();
      const column = Math.floor(((event.clientX - box.left) / box.width) * WIDTH);
      const row = Math.floor(((event.clientY - box.top) / box.height) * HEIGHT);
      const id = this.ids[row * WIDTH + column];
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

    frame() {
      const low = [Infinity, Infinity, Infinity];
      const high = [-Infinity, -Infinity, -Infinity];
      for (const part of this.shown()) {
        for (let axis = 0; axis < 3; axis += 1) {
          for (let k = 0; k < part.count; k += 1) {
            const value = part.points[axis * part.count + k];
            if (value < low[axis]) low[axis] = value;
            if (value > high[axis]) high[axis] = value;
          }
        }
      }
      const centre = low.map((value, axis) => (value + high[axis]) / 2);
      const radius = Math.hypot(...low.map((value, axis) => high[axis] - value)) / 2;
      return { centre, scale: (0.62 * HEIGHT) / radius };
    }

    draw() {
      if (!this.viewer.scene) return;
      const image = new ImageData(WIDTH, HEIGHT);
      this.depth.fill(-Infinity);
      this.ids.fill(-1);
      const axes = this.axes();
      const frame = this.frame();
      for (const part of this.shown()) this.raster(image, part, axes, frame);
      const context = this.canvas.getContext("2d");
      context.putImageData(image, 0, 0);
      this.mark(context, axes, frame);
      this.caption.textContent = this.only ? `${this.only} part` : "all parts";
    }

    project(part, { right, up, eye }, { centre, scale }) {
      const { count, points } = part;
      const out = { x: new Float32Array(count), y: new Float32Array(count), d: new Float32Array(count) };
      for (let k = 0; k < count; k += 1) {
        const p = [points[k] - centre[0], points[count + k] - centre[1], points[2 * count + k] - centre[2]];
        out.x[k] = WIDTH / 2 + scale * (p[0] * right[0] + p[1] * right[1] + p[2] * right[2]);
        out.y[k] = HEIGHT / 2 - scale * (p[0] * up[0] + p[1] * up[1] + p[2] * up[2]);
        out.d[k] = p[0] * eye[0] + p[1] * eye[1] + p[2] * eye[2];
      }
      return out;
    }

    // Colour of every vertex, lit from where the eye is.
    shade(part, eye) {
      const colours = new Float32Array(3 * part.count);
      const sign = this.outward(part);
      const one = [0, 0, 0];
      for (let k = 0; k < part.count; k += 1) {
        const n = 3 * k;
        const facing = sign * (part.normals[n] * eye[0] + part.normals[n + 1] * eye[1] + part.normals[n + 2] * eye[2]);
        const light = 0.45 + 0.55 * Math.max(0, facing);
        const element = part.elementAt[k];
        if (element >= 0 && this.viewer.beyond(element)) this.viewer.paint(element, one, 0);
        else one.fill(part.greys[k]);
        for (let c = 0; c < 3; c += 1) colours[n + c] = one[c] * light;
      }
      return colours;
    }

    raster(image, part, axes, frame) {
      const { x, y, d } = this.project(part, axes, frame);
      const colours = this.shade(part, axes.eye);
      const { faces } = part;
      for (let k = 0; k < faces.length; k += 3) {
        const [a, b, c] = [faces[k], faces[k + 1], faces[k + 2]];
        const area = (x[b] - x[a]) * (y[c] - y[a]) - (x[c] - x[a]) * (y[b] - y[a]);
        if (area === 0) continue;
        const left = Math.max(0, Math.ceil(Math.min(x[a], x[b], x[c]) - 0.5));
        const right = Math.min(WIDTH - 1, Math.floor(Math.max(x[a], x[b], x[c]) + 0.5));
        const top = Math.max(0, Math.ceil(Math.min(y[a], y[b], y[c]) - 0.5));
        const bottom = Math.min(HEIGHT - 1, Math.floor(Math.max(y[a], y[b], y[c]) + 0.5));
        for (let row = top; row <= bottom; row += 1) {
          for (let column = left; column <= right; column += 1) {
            const wa = ((x[b] - column) * (y[c] - row) - (x[c] - column) * (y[b] - row)) / area;
            const wb = ((x[c] - column) * (y[a] - row) - (x[a] - column) * (y[c] - row)) / area;
            const wc = 1 - wa - wb;
            if (wa < -1e-4 || wb < -1e-4 || wc < -1e-4) continue;
            const depth = wa * d[a] + wb * d[b] + wc * d[c];
            const at = row * WIDTH + column;
            if (depth <= this.depth[at]) continue;
            this.depth[at] = depth;
            this.ids[at] = part.first + (wa >= wb && wa >= wc ? a : wb >= wc ? b : c);
            for (let channel = 0; channel < 3; channel += 1) {
              image.data[4 * at + channel] = wa * colours[3 * a + channel] + wb * colours[3 * b + channel] + wc * colours[3 * c + channel];
            }
            image.data[4 * at + 3] = 255;
          }
        }
      }
    }

    // A ring about the picked vertex, where it is in sight.
    mark(context, axes, frame) {
      const part = this.viewer.scene.parts[this.picked.part];
      if (this.only && part.name !== this.only) return;
      const { x, y, d } = this.project(part, axes, frame);
      const k = this.picked.vertex;
      const at = Math.round(y[k]) * WIDTH + Math.round(x[k]);
      const seen = this.depth[at] === undefined || d[k] >= this.depth[at] - 2;
      context.lineWidth = 2;
      context.setLineDash(seen ? [] : [3, 3]);
      context.strokeStyle = "#000";
      context.beginPath();
      context.arc(x[k], y[k], 7, 0, 2 * Math.PI);
      context.stroke();
      context.strokeStyle = "#fff";
      context.beginPath();
      context.arc(x[k], y[k], 9, 0, 2 * Math.PI);
      context.stroke();
      context.setLineDash([]);
    }
  }

  window.secondlevel.views.surface = { prepare, View };
})();
