// Sample people and what they say: long names, right-to-left, edits, waiting friends, a long thread.
import type {
  Audience,
  Circle,
  Comment,
  Conversation,
  ConversationPage,
  Friend,
  FriendDelivery,
  Invite,
  InviteLook,
  Me,
  Media,
  Message,
  Notice,
  OwnerSession,
  Person,
  Post,
  PostDelivery,
  Reaction,
  Settings,
  Status,
} from '../src/lib/api/types.ts';

export type Kind = 'full' | 'empty' | 'alone' | 'new' | 'locked';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const now = Date.now();
let counter = 0;
const newId = (): string => `sample${String(++counter).padStart(16, '0')}`;

const html = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .split('\n\n')
    .map((part) => `<p>${part.replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')}</p>`)
    .join('');

const person = (id: string, name: string, more: Partial<Person> = {}): Person => ({
  id: id.padEnd(43, 'x'),
  name,
  is_me: false,
  is_friend: true,
  hue: null,
  avatar: process.env['SAMPLE_PHOTOS'] ? `/media/av-${id}.webp` : null,
  known_through: null,
  ...more,
});
const plain = { avatar: null };

const ana = person('ana', 'Ana Lindqvist', { is_me: true, is_friend: false, hue: 352 });
const elif = person('elif', 'Elif Çağlar');
const ben = person('ben', 'Ben Okafor');
const cem = person('cem', 'Cem Aydın');
const dana = person('dana', 'Dana Reyes');
const layla = person('layla', 'ليلى حدّاد');
const noa = person('noa', 'נועה', { ...plain, hue: 252 });
const max = person('max', 'Maximiliane von Hohenberg-Wintershausen', { ...plain, hue: 302 });
const tomas = person('tomas', 'Tomás', { ...plain, is_friend: false, known_through: 'Elif', hue: 75 });

const friends12: Audience = { class: 'friends', label: 'Friends', circle: null, people: null };
const anyone: Audience = { class: 'public', label: 'Anyone', circle: null, people: null };
const family: Audience = { class: 'circle', label: 'Family', circle: 'family', people: null };

const comment = (author: Person, text: string, created: number, more: Partial<Comment> = {}): Comment => ({
  id: newId(),
  post: '',
  author,
  text,
  html: html(text),
  created,
  edited: false,
  before_edit: false,
  can_delete: author.is_me,
  can_remove: false,
  ...more,
});
const photo = (name: string, width: number, height: number, alt: string): Media[] =>
  process.env['SAMPLE_PHOTOS']
    ? [
        {
          id: name,
          kind: 'photo',
          caption: '',
          alt,
          width,
          height,
          placeholder: null,
          sizes: [
            { url: `/media/${name}.webp`, width, height, type: 'image/webp', role: 'screen', bytes: 100_000 },
          ],
          state: 'ready',
          duration: null,
          poster: null,
        },
      ]
    : [];
const reaction = (emoji: string, ...people: Person[]): Reaction => ({
  emoji,
  people,
  mine: people.includes(ana),
});

function post(author: Person, text: string, created: number, more: Partial<Post> = {}): Post {
  const made: Post = {
    id: newId(),
    author,
    text,
    html: html(text),
    audience: friends12,
    created,
    received: created,
    expires: null,
    edited: false,
    media: [],
    card: null,
    reactions: [],
    commenters: [],
    comments: [],
    delivery: null,
    can_edit: author.is_me,
    can_comment: true,
    ...more,
  };
  made.comments = made.comments.map((one) => ({ ...one, post: made.id, can_remove: author.is_me }));
  made.commenters = [...new Set(made.comments.map((one) => one.author))];
  return made;
}

const arrived: PostDelivery = {
  sentence: 'Five of six friends have it. Ben’s machine is asleep; it goes to him when it wakes.',
  delivered: [elif, cem, dana, layla, max],
  waiting: [{ person: ben, since: now - 2 * HOUR, why: null }],
};

