// Histograms of hue and of chroma in the browser, and their decoding (Larsson et al., ECCV 2016). Numbers only, no page.
// The Python twin is ssl_core/hue_chroma.py; tests/browser/test_colorize.py holds the two together.
const hueChroma = (() => {
  // floats: h * w * 2K probabilities, of each cell K for the hue, then K for the chroma
  function read(floats, height, width, bins, reach, fading) {
    return { floats, height, width, bins, reach, fading, ab: new Float32Array(2 * height * width), how: null };
  }

  // 1/K sum_k f_h(k) e^(i theta_k), theta_k = 2 pi (k + 0.5) / K
  function circularMean({ floats, bins }, first) {
    let x = 0, y = 0;
    for (let k = 0; k < bins; k++) {
      const theta = (2 * Math.PI * (k + 0.5)) / bins;
      x += floats[first + k] * Math.cos(theta);
      y += floats[first + k] * Math.sin(theta);
    }
    return { hue: (Math.atan2(y, x) + 2 * Math.PI) % (2 * Math.PI), length: Math.hypot(x, y) / bins };
  }

  // where the cumulative sum, linear within each bin, passes one half
  function median({ floats, bins, reach }, first) {
    let below = 0, k = 0;
    while (k < bins - 1 && below + floats[first + k] < 0.5 - 1e-6) below += floats[first + k++];
    return ((k + (0.5 - below) / Math.max(floats[first + k], 1e-12)) * reach) / bins;
  }

  function expectation({ floats, bins, reach }, first) {
    let sum = 0;
    for (let k = 0; k < bins; k++) sum += floats[first + k] * (k + 0.5);
    return (sum * reach) / bins;
  }

  // What one cell says: hue in radians, how sure of it (0 to 1), chroma by either reading, and the colour that comes of it
  function cell(histograms, pixel, how) {
    const { bins, fading } = histograms, first = 2 * bins * pixel;
    const { hue, length } = circularMean(histograms, first), fade = Math.min(length / fading, 1);
    const chroma = { median: median(histograms, first + bins), mean: expectation(histograms, first + bins) };
    const painted = chroma[how] * fade;
    return { hue, sure: length * bins, fade, chroma, ab: [painted * Math.cos(hue), painted * Math.sin(hue)] };
  }

  // Colours of all cells; fills and returns histograms.ab (h * w * 2)
  function decode(histograms, how) {
    if (histograms.how === how) return histograms.ab;
    for (let pixel = 0; pixel < histograms.height * histograms.width; pixel++) {
      histograms.ab.set(cell(histograms, pixel, how).ab, 2 * pixel);
    }
    histograms.how = how;
    return histograms.ab;
  }

  return { read, cell, decode };
})();
