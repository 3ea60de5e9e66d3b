// Noise made in the browser while the level is dragged: the same three kinds as ssl_core/pretexts/denoising_autoencoder.py, other chance.
const denoiseNoise = (() => {
  // mulberry32: small, fast, and the same for the same seed
  function chance(seed) {
    let state = (seed * 2654435761 + 1) >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  // One number per value for Gaussian noise, two per pixel for the others: drawn once, so that the grains stay while the level moves
  function field(kind, seed, pixels) {
    const next = chance(seed), drawn = new Float32Array(kind === "gaussian" ? 3 * pixels : 2 * pixels);
    if (kind !== "gaussian") return drawn.map(next);
    for (let i = 0; i < drawn.length; i += 2) { // Box and Muller
      const radius = Math.sqrt(-2 * Math.log(1 - next())), angle = 2 * Math.PI * next();
      drawn[i] = radius * Math.cos(angle);
      if (i + 1 < drawn.length) drawn[i + 1] = radius * Math.sin(angle);
    }
    return drawn;
  }

  // clean: ImageData; returns a new ImageData with noise of a level from 0 to 1
  function spoil(clean, kind, level, drawn) {
    const out = new ImageData(clean.width, clean.height), from = clean.data, to = out.data;
    for (let pixel = 0, i = 0; i < from.length; pixel++, i += 4) {
      const struck = kind !== "gaussian" && drawn[2 * pixel] < level, value = kind === "masking" || drawn[2 * pixel + 1] < 0.5 ? 0 : 255;
      for (let c = 0; c < 3; c++)
        to[i + c] = kind === "gaussian" ? from[i + c] + 255 * level * drawn[3 * pixel + c] : struck ? value : from[i + c];
      to[i + 3] = 255;
    }
    return out;
  }

  return { field, spoil };
})();
