// The files of the post being written. They go on their way also while the composer is closed.
import { Tray } from '$lib/media/tray.svelte';

class NewPost {
  tray = $state.raw(new Tray());

  /** The files leave with the post; the next one begins with none. */
  handOver(): Tray {
    const { tray } = this;
    this.tray = new Tray();
    return tray;
  }
}

export const newPost = new NewPost();
