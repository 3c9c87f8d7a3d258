// What a tablet without network can tell of what was scanned: what it is of, and whether its time has passed. Whose it is,
// and whether it is genuine, only the server can. docs/codes.md has the layout.

const WINDOW = 30000;
const TOLERATED = 2;
const MEMBER = 3;
const MAC_BYTES = 10;
const WINDOW_BYTES = 4;
const CARD = /^TBC-[0-9A-Z]{16}$/;
const CODE = /^(?:https?:\/\/[^/\s]{1,255}\/q\/)?([a-z2-7]{20,80})$/i;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

export const isCard = (text) => /^TBC-/i.test(text);

// The outcome, and for what was accepted its subject: the same for the same card, and for every code of one phone. `now` is
// the server's time in milliseconds; null if it was never heard of, and then no code is too old or too new.
export function judged(text, bank, now) {
  if (isCard(text)) {
    const plain = `TBC-${text.slice(4).toUpperCase().replace(/[ -]/g, "")}`;
    return CARD.test(plain) ? { outcome: "accepted", subject: plain } : { outcome: "card_unknown" };
  }
  const code = memberCode(text);
  if (!code) return { outcome: "code_unreadable" };
  if (code.bank !== BigInt(bank)) return { outcome: "code_of_other_bank" };
  const late = now === null ? 0 : Math.floor(now / WINDOW) - code.window;
  if (late > TOLERATED) return { outcome: "code_expired" };
  if (late < -TOLERATED) return { outcome: "code_early" };
  return { outcome: "accepted", subject: `pass ${code.pass}` };
}

function memberCode(text) {
  const found = CODE.exec(text);
  if (!found) return null;
  const bits = [...found[1].toUpperCase()].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = bits.match(/.{8}/g).map((eight) => parseInt(eight, 2));
  const body = bytes.slice(0, -MAC_BYTES);
  if (body.shift() !== MEMBER) return null;
  const [bank, pass] = [varint(body), varint(body)];
  if (bank === null || pass === null || body.length !== WINDOW_BYTES) return null;
  return { bank, pass, window: body.reduce((sum, byte) => sum * 256 + byte, 0) };
}

// Takes a number off the bytes: seven bits each, the lowest first, the high bit set in all but the last.
function varint(bytes) {
  for (let value = 0n, shift = 0n; bytes.length; shift += 7n) {
    const byte = bytes.shift();
    value += BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return null;
}
