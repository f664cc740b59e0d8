// Writes train.csv and test.csv beside this file: a made-up corpus in eight languages, the same bytes in every run.
// Each text is an opening and an event of one emotion, in one language.
import { writeFileSync } from 'node:fs';

const labels = ['anger', 'fear', 'joy'];

/** Per language, what may come first, and per label what was felt. */
const languages = {
  en: {
    openings: ['Today', 'Last night', 'At work', 'To be honest,'],
    anger: ['I was furious about the noise', 'they lied to me again', 'I slammed the door'],
    fear: ['I was afraid of the dark street', 'my hands were shaking', 'I heard steps behind me'],
    joy: ['we laughed all evening', 'I passed the exam', 'the sun came out at last'],
  },
  de: {
    openings: ['Heute', 'Gestern Abend', 'Bei der Arbeit', 'Ehrlich gesagt:'],
    anger: ['war ich wütend über den Lärm', 'haben sie mich wieder belogen', 'habe ich die Tür zugeknallt'],
    fear: [
      'hatte ich Angst vor der dunklen Straße',
      'zitterten meine Hände',
      'hörte ich Schritte hinter mir',
    ],
    joy: [
      'haben wir den ganzen Abend gelacht',
      'habe ich die Prüfung bestanden',
      'kam endlich die Sonne heraus',
    ],
  },
  fr: {
    openings: ["Aujourd'hui,", 'Hier soir,', 'Au travail,', 'Franchement,'],
    anger: ['j’étais furieux à cause du bruit', 'ils m’ont encore menti', 'j’ai claqué la porte'],
    fear: ['j’avais peur de la rue sombre', 'mes mains tremblaient', 'j’ai entendu des pas derrière moi'],
    joy: ['nous avons ri toute la soirée', 'j’ai réussi l’examen', 'le soleil est enfin sorti'],
  },
  es: {
    openings: ['Hoy', 'Anoche', 'En el trabajo', 'La verdad,'],
    anger: ['estaba furioso por el ruido', 'me mintieron otra vez', 'di un portazo'],
    fear: ['tenía miedo de la calle oscura', 'me temblaban las manos', 'oí pasos detrás de mí'],
    joy: ['nos reímos toda la noche', 'aprobé el examen', 'por fin salió el sol'],
  },
  ru: {
    openings: ['Сегодня', 'Вчера вечером', 'На работе', 'Честно говоря,'],
    anger: ['я был в ярости из-за шума', 'мне снова солгали', 'я хлопнул дверью'],
    fear: ['я боялся тёмной улицы', 'у меня дрожали руки', 'я услышал шаги за спиной'],
    joy: ['мы смеялись весь вечер', 'я сдал экзамен', 'наконец выглянуло солнце'],
  },
  ar: {
    openings: ['اليوم', 'مساء أمس', 'في العمل', 'بصراحة،'],
    anger: ['كنت غاضبا من الضجيج', 'كذبوا علي مرة أخرى', 'أغلقت الباب بعنف'],
    fear: ['كنت خائفا من الشارع المظلم', 'كانت يداي ترتجفان', 'سمعت خطوات خلفي'],
    joy: ['ضحكنا طوال المساء', 'نجحت في الامتحان', 'أشرقت الشمس أخيرا'],
  },
  hi: {
    openings: ['आज', 'कल रात', 'काम पर', 'सच कहूँ तो'],
    anger: ['मुझे शोर पर बहुत गुस्सा आया', 'उन्होंने फिर झूठ बोला', 'मैंने दरवाज़ा ज़ोर से बंद किया'],
    fear: ['मुझे अंधेरी गली से डर लगा', 'मेरे हाथ काँप रहे थे', 'मैंने पीछे कदमों की आहट सुनी'],
    joy: ['हम पूरी शाम हँसते रहे', 'मैं परीक्षा में पास हो गया', 'आखिर धूप निकल आई'],
  },
  ja: {
    openings: ['今日', '昨夜', '職場で', '正直に言うと、'],
    anger: ['騒音に腹が立った', 'また嘘をつかれた', 'ドアを強く閉めた'],
    fear: ['暗い道が怖かった', '手が震えていた', '後ろから足音が聞こえた'],
    joy: ['一晩中笑っていた', '試験に合格した', 'やっと太陽が出た'],
  },
};

/** Every opening with one or two emotions of a language, as a row of a table. */
function* rows() {
  let number = 0;
  for (const [language, { openings, ...events }] of Object.entries(languages)) {
    for (const opening of openings) {
      for (const [place, label] of labels.entries()) {
        for (const event of events[label]) {
          // Every third text has a second emotion.
          const other = labels[(place + 1 + (number % 2)) % labels.length];
          const second = number % 3 === 0 ? events[other][number % events[other].length] : null;
          const space = language === 'ja' ? '' : ' ';
          const end = language === 'ja' ? '。' : '.';
          const text = `${opening}${space}${event}${second === null ? '' : `,${space}${second}`}${end}`;
          const felt = second === null ? [label] : [label, other];
          yield { id: `${language}${++number}`, text, felt };
        }
      }
    }
  }
}

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
const all = [...rows()];
const isTest = (_, number) => number % 9 === 4;
const train = all.filter((row, number) => !isTest(row, number));
const test = all.filter(isTest);
const head = ['id', 'text', ...labels].join(',');
const line = ({ id, text, felt }) =>
  [id, quoted(text), ...labels.map((label) => Number(felt.includes(label)))].join(',');
const at = (name) => new URL(name, import.meta.url);
writeFileSync(at('train.csv'), `${[head, ...train.map(line)].join('\n')}\n`);
writeFileSync(
  at('test.csv'),
  `${['id,text', ...test.map(({ id, text }) => `${id},${quoted(text)}`)].join('\n')}\n`,
);
