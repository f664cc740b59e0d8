// Writes train.csv and test.csv beside this file: a made-up corpus, the same bytes in every run.
// Each text is one or two short sentences from a bank of openings, events and closings per emotion.
import { writeFileSync } from 'node:fs';

const labels = ['anger', 'fear', 'joy', 'sadness', 'surprise'];
const rows = { train: 600, test: 120 };
/** Share of labels that are flipped, as annotators disagree. */
const noise = 0.03;

const sentences = {
  anger: {
    events: [
      'they cancelled my order and kept the money',
      'my neighbour drilled into the wall until midnight',
      'he lied straight to my face about the report',
      'the bus drove past the stop with empty seats',
      'someone scratched my car and left no note',
      'the manager took credit for our work',
      'she read my messages behind my back',
      'the referee ignored the foul right in front of him',
      'they raised the rent for the third time this year',
      'a man pushed ahead of the whole queue and laughed',
    ],
    feelings: [
      'I am furious',
      'This makes my blood boil',
      'I have had enough of it',
      'How dare they',
      'I slammed the door',
      'It is outrageous',
    ],
  },
  fear: {
    events: [
      'there were footsteps behind me in the dark car park',
      'the plane dropped and people began to scream',
      'the doctor wanted to repeat the scan',
      'a stranger kept staring at our window at night',
      'the ice cracked under my boots',
      'my daughter did not answer her phone all evening',
      'the dog ran at me with its teeth bared',
      'the brakes failed on the way down the hill',
      'smoke was coming from under the cellar door',
      'the lights went out and something moved upstairs',
    ],
    feelings: [
      'My hands would not stop shaking',
      'I am terrified',
      'I could hardly breathe',
      'My heart was pounding',
      'I am scared of what comes next',
      'I lay awake all night and listened',
    ],
  },
  joy: {
    events: [
      'we danced in the kitchen until the cake was done',
      'my sister had her baby this morning',
      'the sun came out and we swam in the lake',
      'our little team won the final',
      'grandpa laughed at my jokes all through dinner',
      'I passed the exam with the best mark of the year',
      'the garden was full of tomatoes and bees',
      'she said yes under the old oak',
      'the children built a fort out of blankets',
      'I finally played the whole song without a mistake',
    ],
    feelings: [
      'I could not stop smiling',
      'What a wonderful day',
      'I am so happy',
      'It was pure delight',
      'Life is good',
      'We cheered and hugged everyone',
    ],
  },
  sadness: {
    events: [
      'we buried our old cat under the apple tree',
      'he moved away and never wrote again',
      'the house is so quiet since the funeral',
      'they closed the little bookshop of my childhood',
      'my best friend forgot my birthday',
      'grandma no longer knew my name',
      'I found her letters in the attic',
      'the team fell apart after so many years',
      'the chair beside the window stayed empty',
      'I did not get the place I had worked for',
    ],
    feelings: [
      'I miss those days',
      'I cried on the train home',
      'My heart is heavy',
      'Nothing feels right any more',
      'I feel so alone',
      'It hurts more than I thought',
    ],
  },
  surprise: {
    events: [
      'the parcel held a letter from 1962',
      'he turned out to be my cousin',
      'the shy boy sang and the whole room fell silent',
      'it snowed in the middle of June',
      'my lost ring was inside the bread',
      'the answer was the exact opposite of what we thought',
      'she had been standing behind the curtain all along',
      'the old radio switched itself on',
      'our teacher arrived on a motorbike',
      'the winning number was mine',
    ],
    feelings: [
      'I did not see that coming',
      'I could not believe my eyes',
      'Who would have thought',
      'My jaw dropped',
      'Well, that was unexpected',
      'I had to read it twice',
    ],
  },
};

const neutral = [
  'the meeting was moved to Thursday',
  'I bought bread and two litres of milk',
  'the train left from platform four',
  'we painted the fence grey',
  'he wrote the address on the box',
  'the library opened at nine',
  'there was a bakery beside the station',
  'she put the keys on the table',
];

const openings = ['', '', '', 'Yesterday ', 'This morning ', 'Last week ', 'On Sunday ', 'After work '];
const fillers = ['', '', '', ' The coffee was cold.', ' It was a Tuesday.', ' Anyway, that is the story.'];

/** Pairs that people feel together; the rest of the texts carry one emotion or none. */
const pairs = [
  ['anger', 'sadness'],
  ['fear', 'surprise'],
  ['joy', 'surprise'],
  ['fear', 'sadness'],
  ['anger', 'surprise'],
];

const random = generator(20);
const pick = (list) => list[Math.floor(random() * list.length)];

for (const [name, count] of Object.entries(rows)) {
  const lines = Array.from({ length: count }, (_, i) => row(name, i + 1));
  writeFileSync(
    new URL(`${name}.csv`, import.meta.url),
    `${['id', 'text', ...labels].join(',')}\n${lines.join('\n')}\n`,
  );
}

function row(name, number) {
  const emotions = pickEmotions();
  const values = labels.map((label) => {
    const flipped = random() < noise;
    return name === 'test' ? '' : Number(emotions.includes(label) !== flipped);
  });
  const id = `${name}-${String(number).padStart(4, '0')}`;
  return [id, quote(text(emotions)), ...values].join(',');
}

function pickEmotions() {
  const draw = random();
  if (draw < 0.12) return [];
  if (draw < 0.4) return pick(pairs);
  return [pick(labels)];
}

function text(emotions) {
  if (emotions.length === 0) return `${sentence(pick(openings), pick(neutral))}${pick(fillers)}`;
  if (emotions.length === 1) return oneFeeling(sentences[emotions[0]]);
  const [first, second] = random() < 0.5 ? emotions : [...emotions].reverse();
  // The event tells of one emotion, the feeling of the other.
  return `${sentence(pick(openings), pick(sentences[first].events))} ${feeling(sentences[second])}`;
}

function oneFeeling(bank) {
  const event = sentence(pick(openings), pick(bank.events));
  const draw = random();
  if (draw < 0.35) return `${event}${pick(fillers)}`;
  if (draw < 0.55) return `${sentence(pick(openings), pick(neutral))} ${feeling(bank)}`;
  return `${event} ${feeling(bank)}`;
}

function feeling(bank) {
  return `${pick(bank.feelings)}${pick(['.', '.', '!'])}`;
}

function sentence(opening, clause) {
  const whole = `${opening}${clause}`;
  return `${whole[0].toUpperCase()}${whole.slice(1)}.`;
}

function quote(value) {
  return /[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Numbers in [0, 1): mulberry32, a public-domain generator. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
