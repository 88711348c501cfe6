// Colours that remain apart with any of the common colour deficiencies, for light and for dark.

const CATEGORIES = {
  light: ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"],
  dark: ["#4aa3df", "#e8ab2e", "#22b58c", "#d992b8", "#8fd0f5", "#e8742a"],
}; // Okabe and Ito, lighter on a dark ground
export const STEPS = 48;

export const categories = (mode) => CATEGORIES[mode];

/** From low to high: dark blue to yellow, rising evenly in lightness. */
export function gradient(mode) {
  const [from, to] = mode === "dark" ? [0.48, 0.92] : [0.36, 0.86];
  return sampled((t) => lch(from + (to - from) * t, 0.055 + 0.09 * t, 268 - 175 * t));
}

/**
 * Once around: a circle in lightness and in blue against yellow, which every common kind of sight has, tilted towards
 * red against green for those who see that too. Its ends meet.
 */
export function cyclic(mode) {
  const [middle, swing] = mode === "dark" ? [0.7, 0.17] : [0.6, 0.19];
  return sampled((t) => {
    const angle = 2 * Math.PI * t;
    return lab(middle + swing * Math.cos(angle), 0.1 * Math.cos(angle), 0.12 * Math.sin(angle));
  }, STEPS + 1).slice(0, STEPS);
}

function sampled(colour, steps = STEPS) {
  return Array.from({ length: steps }, (_, at) => colour(at / (steps - 1)));
}

function lch(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  return lab(lightness, chroma * Math.cos(angle), chroma * Math.sin(angle));
}

/** Oklab (Ottosson 2020) to sRGB; out of gamut, less colour of the same lightness. */
function lab(lightness, a, b) {
  for (let share = 1; share > 0; share -= 0.05) {
    const rgb = linear(lightness, a * share, b * share);
    if (rgb.every((part) => part >= -0.0005 && part <= 1.0005)) return hex(rgb);
  }
  return hex(linear(lightness, 0, 0));
}

function linear(lightness, a, b) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function hex(rgb) {
  const parts = rgb.map((part) => {
    const clipped = Math.min(1, Math.max(0, part));
    const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
    return Math.round(255 * encoded).toString(16).padStart(2, "0");
  });
  return `#${parts.join("")}`;
}
