// A QR symbol (ISO/IEC 18004) of a short upper-case text, as a matrix of booleans: alphanumeric mode, versions 1 to 5
// with one block of error correction, mask 0. Enough for the codes here, and small enough to read.

const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
// version, level's two bits, codewords of data, codewords of correction
const SIZES = [[1, 0, 16, 10], [2, 0, 28, 16], [3, 0, 44, 26], [4, 1, 80, 20], [5, 1, 108, 26]];

export function matrixOf(text) {
  const bits = lettersAsBits(text);
  const fit = SIZES.find(([, , data]) => bits.length <= data * 8);
  if (!fit) throw new RangeError("too long");
  const [version, level, data, correction] = fit;
  const words = padded(bits, data);
  return drawn(version, level, [...words, ...corrected(words, correction)]);
}

function lettersAsBits(text) {
  const bits = [];
  const put = (value, length) => { for (let i = length - 1; i >= 0; i--) bits.push((value >> i) & 1); };
  put(2, 4);
  put(text.length, 9);
  const values = [...text].map((letter) => LETTERS.indexOf(letter));
  if (values.includes(-1)) throw new RangeError("not a letter of this mode");
  for (let i = 0; i + 1 < values.length; i += 2) put(values[i] * 45 + values[i + 1], 11);
  if (values.length % 2) put(values.at(-1), 6);
  return bits;
}

function padded(bits, data) {
  const full = data * 8;
  for (let i = 0; i < 4 && bits.length < full; i++) bits.push(0);
  while (bits.length % 8) bits.push(0);
  const words = [];
  for (let i = 0; i < bits.length; i += 8) words.push(parseInt(bits.slice(i, i + 8).join(""), 2));
  for (let pad = 0xec; words.length < data; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

// Reed-Solomon over GF(256) by the polynomial x^8 + x^4 + x^3 + x^2 + 1.
function times(a, b) {
  let product = 0;
  for (let i = 7; i >= 0; i--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> i) & 1) * a;
  }
  return product;
}

function corrected(words, count) {
  const divisor = new Array(count).fill(0);
  divisor[count - 1] = 1;
  for (let i = 0, root = 1; i < count; i++, root = times(root, 2)) {
    for (let j = 0; j < count; j++) divisor[j] = times(divisor[j], root) ^ (divisor[j + 1] ?? 0);
  }
  const rest = new Array(count).fill(0);
  for (const word of words) {
    const factor = word ^ rest.shift();
    rest.push(0);
    divisor.forEach((part, i) => { rest[i] ^= times(part, factor); });
  }
  return rest;
}

function drawn(version, level, words) {
  const size = 17 + 4 * version;
  const dark = Array.from({ length: size }, () => new Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => new Array(size).fill(false));
  const put = (row, column, is) => {
    if (row < 0 || column < 0 || row >= size || column >= size) return;
    dark[row][column] = is;
    fixed[row][column] = true;
  };
  for (let i = 0; i < size; i++) { put(6, i, i % 2 === 0); put(i, 6, i % 2 === 0); }
  const rings = (row, column, reach, isDark) => {
    for (let y = -reach; y <= reach; y++) {
      for (let x = -reach; x <= reach; x++) put(row + y, column + x, isDark(Math.max(Math.abs(x), Math.abs(y))));
    }
  };
  for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]]) rings(row, column, 4, (far) => far !== 2 && far !== 4);
  if (version > 1) rings(size - 7, size - 7, 2, (far) => far !== 1);
  drawFormat(put, size, level);
  drawWords(dark, fixed, size, words);
  return dark;
}

function drawFormat(put, size, level) {
  const said = level << 3; // mask 0
  let rest = said;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((said << 10) | rest) ^ 0x5412;
  const bit = (i) => ((bits >> i) & 1) === 1;
  for (let i = 0; i < 6; i++) put(i, 8, bit(i));
  put(7, 8, bit(6));
  put(8, 8, bit(7));
  put(8, 7, bit(8));
  for (let i = 9; i < 15; i++) put(8, 14 - i, bit(i));
  for (let i = 0; i < 8; i++) put(8, size - 1 - i, bit(i));
  for (let i = 8; i < 15; i++) put(size - 15 + i, 8, bit(i));
  put(size - 8, 8, true);
}

function drawWords(dark, fixed, size, words) {
  let place = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5; // the upright line of timing
    for (let step = 0; step < size; step++) {
      for (const column of [right, right - 1]) {
        const row = ((right + 1) & 2) === 0 ? size - 1 - step : step;
        if (fixed[row][column]) continue;
        const bit = place < words.length * 8 && ((words[place >> 3] >> (7 - (place & 7))) & 1) === 1;
        dark[row][column] = bit !== ((row + column) % 2 === 0);
        place++;
      }
    }
  }
}

// Draw a text's symbol on a canvas, sharp, with its quiet margin of four.
export function drawCode(canvas, text) {
  const matrix = matrixOf(text);
  const scale = Math.max(4, Math.floor(900 / (matrix.length + 8)));
  canvas.width = canvas.height = (matrix.length + 8) * scale;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#000";
  matrix.forEach((line, row) => line.forEach((is, column) => {
    if (is) pen.fillRect((column + 4) * scale, (row + 4) * scale, scale, scale);
  }));
}
