// One pixel's distribution over the ab gamut as a heat map, with its mode, mean and annealed mean marked by shape.
const gamutMap = (() => {
  const REACH = 126; // ab units from the middle to the edge
  const RIM = 119; // inside of this the bins, outside the hues
  const SHAPES = { // unit shapes, drawn white with a dark outline; the legend uses the same paths
    mode: "M0-6.5 6.5 0 0 6.5-6.5 0Z",
    mean: "M5 0A5 5 0 1 1-5 0 5 5 0 1 1 5 0Z",
    annealed: "M0-7.5 7 5.5-7 5.5Z",
    histograms: "M0-6.5 5.6-3.25V3.25L0 6.5-5.6 3.25V-3.25Z",
    regression: "M-4.5-4.5H4.5V4.5H-4.5Z",
    truth: "M-1.8-7H1.8V-1.8H7V1.8H1.8V7H-1.8V1.8H-7V-1.8H-1.8Z",
  };

  const PATHS = Object.fromEntries(Object.entries(SHAPES).map(([name, path]) => [name, new Path2D(path)]));

  const colorOf = (stops, share) => { // a sequential map given by a few stops [r, g, b]
    const at = Math.min(Math.max(share, 0), 1) * (stops.length - 1), low = Math.min(Math.floor(at), stops.length - 2);
    return `rgb(${stops[low].map((v, c) => Math.round(v + (at - low) * (stops[low + 1][c] - v))).join(" ")})`;
  };

  // A rim that names the hues: each place of it has the colour of its direction from grey, at one lightness and chroma
  function drawRim(context, toRgb, half, scale) {
    const wheel = context.createConicGradient(0, 0, 0);
    for (let k = 0; k <= 36; k++) {
      const angle = (-k * Math.PI) / 18; // a canvas turns clockwise, and b points up
      wheel.addColorStop(k / 36, `rgb(${toRgb(68, 55 * Math.cos(angle), 55 * Math.sin(angle)).join(" ")})`);
    }
    context.fillStyle = wheel;
    context.fillRect(-half, -half, 2 * half, 2 * half);
    context.clearRect(-RIM * scale, -RIM * scale, 2 * RIM * scale, 2 * RIM * scale);
  }

  // What stays while the temperature moves: rim, heat map, and the trail of the annealed mean from the mean to the mode
  function drawBase(side, ratio, { bins, probabilities, trail, stops, toRgb }) {
    const base = new OffscreenCanvas(side, side), context = base.getContext("2d"), scale = side / (2 * REACH), cell = 10 * scale;
    context.setTransform(1, 0, 0, 1, side / 2, side / 2);
    drawRim(context, toRgb, side / 2, scale);
    const most = probabilities.reduce((a, b) => Math.max(a, b), 0);
    bins.forEach(([a, b], q) => {
      context.fillStyle = colorOf(stops, Math.sqrt(probabilities[q] / most));
      context.fillRect(Math.round(a * scale - cell / 2), Math.round(-b * scale - cell / 2), Math.ceil(cell), Math.ceil(cell));
    });
    context.fillStyle = "#fff6"; // where a and b are 0: grey
    context.fillRect(-RIM * scale, -0.5, 2 * RIM * scale, 1);
    context.fillRect(-0.5, -RIM * scale, 1, 2 * RIM * scale);
    context.lineJoin = "round";
    for (const [width, color] of [[3.5, "#000a"], [1.5, "#fff"]]) {
      context.lineWidth = width * ratio;
      context.strokeStyle = color;
      context.beginPath();
      trail.forEach(([a, b]) => context.lineTo(a * scale, -b * scale));
      context.stroke();
    }
    return base;
  }

  // reading: bins (Q pairs), probabilities (Q), trail (pairs), stops, toRgb; it keeps its base. marks: [[shape name, [a, b]], ...]
  function draw(canvas, size, reading, marks) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2), side = Math.round(size * ratio), scale = side / (2 * REACH);
    if (!side) return;
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    if (!reading.base || reading.base.width !== side) reading.base = drawBase(side, ratio, reading);
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, side, side);
    context.drawImage(reading.base, 0, 0);
    for (const [shape, [a, b]] of marks) {
      mark(context, ratio, shape, side / 2 + a * scale, side / 2 - b * scale);
    }
  }

  // A mark at a place of a canvas, in its own pixels; of which there are `ratio` in one of the page's
  function mark(context, ratio, shape, x, y) {
    context.save();
    context.setTransform(ratio, 0, 0, ratio, x, y);
    Object.assign(context, { lineWidth: 3, strokeStyle: "#000", fillStyle: shape === "annealed" ? "#f0e442" : "#fff" });
    context.stroke(PATHS[shape]);
    context.fill(PATHS[shape]);
    context.restore();
  }

  // The words below an axis, left, centre and right, at the size of the page's small type; without the centre's where it has no room.
  const rem = (ratio) => parseFloat(getComputedStyle(document.documentElement).fontSize) * ratio, lineHeight = (ratio) => 1.0625 * rem(ratio);
  function axis(context, ratio, y, width, [left, centre, right]) {
    const size = 0.75 * rem(ratio), wide = (text) => context.measureText(text).width;
    Object.assign(context, { font: `${size}px system-ui, sans-serif`, textBaseline: "top" });
    const room = width - 2 * Math.max(wide(left), wide(right)) - size > wide(centre);
    for (const [text, textAlign, x] of [[left, "left", 0], [room ? centre : "", "center", width / 2], [right, "right", width]]) {
      context.textAlign = textAlign;
      context.fillText(text, x, y);
    }
  }

  function symbol(shape) { // for the legend
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-9 -9 18 18");
    svg.setAttribute("aria-hidden", "true");
    const path = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path"));
    path.setAttribute("d", SHAPES[shape]);
    path.setAttribute("class", shape === "annealed" ? "mark annealed" : "mark");
    return svg;
  }

  return { axis, draw, lineHeight, mark, symbol };
})();