const posts = (): Post[] => [
  post(
    elif,
    'First phlox of the year, behind the old mill. It smells of cloves if you kneel down.',
    now - 20 * MINUTE,
    {
      media: photo('phlox', 620, 800, 'Purple phlox in dry leaves, with green ivy behind it'),
      reactions: [reaction('❤️', ben), reaction('😍', cem), reaction('🌷', dana)],
      comments: [
        comment(ben, 'Is that the path by the weir?', now - 19 * MINUTE),
        comment(elif, 'The other one, past the allotments.', now - 18 * MINUTE),
        comment(
          dana,
          'Lovely. My grandfather planted some there, a whole bank of them, and every spring we had to go and count how many had come back.',
          now - 16 * MINUTE,
        ),
        comment(noa, 'איזה יופי! איפה זה בדיוק?', now - 12 * MINUTE),
      ],
    },
  ),
  post(
    ana,
    'Grandma’s dahlias came through the first frost. She says they were only **pretending** to be delicate.',
    now - 2 * HOUR,
    {
      media: photo('dahlia', 1200, 800, 'An apricot dahlia, fully open'),
      reactions: [reaction('❤️', elif), reaction('😍', dana), reaction('👏', layla)],
      delivery: arrived,
      comments: [
        comment(elif, 'The colour! Did you do anything to it?', now - 100 * MINUTE),
        comment(ana, 'Nothing at all, it was just early and cloudy.', now - 98 * MINUTE, {
          can_delete: true,
        }),
        comment(tomas, 'Then I am getting up earlier.', now - 90 * MINUTE, {
          edited: true,
          before_edit: true,
        }),
        comment(max, 'May I print this for the kitchen in the new flat?', now - 60 * MINUTE),
      ],
    },
  ),
  post(
    max,
    'Moving house on Saturday. If somebody has a van, or two strong arms and a weakness for lentil soup, I would be very grateful.',
    now - 5 * HOUR,
    { audience: anyone, reactions: [reaction('🙌', dana, ana)], edited: true },
  ),
  post(cem, 'Slow start. Paprika supervised.', now - 7 * HOUR, {
    audience: family,
    media: [
      ...photo('coffee', 900, 600, 'A small espresso'),
      ...photo('cat', 900, 600, 'Our cat Paprika'),
      ...photo('street', 1200, 510, 'A street in Brussels'),
    ],
    reactions: [reaction('😂', elif)],
  }),
  post(dana, 'Ten seconds of my way to work. The tram sang today.', now - DAY - 2 * HOUR, {
    comments: [comment(cem, 'In F sharp, as always.', now - DAY - HOUR)],
  }),
  post(
    layla,
    'صباح الخير من القرية. الهواء بارد والشجر بدأ يتغيّر لونه، وجدّتي تقول إن المطر قادم يوم الخميس.',
    now - DAY - 9 * HOUR,
    {
      media: photo('valley', 1200, 900, 'A farmhouse between umbrella pines'),
      reactions: [reaction('🌸', elif), reaction('❤️', ben)],
    },
  ),
  post(ana, 'Note to self: the blue vase, not the white one.', now - 2 * DAY, {
    audience: { class: 'me', label: 'Only me', circle: null, people: null },
  }),
  post(
    ben,
    'The kitchen ceiling is finished. I am told ceilings are not interesting, but **this one is level**.',
    now - 3 * DAY,
    { audience: { class: 'chosen', label: 'You and Cem', circle: null, people: null } },
  ),
];

const friend = (who: Person, sentence: string, more: Partial<Friend> = {}): Friend => ({
  ...who,
  since: now - 40 * DAY,
  trust: [
    `You gave ${who.name.split(' ')[0] ?? ''} the invite link that was opened on 12 October.`,
    'The keys have been the same ever since.',
  ],
  last_heard: now - 20 * MINUTE,
  waiting: [],
  sees_from: now - 40 * DAY,
  circles: [],
  address: ['https://example.org'],
  about: '',
  note: null,
  at_home: [],
  has_two_keys: false,
  sentence,
  state: 'friend',
  ...more,
});

const message = (who: Person, from_me: boolean, text: string, created: number, sentence = ''): Message => ({
  id: newId(),
  friend: who.id,
  from_me,
  text,
  html: html(text),
  created,
  received: created,
  expires: null,
  media: [],
  state: sentence.includes('asleep') ? 'sending' : 'delivered',
  sentence,
});

