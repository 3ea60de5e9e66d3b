// The posterior of a colorization network in the browser: its annealed mean (Zhang et al., ECCV 2016, eq. 5) and the way from ab to pixels.
// Numbers only, no page. The Python twin is Posterior.annealed_mean; tests/browser/test_colorize.py holds the two together.
const annealedMean = (() => {
  const REACH = 14, STEPS = 4096; // weights below e^-14 of the largest are dropped; one table step is 0.0034 in the exponent
  const EXP = Float32Array.from({ length: STEPS }, (_, i) => Math.exp((-(i + 0.5) * REACH) / STEPS));
  const TAIL = 5e-4; // of the mass at T = 1 left out: less than 0.1 of an ab unit, and less still at a lower temperature

  // every half-precision number, and e to its power
  const HALF = Float32Array.from({ length: 65536 }, (_, code) => {
    const sign = code & 0x8000 ? -1 : 1, exponent = (code >> 10) & 31, fraction = code & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  });
  const EXP_HALF = Float32Array.from(HALF, Math.exp);

  // codes: Uint16Array (h * w * Q), half-precision log-probabilities less the largest of their pixel; bins: Q pairs [a, b]
  function readPosterior(codes, height, width, bins) {
    const Q = bins.length, pixels = height * width;
    const binA = Float32Array.from(bins, (bin) => bin[0]), binB = Float32Array.from(bins, (bin) => bin[1]);
    // For each pixel its bins from the most probable on, until all but TAIL of the mass is there: a frame then reads a third of them,
    // and stops sooner when T is low.
    const first = new Uint32Array(pixels + 1), bin = new Uint16Array(pixels * Q), distance = new Float32Array(pixels * Q);
    const keys = new Uint32Array(Q);
    let end = 0;
    for (let pixel = 0; pixel < pixels; pixel++) {
      let mass = 0, count = 0;
      for (let q = 0; q < Q; q++) {
        const code = codes[pixel * Q + q];
        mass += EXP_HALF[code];
        if (HALF[code] > -REACH) keys[count++] = ((code & 0x7fff) << 16) | q; // magnitudes of halves sort as integers
      }
      keys.subarray(0, count).sort();
      let left = mass;
      for (let k = 0; k < count && left > TAIL * mass; k++, end++) {
        bin[end] = keys[k] & 0xffff;
        distance[end] = -HALF[0x8000 | (keys[k] >>> 16)];
        left -= Math.exp(-distance[end]);
      }
      first[pixel + 1] = end;
    }
    return {
      codes, height, width, bins, binA, binB, first,
      bin: bin.slice(0, end), distance: distance.slice(0, end),
      ab: new Float32Array(2 * pixels), temperature: NaN,
    };
  }

  // f_T for every pixel: softmax(log z / T), then the mean over the bins; T = 0 is the mode. Fills and returns posterior.ab (h * w * 2).
  function anneal(posterior, temperature) {
    const { first, bin, distance, binA, binB, ab } = posterior, pixels = first.length - 1;
    if (posterior.temperature === temperature) return ab;
    posterior.temperature = temperature;
    const scale = temperature > 0 ? STEPS / REACH / temperature : Infinity;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const start = first[pixel], end = first[pixel + 1];
      let sum = EXP[0], a = sum * binA[bin[start]], b = sum * binB[bin[start]];
      for (let k = start + 1; k < end; k++) {
        const step = distance[k] * scale;
        if (!(step < STEPS)) break;
        const weight = EXP[step | 0], q = bin[k];
        sum += weight;
        a += weight * binA[q];
        b += weight * binB[q];
      }
      ab[2 * pixel] = a / sum;
      ab[2 * pixel + 1] = b / sum;
    }
    return ab;
  }

  // The whole annealed distribution of one pixel (Q), without the shortcuts above.
  function distribution(posterior, pixel, temperature) {
    const Q = posterior.bins.length, found = new Float32Array(Q);
    let sum = 0;
    for (let q = 0; q < Q; q++) {
      const log = HALF[posterior.codes[pixel * Q + q]];
      sum += found[q] = temperature > 0 ? Math.exp(log / temperature) : q === posterior.bin[posterior.first[pixel]] ? 1 : 0;
    }
    for (let q = 0; q < Q; q++) found[q] /= sum;
    return found;
  }

  function meanColor(posterior, probabilities) {
    let a = 0, b = 0;
    probabilities.forEach((p, q) => { a += p * posterior.binA[q]; b += p * posterior.binB[q]; });
    return [a, b];
  }

  const entropy = (probabilities) => probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);

  // ---- CIELAB, white D65, as in skimage.color ----
  const LINEAR = Float32Array.from({ length: 256 }, (_, v) => (v / 255 > 0.04045 ? ((v / 255 + 0.055) / 1.055) ** 2.4 : v / 255 / 12.92));
  const LEVELS = 16384; // fine enough that the darkest sRGB steps stay apart
  const GAMMA = Uint8Array.from({ length: LEVELS }, (_, i) => {
    const v = i / (LEVELS - 1);
    return Math.round(255 * (v > 0.0031308 ? 1.055 * v ** (1 / 2.4) - 0.055 : 12.92 * v));
  });
  const root = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const cube = (f) => (f > 0.2068966 ? f * f * f : (f - 16 / 116) / 7.787);
  const level = (v) => GAMMA[v <= 0 ? 0 : v >= 1 ? LEVELS - 1 : (v * (LEVELS - 1) + 0.5) | 0];

  // rgba (4 N bytes) -> {L, a, b} of N floats; without ab only L, which is a third of the work
  function toLab(rgba, withColor = true) {
    const count = rgba.length / 4, L = new Float32Array(count);
    const a = new Float32Array(withColor ? count : 0), b = new Float32Array(withColor ? count : 0);
    for (let i = 0; i < count; i++) {
      const red = LINEAR[rgba[4 * i]], green = LINEAR[rgba[4 * i + 1]], blue = LINEAR[rgba[4 * i + 2]];
      const fy = root(0.212671 * red + 0.71516 * green + 0.072169 * blue);
      L[i] = 116 * fy - 16;
      if (!withColor) continue;
      a[i] = 500 * (root((0.412453 * red + 0.35758 * green + 0.180423 * blue) / 0.95047) - fy);
      b[i] = 200 * (fy - root((0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.08883));
    }
    return { L, a, b };
  }

  function toRgb(L, a, b) {
    const fy = (L + 16) / 116, X = 0.95047 * cube(fy + a / 500), Y = cube(fy), Z = 1.08883 * cube(Math.max(0, fy - b / 200));
    return [level(3.24048134 * X - 1.53715152 * Y - 0.49853633 * Z), level(-0.96925495 * X + 1.87599 * Y + 0.04155593 * Z),
      level(0.05564664 * X - 0.20404134 * Y + 1.05731107 * Z)];
  }

  // Where the pixels of a picture of `size` fall on a grid of `cells`: bilinear, half-pixel centres, edge repeated
  function along(size, cells) {
    const index = new Uint16Array(size), share = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const at = Math.min(Math.max(((i + 0.5) * cells) / size - 0.5, 0), cells - 1);
      index[i] = Math.floor(at);
      share[i] = at - index[i];
    }
    return { index, share };
  }

  // One row of ab, enlarged downwards only; the last cell twice, so that a neighbour on the right is always there
  function blendRow(ab, width, height, row, share, rowA, rowB) {
    const top = 2 * width * row, down = 2 * width * Math.min(row + 1, height - 1);
    for (let x = 0; x < width; x++) {
      rowA[x] = ab[top + 2 * x] + share * (ab[down + 2 * x] - ab[top + 2 * x]);
      rowB[x] = ab[top + 2 * x + 1] + share * (ab[down + 2 * x + 1] - ab[top + 2 * x + 1]);
    }
    rowA[width] = rowA[width - 1];
    rowB[width] = rowB[width - 1];
  }

  // A picture of W x H to colour: its lightness, and the parts of Lab -> sRGB that no temperature changes
  function readLightness(rgba, W, H) {
    const { L } = toLab(rgba, false), rootY = L.map((l) => (l + 16) / 116), Y = rootY.map(cube);
    return { W, H, rootY, Y, pixels: new ImageData(W, H) };
  }

  // ab (h * w * 2) enlarged to the picture and joined with its lightness; out-of-gamut colours are clipped. Returns an ImageData.
  // cube() and level() are written out, and XYZ -> RGB carries the table's length: this loop is half of a frame.
  function compose(picture, ab, height, width) {
    const { W, H, rootY, Y, pixels } = picture, out = new Uint32Array(pixels.data.buffer);
    const { index, share } = along(W, width), rows = along(H, height), top = LEVELS - 1;
    const rowA = new Float64Array(width + 1), rowB = new Float64Array(width + 1);
    for (let y = 0, i = 0; y < H; y++) {
      blendRow(ab, width, height, rows.index[y], rows.share[y], rowA, rowB);
      for (let x = 0; x < W; x++, i++) {
        const left = index[x], part = share[x], f = rootY[i], y0 = Y[i] * top;
        const fx = f + (rowA[left] + part * (rowA[left + 1] - rowA[left])) * 0.002;
        let fz = f - (rowB[left] + part * (rowB[left + 1] - rowB[left])) * 0.005;
        if (fz < 0) fz = 0;
        const X = (fx > 0.2068966 ? fx * fx * fx : (fx - 16 / 116) / 7.787) * top, Z = (fz > 0.2068966 ? fz * fz * fz : (fz - 16 / 116) / 7.787) * top;
        const red = 3.0799803 * X - 1.53715152 * y0 - 0.5428213 * Z + 0.5;
        const green = -0.9212478 * X + 1.87599 * y0 + 0.0452473 * Z + 0.5;
        const blue = 0.0528905 * X - 0.20404134 * y0 + 1.151232 * Z + 0.5;
        out[i] = 0xff000000
          | (GAMMA[blue < 0 ? 0 : blue > top ? top : blue | 0] << 16)
          | (GAMMA[green < 0 ? 0 : green > top ? top : green | 0] << 8)
          | GAMMA[red < 0 ? 0 : red > top ? top : red | 0];
      }
    }
    return pixels;
  }

  // The ab that a screen shows for L, a, b: the same, unless sRGB has to clip the colour. Written to `seen`.
  const seen = new Float64Array(2), unit = (v) => (v < 0 ? 0 : v > 1 ? 1 : v);
  function clipToScreen(L, a, b) {
    const f = (L + 16) / 116, X = cube(f + a / 500), Y = cube(f), Z = cube(Math.max(0, f - b / 200));
    let red = 3.0799803 * X - 1.53715152 * Y - 0.5428213 * Z;
    let green = -0.9212478 * X + 1.87599 * Y + 0.0452473 * Z;
    let blue = 0.0528905 * X - 0.20404134 * Y + 1.151232 * Z;
    seen[0] = a;
    seen[1] = b;
    if (red >= 0 && red <= 1 && green >= 0 && green <= 1 && blue >= 0 && blue <= 1) return;
    [red, green, blue] = [unit(red), unit(green), unit(blue)];
    const fy = root(0.212671 * red + 0.71516 * green + 0.072169 * blue);
    seen[0] = 500 * (root((0.412453 * red + 0.35758 * green + 0.180423 * blue) / 0.95047) - fy);
    seen[1] = 200 * (fy - root((0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.08883));
  }

  // AuC (per cent, color_auc of ssl_core.metrics) and mean chroma of the colours shown, against the truth; on every `stride`-th row and column
  function figures(truth, ab, height, width, stride) {
    const { W, H, L, a, b } = truth, { index, share } = along(W, width), rows = along(H, height);
    const rowA = new Float32Array(width + 1), rowB = new Float32Array(width + 1);
    let within = 0, chroma = 0, count = 0;
    for (let y = stride >> 1; y < H; y += stride) {
      blendRow(ab, width, height, rows.index[y], rows.share[y], rowA, rowB);
      for (let x = stride >> 1; x < W; x += stride, count++) {
        const left = index[x], part = share[x], i = y * W + x;
        clipToScreen(L[i], rowA[left] + part * (rowA[left + 1] - rowA[left]), rowB[left] + part * (rowB[left + 1] - rowB[left]));
        const pa = seen[0], pb = seen[1];
        within += Math.max(0, 1 - Math.sqrt((pa - a[i]) * (pa - a[i]) + (pb - b[i]) * (pb - b[i])) / 150);
        chroma += Math.sqrt(pa * pa + pb * pb);
      }
    }
    return { auc: (100 * within) / count, chroma: chroma / count };
  }

  return { readPosterior, anneal, distribution, meanColor, entropy, toLab, toRgb, readLightness, compose, figures };
})();
