"""Every number that bounds what a peer may send, each with its unit and its reason.

Rule 1: a limit is an integer constant on one line; `# unit: reason` follows on that line.
Rule 2: after a change run `python -m docs.spec.make`; `docs/spec/limits.md` is generated from this file.
"""
# fmt: off

# Encoding and envelopes
MAX_NESTING = 16  # levels: the deepest object of the protocol needs 6; a parser must never meet its stack's end
MAX_INTEGER = 9_007_199_254_740_991  # 2^53-1: the largest integer that every JSON implementation keeps exact
MAX_TYPE_BYTES = 64  # bytes: of an envelope's type; `microsocial/1/` and a kind of at most 32
MAX_KIND_BYTES = 32  # bytes: a kind is one or two words
MAX_RECORD_BYTES = 262_144  # bytes: envelope of a record; 10 captioned photos in the widest script fit
MAX_KEY_EVENT_BYTES = 1_024  # bytes: envelope of an inception or rotation; real ones have about 400
MAX_KEY_EVENTS = 256  # events: a key log; one rotation a month for twenty years
MAX_PREKEY_BYTES = 4_096  # bytes: envelope of a prekey; a real one has about 2,000
MAX_CAPSULE_BYTES = 132_208  # bytes: a capsule as sealed: 128 KiB padded, and the seal; some 2,000 friends with names and addresses
MAX_CAPSULE_CONTENT_BYTES = 1_048_576  # bytes: a capsule unpacked; what unpacks to more is no capsule

# Exchange
MAX_PAGE_BYTES = 1_048_576  # bytes: envelopes and key logs in one update; quick to lose and send again
MAX_PAGE_RECORDS = 500  # records: in one update, one page of holdings or one want
MAX_UPDATE_BYTES = 4_194_304  # bytes: any envelope inside a seal; a full page in base64 with room for key logs
MAX_SEALED_BYTES = 4_325_376  # bytes: a request's body; MAX_UPDATE_BYTES, padding to 64 KiB, seal
MAX_ANSWER_BYTES = 524_288  # bytes: a signed answer; 500 refusals, a prekey and a key log
MAX_GREETING_BYTES = 65_536  # bytes: envelope of a greeting; strangers send it: a key log of some years, a prekey, two records
MAX_WELL_KNOWN_BYTES = 524_288  # bytes: the document at /.well-known/microsocial; a full key log in base64
MAX_KEYS_BYTES = 163_840  # bytes: the body of /peer/v1/keys; strangers send it: a full key log in base64
MAX_HELP_REQUEST_BYTES = 1_024  # bytes: the body of /peer/v1/help; strangers send it
MAX_HELP_BYTES = 786_432  # bytes: the reply to it; a full key log and a full capsule in base64
MAX_HOLDINGS = 2_000  # entries: one page of what is held; about 300 KB
MAX_POSITION_CHARACTERS = 200  # characters: opaque to its keeper, so bounded; ours has 96
MAX_NOTE_CHARACTERS = 500  # characters: the sentence with a friend request; a hello, not a letter
MAX_PADDED_STEP_BYTES = 65_536  # bytes: the size class above which padding goes in steps
MIN_PADDED_BYTES = 1_024  # bytes: the smallest size class; a hello and a short message look alike
MAX_CAPABILITIES = 32  # words: what a node can do beyond version 1

# What people say
MAX_TEXT_CHARACTERS = 5_000  # characters: concise text, not essays
MAX_NAME_CHARACTERS = 80  # characters: the longest real names fit
MAX_ABOUT_CHARACTERS = 500  # characters: a few sentences about oneself
MAX_EMOJI_BYTES = 40  # bytes: the longest emoji, a kiss of two people with skin tones, has 35
MAX_LINK_CARDS = 4  # cards: per post
MAX_URL_CHARACTERS = 2_000  # characters: a link; what browsers and proxies carry everywhere
MAX_CARD_TITLE_CHARACTERS = 300  # characters: a headline
MAX_CARD_DESCRIPTION_CHARACTERS = 1_000  # characters: a teaser
MAX_RECIPIENTS = 32  # people: a message names its exact recipients; more is a private thread
MAX_CLEARED_MESSAGES = 2_000  # messages: in one clear; a longer conversation takes several
MAX_DISOWNED = 2_000  # revisions: in one disown; as many as a page of holdings lists
MAX_ADDRESS_URLS = 8  # addresses: at home, on a server, mirrors
MAX_ADDRESS_CHARACTERS = 300  # characters: one address; a host name has at most 253

# Media
MAX_MEDIA = 10  # items: photos in one post
MAX_MEDIA_SIZES = 8  # sizes: of one photo or clip, in all formats together
MAX_CAPTION_CHARACTERS = 2_000  # characters: a caption, and a description for those who do not see it
MAX_PLACEHOLDER_BYTES = 64  # bytes: a thumbhash has at most 25
MAX_BLOB_BYTES = 268_435_456  # bytes: one blob; a minute of good video has about 100 MB
MIN_CHUNK_BYTES = 4_096  # bytes: of a sealed blob; smaller ones would be mostly tags
MAX_CHUNK_BYTES = 1_048_576  # bytes: of a sealed blob; what must be in memory to open a part
MAX_PIXELS_A_SIDE = 30_000  # pixels: width or height as claimed; readers lay out with it
MAX_DURATION_MS = 600_000  # milliseconds: of a clip or voice note as claimed

# Time
MAX_CLOCK_DIFFERENCE_S = 300  # seconds: between a request's `created` and the receiver's clock
NONCE_MEMORY_S = 600  # seconds: how long a nonce is remembered; twice the clock difference
INVITE_LIFETIME_S = 604_800  # seconds: seven days; long enough to read one's mail, short enough to be forgotten
HELP_LIFETIME_S = 604_800  # seconds: seven days; long enough to find another machine
PREKEY_LIFETIME_S = 604_800  # seconds: seven days; a prekey is replaced weekly
MAX_LIFETIME_S = 315_360_000  # seconds: ten years, of what expires; what is meant to last longer just stays
PREKEY_GRACE_S = 1_209_600  # seconds: fourteen days; an old private half is kept for a friend who was away