export class World {
  state: 'open' | 'new' | 'locked' = 'open';
  readonly html = html;
  readonly words =
    'orbit lantern maple river stone violin harbor meadow copper gentle winter basket ladder ocean pepper quilt ribbon saddle linen thunder umbrella valley walnut yellow'.split(
      ' ',
    );
  readonly arrived = arrived;
  me: Me = {
    ...ana,
    about: 'Dahlias, mills, bread on Sundays.',
    address: 'https://ana.example',
    words_confirmed: true,
    words_asked: [7, 19],
  };
  settings: Settings = { theme: 'auto', density: 'calm', link_cards: 'on' };
  posts = posts();
  friends = [
    friend(elif, 'Posted at 14:20', { circles: [{ id: 'walks', name: 'Walks', people: [] }] }),
    friend(ben, 'Asleep since 13:05', {
      waiting: ['Your dahlia and one message wait for him.'],
      last_heard: now - 2 * HOUR,
    }),
    friend(cem, 'Posted this morning'),
    friend(dana, 'Posted yesterday'),
    friend(layla, 'Wrote to you at 12:10'),
    friend(max, 'Posted this morning'),
    friend(noa, 'Friends since Friday'),
  ];
  requests = [
    friend(tomas, 'A friend of Elif. “We met at the mill, I was the one with the wet dog.”', {
      state: 'asks',
    }),
  ];
  asked = [
    friend(person('kit', 'Kit', { ...plain, is_friend: false }), 'You asked on Thursday. No answer yet.', {
      state: 'asked',
    }),
  ];
  circles: Circle[] = [
    { id: 'family', name: 'Family', people: [cem, dana] },
    { id: 'walks', name: 'Walks', people: [elif] },
  ];
  delivery: FriendDelivery[] = this.friends.map((one) => ({
    person: one,
    position: 40,
    behind: one.id === ben.id ? 2 : 0,
    waiting_since: one.id === ben.id ? now - 2 * HOUR : null,
    error: null,
    next_try: one.id === ben.id ? now + 12 * MINUTE : null,
    refused: [],
  }));
  status: Status = {
    id: ana.id,
    name: ana.name,
    address: 'https://ana.example',
    version: '0.1.0',
    friends: 7,
    head: 214,
    storage: { bytes: 48_200_000, database: 3_400_000, media: 44_800_000 },
    stopped: null,
    moved: null,
    restored: null,
    coming_back: [],
    undone: null,
    trouble: null,
    clock: null,
  };
  sessions: OwnerSession[] = [
    { id: 's1', label: 'Firefox on Linux', created: now - 3 * DAY, seen: now, current: true },
    { id: 's2', label: 'Safari on iPhone', created: now - 20 * DAY, seen: now - DAY, current: false },
  ];
  notices: Notice[] = [
    {
      id: 'n1',
      kind: 'friend',
      sentence: 'You and נועה are friends now.',
      created: now - HOUR,
      about: { person: noa },
    },
    {
      id: 'n2',
      kind: 'moved',
      sentence:
        'Elif moved to a new machine. The keys on her recovery sheet vouched for it, so nothing changes for you.',
      created: now - 2 * DAY,
      about: { person: elif },
    },
    {
      id: 'n3',
      kind: 'space',
      sentence: 'Your machine has 2 GB of room left.',
      created: now - 5 * DAY,
      about: null,
    },
  ];
  invite: Invite = {
    id: 'i1',
    link: `https://ana.example/i#${ana.id}.7Kq2mRt9Xw4dPz81LcVbNh5TyQeA0sUf`,
    expires: now + 7 * DAY,
    made: now,
    taken_by: null,
    taken: null,
    reachable: true,
    note: null,
  };
  invites: Invite[] = [
    this.invite,
    { ...this.invite, id: 'i0', made: now - 4 * DAY, expires: now + 3 * DAY },
    { ...this.invite, id: 'i9', made: now - 9 * DAY, taken_by: noa.id, taken: now - DAY },
  ];
  look: InviteLook = {
    person: person('kit', 'Kit Marlowe', { ...plain, hue: 140 }),
    address: 'https://kit.example',
    note: null,
  };
  conversations: Conversation[] = [
    {
      friend: ben,
      last: message(ben, true, 'Bring the long ladder?', now - 10 * MINUTE),
      unread: false,
      sentence: 'Asleep since 13:05',
    },
    {
      friend: layla,
      last: message(layla, false, 'هل وصلتك الصور؟', now - 2 * HOUR),
      unread: true,
      sentence: 'Answers at once',
    },
    {
      friend: max,
      last: message(max, false, 'The van has nine seats, is that silly?', now - 3 * DAY),
      unread: false,
      sentence: 'Answers at once',
    },
    { friend: dana, last: null, unread: false, sentence: 'You cleared this conversation on 2 November' },
  ];
  talks: Record<string, Message[]> = {
    [ben.id]: [
      message(ben, false, 'Found it. It was under the tarpaulin all along.', now - DAY - HOUR),
      message(ben, true, 'No! I looked there twice.', now - DAY, 'Ben’s machine has it'),
      message(ben, false, 'Saturday at nine? Cem brings the soup, I bring the ropes. يلّا', now - 2 * HOUR),
      message(
        ben,
        true,
        'Nine is good.',
        now - 11 * MINUTE,
        'Ben’s machine is asleep; it will get this when it wakes',
      ),
      message(
        ben,
        true,
        'Bring the long ladder?',
        now - 10 * MINUTE,
        'Ben’s machine is asleep; it will get this when it wakes',
      ),
    ],
  };
  notes: Record<string, ConversationPage['notes']> = {
    [dana.id]: [{ sentence: 'You cleared this conversation on both sides.', created: now - 9 * DAY }],
  };

