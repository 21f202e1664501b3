// The pages below Me. They come after the first screen, all in one piece, so that they are here when the machine is not.
export { default as blocked } from './Blocked.svelte';
export { default as delivery } from '$lib/delivery/Delivery.svelte';
export { default as keys } from './Keys.svelte';
export { default as look } from './Look.svelte';
export { default as machine } from './Machine.svelte';
export { default as posts } from './MyPosts.svelte';
export { default as profile } from './Profile.svelte';
export { default as security } from './Security.svelte';
export { default as sheet } from '$lib/door/SheetPage.svelte';
