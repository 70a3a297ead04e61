// Where a head is looked at from: angles, what lies to the right and up on the screen, letters, and words.
// Vectors are along the patient's right, front and head. There is no perspective, and nothing is mirrored.

const SIDES = [
  ["R", "right", [1, 0, 0]], ["L", "left", [-1, 0, 0]],
  ["A", "front", [0, 1, 0]], ["P", "back", [0, -1, 0]],
  ["S", "above", [0, 0, 1]], ["I", "below", [0, 0, -1]],
];
const FLAT = 0.35;  // A side whose direction looks shorter than this points at the reader or away: it gets no letter.
const TOLD = 0.4;  // A share of the direction that is worth a word.

const DEGREES = Math.PI / 180;
export const START = { turn: 25, tilt: 15 };

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

// `turn`: degrees from the patient's front towards the patient's right; `tilt`: degrees upwards.
export function camera({ turn, tilt }) {
  const [sin, cos] = [Math.sin(turn * DEGREES), Math.cos(turn * DEGREES)];
  const [high, flat] = [Math.sin(tilt * DEGREES), Math.cos(tilt * DEGREES)];
  const back = [sin * flat, cos * flat, high];  // To the reader.
  const right = [-cos, sin, 0];
  return { back, right, up: cross(back, right) };
}

export function turned({ turn, tilt }, across, up) {
  return { turn: (((turn + across) % 360) + 360) % 360, tilt: Math.min(Math.max(tilt + up, -90), 90) };
}

// Letters and where they stand: [letter, mm to the right, mm up, whether they are on the far side].
export function letters({ back, right, up }, half) {
  return SIDES.map(([letter, , side]) => {
    const reach = Math.abs(dot(side, half)) * 1.12;
    return [letter, dot(side, right), dot(side, up), dot(side, back) < -0.05, reach];
  })
    .filter(([, across, high]) => Math.hypot(across, high) > FLAT)
    .map(([letter, across, high, far, reach]) => [letter, across * reach, high * reach, far]);
}

export function words({ back }) {
  const seen = SIDES.map(([, word, side]) => [dot(side, back), word]).filter(([share]) => share > TOLD);
  return `from ${seen.sort((a, b) => b[0] - a[0]).map(([, word]) => (["above", "below"].includes(word) ? word : `the ${word}`)).join(" and ")}`;
}