  say(text: string, audience: { class: Audience['class'] }): Post {
    return post(ana, text, Date.now(), {
      audience: {
        ...friends12,
        class: audience.class,
        label: audience.class === 'me' ? 'Only me' : 'Friends',
      },
      delivery:
        audience.class === 'me'
          ? null
          : {
              sentence: 'On its way to six friends.',
              delivered: [],
              waiting: [{ person: ben, since: null, why: null }],
            },
    });
  }
  later = (): Post[] => [
    post(dana, 'The tram sings again. I have stopped pretending not to enjoy it.', Date.now()),
    post(cem, 'Soup is on.', Date.now() + 1),
    post(cem, 'Soup is off. Do not ask.', Date.now() + 2),
  ];
  react(on: Post, emoji: string): Reaction[] {
    const had = on.reactions.find((one) => one.emoji === emoji);
    if (!had) on.reactions.push(reaction(emoji, ana));
    else if (had.mine) Object.assign(had, { mine: false, people: had.people.filter((one) => !one.is_me) });
    else Object.assign(had, { mine: true, people: [...had.people, ana] });
    on.reactions = on.reactions.filter((one) => one.people.length > 0);
    return on.reactions;
  }
  comment(on: Post, text: string): Comment {
    const made = comment(ana, text, Date.now(), { post: on.id });
    on.comments.push(made);
    return made;
  }
  talk(id: string, cursor: string | null): ConversationPage {
    const all = this.talks[id] ?? [];
    return { items: cursor ? [] : [...all].reverse(), cursor: null, end: true, notes: this.notes[id] ?? [] };
  }
  clear(id: string): { cleared: number; sentence: string } {
    this.talks[id] = [];
    return { cleared: 5, sentence: 'You cleared this conversation on both sides.' };
  }
  write(id: string, text: string): Message {
    const who = this.friends.find((one) => one.id === id) ?? ben;
    const made = message(who, true, text, Date.now(), 'On its way');
    this.talks[id] = [...(this.talks[id] ?? []), made];
    return made;
  }
  circle(method: string, id: string, who: string | undefined, name: string): unknown {
    const circle = this.circles.find((one) => one.id === id);
    if (!circle) {
      this.circles = [...this.circles, { id: newId(), name, people: [] }];
    } else if (who) {
      const rest = circle.people.filter((one) => one.id !== who);
      circle.people = method === 'PUT' ? [...rest, ...this.friends.filter((one) => one.id === who)] : rest;
    } else if (method === 'DELETE') {
      this.circles = this.circles.filter((one) => one !== circle);
    } else {
      circle.name = name;
    }
    return {};
  }
}

export function fresh(kind: Kind): World {
  const world = new World();
  if (kind === 'new' || kind === 'locked') world.state = kind;
  if (kind === 'empty' || kind === 'alone' || kind === 'new')
    Object.assign(world, { posts: [], conversations: [], notices: [], talks: {} });
  if (kind === 'empty' || kind === 'new')
    Object.assign(world, {
      friends: [],
      requests: [],
      asked: [],
      circles: [],
      delivery: [],
      me: { ...world.me, words_confirmed: false },
    });
  return world;
}
