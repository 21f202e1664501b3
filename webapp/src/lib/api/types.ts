// The owner's API as docs/develop/api.md describes it. Times are milliseconds since 1970.

export interface Person {
  id: string;
  name: string;
  is_me: boolean;
  is_friend: boolean;
  hue: number | null;
  avatar: string | null;
  known_through: string | null;
  /** The friend of mine whose name this stranger bears. */
  looks_like?: string | null;
}

export type AudienceClass = 'public' | 'friends' | 'circle' | 'chosen' | 'me';

export interface Audience {
  class: AudienceClass;
  label: string;
  circle: string | null;
  people: Person[] | null;
}

/** What the composer sends. */
export interface AudienceChoice {
  class: AudienceClass;
  circle?: string;
  people?: string[];
}

export type MediaKind = 'photo' | 'clip' | 'voice';

export interface Size {
  url: string;
  width: number;
  height: number;
  type: string;
  role: 'small' | 'screen' | 'original';
  bytes: number;
}

export interface Media {
  id: string;
  kind: MediaKind;
  caption: string;
  alt: string;
  width: number;
  height: number;
  /** A thumbhash, base64url. */
  placeholder: string | null;
  /** Smallest first. */
  sizes: Size[];
  /** Waiting: the small size has not come from the friend yet. */
  state: 'ready' | 'waiting';
  duration: number | null;
  poster: string | null;
}

export interface Leak {
  what: string;
  value: string;
}

/** A file on its way into a post. */
export interface Upload {
  id: string;
  name: string;
  length: number;
  offset: number;
  state: 'receiving' | 'working' | 'ready' | 'refused';
  progress: number;
  sentence: string | null;
  kind: MediaKind | null;
  width: number | null;
  height: number | null;
  duration: number | null;
  placeholder: string | null;
  leaked: Leak[];
  preview: string | null;
}

/** What a post or message says of an uploaded file. */
export interface ChosenMedia {
  id: string;
  caption: string;
  alt: string;
}

/** Said by the machine itself when its files are prepared. */
export interface SaidWhenReady {
  kind: 'post' | 'message';
  key: string;
  friend: string | null;
  text: string;
  audience: AudienceChoice | null;
  expires: number | null;
  media: (ChosenMedia & { upload: Upload | null })[];
  made: number;
  state: 'working' | 'refused';
  progress: number;
  sentence: string;
}

/** What the author's machine found behind the first link of a post. */
export interface Card {
  url: string;
  title: string;
  description: string;
  picture: Media | null;
}

export interface Reaction {
  emoji: string;
  people: Person[];
  mine: boolean;
}

export interface Comment {
  id: string;
  post: string;
  author: Person;
  text: string;
  html: string;
  created: number;
  edited: boolean;
  before_edit: boolean;
  can_delete: boolean;
  can_remove: boolean;
}

export interface Waiting {
  person: Person;
  since: number | null;
  why: string | null;
}

export interface PostDelivery {
  sentence: string;
  delivered: Person[];
  waiting: Waiting[];
}

export interface Post {
  id: string;
  author: Person;
  text: string;
  html: string;
  audience: Audience;
  created: number;
  received: number | null;
  /** When it goes from every machine by itself. */
  expires: number | null;
  edited: boolean;
  media: Media[];
  card: Card | null;
  reactions: Reaction[];
  commenters: Person[];
  comments: Comment[];
  delivery: PostDelivery | null;
  can_edit: boolean;
  can_comment: boolean;
}

export interface Message {
  id: string;
  friend: string;
  from_me: boolean;
  text: string;
  html: string;
  created: number;
  received: number | null;
  /** When it goes from every machine by itself. */
  expires: number | null;
  media: Media[];
  state: 'sending' | 'delivered';
  sentence: string;
}

export interface Circle {
  id: string;
  name: string;
  people: Person[];
}

/** A private address that a friend says they live at, waiting for a yes or no. */
export interface Home {
  place: string;
  sentence: string;
}

export interface Friend extends Person {
  since: number | null;
  trust: string[];
  last_heard: number | null;
  waiting: string[];
  sees_from: number | null;
  circles: Circle[];
  address: string[];
  about: string;
  /** Their words with a request. */
  note: string | null;
  at_home: Home[];
  /** Two keys claim to be theirs; nothing is exchanged until I say that I go on. */
  has_two_keys: boolean;
  sentence: string;
  state: 'friend' | 'asked' | 'asks' | 'former' | 'blocked' | 'stranger' | 'me';
}

export interface FriendBook {
  friends: Friend[];
  requests: Friend[];
  asked: Friend[];
}

export interface Notice {
  id: string;
  kind: string;
  sentence: string;
  created: number;
  read?: boolean;
  about: { person?: Person; post?: string } | null;
}

export interface Me extends Person {
  about: string;
  address: string | null;
  words_confirmed: boolean;
  words_asked: number[] | null;
}

export interface Session {
  state: 'new' | 'locked' | 'open';
  name: string | null;
  id: string | null;
  csrf: string | null;
}

export interface SetUp {
  id: string;
  words: string[];
  asked: number[];
  csrf: string;
}

export interface FeedPage {
  items: Post[];
  cursor: string | null;
  end: boolean;
  read_until: number | null;
}

export interface PostsPage {
  items: Post[];
  cursor: string | null;
  end: boolean;
}

export interface Conversation {
  friend: Person;
  last: Message | null;
  unread: boolean;
  sentence: string;
}

export interface ConversationPage {
  items: Message[];
  cursor: string | null;
  end: boolean;
  notes: { sentence: string; created: number }[];
}

export interface Invite {
  id: string;
  link: string;
  made: number;
  expires: number;
  /** Who came in by it, and when. */
  taken_by: string | null;
  taken: number | null;
  reachable: boolean;
  note: string | null;
}

export interface InviteLook {
  person: Person;
  address: string;
  note: string | null;
}

export interface FriendDelivery {
  person: Person;
  position: number;
  behind: number;
  waiting_since: number | null;
  error: string | null;
  next_try: number | null;
  refused: unknown[];
}

export interface OwnerSession {
  id: string;
  label: string;
  created: number;
  seen: number;
  current: boolean;
}

export type TokenScope = 'read' | 'write' | 'admin';

/** A key for a program. */
export interface Token {
  id: string;
  label: string;
  scopes: TokenScope[];
  created: number;
  seen: number | null;
}

export interface Status {
  id: string;
  name: string;
  address: string | null;
  version: string;
  friends: number;
  head: number;
  storage: { bytes: number; database: number; media: number };
  stopped: string | null;
  /** Where one lives since one moved away from this machine. */
  moved: string | null;
  /** Which backup this folder came from, for a month. */
  restored: { made: number; restored: number; sentence: string } | null;
  /** What is still to come after a restore or coming back. */
  coming_back: string[];
  /** That going back from an upgrade set a newer database aside. */
  undone: string | null;
  trouble: string | null;
  clock: string | null;
}

/** Bytes on the disk. */
export interface Storage {
  database: number;
  mine: number;
  friends: number;
  ceiling: number;
}

export interface Settings {
  theme: 'auto' | 'light' | 'dark';
  density: 'calm' | 'compact';
  link_cards: 'on' | 'off';
}

export interface Draft {
  key: string;
  text: string;
  audience: AudienceChoice | null;
  media: ChosenMedia[];
}

export interface SearchResults {
  posts: Post[];
  messages: Message[];
  people: Person[];
}
