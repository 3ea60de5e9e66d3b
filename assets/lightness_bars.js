// One pixel's distribution over lightness: bars from black to white, each in its own grey, with the mean and the truth marked as in gamut_map.js.
const lightnessBars = (() => {
  // probabilities (Q, from L = 0 to 100), grey(L) -> [r, g, b], mat and ink (CSS colours), mean and truth (L; truth may be null)
  function draw(canvas, width, height, { probabilities, grey, mat, ink, mean, truth }) {
    const ratio = Math.min(window.devicePixelRatio || 1, 2), W = Math.round(width * ratio), H = Math.round(height * ratio);
    if (!W || !H) return;
    if (canvas.width !== W || canvas.height !== H) Object.assign(canvas, { width: W, height: H });
    const context = canvas.getContext("2d"), foot = H - gamutMap.lineHeight(ratio), most = Math.max(...probabilities), count = probabilities.length, wide = W / count;
    context.clearRect(0, 0, W, H);
    context.fillStyle = mat;
    context.fillRect(0, 0, W, foot);
    probabilities.forEach((p, k) => {
      const tall = ((foot - 22 * ratio) * p) / most;
      context.fillStyle = `rgb(${grey(((k + 0.5) * 100) / count).join(" ")})`;
      context.fillRect(k * wide, foot - tall, Math.ceil(wide), tall);
    });
    context.fillStyle = ink;
    gamutMap.axis(context, ratio, foot + 3 * ratio, W, ["0 black", "L", "100 white"]);
    gamutMap.mark(context, ratio, "mean", (mean / 100) * W, 10 * ratio);
    if (truth !== null) gamutMap.mark(context, ratio, "truth", (truth / 100) * W, 10 * ratio);
  }

  return { draw };
})();
