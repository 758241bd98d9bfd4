"use strict";
// Three planes through a volume whose axes run to the right, to the front and up.
(() => {
  const { unpack, flags } = window.secondlevel.unpack;
  // Of each plane: the axis across, the axis up, the axis that it is cut along, and its ends.
  const PLANES = [
    { name: "sagittal", across: 1, up: 2, through: 0, left: "P", right: "A" },
    { name: "coronal", across: 0, up: 2, through: 1, left: "L", right: "R" },
    { name: "axial", across: 0, up: 1, through: 2, left: "L", right: "R" },
  ];

  // Pixels below which the planes lie below each other.
  const NARROW = 480;

  const prepare = async (given, colours) => {
    const [nx, ny, nz] = given.shape;
    const count = nx * ny * nz;
    const mask = await flags(given.mask, count);
    const elements = new Int32Array(count).fill(-1);
    let next = 0;
    for (let k = 0; k < count; k += 1) if (mask[k]) { elements[k] = next; next += 1; }
    const background = await unpack(given.background);
    const fine = given.voxel.some((size) => Math.abs(size - Math.round(size)) > 1e-3);
    return { ...given, colours, elementAt: elements, greys: background, fine, reached: false };
  };

  class View {
    constructor(viewer) {
      this.viewer = viewer;
      this.voxel = [0, 0, 0];
      this.panels = PLANES.map((plane) => this.panel(plane));
      new ResizeObserver(() => {
        this.arrange();
        this.draw();
      }).observe(viewer.find(".viewer-panels"));
      this.arrange();
      for (const query of ["(prefers-color-scheme: dark)", "print"]) {
        window.matchMedia(query).addEventListener("change", () => this.draw());
      }
    }

    // Planes beside each other, or below each other where that would make them tiny.
    arrange() {
      const { shape, voxel } = this.viewer.scene;
      const box = this.viewer.find(".viewer-panels");
      const wide = PLANES.map(({ across }) => shape[across] * voxel[across]);
      const narrow = box.clientWidth > 0 && box.clientWidth < NARROW;
      // A millimetre is as wide in every plane.
      const columns = wide.map((one) => `minmax(0, ${one.toFixed(2)}fr)`).join(" ");
      box.style.gridTemplateColumns = narrow ? "minmax(0, 1fr)" : columns;
      this.panels.forEach(({ canvas }, k) => {
        canvas.parentElement.style.width = narrow ? `${(100 * wide[k]) / Math.max(...wide)}%` : "";
      });
    }

    panel(plane) {
      const figure = document.createElement("figure");
      figure.className = "viewer-panel";
      const canvas = document.createElement("canvas");
      canvas.tabIndex = 0;
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-roledescription", "plane");
      canvas.setAttribute("aria-label", `${plane.name} plane: arrow keys move the cross-hair, Page Up and Page Down change the plane`);
      const caption = document.createElement("figcaption");
      figure.append(canvas, caption);
      this.viewer.find(".viewer-panels").append(figure);
      const move = (event) => this.point(plane, canvas, event);
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        move(event);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (canvas.hasPointerCapture(event.pointerId)) move(event);
      });
      canvas.addEventListener("keydown", (event) => this.key(plane, event));
      return { plane, canvas, caption };
    }

    point(plane, canvas, event) {
      const { shape } = this.viewer.scene;
      const box = canvas.getBoundingClientRect();
      const across = (event.clientX - box.left) / box.width;
      const up = 1 - (event.clientY - box.top) / box.height;
      this.step(plane.across, Math.floor(across * shape[plane.across]) - this.voxel[plane.across]);
      this.step(plane.up, Math.floor(up * shape[plane.up]) - this.voxel[plane.up]);
      this.viewer.moved();
    }

    key(plane, event) {
      const steps = {
        ArrowLeft: [plane.across, -1], ArrowRight: [plane.across, 1],
        ArrowDown: [plane.up, -1], ArrowUp: [plane.up, 1],
        PageDown: [plane.through, -1], PageUp: [plane.through, 1],
      };
      if (!(event.key in steps)) return;
      event.preventDefault();
      this.step(...steps[event.key]);
      this.viewer.moved();
    }

    step(axis, by) {
      const last = this.viewer.scene.shape[axis] - 1;
      this.voxel[axis] = Math.max(0, Math.min(last, this.voxel[axis] + by));
    }

    goTo(place) {
      const { inverse } = this.viewer.scene;
      const voxel = inverse.slice(0, 3).map((row) => row[0] * place[0] + row[1] * place[1] + row[2] * place[2] + row[3]);
      voxel.forEach((one, axis) => this.step(axis, Math.round(one) - this.voxel[axis]));
    }

    index(voxel) {
      const [, ny, nz] = this.viewer.scene.shape;
      return (voxel[0] * ny + voxel[1]) * nz + voxel[2];
    }

    where() {
      const { affine, elementAt } = this.viewer.scene;
      const [i, j, k] = this.voxel;
      const place = affine.slice(0, 3).map((row) => row[0] * i + row[1] * j + row[2] * k + row[3]);
      return { place, part: "", element: elementAt[this.index(this.voxel)] };
    }

    draw() {
      for (const panel of this.panels) this.drawPanel(panel);
    }

    // Pixels of a plane, of the size of its grid: what is behind, and what is coloured.
    slice(plane) {
      const { shape, greys, elementAt } = this.viewer.scene;
      const { shown } = this.viewer;
      const width = shape[plane.across];
      const height = shape[plane.up];
      const [behind, before] = [new ImageData(width, height), new ImageData(width, height)];
      const voxel = [...this.voxel];
      for (let row = 0; row < height; row += 1) {
        voxel[plane.up] = height - 1 - row;
        for (let column = 0; column < width; column += 1) {
          voxel[plane.across] = column;
          const index = this.index(voxel);
          const at = 4 * (row * width + column);
          const element = elementAt[index];
          if (greys[index] > 0) {
            behind.data.fill(greys[index], at, at + 3);
            behind.data[at + 3] = 255;
          }
          if (element >= 0 && shown[element]) {
            this.viewer.paint(element, before.data, at);
            before.data[at + 3] = 255;
          }
        }
      }
      return { behind, before };
    }

    lay(context, image, smooth) {
      const small = new OffscreenCanvas(image.width, image.height);
      small.getContext("2d").putImageData(image, 0, 0);
      context.imageSmoothingEnabled = smooth;
      context.imageSmoothingQuality = "high";
      context.drawImage(small, 0, 0, context.canvas.width, context.canvas.height);
    }

    drawPanel({ plane, canvas, caption }) {
      const { shape, voxel } = this.viewer.scene;
      const wide = shape[plane.across] * voxel[plane.across];
      const high = shape[plane.up] * voxel[plane.up];
      const shown = canvas.clientWidth || 240;
      const sharp = window.devicePixelRatio || 1;
      const width = Math.max(1, Math.round(shown * sharp));
      const height = Math.max(1, Math.round((shown * sharp * high) / wide));
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
      }
      const context = canvas.getContext("2d");
      const { behind, before } = this.slice(plane);
      context.clearRect(0, 0, width, height);
      // Voxels that were analysed are seen one by one; what is behind them need not be.
      this.lay(context, behind, this.viewer.scene.smooth);
      this.lay(context, before, false);
      this.cross(context, plane, width, height, sharp);
      const place = this.where().place[plane.through];
      caption.textContent = `${plane.name}, ${"xyz"[plane.through]} = ${place.toFixed(this.viewer.scene.fine ? 1 : 0).replace("-", "−")} mm`;
    }

    cross(context, plane, width, height, sharp) {
      const { shape } = this.viewer.scene;
      const style = getComputedStyle(this.viewer.root);
      const x = ((this.voxel[plane.across] + 0.5) / shape[plane.across]) * width;
      const y = (1 - (this.voxel[plane.up] + 0.5) / shape[plane.up]) * height;
      context.strokeStyle = style.getPropertyValue("--accent").trim() || "#1d5c9e";
      context.lineWidth = sharp;
      const gap = 5 * sharp;
      context.beginPath();
      for (const [from, to] of [[0, x - gap], [x + gap, width]]) {
        context.moveTo(from, y);
        context.lineTo(to, y);
      }
      for (const [from, to] of [[0, y - gap], [y + gap, height]]) {
        context.moveTo(x, from);
        context.lineTo(x, to);
      }
      context.stroke();
      context.fillStyle = style.getPropertyValue("--ink").trim() || "#000";
      context.font = `${12 * sharp}px system-ui, sans-serif`;
      context.textBaseline = "top";
      context.textAlign = "left";
      context.fillText(plane.left, 3 * sharp, 3 * sharp);
      context.textAlign = "right";
      context.fillText(plane.right, width - 3 * sharp, 3 * sharp);
    }
  }

  window.secondlevel.views.volume = { prepare, View };
})();
