// Every post on any screen is the same one: what is told about it anywhere changes it everywhere.
import { SvelteMap } from 'svelte/reactivity';
import { drop, get, patch, post as send } from '$lib/api/client';
import { live } from '$lib/api/live';
import type { Comment, Post, Reaction } from '$lib/api/types';
import { shownAt, threaded } from './order';

const SETTLE_MS = 800; // several friends answer within a moment; ask once for all

class Book {
  #posts = new SvelteMap<string, Post>();
  /** Whose whole thread is here, not only the newest two. */
  #whole = new SvelteMap<string, true>();
  #settling = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    live.on('post.changed', ({ post }) => this.take(post));
    live.on('post.deleted', ({ id }) => this.forget(id));
    live.on('comment.arrived', ({ comment, post }) => this.addComment(comment, post));
    live.on('comment.deleted', ({ id, post }) => this.dropComment(id, post));
    live.on('reaction.changed', ({ post, reactions }) => this.#change(post, { reactions }));
    live.on('delivery.changed', () => this.settle());
    live.on('resync', () => this.#refreshWhole());
  }

  find = (id: string): Post | undefined => this.#posts.get(id);
  isWhole = (id: string): boolean => this.#whole.has(id);
  timeOf = (id: string): number => {
    const post = this.#posts.get(id);
    return post ? shownAt(post) : 0;
  };

  take(post: Post, whole = false): string {
    const known = this.#posts.get(post.id);
    if (whole) this.#whole.set(post.id, true);
    const comments =
      whole || !known || !this.isWhole(post.id)
        ? threaded(post.comments)
        : threaded(known.comments, post.comments);
    this.#posts.set(post.id, { ...post, comments });
    return post.id;
  }

  forget(id: string): void {
    this.#posts.delete(id);
    this.#whole.delete(id);
  }

  async fetch(id: string): Promise<Post> {
    const post = await get<Post>(`/posts/${id}`);
    this.take(post, true);
    return post;
  }

  async react(id: string, emoji: string): Promise<void> {
    const { reactions } = await send<{ reactions: Reaction[] }>(`/posts/${id}/reactions`, { emoji });
    this.#change(id, { reactions });
  }

  async comment(id: string, text: string, key: string): Promise<void> {
    this.addComment(await send<Comment>(`/posts/${id}/comments`, { text, key }), id);
  }

  async editComment(comment: Comment, text: string): Promise<void> {
    this.addComment(await patch<Comment>(`/comments/${comment.id}`, { text }), comment.post);
  }

  async deleteComment(comment: Comment, post: string): Promise<void> {
    await drop(`/comments/${comment.id}`);
    this.dropComment(comment.id, post);
  }

  async edit(id: string, text: string): Promise<void> {
    this.take(await patch<Post>(`/posts/${id}`, { text }));
    this.settle();
  }

  async delete(id: string): Promise<void> {
    await drop(`/posts/${id}`);
    this.forget(id);
  }

  addComment(comment: Comment, id: string): void {
    const post = this.#posts.get(id);
    if (!post) return;
    const commenters = post.commenters.some((person) => person.id === comment.author.id)
      ? post.commenters
      : [...post.commenters, comment.author];
    const comments = threaded(post.comments, [comment]);
    this.#change(id, { commenters, comments });
  }

  dropComment(commentId: string, id: string): void {
    const post = this.#posts.get(id);
    if (post) this.#change(id, { comments: post.comments.filter((comment) => comment.id !== commentId) });
  }

  #change(id: string, changes: Partial<Post>): void {
    const post = this.#posts.get(id);
    if (post) this.#posts.set(id, { ...post, ...changes });
  }

  /**
   * Ask again about my own posts that were still waiting: when somebody's machine answered, and after I said something,
   * because that answer may be heard before the post itself is here.
   */
  settle(): void {
    for (const post of this.#posts.values()) if (post.delivery?.waiting.length) this.#settling.add(post.id);
    if (this.#settling.size === 0 || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const ids = [...this.#settling];
      this.#settling.clear();
      for (const id of ids)
        void get<Post>(`/posts/${id}`).then(
          (post) => this.take(post, true),
          () => undefined,
        );
    }, SETTLE_MS);
  }

  #refreshWhole(): void {
    for (const id of this.#whole.keys()) void this.fetch(id).catch(() => undefined);
  }
}

export const book = new Book();
