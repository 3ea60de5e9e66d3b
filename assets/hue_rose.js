// One pixel's histograms as a picture: the hues as a rose, in the directions of the ab plane, and below it the chromas as bars.
// Its marks are those of gamut_map.js.
const hueRose = (() => {
  const css = (rgb) => `rgb(${rgb.join(" ")})`;

  // wedges: the more probable, the longer; a thin ring names the hues
  function drawRose(context, side, ratio, { hues, toRgb, told, truth }) {
    const bins = hues.length, most = Math.max(...hues), x = side / 2, y = side * 0.345, rim = side * 0.325, reach = rim - 7 * ratio;
    const wedge = (k, from, to, color) => {
      context.beginPath();
      context.arc(x, y, to, (-2 * Math.PI * k) / bins, (-2 * Math.PI * (k + 1)) / bins, true); // a canvas turns clockwise, and b points up
      context.arc(x, y, from, (-2 * Math.PI * (k + 1)) / bins, (-2 * Math.PI * k) / bins);
      context.fillStyle = color;
      context.fill();
    };
    for (let k = 0; k < bins; k++) {
      const theta = (2 * Math.PI * (k + 0.5)) / bins, color = css(toRgb(68, 55 * Math.cos(theta), 55 * Math.sin(theta)));
      wedge(k, rim - 3 * ratio, rim, color);
      wedge(k, 0, (reach * hues[k]) / most, color);
    }
    const far = reach * told.sure, to = [x + far * Math.cos(told.hue), y - far * Math.sin(told.hue)];
    for (const [width, color] of [[3.5, "#000"], [1.5, "#fff"]]) {
      Object.assign(context, { lineWidth: width * ratio, strokeStyle: color });
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(...to);
      context.stroke();
    }
    gamutMap.mark(context, ratio, "histograms", ...to);
    if (truth && truth.chroma > 2) gamutMap.mark(context, ratio, "truth", x + rim * Math.cos(truth.hue), y - rim * Math.sin(truth.hue));
  }

  // bars in the colours of that hue, from grey to vivid
  function drawBars(context, side, ratio, { chromas, reach, toRgb, told, truth, ink }) {
    const bins = chromas.length, most = Math.max(...chromas), foot = side - gamutMap.lineHeight(ratio), tall = foot - side * 0.75, wide = side / bins;
    chromas.forEach((p, k) => {
      const c = ((k + 0.5) * reach) / bins, height = (tall * p) / most;
      context.fillStyle = css(toRgb(68, c * Math.cos(told.hue), c * Math.sin(told.hue)));
      context.fillRect(k * wide + 0.5, foot - height, wide - 1, height);
    });
    context.fillStyle = ink;
    context.fillRect(0, foot, side, ratio);
    gamutMap.axis(context, ratio, foot + 3 * ratio, side, ["0 grey", "chroma", String(reach)]);
    const at = (chroma) => [Math.min(chroma / reach, 1) * side, foot - tall - 5 * ratio];
    gamutMap.mark(context, ratio, "mean", ...at(told.chroma.mean));
    gamutMap.mark(context, ratio, "histograms", ...at(told.chroma.median));
    if (truth) gamutMap.mark(context, ratio, "truth", ...at(truth.chroma));
  }

  // reading: hues (K), chromas (K), reach, toRgb, told (a cell of hueChroma), truth ({hue, chroma} or null), ink (a CSS colour)
  function draw(canvas, size, reading) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2), side = Math.round(size * ratio);
    if (!side) return;
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, side, side);
    drawRose(context, side, ratio, reading);
    drawBars(context, side, ratio, reading);
  }

  return { draw };
})();
