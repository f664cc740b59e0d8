import { Dice } from '../dice.js';

/** Tokens that a text is cut at. */
export const maxLength = 64;

export const textCount = 10_000;

const seed = 20_260_101;

/** Literal special tokens of all families, and what only looks like one. */
const literals =
  '[CLS] [SEP] [PAD] [UNK] [MASK] <s> </s> <pad> <unk> <mask> [mask] <MASK> [ MASK ] <s <|endoftext|> <0x41> ##s'.split(
    ' ',
  );

const words = {
  latin:
    "the storm was afraid of I hello world loves café naïve straße İstanbul don’t won't Nobody’s e\u0301tude Ko\u0308ln œuvre ﬁne ẞ",
  cyrillic: 'Привет мир ёлка йод и\u0306од ГДЕ это было ЧТО',
  greek: 'γειά σου ΣΊΣΥΦΟΣ κόσμε Ἀθῆναι',
  rightToLeft: 'שָׁלוֹם עולם مرحبا بالعالم ﷺ ﻻ لا\u064e \u202bאבג\u202c \u200fא',
  indic: 'नमस्ते क्षि தமிழ் বাংলা ภาษาไทย ທຳ བོད ខ្មែរ',
  eastAsian:
    '日本語の文章です。 今日は雨 中文字符 한국어 \u1112\u1161\u11ab 𠮷野家 ｈｅｌｌｏ ﾊﾝｶｸ が か\u3099 豈更車',
  emoji: '😂 ❤️ 👨‍👩‍👧 🇩🇪 👍🏽 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ☺️ 🫠',
  marks: 'Z\u0351\u036b\u0343alg\u0342o \u0301 q\u0307\u0323 a\u030a \u20dd \u0f77 \u1e9b\u0323',
  numbers: '3.14 1,234,567 ½ ² ₂ Ⅳ ①②③ １２３ 10⁻³ 50% ٣٤ ४२',
  signs:
    "... … — “quoted” ``tex'' «a» !? @name #tag http://a.example/b?c=d&e=%20 C++ {a: [1]} <b>x</b> a_b $5 €9 ™ ㈱ ㍿",
};

/** Zero-width, control, private and unassigned characters, and what is no character. */
const invisible = [
  0x0, 0x1, 0x8, 0x9, 0xa, 0xd, 0x1b, 0x7f, 0x85, 0xa0, 0xad, 0x200b, 0x200c, 0x200d, 0x200e, 0x2028, 0x2029,
  0x202e, 0x2060, 0x3000, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xe0041, 0x10ffff, 0x378, 0x2581,
].map((code) => String.fromCodePoint(code));

const spaces = [' ', ' ', ' ', ' ', '  ', '', '\t', '\n', '\u00a0', '\u2003', '\u200b', ' \u2581'];

/**
 * Different texts in many scripts, the same for everybody: words of one script or of several with what no eye sees, literal
 * special tokens in between, single code points of all planes, and texts of about as many tokens as one is cut at.
 */
export function campaignTexts(count = textCount): string[] {
  const dice = new Dice(seed);
  const texts = new Set<string>();
  for (let i = 0; texts.size < count; i++) texts.add(makers[i % makers.length]!(dice));
  return [...texts];
}

const scripts = Object.values(words).map((list) => list.split(' '));

const whole = (dice: Dice, from: number, to: number): number => Math.floor(dice.between(from, to));

function sentence(dice: Dice, from: readonly (readonly string[])[], length: number): string {
  return Array.from({ length }, () => (dice.one(dice.one(from) ?? []) ?? '') + (dice.one(spaces) ?? '')).join(
    '',
  );
}

const makers: readonly ((dice: Dice) => string)[] = [
  (dice) => sentence(dice, [dice.one(scripts) ?? []], whole(dice, 0, 20)),
  (dice) => sentence(dice, scripts, whole(dice, 1, 30)),
  (dice) => sentence(dice, [...scripts, literals, literals, literals], whole(dice, 1, 20)),
  (dice) => sentence(dice, [literals, ['', ' ', 'a', '日']], whole(dice, 1, 12)),
  (dice) => sentence(dice, [...scripts, ...Array.from({ length: 8 }, () => invisible)], whole(dice, 1, 20)),
  (dice) => Array.from({ length: whole(dice, 1, 16) }, () => codePoint(dice)).join(''),
  // One token or a few a word, so that some of the lengths are the limit, one below and one above.
  (dice) =>
    sentence(dice, scripts, whole(dice, 0, 3)) +
    `${dice.one(['the', 'of', 'a', '.', '日', '😂', 'storm', '[SEP]', '<mask>']) ?? 'a'} `.repeat(
      whole(dice, 50, 72),
    ),
  (dice) =>
    (dice.one(['x', 'é', '日', '😂', '\u0301', '!', '1', '\u200d', ' ', '\u2581']) ?? 'x').repeat(
      whole(dice, 1, 140),
    ) + sentence(dice, scripts, whole(dice, 0, 3)),
];

/** Of any plane, those more often that have many rules; never half of a surrogate pair. */
function codePoint(dice: Dice): string {
  const [from, to] = dice.one([
    [0x20, 0x7f],
    [0x80, 0x250],
    [0x300, 0x370],
    [0x370, 0x1100],
    [0x1100, 0x3400],
    [0x3400, 0xd800],
    [0xf900, 0x10000],
    [0x1f000, 0x1fb00],
    [0x10000, 0x110000],
  ] as const) ?? [0x20, 0x7f];
  return String.fromCodePoint(whole(dice, from, to));
}
