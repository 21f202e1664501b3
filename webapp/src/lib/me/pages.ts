// The pages below Me. They come after the first screen, all in one piece, so that they are here when the machine is not.
export { default as blocked } from './Blocked.svelte';
export { default as backup } from '$lib/data/Backup.svelte';
export { default as data } from '$lib/data/DataPage.svelte';
export { default as delivery } from '$lib/delivery/Delivery.svelte';
export { default as export } from '$lib/data/Export.svelte';
export { default as keys } from './Keys.svelte';
export { default as leave } from '$lib/data/LeavingPage.svelte';
export { default as look } from './Look.svelte';
export { default as machine } from './Machine.svelte';
export { default as moving } from '$lib/data/Moving.svelte';
export { default as posts } from './MyPosts.svelte';
export { default as profile } from './Profile.svelte';
export { default as security } from './Security.svelte';
export { default as sheet } from '$lib/door/SheetPage.svelte';
export { default as storage } from '$lib/data/RoomPage.svelte';
export { default as theft } from '$lib/data/Theft.svelte';
export { default as words } from '$lib/data/WordsPage.svelte';
